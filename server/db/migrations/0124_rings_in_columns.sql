-- What rings is the commonest write of a worker, and most of it was the way: three rows of JSON for a ring, read
-- and looked up again, an index that every ring of every end had to enter and leave, and a kept promise that
-- stayed as a row of its own, with two more of index, to say what the ring's row says already.

-- Rings travel as columns, one line a ring, and are written by the statement that writes the rest, after it (its
-- answer is `p_base`): the heads are locked by then. Two kinds:
--   a ring of an end    that repeats: what was queued is sent, the next is queued
--   a ring of a card    the card counts it; its ends are rung by lines of their own (p_sent_…)
-- Refused as the door refuses: CC001 the call moved on or the ring does not wait any more, CC003 the promise was
-- kept or moved by somebody else. What rang says so itself, so its promise goes instead of staying as done, but
-- not one that had trouble: people look after those.
CREATE FUNCTION write_rings(
    p_base bigint[], p_at timestamptz,
    p_kept_shop bigint[], p_kept bigint[], p_kept_attempt integer[],
    p_end_shop bigint[], p_end_call bigint[], p_end_read integer[], p_end_key text[], p_end_ring integer[], p_end_next_ms bigint[],
    p_card_shop bigint[], p_card_call bigint[], p_card_read integer[], p_card_rings integer[], p_card_rings_max integer[],
    p_card_interval_s integer[],
    p_sent_shop bigint[], p_sent_call bigint[], p_sent_key text[], p_sent_ring integer[], p_sent_due_ms bigint[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_count bigint;
    v_more  bigint;
BEGIN
    DELETE FROM promise p
     USING unnest(p_kept_shop, p_kept, p_kept_attempt) AS u(shop, id, attempt)
     WHERE p.shop_id = u.shop AND p.id = u.id AND p.state = 'waiting' AND p.attempt = u.attempt
       AND p.last_error IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> cardinality(p_kept) THEN
        UPDATE promise p
           SET state = 'done', attempt = p.attempt + 1
          FROM unnest(p_kept_shop, p_kept, p_kept_attempt) AS u(shop, id, attempt)
         WHERE p.shop_id = u.shop AND p.id = u.id AND p.state = 'waiting' AND p.attempt = u.attempt;
        GET DIAGNOSTICS v_more = ROW_COUNT;
        IF v_count + v_more <> cardinality(p_kept) THEN
            RAISE EXCEPTION 'settled' USING ERRCODE = 'CC003';
        END IF;
    END IF;

    IF cardinality(p_end_call) > 0 THEN
        SELECT count(*) INTO v_count
          FROM unnest(p_end_shop, p_end_call, p_end_read) AS u(shop, call, read)
          JOIN im_call k ON k.shop_id = u.shop AND k.id = u.call AND k.version = u.read;
        IF v_count <> cardinality(p_end_call) THEN
            RAISE EXCEPTION 'stale: call' USING ERRCODE = 'CC001';
        END IF;
        UPDATE im_message m
           SET state = 'sent', reason = '', sent_at = p_at
          FROM unnest(p_end_shop, p_end_call, p_end_key, p_end_ring) AS u(shop, call, key, ring)
         WHERE m.shop_id = u.shop AND m.call_id = u.call AND m.end_key = u.key AND m.ring = u.ring AND m.state = 'queued';
        GET DIAGNOSTICS v_count = ROW_COUNT;
        IF v_count <> cardinality(p_end_call) THEN
            RAISE EXCEPTION 'stale: ring' USING ERRCODE = 'CC001';
        END IF;
        INSERT INTO im_message AS m (shop_id, call_id, end_key, ring, state, due_at)
        SELECT u.shop, u.call, u.key, u.ring + 1, 'queued', from_ms(u.next_ms)
          FROM unnest(p_end_shop, p_end_call, p_end_key, p_end_ring, p_end_next_ms) AS u(shop, call, key, ring, next_ms)
        ON CONFLICT (shop_id, call_id, end_key, ring) DO UPDATE
           SET state = excluded.state, reason = excluded.reason, due_at = excluded.due_at, sent_at = NULL, spoken_by = NULL;
    END IF;

    IF cardinality(p_card_call) > 0 THEN
        UPDATE im_call k
           SET rings = u.rings, rings_max = u.rings_max, interval_s = u.interval_s, rang_at = p_at, version = u.read + 1
          FROM unnest(p_card_shop, p_card_call, p_card_read, p_card_rings, p_card_rings_max, p_card_interval_s)
               AS u(shop, call, read, rings, rings_max, interval_s)
         WHERE k.shop_id = u.shop AND k.id = u.call AND k.version = u.read;
        GET DIAGNOSTICS v_count = ROW_COUNT;
        IF v_count <> cardinality(p_card_call) THEN
            RAISE EXCEPTION 'stale: call' USING ERRCODE = 'CC001';
        END IF;
    END IF;

    IF cardinality(p_sent_call) > 0 THEN
        INSERT INTO im_message AS m (shop_id, call_id, end_key, ring, state, due_at, sent_at)
        SELECT u.shop, u.call, u.key, u.ring, 'sent', from_ms(u.due_ms), p_at
          FROM unnest(p_sent_shop, p_sent_call, p_sent_key, p_sent_ring, p_sent_due_ms) AS u(shop, call, key, ring, due_ms)
        ON CONFLICT (shop_id, call_id, end_key, ring) DO UPDATE
           SET state = excluded.state, reason = excluded.reason, due_at = excluded.due_at, sent_at = excluded.sent_at,
               spoken_by = NULL;
    END IF;
    RETURN p_base;
END $$;

-- Who waits at an end is asked for by the live calls of an event, when a first ring waited for company; an index
-- over what is queued made every ring move in two indexes and no ring's row stay where it was.
CREATE INDEX im_call_live ON im_call (shop_id, event) WHERE state <> 'ended';
DROP INDEX im_message_queued;

-- extract() of a time is a numeric; a double holds milliseconds of any year here exactly enough to be rounded.
CREATE OR REPLACE FUNCTION to_ms(p_at timestamptz) RETURNS bigint LANGUAGE sql STABLE STRICT PARALLEL SAFE
AS $$ SELECT round(date_part('epoch', p_at) * 1000)::bigint $$;
