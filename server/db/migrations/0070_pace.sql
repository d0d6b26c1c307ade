-- 等叫, 起菜 and 催菜: dishes that are not begun before somebody says so, and dishes somebody waits for.
-- A step may also change how many portions a row stands for.

ALTER TABLE catering_order_goods
    ADD COLUMN fired_at  timestamptz,
    ADD COLUMN rushed_at timestamptz,
    ADD COLUMN rushes    integer NOT NULL DEFAULT 0;

DO $$
DECLARE
    v_name name;
BEGIN
    FOR v_name IN
        SELECT conname FROM pg_constraint
         WHERE conrelid = 'catering_order_goods'::regclass AND contype = 'c'
           AND pg_get_constraintdef(oid) LIKE '%''queued''%'
    LOOP
        EXECUTE format('ALTER TABLE catering_order_goods DROP CONSTRAINT %I', v_name);
    END LOOP;
END $$;

ALTER TABLE catering_order_goods
    ADD CONSTRAINT goods_state CHECK (state IN ('held', 'queued', 'cooking', 'ready', 'called', 'picked_up',
                                                'delivered', 'cancelled')),
    ADD CONSTRAINT goods_started CHECK (state IN ('held', 'queued', 'cancelled') = (started_at IS NULL)),
    ADD CONSTRAINT goods_ready CHECK (state IN ('held', 'queued', 'cooking', 'cancelled') = (ready_at IS NULL)),
    ADD CONSTRAINT goods_rushed CHECK ((rushes > 0) = (rushed_at IS NOT NULL)),
    ADD CONSTRAINT goods_held CHECK (state <> 'held' OR fired_at IS NULL);

CREATE OR REPLACE FUNCTION item_view(g catering_order_goods) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', g.id, 'order_id', g.order_id, 'round', g.round, 'dish_id', g.dish_id, 'name', g.name,
        'quantity', g.quantity, 'modifiers', g.modifiers, 'note', g.note, 'station_id', g.station_id,
        'target_s', g.target_s, 'price_fen', g.price_fen, 'state', g.state,
        'placed_at_ms', to_ms(g.placed_at), 'started_at_ms', to_ms(g.started_at), 'ready_at_ms', to_ms(g.ready_at),
        'called_at_ms', to_ms(g.called_at), 'picked_up_at_ms', to_ms(g.picked_up_at),
        'delivered_at_ms', to_ms(g.delivered_at), 'cancelled_at_ms', to_ms(g.cancelled_at),
        'by', g.by, 'version', g.version, 'fired_at_ms', to_ms(g.fired_at), 'rushed_at_ms', to_ms(g.rushed_at),
        'rushes', g.rushes)
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
           rushed_at = from_ms(r.rushed_at_ms), rushes = r.rushes, by = r.by, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, version integer, state text, by text, quantity integer, started_at_ms bigint,
           ready_at_ms bigint, called_at_ms bigint, picked_up_at_ms bigint, delivered_at_ms bigint,
           cancelled_at_ms bigint, fired_at_ms bigint, rushed_at_ms bigint, rushes integer),
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
                                      fired_at, rushed_at, rushes, by, version)
    SELECT r.shop_id, r.id, r.order_id, r.round, r.dish_id, r.name, r.quantity, r.modifiers, r.note,
           r.station_id, r.target_s, r.price_fen, r.state, from_ms(r.placed_at_ms), from_ms(r.started_at_ms),
           from_ms(r.ready_at_ms), from_ms(r.fired_at_ms), from_ms(r.rushed_at_ms), r.rushes, r.by, r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, order_id bigint, round integer, dish_id bigint, name jsonb, quantity integer,
           modifiers jsonb, note text, station_id bigint, target_s integer, price_fen integer, state text,
           placed_at_ms bigint, started_at_ms bigint, ready_at_ms bigint, fired_at_ms bigint, rushed_at_ms bigint,
           rushes integer, by text, version integer)
$$;
