-- A guest's stay at a place, counted: it ends when the place is cleared, whether an order was open or not. What a pad
-- kept for the guest before is told by it, and an order made in an earlier stay is refused.

ALTER TABLE place
    ADD COLUMN stay integer NOT NULL DEFAULT 1,
    ADD COLUMN cleared_at timestamptz;

CREATE OR REPLACE FUNCTION step_places(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE place p
       SET open_order_id = r.open_order_id, version = r.version, stay = r.stay,
           cleared_at = from_ms(r.cleared_at_ms)
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, version integer, open_order_id bigint, stay integer, cleared_at_ms bigint)
     WHERE p.shop_id = r.shop_id AND p.id = r.id AND p.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'place');
END $$;
