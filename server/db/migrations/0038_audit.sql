-- Who did what: one line per administrative or money action, written before the action begins, and one for
-- what came of it. A line without an outcome is an action nobody saw the end of (a crash, a lost database).
-- Secrets, telephone and identity numbers have no column here.

CREATE TABLE audit (
    at         timestamptz NOT NULL,
    id         bigint NOT NULL,
    brand_id   bigint NOT NULL,  -- 0: nobody who is known (a login name that is not there)
    shop_id    bigint NOT NULL,  -- 0: of no shop
    who        text NOT NULL,    -- staff:1:7, api:1:3, cli
    name       text NOT NULL,
    address    text NOT NULL,
    action     text NOT NULL,
    subject    text NOT NULL,
    request_id text NOT NULL,
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);

CREATE TABLE audit_outcome (
    at      timestamptz NOT NULL,  -- of the line, so that both lie in the same month
    id      bigint NOT NULL,
    outcome text NOT NULL,         -- ok, or the code of a refusal
    subject text NOT NULL,         -- what was known only when it was done
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);

-- Append only, twice, as the ledger is: nobody has the privilege, and whoever takes it meets the trigger.
-- Old months go as whole partitions (forget_audit), which no DELETE can do.
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = 'CC010';
END $$;

CREATE FUNCTION guard_audit(p_table regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON %s EXECUTE FUNCTION refuse_audit_change()', p_table);
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %s FROM PUBLIC, CURRENT_USER', p_table);
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_outcome FOR EACH ROW EXECUTE FUNCTION refuse_audit_change();

-- What no partition was made for lies here, and stays: nothing is moved, nothing is lost.
CREATE TABLE audit_rest PARTITION OF audit DEFAULT;
CREATE TABLE audit_outcome_rest PARTITION OF audit_outcome DEFAULT;
SELECT guard_audit(name::regclass)
  FROM unnest('{audit,audit_outcome,audit_rest,audit_outcome_rest}'::text[]) AS name;

-- A month that has lines in the rest already keeps to the rest.
CREATE FUNCTION make_audit_partition(p_month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_from timestamptz := date_trunc('month', p_month::timestamp) AT TIME ZONE 'UTC';
    v_to   timestamptz := (date_trunc('month', p_month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
    v_name text;
    v_part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('make_audit_partition'));
    IF EXISTS (SELECT FROM audit_rest WHERE at >= v_from AND at < v_to)
       OR EXISTS (SELECT FROM audit_outcome_rest WHERE at >= v_from AND at < v_to) THEN
        RETURN;
    END IF;
    FOREACH v_name IN ARRAY '{audit,audit_outcome}'::text[] LOOP
        v_part := v_name || to_char(v_from AT TIME ZONE 'UTC', '_YYYYMM');
        IF to_regclass(v_part) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', v_part, v_name, v_from, v_to);
            PERFORM guard_audit(v_part::regclass);
        END IF;
    END LOOP;
END $$;

-- Drops months that ended before a moment; returns their names. The outcome's month goes with its lines'.
CREATE FUNCTION forget_audit(p_before timestamptz) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    v_part text;
    v_gone text[] := '{}';
BEGIN
    FOR v_part IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent IN ('audit'::regclass, 'audit_outcome'::regclass) AND c.relname ~ '_[0-9]{6}$'
         ORDER BY 1
    LOOP
        IF (to_date(right(v_part, 6), 'YYYYMM') + interval '1 month') AT TIME ZONE 'UTC' <= p_before THEN
            EXECUTE format('DROP TABLE %I', v_part);
            v_gone := v_gone || v_part;
        END IF;
    END LOOP;
    RETURN v_gone;
END $$;

SELECT make_audit_partition((now() + months * interval '1 month')::date) FROM unnest('{0,1}'::integer[]) AS months;

CREATE INDEX audit_brand ON audit (brand_id, id DESC);
CREATE INDEX audit_who ON audit (who, id DESC);
