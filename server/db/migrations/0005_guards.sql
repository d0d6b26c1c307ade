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
