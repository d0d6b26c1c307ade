-- Printers as ends of the log: where paper comes out, what goes there, and one row per paper (docs/printing.md).
-- A paper's row says what is known of it: queued, sending (written before the first byte), sent, and then
-- confirmed or uncertain. Nothing here is ever sent again by itself once a byte of it may have left.

CREATE TABLE printer (
    shop_id         bigint NOT NULL REFERENCES shop,
    id              bigint NOT NULL,
    name            text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('network', 'serial', 'usb', 'file')),
    address         text NOT NULL,
    language        text NOT NULL CHECK (language IN ('zh', 'en')),
    paper           jsonb NOT NULL,
    documents       jsonb NOT NULL,  -- what goes there: ticket, receipt, label
    stations        jsonb NOT NULL,  -- of which stations; empty: of all
    answers         boolean NOT NULL,  -- whether it says how it is; a printer that does not confirms nothing
    backup_id       bigint,
    expires_after_s integer NOT NULL CHECK (expires_after_s BETWEEN 30 AND 86400),
    enabled         boolean NOT NULL,
    condition       text NOT NULL DEFAULT 'unknown',
    condition_at    timestamptz,
    version         integer NOT NULL,
    -- One worker at a time is at a printer. Not part of what `version` guards.
    leased_by       text,
    leased_until    timestamptz,
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, name),
    FOREIGN KEY (shop_id, backup_id) REFERENCES printer,
    CHECK (backup_id <> id)
) WITH (fillfactor = 60);

CREATE INDEX printer_troubled ON printer (shop_id, id) WHERE enabled AND condition NOT IN ('ready', 'unknown');

-- Whether an order makes paper at all.
CREATE FUNCTION shop_prints(p_shop bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM printer p WHERE p.shop_id = p_shop AND p.enabled)
$$;

CREATE TABLE print_job (
    shop_id    bigint NOT NULL,
    id         bigint NOT NULL,
    printer_id bigint NOT NULL,
    from_id    bigint,  -- the printer whose backup this is on
    source     text NOT NULL,  -- what asked for it; asked again it is not made again
    order_id   bigint,
    kind       text NOT NULL CHECK (kind IN ('ticket', 'receipt', 'label', 'test')),
    title      text NOT NULL,  -- how people at the cash desk call it
    document   jsonb NOT NULL,
    copy       integer NOT NULL CHECK (copy >= 1),  -- 2 and more carry 补打
    state      text NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'confirmed', 'uncertain', 'failed', 'expired')),
    reason     text NOT NULL DEFAULT '',
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    sending_at timestamptz,
    ended_at   timestamptz,
    settled    text CHECK (settled IN ('reprinted', 'printed', 'dropped')),
    settled_by text NOT NULL DEFAULT '',
    attempts   integer NOT NULL DEFAULT 0,
    version    integer NOT NULL DEFAULT 1,
    PRIMARY KEY (shop_id, id),
    UNIQUE (shop_id, source, printer_id, kind),
    FOREIGN KEY (shop_id, printer_id) REFERENCES printer,
    CHECK (state NOT IN ('queued', 'sending') OR ended_at IS NULL),
    CHECK (state NOT IN ('confirmed', 'uncertain', 'failed', 'expired') OR ended_at IS NOT NULL),
    CHECK (settled IS NULL OR ended_at IS NOT NULL)
) WITH (fillfactor = 60);
CREATE INDEX print_job_open ON print_job (shop_id, printer_id, id) WHERE ended_at IS NULL;
CREATE INDEX print_job_undecided ON print_job (shop_id, id)
    WHERE state IN ('uncertain', 'failed', 'expired') AND settled IS NULL;
CREATE INDEX print_job_ended ON print_job (ended_at);

CREATE FUNCTION put_printers(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO printer AS p (shop_id, id, name, kind, address, language, paper, documents, stations, answers,
                              backup_id, expires_after_s, enabled, version)
    SELECT r.shop_id, r.id, r.name, r.kind, r.address, r.language, r.paper, r.documents, r.stations, r.answers,
           r.backup_id, r.expires_after_s, r.enabled, r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, name text, kind text, address text, language text, paper jsonb,
           documents jsonb, stations jsonb, answers boolean, backup_id bigint, expires_after_s integer,
           enabled boolean, version integer)
    ON CONFLICT (shop_id, id) DO UPDATE
       SET name = excluded.name, kind = excluded.kind, address = excluded.address, language = excluded.language,
           paper = excluded.paper, documents = excluded.documents, stations = excluded.stations,
           answers = excluded.answers, backup_id = excluded.backup_id, expires_after_s = excluded.expires_after_s,
           enabled = excluded.enabled, version = excluded.version
     WHERE p.version = excluded.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'printer');
END $$;

