-- The one write door. `write_commands` takes a batch of decided commands of different callers and
-- writes all of it or nothing: remembered replies, changed rows, events, promises, settled promises.
-- Heads are locked first and in shop order, so a shop has one writer at a time, its seq is gap-free
-- and in commit order, and two batches can never wait for each other in a circle.
-- Refusals of the door itself (the caller then tries each command of the batch alone):
--   CC001 stale    a row is no longer at the version the decision was made on: read and decide again
--   CC002 seen     a command id is known: answer what was answered then
--   CC003 settled  a promise was kept or moved by somebody else: forget it
--   CC004 no shop  no head row
-- Rows travel as JSON, one array per kind of change. Small statements with arrays between them:
-- joining CTEs here gets a quadratic plan.

CREATE FUNCTION to_ms(p_at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT (extract(epoch FROM p_at) * 1000)::bigint $$;

CREATE FUNCTION from_ms(p_ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT to_timestamp(p_ms / 1000.0) $$;

CREATE FUNCTION refuse_stale(p_changed bigint, p_rows jsonb, p_what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_changed <> jsonb_array_length(p_rows) THEN
        RAISE EXCEPTION 'stale: %', p_what USING ERRCODE = 'CC001';
    END IF;
END $$;

-- A dish takes a step (or one back). `version` is the row's version after the step.
CREATE FUNCTION step_goods(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE catering_order_goods g
       SET state = r.state, started_at = from_ms(r.started_at_ms), ready_at = from_ms(r.ready_at_ms),
           called_at = from_ms(r.called_at_ms), picked_up_at = from_ms(r.picked_up_at_ms),
           delivered_at = from_ms(r.delivered_at_ms), cancelled_at = from_ms(r.cancelled_at_ms),
           by = r.by, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, version integer, state text, by text, started_at_ms bigint, ready_at_ms bigint,
           called_at_ms bigint, picked_up_at_ms bigint, delivered_at_ms bigint, cancelled_at_ms bigint),
           catering_order o
     WHERE g.shop_id = r.shop_id AND g.id = r.id AND g.version = r.version - 1
           -- A room cleaned meanwhile ends its dishes' steps too.
       AND o.shop_id = r.shop_id AND o.id = g.order_id AND o.state = 'open';
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'goods');
END $$;

CREATE FUNCTION add_goods(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO catering_order_goods (shop_id, id, order_id, round, dish_id, name, quantity, modifiers, note,
                                      station_id, target_s, price_fen, state, placed_at, by, version)
    SELECT r.shop_id, r.id, r.order_id, r.round, r.dish_id, r.name, r.quantity, r.modifiers, r.note,
           r.station_id, r.target_s, r.price_fen, r.state, from_ms(r.placed_at_ms), r.by, r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, order_id bigint, round integer, dish_id bigint, name jsonb, quantity integer,
           modifiers jsonb, note text, station_id bigint, target_s integer, price_fen integer, state text,
           placed_at_ms bigint, by text, version integer)
$$;

CREATE FUNCTION add_orders(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO catering_order (shop_id, id, number, business_day, place_id, place_kind, place_name, source,
                                state, opened_at, note, allergens, rounds, version)
    SELECT r.shop_id, r.id, r.number, r.business_day, r.place_id, r.place_kind, r.place_name, r.source,
           'open', from_ms(r.opened_at_ms), r.note, r.allergens, 1, 1
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, number integer, business_day date, place_id bigint, place_kind text,
           place_name text, source text, opened_at_ms bigint, note text, allergens jsonb)
$$;

CREATE FUNCTION step_orders(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE catering_order o
       SET state = r.state, completed_at = from_ms(r.completed_at_ms), note = r.note, allergens = r.allergens,
           rounds = r.rounds, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, version integer, state text, completed_at_ms bigint, note text,
           allergens jsonb, rounds integer)
     WHERE o.shop_id = r.shop_id AND o.id = r.id AND o.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'order');
END $$;

-- A guest's session opens or ends: the place names its open order.
CREATE FUNCTION step_places(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE place p
       SET open_order_id = r.open_order_id, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, id bigint, version integer, open_order_id bigint)
     WHERE p.shop_id = r.shop_id AND p.id = r.id AND p.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'place');
END $$;

-- The day's last queue number; version 1 is a day's first order.
CREATE FUNCTION put_days(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO shop_day AS d (shop_id, business_day, last_number, version)
    SELECT r.shop_id, r.business_day, r.last_number, r.version
      FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, business_day date, last_number integer, version integer)
    ON CONFLICT (shop_id, business_day) DO UPDATE
       SET last_number = excluded.last_number, version = excluded.version
     WHERE d.version = excluded.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'day');
END $$;

CREATE FUNCTION put_calls(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO im_call AS k (shop_id, id, order_id, item_id, state, rings, rings_max, interval_s, raised_at,
                              rang_at, claimed_by, claimed_by_device, claimed_at, escalated, ended_reason, version)
    SELECT r.shop_id, r.id, r.order_id, r.item_id, r.state, r.rings, r.rings_max, r.interval_s,
           from_ms(r.raised_at_ms), from_ms(r.rang_at_ms), r.claimed_by, r.claimed_by_device,
           from_ms(r.claimed_at_ms), r.escalated, r.ended_reason, r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, order_id bigint, item_id bigint, state text, rings integer,
           rings_max integer, interval_s integer, raised_at_ms bigint, rang_at_ms bigint, claimed_by text,
           claimed_by_device bigint, claimed_at_ms bigint, escalated boolean, ended_reason text, version integer)
    ON CONFLICT (shop_id, id) DO UPDATE
       SET state = excluded.state, rings = excluded.rings, rang_at = excluded.rang_at,
           claimed_by = excluded.claimed_by, claimed_by_device = excluded.claimed_by_device,
           claimed_at = excluded.claimed_at, escalated = excluded.escalated, ended_reason = excluded.ended_reason,
           version = excluded.version
     WHERE k.version = excluded.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'call');
