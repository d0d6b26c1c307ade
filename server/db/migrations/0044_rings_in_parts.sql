-- A call's rows go through the door in parts, each with the columns it needs: new calls, changed calls, calls
-- that only ring again, and the rings. One wide row of JSON for all of them was read four times over, and a
-- repeated announcement changed its call's row for nothing but a version.
--
-- A ring that changes nothing of its call checks the version and leaves it. That is safe where a next ring of
-- the same end is armed in the same commit: whoever decides on the call meanwhile finds one ring waiting
-- before and one after. Whatever ends, claims or escalates a call moves the version.

ALTER TABLE im_call ADD COLUMN ended_at timestamptz;  -- unknown of what ended before
-- Which end a device is: its channel, and the account that a call may name instead.
ALTER TABLE im_receipt ADD COLUMN channel text, ADD COLUMN account_id bigint;

CREATE FUNCTION add_calls(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO im_call (shop_id, id, order_id, item_id, state, rings, rings_max, interval_s, raised_at, rang_at,
                         claimed_by, escalated, ended_reason, ended_at, version, event, msg_type, channels, accounts,
                         params, template_id, text, place_id, technician_id, source, client_id, expires_at)
    SELECT r.shop_id, r.id, r.order_id, r.item_id, r.state, r.rings, r.rings_max, r.interval_s,
           from_ms(r.raised_at_ms), from_ms(r.rang_at_ms), r.claimed_by, r.escalated, r.ended_reason,
           from_ms(r.ended_at_ms), 1, r.event, r.msg_type, r.channels, r.accounts, r.params, r.template_id, r.text,
           r.place_id, r.technician_id, r.source, r.client_id, from_ms(r.expires_at_ms)
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, order_id bigint, item_id bigint, state text, rings integer,
           rings_max integer, interval_s integer, raised_at_ms bigint, rang_at_ms bigint, claimed_by text,
           escalated boolean, ended_reason text, ended_at_ms bigint, event text, msg_type smallint,
           channels text[], accounts bigint[], params jsonb, template_id bigint, text jsonb, place_id bigint,
           technician_id text, source text, client_id bigint, expires_at_ms bigint)
$$;

CREATE FUNCTION step_calls(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE im_call k
       SET state = r.state, rings = r.rings, rings_max = r.rings_max, interval_s = r.interval_s,
           rang_at = from_ms(r.rang_at_ms), claimed_by = r.claimed_by, claimed_by_device = r.claimed_by_device,
           claimed_at = from_ms(r.claimed_at_ms), escalated = r.escalated, ended_reason = r.ended_reason,
           ended_at = from_ms(r.ended_at_ms), reminders = r.reminders, channels = r.channels, params = r.params,
           version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, state text, rings integer, rings_max integer, interval_s integer,
           rang_at_ms bigint, claimed_by text, claimed_by_device bigint, claimed_at_ms bigint, escalated boolean,
           ended_reason text, ended_at_ms bigint, reminders integer, channels text[], params jsonb, version integer)
     WHERE k.shop_id = r.shop_id AND k.id = r.id AND k.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'call');
END $$;

-- `read` is the version the ring was decided on; `version` is one more when the card's own rings are counted.
CREATE FUNCTION ring_calls(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_same bigint;
BEGIN
    SELECT count(*) INTO v_same
      FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, id bigint, read integer)
      JOIN im_call k ON k.shop_id = r.shop_id AND k.id = r.id AND k.version = r.read;
    PERFORM refuse_stale(v_same, p_rows, 'call');
    UPDATE im_call k
       SET rings = r.rings, rings_max = r.rings_max, interval_s = r.interval_s, rang_at = from_ms(r.rang_at_ms),
           version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, read integer, version integer, rings integer, rings_max integer,
           interval_s integer, rang_at_ms bigint)
     WHERE r.version > r.read AND k.shop_id = r.shop_id AND k.id = r.id;
END $$;

-- A ring's row is written once and may then change its state.
CREATE OR REPLACE FUNCTION put_messages(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO im_message AS m (shop_id, call_id, end_key, ring, state, reason, due_at, sent_at, spoken_by)
    SELECT r.shop_id, r.id, r.end_key, r.ring, r.state, r.reason, from_ms(r.due_at_ms), from_ms(r.sent_at_ms),
           r.spoken_by
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, end_key text, ring integer, state text, reason text, due_at_ms bigint,
           sent_at_ms bigint, spoken_by bigint)
    ON CONFLICT (shop_id, call_id, end_key, ring) DO UPDATE
       SET state = excluded.state, reason = excluded.reason, due_at = excluded.due_at, sent_at = excluded.sent_at,
           spoken_by = excluded.spoken_by
$$;

CREATE OR REPLACE FUNCTION put_calls(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_typeof(p_rows) <> 'object' THEN
        RAISE EXCEPTION 'calls in the form of an older version' USING ERRCODE = '0A000';
    END IF;
    IF p_rows ? 'new' THEN PERFORM add_calls(p_rows -> 'new'); END IF;
    IF p_rows ? 'step' THEN PERFORM step_calls(p_rows -> 'step'); END IF;
    IF p_rows ? 'ring' THEN PERFORM ring_calls(p_rows -> 'ring'); END IF;
    IF p_rows ? 'message' THEN PERFORM put_messages(p_rows -> 'message'); END IF;
    IF p_rows ? 'step' THEN
        -- Somebody is coming, or the reason is gone: what was to ring later does not.
        UPDATE im_message m
           SET state = 'cancelled', reason = coalesce(r.ended_reason, 'acknowledged')
          FROM jsonb_to_recordset(p_rows -> 'step') AS r(shop_id bigint, id bigint, state text, ended_reason text)
         WHERE r.state IN ('claimed', 'ended') AND m.shop_id = r.shop_id AND m.call_id = r.id AND m.state = 'queued';
    END IF;
END $$;

CREATE OR REPLACE FUNCTION add_receipts(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO im_receipt (shop_id, call_id, ring, device_id, channel, account_id, stage, at)
    SELECT r.shop_id, r.call_id, r.ring, r.device_id, r.channel, r.account_id, r.stage, from_ms(r.at_ms)
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, call_id bigint, ring integer, device_id bigint, channel text, account_id bigint,
           stage text, at_ms bigint)
    ON CONFLICT DO NOTHING
$$;
