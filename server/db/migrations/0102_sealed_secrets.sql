-- Secrets of business services are sealed with the key that lies outside the database (server/sealed.py). What
-- was written before stands in `secret` until the next start of a process that has the key seals it.
ALTER TABLE api_key
    ADD COLUMN sealed bytea,
    ALTER COLUMN secret DROP NOT NULL,
    ADD CONSTRAINT api_key_one_secret CHECK (num_nonnulls(secret, sealed) = 1);
ALTER TABLE api_webhook
    ADD COLUMN sealed bytea,
    ALTER COLUMN secret DROP NOT NULL,
    ADD CONSTRAINT api_webhook_one_secret CHECK (num_nonnulls(secret, sealed) = 1);

-- By which key: a process with another key would find nothing it can open, and seal what nobody else can.
CREATE TABLE seal_mark (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    mark bytea NOT NULL
);
