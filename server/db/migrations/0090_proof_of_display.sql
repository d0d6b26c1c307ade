-- Proof of display: the first screen of its station that painted a dish, and when; or that none did in time, and
-- whether its ticket was on paper then.

ALTER TABLE catering_order_goods
    ADD COLUMN shown_at timestamptz,
    ADD COLUMN shown_on text NOT NULL DEFAULT '',
    ADD COLUMN unseen_at timestamptz,
    ADD COLUMN unseen_printed boolean NOT NULL DEFAULT false;

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
        'unseen_at_ms', to_ms(g.unseen_at), 'unseen_printed', g.unseen_printed)
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
           unseen_at = from_ms(r.unseen_at_ms), unseen_printed = r.unseen_printed, by = r.by, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, version integer, state text, by text, quantity integer, started_at_ms bigint,
           ready_at_ms bigint, called_at_ms bigint, picked_up_at_ms bigint, delivered_at_ms bigint,
           cancelled_at_ms bigint, fired_at_ms bigint, rushed_at_ms bigint, rushes integer, quantity_was integer,
           confirmed_at_ms bigint, shown_at_ms bigint, shown_on text, unseen_at_ms bigint, unseen_printed boolean),
           catering_order o
     WHERE g.shop_id = r.shop_id AND g.id = r.id AND g.version = r.version - 1
           -- A room cleaned meanwhile ends its dishes' steps too.
       AND o.shop_id = r.shop_id AND o.id = g.order_id AND o.state = 'open';
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'goods');
END $$;

-- A part that was split off comes with the times of the dish it was.
CREATE OR REPLACE FUNCTION add_goods(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO catering_order_goods (shop_id, id, order_id, round, dish_id, name, quantity, modifiers, note,
                                      station_id, target_s, price_fen, state, placed_at, started_at, ready_at,
                                      fired_at, rushed_at, rushes, by, part_of, shown_at, shown_on, unseen_at,
                                      unseen_printed, version)
    SELECT r.shop_id, r.id, r.order_id, r.round, r.dish_id, r.name, r.quantity, r.modifiers, r.note,
           r.station_id, r.target_s, r.price_fen, r.state, from_ms(r.placed_at_ms), from_ms(r.started_at_ms),
           from_ms(r.ready_at_ms), from_ms(r.fired_at_ms), from_ms(r.rushed_at_ms), r.rushes, r.by, r.part_of,
           from_ms(r.shown_at_ms), coalesce(r.shown_on, ''), from_ms(r.unseen_at_ms),
           coalesce(r.unseen_printed, false), r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, order_id bigint, round integer, dish_id bigint, name jsonb, quantity integer,
           modifiers jsonb, note text, station_id bigint, target_s integer, price_fen integer, state text,
           placed_at_ms bigint, started_at_ms bigint, ready_at_ms bigint, fired_at_ms bigint, rushed_at_ms bigint,
           rushes integer, by text, part_of bigint, shown_at_ms bigint, shown_on text, unseen_at_ms bigint,
           unseen_printed boolean, version integer)
$$;

-- What a cash desk lists: dishes nobody began, that no screen showed in time nor since.
CREATE FUNCTION unseen_view(p_shop bigint, p_max integer) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(json_build_object(
               'order_id', u.order_id, 'number', u.number, 'place_kind', u.place_kind, 'place_name', u.place_name,
               'dishes', u.dishes, 'printed', u.printed, 'at_ms', to_ms(u.unseen_at))
               ORDER BY u.unseen_at, u.order_id), '[]')
      FROM (SELECT o.id AS order_id, o.number, o.place_kind, o.place_name, g.unseen_at,
                   bool_and(g.unseen_printed) AS printed,
                   json_agg(json_build_object('item_id', g.id, 'name', g.name, 'quantity', g.quantity,
                                              'station', t.name) ORDER BY g.id) AS dishes
              FROM catering_order o
              JOIN catering_order_goods g ON g.shop_id = o.shop_id AND g.order_id = o.id
              LEFT JOIN station t ON t.shop_id = g.shop_id AND t.id = g.station_id
             WHERE o.shop_id = p_shop AND o.state = 'open' AND g.state IN ('held', 'queued')
               AND g.unseen_at IS NOT NULL AND g.shown_at IS NULL
             GROUP BY o.id, o.number, o.place_kind, o.place_name, g.unseen_at
             ORDER BY g.unseen_at DESC
             LIMIT p_max) u
$$;
