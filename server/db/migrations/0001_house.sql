-- The ground: brands, shops and what stands in them; one log per shop; remembered commands; promises.
-- Every table that belongs to a shop has shop_id first in its primary key, so that shops can be
-- spread over servers later without a redesign. Rows that commands change carry `version`:
-- a write names the version it read, and a write that comes late changes nothing.

CREATE TABLE brand (
    id   bigint PRIMARY KEY,
    name jsonb NOT NULL
);

CREATE TABLE shop (
    id                  bigint PRIMARY KEY,
    brand_id            bigint NOT NULL REFERENCES brand,
    name                jsonb NOT NULL,
    timezone            text NOT NULL DEFAULT 'Asia/Shanghai',
    -- Seconds between "finished" and the pads ringing: the cook's time to take a slip back. NULL: never by itself.
    call_after_finish_s integer DEFAULT 5 CHECK (call_after_finish_s BETWEEN 0 AND 600),
    call_interval_s     integer NOT NULL DEFAULT 15 CHECK (call_interval_s BETWEEN 3 AND 600),
    call_rings_max      integer NOT NULL DEFAULT 3 CHECK (call_rings_max BETWEEN 1 AND 20)
);

-- The head is locked by every write of its shop: it is the shop's one writer at a time.
-- fillfactor 30: this row changes with every event, and a page with room keeps the change HOT.
CREATE TABLE shop_head (
    shop_id bigint PRIMARY KEY,
    epoch   integer NOT NULL DEFAULT 1,
    seq     bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 30);

CREATE TABLE event (
    shop_id bigint NOT NULL,
    seq     bigint NOT NULL,
    at      timestamptz NOT NULL,
    kind    text NOT NULL,
    topics  text[] NOT NULL,
    body    bytea NOT NULL,
    PRIMARY KEY (shop_id, seq, at)
) PARTITION BY RANGE (at);
CREATE TABLE event_rest PARTITION OF event DEFAULT;

-- One partition a month; retention drops whole partitions. Lines that came before their month's
-- partition was there (a clock that jumped) lie in event_rest and move over. One maker at a time, and
-- no writer on its way: one that had already chosen event_rest would be refused when it arrives, or
-- would keep the new partition from being attached.
CREATE FUNCTION make_event_partition(p_month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_from timestamptz := date_trunc('month', p_month::timestamp) AT TIME ZONE 'UTC';
    v_to   timestamptz := (date_trunc('month', p_month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
    v_name text := 'event_' || to_char(p_month, 'YYYY_MM');
BEGIN
    IF to_regclass(v_name) IS NOT NULL THEN
        RETURN;
    END IF;
    LOCK TABLE event IN ACCESS EXCLUSIVE MODE;
    IF to_regclass(v_name) IS NOT NULL THEN
        RETURN;  -- somebody else made it while we waited
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL)', v_name);
    EXECUTE format('WITH early AS (DELETE FROM event_rest WHERE at >= %L AND at < %L RETURNING *)
                    INSERT INTO %I SELECT * FROM early', v_from, v_to, v_name);
    EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_name, v_from, v_to);
END $$;

-- The remembered answer of every command. Same id and body: same answer.
CREATE TABLE command (
    shop_id  bigint NOT NULL,
    id       uuid NOT NULL,
    at       timestamptz NOT NULL,
    digest   bytea NOT NULL,
    reply    bytea NOT NULL,
    PRIMARY KEY (shop_id, id)
);
CREATE INDEX command_at ON command (at);

-- What must happen later. The row is the truth; "waiting, and attempt as read" is the fence.
-- No hot column stands in the index's predicate but state, which changes once in a promise's life.
CREATE TABLE promise (
    shop_id    bigint NOT NULL,
    id         bigint NOT NULL,
    kind       text NOT NULL,
    payload    jsonb NOT NULL,
    due_at     timestamptz NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'cancelled', 'dead')),
    attempt    integer NOT NULL DEFAULT 0,
    last_error text,
    PRIMARY KEY (shop_id, id)
) WITH (fillfactor = 80);
CREATE INDEX promise_due ON promise (due_at) WHERE state = 'waiting';

CREATE TABLE station (
    shop_id bigint NOT NULL REFERENCES shop,
    id      bigint NOT NULL,
    name    jsonb NOT NULL,
    PRIMARY KEY (shop_id, id)
);

-- Where a guest sits. `open_order_id` is the guest's session: it ends when the room is cleaned.
CREATE TABLE place (
    shop_id       bigint NOT NULL REFERENCES shop,
    id            bigint NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('room', 'table', 'tag', 'takeaway')),
    name          text NOT NULL,
    area          jsonb NOT NULL,
    open_order_id bigint,
    version       integer NOT NULL DEFAULT 1,
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, kind, name)
) WITH (fillfactor = 70);

CREATE TABLE menu_category (
    shop_id  bigint NOT NULL REFERENCES shop,
    id       text NOT NULL,
    position integer NOT NULL,
    name     jsonb NOT NULL,
    PRIMARY KEY (shop_id, id)
);

CREATE TABLE dish (
    shop_id         bigint NOT NULL REFERENCES shop,
    id              bigint NOT NULL,
    position        integer NOT NULL,
    category        text NOT NULL,
    name            jsonb NOT NULL,
    about           jsonb NOT NULL,
    price_fen       integer NOT NULL CHECK (price_fen >= 0),
    station_id      bigint,
    target_s        integer NOT NULL CHECK (target_s > 0),
    modifier_groups jsonb NOT NULL,
    allergens       jsonb NOT NULL,
    picture         text NOT NULL DEFAULT '',
    spicy           integer NOT NULL DEFAULT 0,
    sold_out        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (shop_id, id),
    FOREIGN KEY (shop_id, station_id) REFERENCES station,
    FOREIGN KEY (shop_id, category) REFERENCES menu_category
);

