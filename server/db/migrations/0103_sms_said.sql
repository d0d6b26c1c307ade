-- Whether the last word on a telephone's copy is the brand's own (SmsReceiptStatusCallBack) and not a carrier's:
-- it is shown, moves no money, and a carrier's word takes its place.
ALTER TABLE sms_phone ADD COLUMN said boolean NOT NULL DEFAULT false;