END $$;

CREATE FUNCTION add_accounts(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO account (shop_id, id, kind, name)
    SELECT r.shop_id, r.id, r.kind, r.name
      FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, id bigint, kind text, name text)
$$;

CREATE FUNCTION put_devices(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO device AS d (shop_id, id, kind, name, account_id, place_id, station_id, token_hash, paired_at,
                             revoked_at, version)
    SELECT r.shop_id, r.id, r.kind, r.name, r.account_id, r.place_id, r.station_id, decode(r.token_hash, 'hex'),
           from_ms(r.paired_at_ms), from_ms(r.revoked_at_ms), r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, kind text, name text, account_id bigint, place_id bigint, station_id bigint,
           token_hash text, paired_at_ms bigint, revoked_at_ms bigint, version integer)
    ON CONFLICT (shop_id, id) DO UPDATE
       SET name = excluded.name, place_id = excluded.place_id, station_id = excluded.station_id,
           token_hash = excluded.token_hash, paired_at = excluded.paired_at, revoked_at = excluded.revoked_at,
           version = excluded.version
     WHERE d.version = excluded.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'device');
END $$;

CREATE FUNCTION write_commands(
    p_at timestamptz,
    -- the shops of this batch, distinct and rising, and how many events each gets
    p_shop bigint[], p_events integer[],
    -- remembered commands
    p_command_shop bigint[], p_command uuid[], p_digest bytea[], p_reply bytea[],
    -- promises kept by this batch
    p_kept_shop bigint[], p_kept bigint[], p_kept_attempt integer[],
    -- events: position of the shop above, rank within the shop, what was said, to whom (blanks between)
    p_event_shop integer[], p_event_rank integer[], p_event_kind text[], p_event_topics text[], p_event_body bytea[],
    -- promises made
    p_promise_shop bigint[], p_promise bigint[], p_promise_kind text[], p_promise_payload text[], p_promise_due timestamptz[],
    p_rows jsonb
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_base  bigint[];
    v_count bigint;
BEGIN
    SELECT array_agg(h.seq) INTO v_base
      FROM (SELECT seq FROM shop_head WHERE shop_id = ANY (p_shop) ORDER BY shop_id FOR NO KEY UPDATE) h;
    IF coalesce(cardinality(v_base), 0) <> cardinality(p_shop) THEN
        RAISE EXCEPTION 'no shop' USING ERRCODE = 'CC004';
    END IF;

    INSERT INTO command (shop_id, id, at, digest, reply)
    SELECT u.shop, u.id, p_at, u.digest, u.reply
      FROM unnest(p_command_shop, p_command, p_digest, p_reply) AS u(shop, id, digest, reply)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> cardinality(p_command) THEN
        RAISE EXCEPTION 'seen' USING ERRCODE = 'CC002';
    END IF;

    IF cardinality(p_kept) > 0 THEN
        UPDATE promise p
           SET state = 'done', attempt = p.attempt + 1
          FROM unnest(p_kept_shop, p_kept, p_kept_attempt) AS u(shop, id, attempt)
         WHERE p.shop_id = u.shop AND p.id = u.id AND p.state = 'waiting' AND p.attempt = u.attempt;
        GET DIAGNOSTICS v_count = ROW_COUNT;
        IF v_count <> cardinality(p_kept) THEN
            RAISE EXCEPTION 'settled' USING ERRCODE = 'CC003';
        END IF;
    END IF;

    IF p_rows ? 'goods_step' THEN PERFORM step_goods(p_rows -> 'goods_step'); END IF;
    IF p_rows ? 'order_new' THEN PERFORM add_orders(p_rows -> 'order_new'); END IF;
    IF p_rows ? 'order_step' THEN PERFORM step_orders(p_rows -> 'order_step'); END IF;
    IF p_rows ? 'goods_new' THEN PERFORM add_goods(p_rows -> 'goods_new'); END IF;
    IF p_rows ? 'place_step' THEN PERFORM step_places(p_rows -> 'place_step'); END IF;
    IF p_rows ? 'day' THEN PERFORM put_days(p_rows -> 'day'); END IF;
    IF p_rows ? 'call' THEN PERFORM put_calls(p_rows -> 'call'); END IF;
    IF p_rows ? 'account' THEN PERFORM add_accounts(p_rows -> 'account'); END IF;
    IF p_rows ? 'device' THEN PERFORM put_devices(p_rows -> 'device'); END IF;

    IF cardinality(p_event_kind) > 0 THEN
        UPDATE shop_head h
           SET seq = h.seq + n.events
          FROM unnest(p_shop, p_events) AS n(shop, events)
         WHERE h.shop_id = n.shop AND n.events > 0;
        INSERT INTO event (shop_id, seq, at, kind, topics, body)
        SELECT p_shop[e.shop], v_base[e.shop] + e.rank, p_at, e.kind, string_to_array(e.topics, ' '), e.body
          FROM unnest(p_event_shop, p_event_rank, p_event_kind, p_event_topics, p_event_body)
               AS e(shop, rank, kind, topics, body);
    END IF;

    IF cardinality(p_promise) > 0 THEN
        INSERT INTO promise (shop_id, id, kind, payload, due_at)
        SELECT u.shop, u.id, u.kind, u.payload::jsonb, u.due
          FROM unnest(p_promise_shop, p_promise, p_promise_kind, p_promise_payload, p_promise_due)
               AS u(shop, id, kind, payload, due);
    END IF;

    RETURN v_base;
END $$;