CREATE FUNCTION step_printers(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE printer p
       SET condition = r.condition, condition_at = from_ms(r.condition_at_ms), version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, condition text, condition_at_ms bigint, version integer)
     WHERE p.shop_id = r.shop_id AND p.id = r.id AND p.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'printer');
END $$;

CREATE FUNCTION add_print_jobs(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO print_job (shop_id, id, printer_id, source, order_id, kind, title, document, copy, state,
                           made_at, expires_at)
    SELECT r.shop_id, r.id, r.printer_id, r.source, r.order_id, r.kind, r.title, r.document, r.copy, 'queued',
           from_ms(r.made_at_ms), from_ms(r.expires_at_ms)
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, printer_id bigint, source text, order_id bigint, kind text, title text,
           document jsonb, copy integer, made_at_ms bigint, expires_at_ms bigint)
$$;

CREATE FUNCTION step_print_jobs(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE print_job j
       SET printer_id = r.printer_id, from_id = r.from_id, state = r.state, reason = r.reason,
           ended_at = from_ms(r.ended_at_ms), settled = r.settled, settled_by = r.settled_by, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, printer_id bigint, from_id bigint, state text, reason text,
           ended_at_ms bigint, settled text, settled_by text, version integer)
     WHERE j.shop_id = r.shop_id AND j.id = r.id AND j.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'print job');
END $$;

CREATE FUNCTION write_print_rows(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_rows ? 'printer' THEN PERFORM put_printers(p_rows -> 'printer'); END IF;
    IF p_rows ? 'printer_step' THEN PERFORM step_printers(p_rows -> 'printer_step'); END IF;
    IF p_rows ? 'print_job' THEN PERFORM add_print_jobs(p_rows -> 'print_job'); END IF;
    IF p_rows ? 'print_job_step' THEN PERFORM step_print_jobs(p_rows -> 'print_job_step'); END IF;
END $$;

-- For batches with paper in them; money may be in the same batch.
CREATE FUNCTION write_commands_and_print(
    p_at timestamptz, p_shop bigint[], p_events integer[],
    p_command_shop bigint[], p_command uuid[], p_digest bytea[], p_reply bytea[],
    p_kept_shop bigint[], p_kept bigint[], p_kept_attempt integer[],
    p_event_shop integer[], p_event_rank integer[], p_event_kind text[], p_event_topics text[], p_event_body bytea[],
    p_promise_shop bigint[], p_promise bigint[], p_promise_kind text[], p_promise_payload text[], p_promise_due timestamptz[],
    p_rows jsonb
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_base bigint[];
BEGIN
    v_base := write_commands_and_post(
        p_at, p_shop, p_events, p_command_shop, p_command, p_digest, p_reply, p_kept_shop, p_kept, p_kept_attempt,
        p_event_shop, p_event_rank, p_event_kind, p_event_topics, p_event_body,
        p_promise_shop, p_promise, p_promise_kind, p_promise_payload, p_promise_due, p_rows);
    PERFORM write_print_rows(p_rows);
    RETURN v_base;
END $$;

CREATE FUNCTION printer_view(p printer) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', p.id, 'name', p.name, 'kind', p.kind, 'address', p.address, 'language', p.language, 'paper', p.paper,
        'documents', p.documents, 'stations', p.stations, 'answers', p.answers, 'backup_id', p.backup_id,
        'expires_after_s', p.expires_after_s, 'enabled', p.enabled, 'condition', p.condition,
        'condition_at_ms', to_ms(p.condition_at), 'version', p.version)
$$;

CREATE FUNCTION print_job_view(j print_job) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', j.id, 'printer_id', j.printer_id,
        'printer', (SELECT p.name FROM printer p WHERE p.shop_id = j.shop_id AND p.id = j.printer_id),
        'document', j.kind, 'title', j.title, 'copy', j.copy, 'state', j.state, 'reason', j.reason,
        'made_at_ms', to_ms(j.made_at), 'at_ms', to_ms(coalesce(j.ended_at, j.sending_at, j.made_at)))
$$;

-- What a cash desk must know of paper: printers in trouble, and papers somebody has to decide about.
CREATE FUNCTION print_desk_view(p_shop bigint, p_jobs_max integer) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'printers', coalesce((
            SELECT json_agg(json_build_object('id', p.id, 'name', p.name, 'condition', p.condition,
                                              'since_ms', to_ms(p.condition_at)) ORDER BY p.id)
              FROM printer p
             WHERE p.shop_id = p_shop AND p.enabled AND p.condition NOT IN ('ready', 'unknown')), '[]'),
        'papers', coalesce((
            SELECT json_agg(print_job_view(j) ORDER BY j.id)
              FROM (SELECT * FROM print_job
                     WHERE shop_id = p_shop AND state IN ('uncertain', 'failed', 'expired') AND settled IS NULL
                     ORDER BY id DESC LIMIT p_jobs_max) o
              JOIN print_job j ON j.shop_id = p_shop AND j.id = o.id), '[]'))
$$;
