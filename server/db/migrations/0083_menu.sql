-- A shop's menu and its stations are kept from a desk: whole dishes and stations go through the write door.

CREATE FUNCTION put_dishes(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO dish AS d (shop_id, id, position, category, name, about, price_fen, station_id, target_s,
                           modifier_groups, allergens, picture, spicy, sold_out, version)
    SELECT r.shop_id, r.id,
           (SELECT coalesce(max(o.position), 0) + 1 FROM dish o WHERE o.shop_id = r.shop_id),
           r.category, r.name, r.about, r.price_fen, r.station_id, r.target_s,
           r.modifier_groups, r.allergens, r.picture, r.spicy, r.sold_out, r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, category text, name jsonb, about jsonb, price_fen integer, station_id bigint,
           target_s integer, modifier_groups jsonb, allergens jsonb, picture text, spicy integer, sold_out boolean,
           version integer)
    ON CONFLICT (shop_id, id) DO UPDATE
       SET category = excluded.category, name = excluded.name, about = excluded.about,
           price_fen = excluded.price_fen, station_id = excluded.station_id, target_s = excluded.target_s,
           modifier_groups = excluded.modifier_groups, allergens = excluded.allergens, picture = excluded.picture,
           spicy = excluded.spicy, sold_out = excluded.sold_out, version = excluded.version
     WHERE d.version = excluded.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'dish');
END $$;

CREATE FUNCTION put_stations(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO station (shop_id, id, name)
    SELECT r.shop_id, r.id, r.name FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, id bigint, name jsonb)
    ON CONFLICT (shop_id, id) DO UPDATE SET name = excluded.name
$$;

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
    IF p_rows ? 'dish_put' THEN PERFORM put_dishes(p_rows -> 'dish_put'); END IF;
    IF p_rows ? 'station_put' THEN PERFORM put_stations(p_rows -> 'station_put'); END IF;
END $$;
