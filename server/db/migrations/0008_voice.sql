-- Keys the house made for itself. `audio` signs the addresses of spoken sentences: whoever can fetch one
-- was handed it by the log, and nobody makes the house speak what he likes.
CREATE TABLE house_key (
    name   text PRIMARY KEY,
    secret bytea NOT NULL CHECK (length(secret) >= 32)
);
INSERT INTO house_key VALUES ('audio', uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
