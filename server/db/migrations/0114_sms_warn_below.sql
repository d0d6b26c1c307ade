-- Below how many segments that can still be frozen a brand wants to be warned. 0: never.
ALTER TABLE sms_brand ADD COLUMN warn_below bigint NOT NULL DEFAULT 0 CHECK (warn_below BETWEEN 0 AND 1000000000);
