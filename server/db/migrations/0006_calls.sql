-- Calls of every kind, not only the pads' card for a finished dish: what SendImCall asks for, what the
-- house announces by itself, at which ends it rang, how often, where it was heard, and why not.
-- One im_call row per call, one im_message row per end and repetition (R-004-33). A repetition is armed
-- one at a time: the row of the next ring stands 'queued' beside the promise that will send it, and
-- whatever ends the call cancels it in the same commit.

ALTER TABLE im_call
    ALTER COLUMN order_id DROP NOT NULL,
    ALTER COLUMN item_id DROP NOT NULL,
    ADD COLUMN event         text NOT NULL DEFAULT 'item_ready',
    ADD COLUMN msg_type      smallint NOT NULL DEFAULT 4 CHECK (msg_type BETWEEN 1 AND 4),
    ADD COLUMN channels      text[] NOT NULL DEFAULT '{pad}',
    ADD COLUMN accounts      bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN params        jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN template_id   bigint,
    ADD COLUMN text          jsonb,
    ADD COLUMN place_id      bigint,
    ADD COLUMN technician_id text,
    ADD COLUMN source        text NOT NULL DEFAULT 'house',
    ADD COLUMN client_id     bigint,
    ADD COLUMN expires_at    timestamptz,
    ADD COLUMN reminders     integer NOT NULL DEFAULT 0;
ALTER TABLE im_call DROP CONSTRAINT im_call_check1;
ALTER TABLE im_call ADD CONSTRAINT im_call_rings CHECK (rings >= 0 AND (rings_max = 0 OR rings <= rings_max));
-- Only the house's own card for a dish is one at a time; business services may call about it as well.
DROP INDEX im_call_open;
CREATE UNIQUE INDEX im_call_open ON im_call (shop_id, item_id)
 WHERE state <> 'ended' AND source = 'house' AND msg_type = 4;
CREATE INDEX im_call_item ON im_call (shop_id, item_id) WHERE state <> 'ended';
CREATE INDEX im_call_order ON im_call (shop_id, order_id) WHERE state <> 'ended';

CREATE TABLE im_message (
    shop_id    bigint NOT NULL,
    call_id    bigint NOT NULL,
    end_key    text NOT NULL,          -- a channel, or account:12
    ring       integer NOT NULL CHECK (ring > 0),
    state      text NOT NULL CHECK (state IN ('queued', 'sent', 'suppressed', 'cancelled')),
    reason     text NOT NULL DEFAULT '',
    due_at     timestamptz NOT NULL,
    sent_at    timestamptz,
    spoken_by  bigint,                 -- the call whose sentence said this one too
    PRIMARY KEY (shop_id, call_id, end_key, ring),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX im_message_queued ON im_message (shop_id, end_key) WHERE state = 'queued';

-- What became of a ring on one device; the first word about a stage counts.
CREATE TABLE im_receipt (
    shop_id   bigint NOT NULL,
    call_id   bigint NOT NULL,
    ring      integer NOT NULL,
    device_id bigint NOT NULL,
    stage     text NOT NULL CHECK (stage IN ('shown', 'played', 'failed', 'blocked', 'muted', 'acknowledged')),
    at        timestamptz NOT NULL,
    PRIMARY KEY (shop_id, call_id, ring, device_id, stage)
);

-- Who is on the clock; a call for a technician whose session ended is not made (R-004-34).
CREATE TABLE technician (
    shop_id    bigint NOT NULL REFERENCES shop,
    id         text NOT NULL,
    name       text NOT NULL,
    on_clock   boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (shop_id, id)
);

-- What a cash desk lists: read backwards from the head.
CREATE INDEX event_said ON event (shop_id, seq DESC) WHERE kind IN ('Announced', 'CallHeard');

CREATE OR REPLACE FUNCTION call_view(k im_call) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', k.id, 'order_id', k.order_id, 'item_id', k.item_id, 'number', o.number,
        'place_kind', coalesce(o.place_kind, p.kind), 'place_name', coalesce(o.place_name, p.name, ''),
        'dish', g.name, 'quantity', g.quantity, 'state', k.state, 'rings', k.rings,
        'rings_max', k.rings_max, 'interval_s', k.interval_s, 'raised_at_ms', to_ms(k.raised_at),
        'rang_at_ms', to_ms(k.rang_at), 'claimed_by', k.claimed_by, 'claimed_by_device', k.claimed_by_device,
        'claimed_at_ms', to_ms(k.claimed_at), 'escalated', k.escalated, 'event', k.event, 'text', k.text,
        'accounts', k.accounts)
      FROM (SELECT) AS one
      LEFT JOIN catering_order_goods g ON g.shop_id = k.shop_id AND g.id = k.item_id
      LEFT JOIN catering_order o ON o.shop_id = k.shop_id AND o.id = k.order_id
      LEFT JOIN place p ON p.shop_id = k.shop_id AND p.id = k.place_id
$$;

-- A call as decisions read it (server/events/facts.py: CallRow).
CREATE FUNCTION call_row(k im_call) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'call', call_view(k), 'version', k.version, 'msg_type', k.msg_type, 'channels', k.channels,
        'params', k.params, 'template_id', k.template_id, 'place_id', k.place_id,
        'technician_id', k.technician_id, 'source', k.source, 'client_id', k.client_id,
        'expires_at_ms', to_ms(k.expires_at), 'reminders', k.reminders)
$$;

