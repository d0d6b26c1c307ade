-- Where a business service wants to hear what became of its calls. The secret stands here as it is,
-- for the reason of api_key: a MAC cannot be computed from a hash of its key.
CREATE TABLE api_webhook (
    brand_id   bigint NOT NULL,
    client_id  bigint NOT NULL,
    url        text NOT NULL CHECK (length(url) BETWEEN 8 AND 500),
    secret     text NOT NULL CHECK (length(secret) >= 32),
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (brand_id, client_id),
    FOREIGN KEY (brand_id, client_id) REFERENCES api_client
);
