-- Two people at two desks set up one screen: who saves says which settings were read. A version of their own, because a
-- device's row also changes when it is moved, renamed or paired anew, and none of that is a reason to type again.

ALTER TABLE device ADD COLUMN settings_version integer NOT NULL DEFAULT 0 CHECK (settings_version >= 0);

CREATE OR REPLACE FUNCTION device_view(d device) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', d.id, 'kind', d.kind, 'name', d.name, 'account_id', d.account_id, 'account', a.name,
        'place_id', d.place_id, 'station_id', d.station_id, 'token_hash', encode(d.token_hash, 'hex'),
        'paired_at_ms', to_ms(d.paired_at), 'revoked_at_ms', to_ms(d.revoked_at), 'settings', d.settings,
        'settings_version', d.settings_version, 'version', d.version)
      FROM account a
     WHERE a.shop_id = d.shop_id AND a.id = d.account_id
$$;

CREATE OR REPLACE FUNCTION put_devices(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO device AS d (shop_id, id, kind, name, account_id, place_id, station_id, token_hash, paired_at,
                             revoked_at, settings, settings_version, version)
    SELECT r.shop_id, r.id, r.kind, r.name, r.account_id, r.place_id, r.station_id, decode(r.token_hash, 'hex'),
           from_ms(r.paired_at_ms), from_ms(r.revoked_at_ms), r.settings, r.settings_version, r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, kind text, name text, account_id bigint, place_id bigint, station_id bigint,
           token_hash text, paired_at_ms bigint, revoked_at_ms bigint, settings jsonb, settings_version integer,
           version integer)
    ON CONFLICT (shop_id, id) DO UPDATE
       SET name = excluded.name, place_id = excluded.place_id, station_id = excluded.station_id,
           token_hash = excluded.token_hash, paired_at = excluded.paired_at, revoked_at = excluded.revoked_at,
           settings = excluded.settings, settings_version = excluded.settings_version, version = excluded.version
     WHERE d.version = excluded.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'device');
END $$;
