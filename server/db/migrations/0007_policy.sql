-- What a brand and its shops want of calls: sentences and rules. Versions of a sentence are added and
-- never changed, so that what was said can be read later. Rules are read at every ring.

CREATE TABLE im_template (
    brand_id bigint NOT NULL REFERENCES brand,
    id       bigint NOT NULL CHECK (id >= 1000),  -- below 1000: the house's own
    name     text NOT NULL,
    latest   integer NOT NULL CHECK (latest > 0),
    PRIMARY KEY (brand_id, id),
    UNIQUE (brand_id, name)
);

CREATE TABLE im_template_version (
    brand_id   bigint NOT NULL,
    id         bigint NOT NULL,
    version    integer NOT NULL CHECK (version > 0),
    parameters jsonb NOT NULL,
    text       jsonb NOT NULL,
    made_at    timestamptz NOT NULL,
    made_by    text NOT NULL,
    PRIMARY KEY (brand_id, id, version),
    FOREIGN KEY (brand_id, id) REFERENCES im_template
);

-- shop_id 0 is the brand's default.
CREATE TABLE broadcast_policy (
    brand_id   bigint NOT NULL REFERENCES brand,
    shop_id    bigint NOT NULL,
    event      text NOT NULL,
    channel    text NOT NULL,
    policy     jsonb NOT NULL,
    version    integer NOT NULL CHECK (version > 0),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    PRIMARY KEY (brand_id, shop_id, event, channel)
);

-- Who changed what, and when.
CREATE TABLE broadcast_policy_history (
    brand_id   bigint NOT NULL,
    shop_id    bigint NOT NULL,
    event      text NOT NULL,
    channel    text NOT NULL,
    version    integer NOT NULL,
    policy     jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    PRIMARY KEY (brand_id, shop_id, event, channel, version)
);

CREATE INDEX im_call_event ON im_call (shop_id, event, raised_at);
