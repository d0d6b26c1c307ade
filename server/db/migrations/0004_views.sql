-- How stored rows look on the wire (server/events/catalogue.py), made where the rows are.

CREATE FUNCTION item_view(g catering_order_goods) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', g.id, 'order_id', g.order_id, 'round', g.round, 'dish_id', g.dish_id, 'name', g.name,
        'quantity', g.quantity, 'modifiers', g.modifiers, 'note', g.note, 'station_id', g.station_id,
        'target_s', g.target_s, 'price_fen', g.price_fen, 'state', g.state,
        'placed_at_ms', to_ms(g.placed_at), 'started_at_ms', to_ms(g.started_at), 'ready_at_ms', to_ms(g.ready_at),
        'called_at_ms', to_ms(g.called_at), 'picked_up_at_ms', to_ms(g.picked_up_at),
        'delivered_at_ms', to_ms(g.delivered_at), 'cancelled_at_ms', to_ms(g.cancelled_at),
        'by', g.by, 'version', g.version)
$$;

CREATE FUNCTION call_view(k im_call) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', k.id, 'order_id', k.order_id, 'item_id', k.item_id, 'number', o.number, 'place_kind', o.place_kind,
        'place_name', o.place_name, 'dish', g.name, 'quantity', g.quantity, 'state', k.state, 'rings', k.rings,
        'rings_max', k.rings_max, 'interval_s', k.interval_s, 'raised_at_ms', to_ms(k.raised_at),
        'rang_at_ms', to_ms(k.rang_at), 'claimed_by', k.claimed_by, 'claimed_by_device', k.claimed_by_device,
        'claimed_at_ms', to_ms(k.claimed_at), 'escalated', k.escalated)
      FROM catering_order_goods g, catering_order o
     WHERE g.shop_id = k.shop_id AND g.id = k.item_id AND o.shop_id = k.shop_id AND o.id = k.order_id
$$;

CREATE FUNCTION order_view(o catering_order) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', o.id, 'number', o.number, 'business_day', o.business_day, 'place_id', o.place_id,
        'place_kind', o.place_kind, 'place_name', o.place_name, 'source', o.source,
        'opened_at_ms', to_ms(o.opened_at), 'note', o.note, 'allergens', o.allergens,
        'items', coalesce((SELECT json_agg(item_view(g) ORDER BY g.id) FROM catering_order_goods g
                            WHERE g.shop_id = o.shop_id AND g.order_id = o.id), '[]'))
$$;

CREATE FUNCTION dish_view(d dish) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', d.id, 'category', d.category, 'name', d.name, 'about', d.about, 'price_fen', d.price_fen,
        'station_id', d.station_id, 'target_s', d.target_s, 'modifier_groups', d.modifier_groups,
        'allergens', d.allergens, 'picture', d.picture, 'spicy', d.spicy, 'sold_out', d.sold_out)
$$;

CREATE FUNCTION device_view(d device) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', d.id, 'kind', d.kind, 'name', d.name, 'account_id', d.account_id, 'account', a.name,
        'place_id', d.place_id, 'station_id', d.station_id, 'token_hash', encode(d.token_hash, 'hex'),
        'paired_at_ms', to_ms(d.paired_at), 'revoked_at_ms', to_ms(d.revoked_at), 'version', d.version)
      FROM account a
     WHERE a.shop_id = d.shop_id AND a.id = d.account_id
$$;
