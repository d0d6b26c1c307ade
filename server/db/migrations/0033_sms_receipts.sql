-- A carrier may give our own reference back: with it a receipt settles a message whose answer was lost.
ALTER TABLE sms_receipt ADD COLUMN reference text NOT NULL DEFAULT '';
