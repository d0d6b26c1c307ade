-- Who may call the HTTP API, and how a new screen becomes a device of a shop.

-- A business service of one brand. `shop_ids` NULL: every shop of the brand.
CREATE TABLE api_client (
    brand_id   bigint NOT NULL REFERENCES brand,
    id         bigint NOT NULL,
    name       text NOT NULL,
    roles      text[] NOT NULL DEFAULT '{business}'
               CHECK (roles <@ '{business,manager}'::text[] AND cardinality(roles) > 0),
    shop_ids   bigint[],
    ip_allow   cidr[] NOT NULL DEFAULT '{}',  -- empty: from anywhere
    rate_per_s integer NOT NULL DEFAULT 50 CHECK (rate_per_s BETWEEN 1 AND 10000),
    burst_max  integer NOT NULL DEFAULT 100 CHECK (burst_max BETWEEN 1 AND 100000),
    revoked_at timestamptz,
    PRIMARY KEY (brand_id, id),
    UNIQUE (brand_id, name)
);

-- Two slots are two live keys: a new key is put into the free slot before the old one goes.
-- The secret stands here as it is, because a MAC cannot be computed from a hash of its key.
CREATE TABLE api_key (
    brand_id  bigint NOT NULL,
    client_id bigint NOT NULL,
    slot      smallint NOT NULL CHECK (slot IN (1, 2)),
    id        text NOT NULL UNIQUE,
    secret    text NOT NULL CHECK (length(secret) >= 32),
    made_at   timestamptz NOT NULL,
    PRIMARY KEY (brand_id, client_id, slot),
    FOREIGN KEY (brand_id, client_id) REFERENCES api_client
);

-- Nonces seen while Redis is away; with Redis this table stays empty.
CREATE TABLE api_nonce (
    brand_id  bigint NOT NULL,
    client_id bigint NOT NULL,
    nonce     text NOT NULL,
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (brand_id, client_id, nonce)
);
CREATE INDEX api_nonce_seen_at ON api_nonce (seen_at);

-- A manager's code, to be typed on the device. The id is minted by the caller, so that a repeated
-- request makes no second code. `device_id` before use: an existing device gets new hardware.
CREATE TABLE pairing_code (
    shop_id    bigint NOT NULL REFERENCES shop,
    id         uuid NOT NULL,
    code_hash  bytea NOT NULL,
    kind       text NOT NULL,
    name       text NOT NULL,
    place_id   bigint,
    station_id bigint,
    device_id  bigint,
    made_by    text NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX pairing_code_hash ON pairing_code (code_hash);
CREATE INDEX pairing_code_expires_at ON pairing_code (expires_at);

-- A new screen that shows its own code; it belongs to no shop until a manager confirms it.
CREATE TABLE pairing_offer (
    id           uuid PRIMARY KEY,
    code_hash    bytea NOT NULL,
    secret_hash  bytea NOT NULL,
    token_hash   bytea NOT NULL,
    kind         text NOT NULL,
    name         text NOT NULL,
    source       text NOT NULL,
    expires_at   timestamptz NOT NULL,
    confirmed_at timestamptz,
    shop_id      bigint,
    device_id    bigint,
    CHECK ((confirmed_at IS NULL) = (shop_id IS NULL)),
    CHECK ((confirmed_at IS NULL) = (device_id IS NULL))
);
CREATE INDEX pairing_offer_hash ON pairing_offer (code_hash);
CREATE INDEX pairing_offer_expires_at ON pairing_offer (expires_at);

-- Wrong codes per source, so that a lock outlives a restart.
CREATE TABLE pairing_try (
    source  text PRIMARY KEY,
    tries   integer NOT NULL,
    last_at timestamptz NOT NULL
);
