-- Meal cards (R-000-*): who has a card, the card, and every trade on it. The money itself is in the ledger;
-- a trade and its posting are one commit (R-000-26). A card belongs to a brand and is good in all its shops;
-- a trade belongs to the shop where it was made, and stands in that shop's log.

-- What a brand decided; no row is the house's own rules (server/cards/policy.py).
CREATE TABLE card_policy (
    brand_id               bigint PRIMARY KEY REFERENCES brand,
    trades_per_day_max     integer NOT NULL CHECK (trades_per_day_max BETWEEN 0 AND 1000),  -- 0: as many as one likes
    amount_fen_max         bigint NOT NULL CHECK (amount_fen_max > 0),
    top_up_fen_max         bigint NOT NULL CHECK (top_up_fen_max > 0),
    balance_fen_max        bigint NOT NULL CHECK (balance_fen_max > 0),
    cashier_refund_fen_max bigint CHECK (cashier_refund_fen_max >= 0),
    bonus_first            boolean NOT NULL,
    bonus_rules            jsonb NOT NULL,
    version                integer NOT NULL
);

-- The identity is stored sealed; `identity_index` finds it again, and makes it unique in the brand.
CREATE TABLE card_user (
    brand_id        bigint NOT NULL REFERENCES brand,
    id              bigint NOT NULL,
    identity_kind   text NOT NULL CHECK (identity_kind IN ('id_card', 'phone')),
    identity_sealed bytea NOT NULL,
    identity_index  bytea NOT NULL CHECK (length(identity_index) = 32),
    name_sealed     bytea,
    name_masked     text NOT NULL,
    state           text NOT NULL CHECK (state IN ('open', 'frozen')),
    opened_at       timestamptz NOT NULL,
    version         integer NOT NULL,
    PRIMARY KEY (brand_id, id),
    UNIQUE (brand_id, identity_index)
) WITH (fillfactor = 80);

CREATE TABLE card (
    brand_id   bigint NOT NULL,
    id         bigint NOT NULL,
    user_id    bigint NOT NULL,
    account_id bigint NOT NULL UNIQUE REFERENCES ledger.account,
    number     text NOT NULL CHECK (number ~ '^[0-9A-Za-z-]{4,32}$'),
    state      text NOT NULL CHECK (state IN ('open', 'frozen', 'closed')),
    opened_at  timestamptz NOT NULL,
    closed_at  timestamptz,
    version    integer NOT NULL,
    PRIMARY KEY (brand_id, id),
    FOREIGN KEY (brand_id, user_id) REFERENCES card_user,
    UNIQUE (brand_id, number),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
) WITH (fillfactor = 60);
-- Every consumer has one card (R-000-1).
CREATE UNIQUE INDEX card_live ON card (brand_id, user_id) WHERE state <> 'closed';
CREATE INDEX card_user_id ON card (brand_id, user_id);

