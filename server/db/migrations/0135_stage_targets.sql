-- A dish may have a target for each stage (to be begun, to be cooked, to be fetched) beside the one for the whole way.
-- Seconds; a stage that is not named has none.
ALTER TABLE dish ADD COLUMN stage_targets jsonb NOT NULL DEFAULT '{}';

CREATE OR REPLACE FUNCTION put_dishes(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO dish AS d (shop_id, id, position, category, name, about, price_fen, station_id, target_s, stage_targets,
                           modifier_groups, allergens, picture, spicy, sold_out, version)
    SELECT r.shop_id, r.id,
           (SELECT coalesce(max(o.position), 0) + 1 FROM dish o WHERE o.shop_id = r.shop_id),
           r.category, r.name, r.about, r.price_fen, r.station_id, r.target_s, coalesce(r.stage_targets, '{}'),
           r.modifier_groups, r.allergens, r.picture, r.spicy, r.sold_out, r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, category text, name jsonb, about jsonb, price_fen integer, station_id bigint,
           target_s integer, stage_targets jsonb, modifier_groups jsonb, allergens jsonb, picture text, spicy integer,
           sold_out boolean, version integer)
    ON CONFLICT (shop_id, id) DO UPDATE
       SET category = excluded.category, name = excluded.name, about = excluded.about,
           price_fen = excluded.price_fen, station_id = excluded.station_id, target_s = excluded.target_s,
           stage_targets = excluded.stage_targets, modifier_groups = excluded.modifier_groups,
           allergens = excluded.allergens, picture = excluded.picture, spicy = excluded.spicy,
           sold_out = excluded.sold_out, version = excluded.version
     WHERE d.version = excluded.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'dish');
END $$;

CREATE OR REPLACE FUNCTION dish_view(d dish) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', d.id, 'category', d.category, 'name', d.name, 'about', d.about, 'price_fen', d.price_fen,
        'station_id', d.station_id, 'target_s', d.target_s, 'stage_targets', d.stage_targets,
        'modifier_groups', d.modifier_groups, 'allergens', d.allergens, 'picture', d.picture, 'spicy', d.spicy,
        'sold_out', d.sold_out)
$$;
