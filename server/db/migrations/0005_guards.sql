-- Two races that no row's version catches, and one lock.

-- A completed order leaves no call ringing. A call raised between the reading and the writing of
-- "clean" changes no row that "clean" read, so the finished transaction is looked at: CC001, read
-- and decide again. Deferred, because the door writes orders before calls.
CREATE FUNCTION refuse_ringing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM im_call k
                WHERE k.shop_id = NEW.shop_id AND k.order_id = NEW.id AND k.state <> 'ended') THEN
        RAISE EXCEPTION 'stale: call' USING ERRCODE = 'CC001';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER catering_order_completed AFTER UPDATE ON catering_order
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.state = 'open' AND NEW.state = 'completed')
    EXECUTE FUNCTION refuse_ringing();

-- As in 0001, but one maker at a time, and no writer on its way: one that had already chosen
-- event_rest would be refused when it arrives, or would keep the new partition from being attached.
CREATE OR REPLACE FUNCTION make_event_partition(p_month date) RETURNS void LANGUAGE plpgsql AS $$
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
