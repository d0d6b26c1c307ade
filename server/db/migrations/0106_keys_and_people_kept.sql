-- Keys and people as an owner keeps them at a desk: when each was last used, and a name that is free again.

-- Written at most once a minute and process (server/api/callers.py): what nobody uses any more can go.
ALTER TABLE api_key ADD COLUMN used_at timestamptz;

-- A service that was ended keeps its number, which audit lines name, and gives its name back.
ALTER TABLE api_client DROP CONSTRAINT api_client_brand_id_name_key;
CREATE UNIQUE INDEX api_client_live_name ON api_client (brand_id, name) WHERE revoked_at IS NULL;

-- Sessions are forgotten after a day, and with them when their person was last here.
ALTER TABLE staff ADD COLUMN seen_at timestamptz;
UPDATE staff AS s SET seen_at = t.seen_at
  FROM (SELECT brand_id, staff_id, max(seen_at) AS seen_at FROM staff_session GROUP BY brand_id, staff_id) AS t
 WHERE t.brand_id = s.brand_id AND t.staff_id = s.id;