-- Rings of calls: sent, queued, suppressed. A row is written once and may then change its state.
CREATE FUNCTION put_messages(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO im_message AS m (shop_id, call_id, end_key, ring, state, reason, due_at, sent_at, spoken_by)
    SELECT r.shop_id, r.id, m.end_key, m.ring, m.state, m.reason, from_ms(m.due_at_ms), from_ms(m.sent_at_ms),
           m.spoken_by
      FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, id bigint, messages jsonb),
           jsonb_to_recordset(r.messages) AS m(
           end_key text, ring integer, state text, reason text, due_at_ms bigint, sent_at_ms bigint, spoken_by bigint)
    ON CONFLICT (shop_id, call_id, end_key, ring) DO UPDATE
       SET state = excluded.state, reason = excluded.reason, due_at = excluded.due_at, sent_at = excluded.sent_at,
           spoken_by = excluded.spoken_by
$$;

CREATE OR REPLACE FUNCTION put_calls(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
    v_new     bigint;
BEGIN
    INSERT INTO im_call (shop_id, id, order_id, item_id, state, rings, rings_max, interval_s, raised_at, rang_at,
                         claimed_by, escalated, ended_reason, version, event, msg_type, channels, accounts,
                         params, template_id, text, place_id, technician_id, source, client_id, expires_at)
    SELECT r.shop_id, r.id, r.order_id, r.item_id, r.state, r.rings, r.rings_max, r.interval_s,
           from_ms(r.raised_at_ms), from_ms(r.rang_at_ms), r.claimed_by, r.escalated, r.ended_reason, 1,
           r.event, r.msg_type, r.channels, r.accounts, r.params, r.template_id, r.text, r.place_id,
           r.technician_id, r.source, r.client_id, from_ms(r.expires_at_ms)
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, order_id bigint, item_id bigint, state text, rings integer,
           rings_max integer, interval_s integer, raised_at_ms bigint, rang_at_ms bigint, claimed_by text,
           escalated boolean, ended_reason text, version integer, event text, msg_type smallint,
           channels text[], accounts bigint[], params jsonb, template_id bigint, text jsonb, place_id bigint,
           technician_id text, source text, client_id bigint, expires_at_ms bigint)
     WHERE r.version = 1;
    GET DIAGNOSTICS v_new = ROW_COUNT;

    UPDATE im_call k
       SET state = r.state, rings = r.rings, rings_max = r.rings_max, interval_s = r.interval_s,
           rang_at = from_ms(r.rang_at_ms), claimed_by = r.claimed_by, claimed_by_device = r.claimed_by_device,
           claimed_at = from_ms(r.claimed_at_ms), escalated = r.escalated, ended_reason = r.ended_reason,
           reminders = r.reminders, channels = r.channels, params = r.params, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, state text, rings integer, rings_max integer, interval_s integer,
           rang_at_ms bigint, claimed_by text, claimed_by_device bigint, claimed_at_ms bigint, escalated boolean,
           ended_reason text, reminders integer, channels text[], params jsonb, version integer)
     WHERE r.version > 1 AND k.shop_id = r.shop_id AND k.id = r.id AND k.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed + v_new, p_rows, 'call');

    PERFORM put_messages(p_rows);
    -- Somebody is coming, or the reason is gone: what was to ring later does not.
    UPDATE im_message m
       SET state = 'cancelled', reason = coalesce(r.ended_reason, 'acknowledged')
      FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, id bigint, state text, ended_reason text)
     WHERE r.state IN ('claimed', 'ended') AND m.shop_id = r.shop_id AND m.call_id = r.id AND m.state = 'queued';
END $$;

CREATE FUNCTION add_receipts(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO im_receipt (shop_id, call_id, ring, device_id, stage, at)
    SELECT r.shop_id, r.call_id, r.ring, r.device_id, r.stage, from_ms(r.at_ms)
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, call_id bigint, ring integer, device_id bigint, stage text, at_ms bigint)
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION put_technicians(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO technician (shop_id, id, name, on_clock, changed_at)
    SELECT r.shop_id, r.id, r.name, r.on_clock, from_ms(r.changed_at_ms)
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id text, name text, on_clock boolean, changed_at_ms bigint)
    ON CONFLICT (shop_id, id) DO UPDATE
       SET name = excluded.name, on_clock = excluded.on_clock, changed_at = excluded.changed_at
$$;

-- Every kind of row a decision may change; kinds in the order their references need.
CREATE FUNCTION write_rows(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_rows ? 'goods_step' THEN PERFORM step_goods(p_rows -> 'goods_step'); END IF;
    IF p_rows ? 'order_new' THEN PERFORM add_orders(p_rows -> 'order_new'); END IF;
    IF p_rows ? 'order_step' THEN PERFORM step_orders(p_rows -> 'order_step'); END IF;
    IF p_rows ? 'goods_new' THEN PERFORM add_goods(p_rows -> 'goods_new'); END IF;
    IF p_rows ? 'place_step' THEN PERFORM step_places(p_rows -> 'place_step'); END IF;
    IF p_rows ? 'day' THEN PERFORM put_days(p_rows -> 'day'); END IF;
    IF p_rows ? 'call' THEN PERFORM put_calls(p_rows -> 'call'); END IF;
    IF p_rows ? 'account' THEN PERFORM add_accounts(p_rows -> 'account'); END IF;
    IF p_rows ? 'device' THEN PERFORM put_devices(p_rows -> 'device'); END IF;
    IF p_rows ? 'receipt' THEN PERFORM add_receipts(p_rows -> 'receipt'); END IF;
    IF p_rows ? 'technician' THEN PERFORM put_technicians(p_rows -> 'technician'); END IF;
END $$;

CREATE OR REPLACE FUNCTION write_commands(
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

    PERFORM write_rows(p_rows);

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
