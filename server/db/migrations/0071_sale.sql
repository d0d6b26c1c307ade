-- 沽清: whether a dish is sold changes through the write door, decided on the row as it was read.

ALTER TABLE dish ADD COLUMN version integer NOT NULL DEFAULT 1;

CREATE FUNCTION step_dishes(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE dish d
       SET sold_out = r.sold_out, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, id bigint, sold_out boolean, version integer)
     WHERE d.shop_id = r.shop_id AND d.id = r.id AND d.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'dish');
END $$;

CREATE OR REPLACE FUNCTION write_rows(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
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
    IF p_rows ? 'dish' THEN PERFORM step_dishes(p_rows -> 'dish'); END IF;
END $$;