CREATE TABLE card_trade (
    shop_id       bigint NOT NULL REFERENCES shop,
    id            bigint NOT NULL,
    brand_id      bigint NOT NULL,
    card_id       bigint NOT NULL,
    number_masked text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('top_up', 'consume', 'refund', 'freeze_funds', 'close')),
    state         text NOT NULL CHECK (state IN ('posted', 'part_refunded', 'refunded', 'held', 'released')),
    business_day  date NOT NULL,
    at            timestamptz NOT NULL,
    amount_fen    bigint NOT NULL CHECK (amount_fen >= 0),
    bonus_fen     bigint NOT NULL CHECK (bonus_fen >= 0),
    refunded_fen  bigint NOT NULL DEFAULT 0,
    balance_fen   bigint NOT NULL,
    available_fen bigint NOT NULL,
    refers_to     bigint,
    lines         jsonb NOT NULL,
    serial        text NOT NULL,
    note          text NOT NULL,
    by            text NOT NULL,
    device_id     bigint,
    postings      uuid[] NOT NULL,  -- of the ledger's journal, in the same commit
    version       integer NOT NULL,
    PRIMARY KEY (shop_id, id),
    FOREIGN KEY (brand_id, card_id) REFERENCES card,
    -- The state machine's promises (server/cards/trade.py), where no bug in Python can reach them.
    CHECK ((kind = 'freeze_funds') = (state IN ('held', 'released'))),
    CHECK (kind = 'consume' OR (refunded_fen = 0 AND state IN ('posted', 'held', 'released'))),
    CHECK (kind <> 'consume' OR refunded_fen BETWEEN 0 AND amount_fen),
    CHECK (kind <> 'consume' OR state = CASE refunded_fen WHEN 0 THEN 'posted' WHEN amount_fen THEN 'refunded'
                                        ELSE 'part_refunded' END),
    CHECK ((kind = 'refund') = (refers_to IS NOT NULL)),
    CHECK (kind IN ('top_up', 'close') OR bonus_fen = 0),
    CHECK (kind = 'close' OR amount_fen > 0)
) WITH (fillfactor = 80);
CREATE INDEX card_trade_card ON card_trade (brand_id, card_id, id);
CREATE INDEX card_trade_day ON card_trade (shop_id, business_day, id);
-- The limit of consumptions a day is counted here; a refunded one gives its place back (R-000-24).
CREATE INDEX card_trade_counted ON card_trade (brand_id, card_id, business_day)
 WHERE kind = 'consume' AND state <> 'refunded';
-- A register's serial number names one trade (R-000-23).
CREATE UNIQUE INDEX card_trade_serial ON card_trade (shop_id, serial) WHERE serial <> '';

-- From 03:00 to 03:00 in the shop's own time; the same as business_day in server/events/days.py.
CREATE FUNCTION business_day(p_at timestamptz, p_timezone text) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT ((p_at AT TIME ZONE p_timezone) - interval '3 hours')::date $$;

-- A trade as everybody sees it (server/events/cards.py: Trade).
CREATE FUNCTION card_trade_view(t card_trade) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', t.id, 'kind', t.kind, 'state', t.state, 'card_id', t.card_id, 'number_masked', t.number_masked,
        'amount_fen', t.amount_fen, 'bonus_fen', t.bonus_fen, 'refunded_fen', t.refunded_fen,
        'balance_fen', t.balance_fen, 'available_fen', t.available_fen, 'at_ms', to_ms(t.at),
        'business_day', t.business_day, 'by', t.by, 'device_id', t.device_id, 'lines', t.lines,
        'refers_to', t.refers_to, 'serial', t.serial, 'note', t.note)
$$;

-- A shop's day of trades as a screen shows it (server/events/cards.py: CardDay).
CREATE FUNCTION card_day_view(p_shop bigint, p_day date, p_trades_max integer) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'business_day', p_day,
        'trades', coalesce((SELECT json_agg(card_trade_view(n) ORDER BY n.id)
                              FROM (SELECT * FROM card_trade t
                                     WHERE t.shop_id = p_shop AND t.business_day = p_day
                                     ORDER BY t.id DESC LIMIT p_trades_max) n), '[]'),
        'totals', (SELECT json_build_object(
            'top_ups', count(*) FILTER (WHERE t.kind = 'top_up'),
            'top_up_fen', coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'top_up'), 0),
            'bonus_fen', coalesce(sum(t.bonus_fen) FILTER (WHERE t.kind = 'top_up'), 0),
            'consumptions', count(*) FILTER (WHERE t.kind = 'consume'),
            'consumed_fen', coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'consume'), 0),
            'refunds', count(*) FILTER (WHERE t.kind = 'refund'),
            'refunded_fen', coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'refund'), 0),
            'closures', count(*) FILTER (WHERE t.kind = 'close'),
            'paid_out_fen', coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'close'), 0))
            FROM card_trade t WHERE t.shop_id = p_shop AND t.business_day = p_day))
$$;

ALTER TABLE device DROP CONSTRAINT device_kind_check;
ALTER TABLE device ADD CONSTRAINT device_kind_check
    CHECK (kind IN ('kitchen', 'waiter', 'guest', 'cashier', 'call_screen', 'monitor'));
