-- Cards through the write door: rows of cards and their ledger accounts, written with what write_commands
-- writes, before the postings. Rows are locked in the order of their ids, so that two batches of different
-- shops that touch the same cards do not wait for each other in a circle.

CREATE FUNCTION open_ledger_accounts(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ledger.account (id, shard, owner, unit, code, guarded, lotted, grace_s)
    SELECT r.id, (r.id % 2)::smallint, r.owner, r.unit, r.code, r.owner <> '', r.owner <> '', r.grace_s
      FROM jsonb_to_recordset(p_rows) AS r(id bigint, owner text, unit text, code text, grace_s integer)
$$;

CREATE FUNCTION put_card_users(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
    v_new     bigint;
BEGIN
    INSERT INTO card_user (brand_id, id, identity_kind, identity_sealed, identity_index, name_sealed, name_masked,
                           state, opened_at, version)
    SELECT r.brand_id, r.id, r.identity_kind, decode(r.identity_sealed, 'hex'), decode(r.identity_index, 'hex'),
           decode(r.name_sealed, 'hex'), r.name_masked, r.state, from_ms(r.opened_at_ms), 1
      FROM jsonb_to_recordset(p_rows) AS r(
           brand_id bigint, id bigint, identity_kind text, identity_sealed text, identity_index text,
           name_sealed text, name_masked text, state text, opened_at_ms bigint, version integer)
     WHERE r.version = 1;
    GET DIAGNOSTICS v_new = ROW_COUNT;
    UPDATE card_user w
       SET state = r.state, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(brand_id bigint, id bigint, state text, version integer)
     WHERE r.version > 1 AND w.brand_id = r.brand_id AND w.id = r.id AND w.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_new + v_changed, p_rows, 'card user');
END $$;

CREATE FUNCTION add_cards(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO card (brand_id, id, user_id, account_id, number, state, opened_at, version)
    SELECT r.brand_id, r.id, r.user_id, r.account_id, r.number, 'open', from_ms(r.opened_at_ms), 1
      FROM jsonb_to_recordset(p_rows) AS r(
           brand_id bigint, id bigint, user_id bigint, account_id bigint, number text, opened_at_ms bigint)
$$;

-- Whatever happens to a card or its money goes by here: the version is what tells two tills apart.
CREATE FUNCTION step_cards(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    PERFORM 1
       FROM card c
       JOIN jsonb_to_recordset(p_rows) AS r(brand_id bigint, id bigint) ON c.brand_id = r.brand_id AND c.id = r.id
      ORDER BY c.id FOR NO KEY UPDATE OF c;
    UPDATE card c
       SET state = r.state, number = r.number, closed_at = from_ms(r.closed_at_ms), version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           brand_id bigint, id bigint, state text, number text, closed_at_ms bigint, version integer)
     WHERE c.brand_id = r.brand_id AND c.id = r.id AND c.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'card');
END $$;

CREATE FUNCTION add_card_trades(p_rows jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO card_trade (shop_id, id, brand_id, card_id, number_masked, kind, state, business_day, at, amount_fen,
                            bonus_fen, balance_fen, available_fen, refers_to, lines, serial, note, by, device_id,
                            postings, version)
    SELECT r.shop_id, r.id, r.brand_id, r.card_id, r.number_masked, r.kind, r.state, r.business_day, from_ms(r.at_ms),
           r.amount_fen, r.bonus_fen, r.balance_fen, r.available_fen, r.refers_to, r.lines, r.serial, r.note, r.by,
           r.device_id, r.postings, 1
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, brand_id bigint, card_id bigint, number_masked text, kind text, state text,
           business_day date, at_ms bigint, amount_fen bigint, bonus_fen bigint, balance_fen bigint,
           available_fen bigint, refers_to bigint, lines jsonb, serial text, note text, by text, device_id bigint,
           postings uuid[])
$$;

CREATE FUNCTION step_card_trades(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    UPDATE card_trade t
       SET state = r.state, refunded_fen = r.refunded_fen, version = r.version
      FROM jsonb_to_recordset(p_rows) AS r(
           shop_id bigint, id bigint, state text, refunded_fen bigint, version integer)
     WHERE t.shop_id = r.shop_id AND t.id = r.id AND t.version = r.version - 1;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    PERFORM refuse_stale(v_changed, p_rows, 'card trade');
END $$;

CREATE FUNCTION write_card_rows(p_rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_rows ? 'ledger_account' THEN PERFORM open_ledger_accounts(p_rows -> 'ledger_account'); END IF;
    IF p_rows ? 'card_user' THEN PERFORM put_card_users(p_rows -> 'card_user'); END IF;
    IF p_rows ? 'card_new' THEN PERFORM add_cards(p_rows -> 'card_new'); END IF;
    IF p_rows ? 'card_step' THEN PERFORM step_cards(p_rows -> 'card_step'); END IF;
    IF p_rows ? 'card_trade' THEN PERFORM add_card_trades(p_rows -> 'card_trade'); END IF;
    IF p_rows ? 'card_trade_step' THEN PERFORM step_card_trades(p_rows -> 'card_trade_step'); END IF;
END $$;

CREATE OR REPLACE FUNCTION write_commands_and_post(
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
    v_base := write_commands(
        p_at, p_shop, p_events, p_command_shop, p_command, p_digest, p_reply, p_kept_shop, p_kept, p_kept_attempt,
        p_event_shop, p_event_rank, p_event_kind, p_event_topics, p_event_body,
        p_promise_shop, p_promise, p_promise_kind, p_promise_payload, p_promise_due, p_rows);
    PERFORM write_card_rows(p_rows);
    IF p_rows ? 'posting' THEN PERFORM ledger.post_rows(p_at, p_rows -> 'posting'); END IF;
    -- An account is closed when the postings have emptied it; its own CHECK says so, too.
    IF p_rows ? 'ledger_close' THEN
        UPDATE ledger.account a SET state = 'closed'
          FROM jsonb_to_recordset(p_rows -> 'ledger_close') AS r(id bigint) WHERE a.id = r.id AND a.guarded;
    END IF;
    RETURN v_base;
END $$;
