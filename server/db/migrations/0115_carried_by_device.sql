-- In whose hands a dish is: the device, not its name. Two pads may be called alike, and one may be renamed while its
-- waiter walks.

ALTER TABLE catering_order_goods ADD COLUMN picked_up_by_device bigint;

-- Dishes on their way now: whoever answered the call, or the one device of that name.
UPDATE catering_order_goods g
   SET picked_up_by_device = coalesce(
           (SELECT k.claimed_by_device FROM im_call k
             WHERE k.shop_id = g.shop_id AND k.item_id = g.id AND k.claimed_by = g.by
             ORDER BY k.id DESC LIMIT 1),
           (SELECT min(d.id) FROM device d
             WHERE d.shop_id = g.shop_id AND d.name = g.by AND d.kind IN ('waiter', 'kitchen')
               AND d.revoked_at IS NULL
            HAVING count(*) = 1))
 WHERE g.state = 'picked_up';

CREATE OR REPLACE FUNCTION item_view(g catering_order_goods) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', g.id, 'order_id', g.order_id, 'round', g.round, 'dish_id', g.dish_id, 'name', g.name,
        'quantity', g.quantity, 'modifiers', g.modifiers, 'note', g.note, 'station_id', g.station_id,
        'target_s', g.target_s, 'price_fen', g.price_fen, 'state', g.state,
        'placed_at_ms', to_ms(g.placed_at), 'started_at_ms', to_ms(g.started_at), 'ready_at_ms', to_ms(g.ready_at),
        'called_at_ms', to_ms(g.called_at), 'picked_up_at_ms', to_ms(g.picked_up_at),
        'delivered_at_ms', to_ms(g.delivered_at), 'cancelled_at_ms', to_ms(g.cancelled_at),
        'by', g.by, 'version', g.version, 'fired_at_ms', to_ms(g.fired_at), 'rushed_at_ms', to_ms(g.rushed_at),
        'rushes', g.rushes, 'quantity_was', g.quantity_was, 'confirmed_at_ms', to_ms(g.confirmed_at),
        'part_of', g.part_of, 'shown_at_ms', to_ms(g.shown_at), 'shown_on', g.shown_on,
        'unseen_at_ms', to_ms(g.unseen_at), 'unseen_printed', g.unseen_printed,
        'picked_up_by_device', g.picked_up_by_device)
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
           confirmed_at = from_ms(r.confirmed_at_ms), shown_at = from_ms(r.shown_at_ms), shown_on = r.shown_on,
           unseen_at = from_ms(r.unseen_at_ms), unseen_printed = r.unseen_printed,
           picked_up_by_device = r.picked_up_by_device, by = r.by, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, version integer, state text, by text, quantity integer, started_at_ms bigint,
           ready_at_ms bigint, called_at_ms bigint, picked_up_at_ms bigint, delivered_at_ms bigint,
           cancelled_at_ms bigint, fired_at_ms bigint, rushed_at_ms bigint, rushes integer, quantity_was integer,
           confirmed_at_ms bigint, shown_at_ms bigint, shown_on text, unseen_at_ms bigint, unseen_printed boolean,
           picked_up_by_device bigint),
           catering_order o
     WHERE g.shop_id = r.shop_id AND g.id = r.id AND g.version = r.version - 1
           -- A room cleaned meanwhile ends its dishes' steps too.
       AND o.shop_id = r.shop_id AND o.id = g.order_id AND o.state = 'open';
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'goods');
END $$;
