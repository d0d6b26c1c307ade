-- Points (docs/points.md): what a brand gives for purchases and photo reviews, each source once, and what they
-- are exchanged for. Balances, lots and lines are the ledger's (unit PTS); these tables say what they were for.
-- They belong to brands, not to shops: a guest's points are good in every shop of a brand.

-- Rules are added, never changed: what held when points were given can be read later.
CREATE TABLE points_rule (
    brand_id            bigint NOT NULL REFERENCES brand,
    version             integer NOT NULL CHECK (version > 0),
    purchase_points     integer NOT NULL CHECK (purchase_points BETWEEN 0 AND 1000000),
    purchase_fen        integer NOT NULL CHECK (purchase_fen BETWEEN 1 AND 100000000),
    review_points       integer NOT NULL CHECK (review_points BETWEEN 0 AND 1000000),
    reviews_per_day_max integer NOT NULL CHECK (reviews_per_day_max BETWEEN 0 AND 1000),
    valid_days          integer CHECK (valid_days BETWEEN 1 AND 36500),  -- NULL: for good
    timezone            text NOT NULL,
    made_at             timestamptz NOT NULL,
    made_by             text NOT NULL,
    PRIMARY KEY (brand_id, version)
);

-- One row per guest of a brand, counting the reviews of the last day there were any: the cap's guard.
CREATE TABLE points_member (
    brand_id   bigint NOT NULL REFERENCES brand,
    user_id    bigint NOT NULL,
    account    bigint NOT NULL UNIQUE REFERENCES ledger.account,
    review_day date,
    reviews    integer NOT NULL DEFAULT 0 CHECK (reviews >= 0),
    version    integer NOT NULL DEFAULT 1,
    PRIMARY KEY (brand_id, user_id)
) WITH (fillfactor = 70);

-- 积分表 (R-002-3): the ledger holds it.
CREATE VIEW points_balance AS
    SELECT a.id, m.brand_id, m.user_id, a.posted - a.held AS credit
      FROM points_member m JOIN ledger.account a ON a.id = m.account;

-- What earned points, or would have: a purchase of a few fen and a review beyond the day's cap are remembered
-- with none, so that asked again they get the same answer.
CREATE TABLE points_earning (
    id           uuid PRIMARY KEY,  -- of the posting and the lot; made of brand, kind and source
    brand_id     bigint NOT NULL,
    user_id      bigint NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('purchase', 'review')),
    source       text NOT NULL,
    amount_fen   bigint NOT NULL CHECK (amount_fen >= 0),
    points       bigint NOT NULL CHECK (points >= 0),
    capped       boolean NOT NULL CHECK (NOT capped OR points = 0),
    rule_version integer NOT NULL,  -- 0: the house's
    at           timestamptz NOT NULL,
    UNIQUE (brand_id, kind, source),
    FOREIGN KEY (brand_id, user_id) REFERENCES points_member
);

-- 积分兑换记录表 (R-002-4). Stands in the same commit as the deduction, or not at all (R-002-10).
CREATE TABLE points_exchange (
    id               uuid PRIMARY KEY,  -- of the deduction, too
    brand_id         bigint NOT NULL,
    user_id          bigint NOT NULL,
    exchanged_credit bigint NOT NULL CHECK (exchanged_credit > 0),
    product_id       bigint NOT NULL,
    at               timestamptz NOT NULL,
    FOREIGN KEY (brand_id, user_id) REFERENCES points_member
);
CREATE INDEX points_exchange_user ON points_exchange (brand_id, user_id, at, id);

-- A review takes one of the day's places; whoever read an older version comes too late.
CREATE FUNCTION count_reviews(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE points_member m
       SET review_day = r.review_day, reviews = r.reviews, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(brand_id bigint, user_id bigint, review_day date, reviews integer, version integer)
     WHERE m.brand_id = r.brand_id AND m.user_id = r.user_id AND m.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'member');
END $$;

-- The write door of points: what it was for, and the posting, in one transaction. The posting comes last,
-- because a shard stays locked until the commit. Refuses as write_commands_and_post does: CC001, CC012.
CREATE FUNCTION write_points(p_at timestamptz, p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_rows ? 'review' THEN
        PERFORM count_reviews(p_rows -> 'review');
    END IF;
    INSERT INTO points_earning (id, brand_id, user_id, kind, source, amount_fen, points, capped, rule_version, at)
    SELECT r.id, r.brand_id, r.user_id, r.kind, r.source, r.amount_fen, r.points, r.capped, r.rule_version, p_at
      FROM jsonb_to_recordset(p_rows -> 'earning') AS r(
           id uuid, brand_id bigint, user_id bigint, kind text, source text, amount_fen bigint, points bigint,
           capped boolean, rule_version integer);
    INSERT INTO points_exchange (id, brand_id, user_id, exchanged_credit, product_id, at)
    SELECT r.id, r.brand_id, r.user_id, r.exchanged_credit, r.product_id, p_at
      FROM jsonb_to_recordset(p_rows -> 'exchange') AS r(
           id uuid, brand_id bigint, user_id bigint, exchanged_credit bigint, product_id bigint);
    PERFORM ledger.post_rows(p_at, p_rows -> 'posting');
END $$;
