-- A station's row names what it was called when it was decided on (`was`, null: there was none): two processes that
-- open a station at once do not take the same number for both, and a late rename is decided anew.
CREATE OR REPLACE FUNCTION put_stations(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO station AS t (shop_id, id, name)
    SELECT r.shop_id, r.id, r.name FROM jsonb_to_recordset(p_rows) AS r(shop_id bigint, id bigint, name jsonb)
    ON CONFLICT (shop_id, id) DO UPDATE SET name = excluded.name
     WHERE t.name = (SELECT w.was FROM jsonb_to_recordset(p_rows) AS w(shop_id bigint, id bigint, was jsonb)
                      WHERE w.shop_id = excluded.shop_id AND w.id = excluded.id);
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'station');
END $$;
