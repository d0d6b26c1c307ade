-- What is known of short messages is kept for a bounded time (docs/sms.md): first the numbers and the texts
-- are forgotten, later the rows. What was paid and given back stays in the ledger.

ALTER TABLE sms_phone ALTER COLUMN sealed DROP NOT NULL;  -- NULL: forgotten; `mark` still finds the copy
ALTER TABLE sms_request ADD COLUMN readable boolean NOT NULL DEFAULT true;  -- its numbers and texts are there

-- Each request stands in one of two indexes: what is to be made unreadable, and what is to be dropped.
DROP INDEX sms_request_at;
CREATE INDEX sms_request_readable ON sms_request (at, brand_id, number) WHERE readable;
CREATE INDEX sms_request_unreadable ON sms_request (at, brand_id, number) WHERE NOT readable;
