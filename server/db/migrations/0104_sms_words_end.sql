-- What was said of payments is forgotten with the messages; so it is found by when it was said.
CREATE INDEX sms_outcome_said_at ON sms_outcome (said_at);
CREATE INDEX sms_payment_receipt_said_at ON sms_payment_receipt (said_at);