-- Queue numbers restart each business day (R-004-9); one row counts one day of one shop.
CREATE TABLE shop_day (
    shop_id      bigint NOT NULL,
    business_day date NOT NULL,
    last_number  integer NOT NULL,
    version      integer NOT NULL,
    PRIMARY KEY (shop_id, business_day)
) WITH (fillfactor = 50);

CREATE TABLE catering_order (
    shop_id      bigint NOT NULL,
    id           bigint NOT NULL,
    number       integer NOT NULL CHECK (number > 0),
    business_day date NOT NULL,
    place_id     bigint NOT NULL,
    place_kind   text NOT NULL,
    place_name   text NOT NULL,
    source       text NOT NULL CHECK (source IN ('pad', 'tag', 'waiter', 'cashier', 'api')),
    state        text NOT NULL CHECK (state IN ('open', 'completed')),
    opened_at    timestamptz NOT NULL,
    completed_at timestamptz,
    note         text NOT NULL,
    allergens    jsonb NOT NULL,
    rounds       integer NOT NULL CHECK (rounds > 0),
    version      integer NOT NULL,
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, business_day, number),
    FOREIGN KEY (shop_id, place_id) REFERENCES place,
    CHECK ((state = 'completed') = (completed_at IS NOT NULL))
) WITH (fillfactor = 80);
-- One open order per guest's place (R-004-8).
CREATE UNIQUE INDEX catering_order_open ON catering_order (shop_id, place_id) WHERE state = 'open';

-- The lines of an order; flow and queries are mainly on these rows (R-004-7).
CREATE TABLE catering_order_goods (
    shop_id      bigint NOT NULL,
    id           bigint NOT NULL,
    order_id     bigint NOT NULL,
    round        integer NOT NULL CHECK (round > 0),
    dish_id      bigint NOT NULL,
    name         jsonb NOT NULL,
    quantity     integer NOT NULL CHECK (quantity > 0),
    modifiers    jsonb NOT NULL,
    note         text NOT NULL,
    station_id   bigint,
    target_s     integer NOT NULL,
    price_fen    integer NOT NULL,
    state        text NOT NULL CHECK (state IN ('queued', 'cooking', 'ready', 'called', 'picked_up', 'delivered', 'cancelled')),
    placed_at    timestamptz NOT NULL,
    started_at   timestamptz,
    ready_at     timestamptz,
    called_at    timestamptz,
    picked_up_at timestamptz,
    delivered_at timestamptz,
    cancelled_at timestamptz,
    by           text NOT NULL,
    version      integer NOT NULL,
    PRIMARY KEY (shop_id, id),
    FOREIGN KEY (shop_id, order_id) REFERENCES catering_order,
    -- The state machine's promises, repeated where no bug in Python can reach them.
    CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL)),
    CHECK (state IN ('queued', 'cancelled') = (started_at IS NULL)),
    CHECK (state IN ('queued', 'cooking', 'cancelled') = (ready_at IS NULL)),
    CHECK (state <> 'called' OR called_at IS NOT NULL),
    CHECK ((state IN ('picked_up', 'delivered')) = (picked_up_at IS NOT NULL)),
    CHECK ((state = 'delivered') = (delivered_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX catering_order_goods_order ON catering_order_goods (shop_id, order_id);

-- One row per call to the pads; each ring is a line in the log.
CREATE TABLE im_call (
    shop_id           bigint NOT NULL,
    id                bigint NOT NULL,
    order_id          bigint NOT NULL,
    item_id           bigint NOT NULL,
    state             text NOT NULL CHECK (state IN ('ringing', 'unanswered', 'claimed', 'ended')),
    rings             integer NOT NULL,
    rings_max         integer NOT NULL,
    interval_s        integer NOT NULL,
    raised_at         timestamptz NOT NULL,
    rang_at           timestamptz NOT NULL,
    claimed_by        text NOT NULL DEFAULT '',
    claimed_by_device bigint,
    claimed_at        timestamptz,
    escalated         boolean NOT NULL DEFAULT false,
    ended_reason      text,
    version           integer NOT NULL,
    PRIMARY KEY (shop_id, id),
    FOREIGN KEY (shop_id, item_id) REFERENCES catering_order_goods,
    CHECK ((state = 'ended') = (ended_reason IS NOT NULL)),
    CHECK (rings BETWEEN 1 AND rings_max)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX im_call_open ON im_call (shop_id, item_id) WHERE state <> 'ended';

-- One device has one IM account; the cash desks of a shop share one (R-004-30).
CREATE TABLE account (
    shop_id bigint NOT NULL REFERENCES shop,
    id      bigint NOT NULL,
    kind    text NOT NULL,
    name    text NOT NULL,
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, kind, name)
);

CREATE TABLE device (
    shop_id      bigint NOT NULL,
    id           bigint NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('kitchen', 'waiter', 'guest', 'cashier', 'call_screen')),
    name         text NOT NULL,
    account_id   bigint NOT NULL,
    place_id     bigint,
    station_id   bigint,
    token_hash   bytea UNIQUE,
    paired_at    timestamptz,
    revoked_at   timestamptz,
    last_seen_at timestamptz,
    acked_seq    bigint NOT NULL DEFAULT 0,
    version      integer NOT NULL DEFAULT 1,
    PRIMARY KEY (shop_id, id),
    FOREIGN KEY (shop_id, account_id) REFERENCES account,
    FOREIGN KEY (shop_id, place_id) REFERENCES place,
    FOREIGN KEY (shop_id, station_id) REFERENCES station,
    CHECK (kind <> 'guest' OR place_id IS NOT NULL)
) WITH (fillfactor = 60);
