-- People who work for a brand: their passwords, roles and sessions. No e-mail, no telephone number, no
-- system outside: a name and a strong password (R-000-11).

-- A login name is one person's in the whole house, so that the page asks for nothing else. Rows stay when
-- somebody leaves: audit lines name them.
CREATE TABLE staff (
    brand_id      bigint NOT NULL REFERENCES brand,
    id            bigint NOT NULL,
    login         text NOT NULL UNIQUE CHECK (login = lower(login)),
    name          text NOT NULL,
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    must_change   boolean NOT NULL,
    password_at   timestamptz NOT NULL,
    made_at       timestamptz NOT NULL,
    disabled_at   timestamptz,
    PRIMARY KEY (brand_id, id)
);

-- shop_id 0: every shop of the brand. What a role may is a table in server/staff/member.py.
CREATE TABLE staff_role (
    brand_id bigint NOT NULL,
    staff_id bigint NOT NULL,
    shop_id  bigint NOT NULL DEFAULT 0,
    role     text NOT NULL CHECK (role IN ('owner', 'manager', 'cashier', 'auditor')),
    given_by text NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (brand_id, staff_id, shop_id, role),
    FOREIGN KEY (brand_id, staff_id) REFERENCES staff
);

CREATE VIEW staff_member AS
    SELECT s.*,
           ARRAY(SELECT r.role FROM staff_role AS r
                  WHERE r.brand_id = s.brand_id AND r.staff_id = s.id ORDER BY r.shop_id, r.role) AS roles,
           ARRAY(SELECT r.shop_id FROM staff_role AS r
                  WHERE r.brand_id = s.brand_id AND r.staff_id = s.id ORDER BY r.shop_id, r.role) AS shops
    FROM staff AS s;

-- The token is the browser's; what stands here is its SHA-256.
CREATE TABLE staff_session (
    brand_id   bigint NOT NULL,
    staff_id   bigint NOT NULL,
    id         uuid NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    made_at    timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    address    text NOT NULL,
    agent      text NOT NULL,
    PRIMARY KEY (brand_id, staff_id, id),
    FOREIGN KEY (brand_id, staff_id) REFERENCES staff
);
CREATE INDEX staff_session_made_at ON staff_session (made_at);

-- Wrong passwords per login name (hashed: people type a password into the wrong field) and per address, so
-- that a lock outlives a restart and holds on every node.
CREATE TABLE staff_try (
    source  text PRIMARY KEY,
    tries   integer NOT NULL,
    last_at timestamptz NOT NULL
);
