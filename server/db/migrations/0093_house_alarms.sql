-- What wants somebody's eye. A worker's watch writes here what it finds each half minute; a row is raised anew
-- once an hour at most while it lasts, whichever worker finds it first, and managers read it.
CREATE TABLE house_alarm (
    brand_id  bigint NOT NULL,  -- 0: of the whole house
    shop_id   bigint NOT NULL,  -- 0: of no one shop
    kind      text NOT NULL,
    subject   text NOT NULL,    -- which carrier, which kind of device: words of our tables, never a person's
    count     bigint NOT NULL,
    began_at  timestamptz NOT NULL,
    raised_at timestamptz NOT NULL,
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (brand_id, shop_id, kind, subject)
);
CREATE INDEX house_alarm_seen ON house_alarm (seen_at);
