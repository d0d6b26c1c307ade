-- A receipt that was answered "taken" is a row before it is anything else (docs/decisions/0018): the table is
-- the queue (回执队列) and the pending list (待回执列表) in one. Whoever settles rows holds them by their due_at.

-- What a brand has decided about its messages. Without a row: the house's own rules.
CREATE TABLE sms_brand (
    brand_id              bigint PRIMARY KEY REFERENCES brand,
    refund_on_undelivered boolean NOT NULL DEFAULT false
);

-- What became of a payment whose message the brand sent by itself: the last word said.
CREATE TABLE sms_payment_receipt (
    brand_id bigint NOT NULL REFERENCES brand,
    payment  uuid NOT NULL,
    state    text NOT NULL CHECK (state IN ('delivered', 'undelivered', 'unknown')),
    code     text NOT NULL,
    said_at  timestamptz NOT NULL,
    PRIMARY KEY (brand_id, payment)
);
