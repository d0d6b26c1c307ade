-- A part of a dish knows the line it was split off from, so that a report counts what was ordered; and a business day
-- whose orders are all over is written down once, as the figures of its dishes, so that a month is read in 31 rows.

ALTER TABLE catering_order_goods ADD COLUMN part_of bigint;

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
        'part_of', g.part_of)
$$;

-- A part that was split off comes with the times of the dish it was.
CREATE OR REPLACE FUNCTION add_goods(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO catering_order_goods (shop_id, id, order_id, round, dish_id, name, quantity, modifiers, note,
                                      station_id, target_s, price_fen, state, placed_at, started_at, ready_at,
                                      fired_at, rushed_at, rushes, by, part_of, version)
    SELECT r.shop_id, r.id, r.order_id, r.round, r.dish_id, r.name, r.quantity, r.modifiers, r.note,
           r.station_id, r.target_s, r.price_fen, r.state, from_ms(r.placed_at_ms), from_ms(r.started_at_ms),
           from_ms(r.ready_at_ms), from_ms(r.fired_at_ms), from_ms(r.rushed_at_ms), r.rushes, r.by, r.part_of,
           r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, order_id bigint, round integer, dish_id bigint, name jsonb, quantity integer,
           modifiers jsonb, note text, station_id bigint, target_s integer, price_fen integer, state text,
           placed_at_ms bigint, started_at_ms bigint, ready_at_ms bigint, fired_at_ms bigint, rushed_at_ms bigint,
           rushes integer, by text, part_of bigint, version integer)
$$;

-- `figures`: the day's cells (hour, station, dish) with all their times, packed by the kitchen's report; `format`
-- says in which shape. A day of another shape is reckoned anew.
CREATE TABLE kitchen_day (
    shop_id      bigint NOT NULL REFERENCES shop,
    business_day date NOT NULL,
    format       integer NOT NULL,
    made_at      timestamptz NOT NULL,
    figures      bytea NOT NULL,
    PRIMARY KEY (shop_id, business_day)
);
