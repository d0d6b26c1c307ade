-- A number of portions changed before anybody began (改), and whether the kitchen has seen a change or a cancel.

ALTER TABLE catering_order_goods
    ADD COLUMN quantity_was integer CHECK (quantity_was > 0),
    ADD COLUMN confirmed_at timestamptz;

CREATE OR REPLACE FUNCTION item_view(g catering_order_goods) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', g.id, 'order_id', g.order_id, 'round', g.round, 'dish_id', g.dish_id, 'name', g.name,
        'quantity', g.quantity, 'modifiers', g.modifiers, 'note', g.note, 'station_id', g.station_id,
        'target_s', g.target_s, 'price_fen', g.price_fen, 'state', g.state,
        'placed_at_ms', to_ms(g.placed_at), 'started_at_ms', to_ms(g.started_at), 'ready_at_ms', to_ms(g.ready_at),
        'called_at_ms', to_ms(g.called_at), 'picked_up_at_ms', to_ms(g.picked_up_at),
        'delivered_at_ms', to_ms(g.delivered_at), 'cancelled_at_ms', to_ms(g.cancelled_at),
        'by', g.by, 'version', g.version, 'fired_at_ms', to_ms(g.fired_at), 'rushed_at_ms', to_ms(g.rushed_at),
        'rushes', g.rushes, 'quantity_was', g.quantity_was, 'confirmed_at_ms', to_ms(g.confirmed_at))
$$;

CREATE OR REPLACE FUNCTION step_goods(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE catering_order_goods g
       SET state = r.state, quantity = r.quantity, started_at = from_ms(r.started_at_ms),
           ready_at = from_ms(r.ready_at_ms), called_at = from_ms(r.called_at_ms),
           picked_up_at = from_ms(r.picked_up_at_ms), delivered_at = from_ms(r.delivered_at_ms),
           cancelled_at = from_ms(r.cancelled_at_ms), fired_at = from_ms(r.fired_at_ms),
           rushed_at = from_ms(r.rushed_at_ms), rushes = r.rushes, quantity_was = r.quantity_was,
           confirmed_at = from_ms(r.confirmed_at_ms), by = r.by, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, version integer, state text, by text, quantity integer, started_at_ms bigint,
           ready_at_ms bigint, called_at_ms bigint, picked_up_at_ms bigint, delivered_at_ms bigint,
           cancelled_at_ms bigint, fired_at_ms bigint, rushed_at_ms bigint, rushes integer, quantity_was integer,
           confirmed_at_ms bigint),
           catering_order o
     WHERE g.shop_id = r.shop_id AND g.id = r.id AND g.version = r.version - 1
           -- A room cleaned meanwhile ends its dishes' steps too.
       AND o.shop_id = r.shop_id AND o.id = g.order_id AND o.state = 'open';
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'goods');
END $$;
