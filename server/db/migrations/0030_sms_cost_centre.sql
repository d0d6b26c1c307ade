-- The SMS cost centre beside the ledger: what was bought and for how much, what became of what was paid, the
-- releases that have yet to be done, and which key telephone numbers are sealed with. Balances, freezes,
-- payments and the queue of packages themselves are the ledger's (docs/sms.md says where each table of the
-- client's papers is).

-- One row per package a brand bought; its id is the lot's, and the posting's that granted it. `order_no` is the
-- seller's, and makes the callback of a purchase idempotent.
CREATE TABLE sms_package (
    brand_id      bigint NOT NULL REFERENCES brand,
    id            uuid NOT NULL,
    order_no      text NOT NULL CHECK (length(order_no) BETWEEN 1 AND 64),
    name          text NOT NULL CHECK (length(name) <= 64),
    segments      bigint NOT NULL CHECK (segments > 0),
    price_fen     bigint NOT NULL CHECK (price_fen >= 0),
    validity_days integer CHECK (validity_days > 0),  -- as it was asked; NULL: a date was, or none
    bought_at     timestamptz NOT NULL,
    expires_at    timestamptz,                        -- NULL: never
    PRIMARY KEY (brand_id, id),
    UNIQUE (brand_id, order_no)
);
CREATE INDEX sms_package_bought_at ON sms_package (brand_id, bought_at, id);

-- What went back to the seller of a package; `return_no` is the seller's, too.
CREATE TABLE sms_package_return (
    brand_id    bigint NOT NULL,
    return_no   text NOT NULL CHECK (length(return_no) BETWEEN 1 AND 64),
    package     uuid NOT NULL,
    segments    bigint NOT NULL CHECK (segments > 0),
    returned_at timestamptz NOT NULL,
    PRIMARY KEY (brand_id, return_no),
    FOREIGN KEY (brand_id, package) REFERENCES sms_package
);
CREATE INDEX sms_package_return_package ON sms_package_return (brand_id, package);

-- 套餐包队列: what was bought beside what is left of it, and its place in the order units are taken.
CREATE VIEW sms_package_queue AS
    SELECT p.brand_id, p.id, p.order_no, p.name, p.segments, p.price_fen, p.bought_at,
           l.account, l.remaining, l.expires, l.open, l.priority, l.turn, l.seq,
           coalesce((SELECT ledger.whole_sum(r.segments) FROM sms_package_return r
                      WHERE r.brand_id = p.brand_id AND r.package = p.id), 0) AS returned
      FROM sms_package p JOIN ledger.lot l ON l.id = p.id;

-- What SmsSendStatusCallBack said of a payment, once: 'failed' stands in one commit with the refund.
CREATE TABLE sms_outcome (
    brand_id bigint NOT NULL REFERENCES brand,
    payment  uuid NOT NULL,
    state    text NOT NULL CHECK (state IN ('sent', 'failed')),
    said_at  timestamptz NOT NULL,
    PRIMARY KEY (brand_id, payment)
);

-- 取消冻结队列: releases that could not be done when they were asked; tried until they are.
CREATE TABLE sms_release (
    brand_id bigint NOT NULL REFERENCES brand,
    number   uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    due_at   timestamptz NOT NULL,
    why      text NOT NULL,
    PRIMARY KEY (brand_id, number)
);
CREATE INDEX sms_release_due_at ON sms_release (due_at);

-- The first process wrote down which key it seals telephone numbers with; one with another key may not start.
CREATE TABLE sms_phone_key (
    id          smallint PRIMARY KEY CHECK (id = 1),
    fingerprint bytea NOT NULL,
    made_at     timestamptz NOT NULL
);
