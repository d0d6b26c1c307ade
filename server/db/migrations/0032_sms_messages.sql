-- Short messages from the queue to the telephone (docs/sms.md). One row of sms_message is what goes to a
-- carrier in one piece: a text to one telephone, or to up to a thousand. The rows that are `queued` are the
-- queue: sms_message_queue is one queue per brand, kind and mode, in the order of their turns. Who moves
-- money moves the row in the same commit, so "frozen and not written", "paid and not taken" and "failed and
-- not given back" do not exist.

-- What one caller asked at once, under the number (单号) its units are held by: the id of the hold. Its
-- messages are those from first_id to last_id that have its number.
CREATE TABLE sms_request (
    brand_id bigint NOT NULL REFERENCES brand,
    number   uuid NOT NULL,
    digest   bytea NOT NULL,  -- of what was asked: the same again gets the same answer
    first_id bigint NOT NULL,
    last_id  bigint NOT NULL,
    messages integer NOT NULL CHECK (messages BETWEEN 1 AND 1000),
    segments bigint NOT NULL CHECK (segments > 0),
    at       timestamptz NOT NULL,
    PRIMARY KEY (brand_id, number)
);
CREATE INDEX sms_request_at ON sms_request (at);

-- 发送记录表. Several messages of one number may have one payment, when they were taken together.
CREATE TABLE sms_message (
    brand_id           bigint NOT NULL,
    id                 bigint NOT NULL,
    state              text NOT NULL DEFAULT 'queued'
                       CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'unknown', 'lapsed')),
    kind               text NOT NULL CHECK (kind IN ('verification', 'notice', 'marketing')),
    mode               text NOT NULL CHECK (mode IN ('single', 'multi')),
    due_at             timestamptz NOT NULL,  -- its turn; while sending, the end of the lease; while unknown, to ask
    attempt            smallint NOT NULL DEFAULT 0,
    phones             smallint NOT NULL CHECK (phones BETWEEN 1 AND 1000),
    segments           integer NOT NULL CHECK (segments > 0),  -- of all its telephones
    number             uuid NOT NULL,
    payment            uuid,  -- the capture that paid for it
    carrier            text,
    carrier_message_id text,
    code               text,  -- of what came last: the carrier's word, or ours
    accepted_at        timestamptz NOT NULL,
    expires_at         timestamptz NOT NULL,  -- after this it is of no use: it is not sent
    sent_at            timestamptz,
    text               text NOT NULL,
    PRIMARY KEY (brand_id, id),
    CHECK ((mode = 'multi') = (phones > 1)),
    CHECK (state IN ('queued', 'failed') OR (payment IS NOT NULL AND carrier IS NOT NULL)),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX sms_message_queue ON sms_message (brand_id, kind, mode, due_at, id) WHERE state = 'queued';
CREATE INDEX sms_message_open ON sms_message (due_at) WHERE state IN ('sending', 'unknown');
CREATE INDEX sms_message_carrier ON sms_message (carrier, carrier_message_id)
    WHERE carrier_message_id IS NOT NULL;

-- One telephone's copy. `mark` is the blind index a number is found by; the number itself is sealed.
CREATE TABLE sms_phone (
    brand_id   bigint NOT NULL,
    message_id bigint NOT NULL,
    mark       bytea NOT NULL,
    sealed     bytea NOT NULL,
    masked     text NOT NULL,
    state      text NOT NULL DEFAULT 'waiting'
               CHECK (state IN ('waiting', 'delivered', 'undelivered', 'unknown')),
    code       text,
    at         timestamptz,
    PRIMARY KEY (brand_id, message_id, mark),
    CHECK ((state = 'waiting') = (at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX sms_phone_mark ON sms_phone (brand_id, mark, message_id);

-- 发送日志表: what came of each attempt, and each receipt that changed something (`mark` says whose).
CREATE TABLE sms_log (
    brand_id   bigint NOT NULL,
    message_id bigint NOT NULL,
    id         bigint GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL,
    attempt    smallint NOT NULL,
    what       text NOT NULL,
    code       text,
    sentence   text,
    mark       bytea,
    PRIMARY KEY (brand_id, message_id, id)
);

-- 待回执列表: receipts that no message is known for yet, and those that came while Redis was away.
CREATE TABLE sms_receipt (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    carrier    text NOT NULL,
    message_id text NOT NULL,
    mark       bytea NOT NULL,
    state      text NOT NULL CHECK (state IN ('delivered', 'undelivered', 'unknown')),
    code       text NOT NULL,
    at         timestamptz NOT NULL,
    came_at    timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    attempt    smallint NOT NULL DEFAULT 0,
    UNIQUE (carrier, message_id, mark, state)
);
CREATE INDEX sms_receipt_due ON sms_receipt (due_at);
