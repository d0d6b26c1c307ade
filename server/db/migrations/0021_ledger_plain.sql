-- The plain way to post: one operation after the other, each checked and written by itself. It is what the
-- ledger means; the fast way (0022) must answer and write the same, and hands it whatever is unusual.
-- The caller has locked the shard.
-- Answers: 'ok' (also when the same operation was posted before: the balances of then), or why not.
-- Refusals are not remembered: what was refused for want of balance may succeed after a top-up.

CREATE TYPE ledger.operation AS (
    id       uuid,
    kind     "char",
    account  bigint,
    contra   bigint,
    amount   bigint,       -- of a release: the rest of the hold, whatever is asked
    ref      uuid,
    expires  timestamptz,
    priority smallint
);

-- `posted`: a line was written; not so for what was refused or posted before.
CREATE TYPE ledger.answer AS (status text, balance bigint, available bigint, posted boolean);

-- sum(bigint) is numeric; this stays a bigint.
CREATE AGGREGATE ledger.whole_sum(bigint) (
    SFUNC = int8pl, STYPE = bigint, INITCOND = '0',
    MSFUNC = int8pl, MINVFUNC = int8mi, MSTYPE = bigint, MINITCOND = '0', PARALLEL = safe
);

-- The largest amount of one posting; far from where sums of them could overflow.
CREATE FUNCTION ledger.amount_max() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT 1000000000000 $$;

-- What an operation adds to its account's balance, and to what is held there.
CREATE FUNCTION ledger.moves(p_kind "char", p_amount bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN p_kind IN ('G', 'F') THEN p_amount WHEN p_kind IN ('D', 'C', 'X') THEN -p_amount ELSE 0 END $$;
CREATE FUNCTION ledger.holds(p_kind "char", p_amount bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN p_kind = 'H' THEN p_amount WHEN p_kind IN ('C', 'R') THEN -p_amount ELSE 0 END $$;

-- Why an operation may not be posted, or NULL. Reads; changes nothing.
CREATE FUNCTION ledger.refusal(o ledger.operation, a ledger.account, p_shard smallint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_contra   ledger.account;
    v_hold     ledger.hold;
    v_original ledger.journal;
    v_lot      ledger.lot;
BEGIN
    IF a.id IS NULL OR a.shard <> p_shard OR NOT a.guarded THEN RETURN 'ledger_account_not_found'; END IF;
    IF o.kind IN ('H', 'R') THEN
        IF o.contra IS NOT NULL THEN RETURN 'ledger_account_not_found'; END IF;
    ELSE
        SELECT * INTO v_contra FROM ledger.account WHERE id = o.contra;
        IF NOT FOUND OR v_contra.shard <> p_shard OR v_contra.guarded OR v_contra.unit <> a.unit THEN
            RETURN 'ledger_account_not_found';
        END IF;
    END IF;
    IF a.state = 'closed' THEN RETURN 'ledger_account_closed'; END IF;
    IF a.state = 'frozen' AND o.kind IN ('D', 'H') THEN RETURN 'ledger_account_frozen'; END IF;
    IF o.kind <> 'R' AND (o.amount IS NULL OR o.amount NOT BETWEEN 1 AND ledger.amount_max()) THEN
        RETURN 'ledger_amount_invalid';
    END IF;
    IF o.kind IN ('C', 'R') THEN
        SELECT * INTO v_hold FROM ledger.hold WHERE id = o.ref;
        IF NOT FOUND OR v_hold.account <> o.account THEN RETURN 'hold_not_found'; END IF;
        IF v_hold.state <> 'held' THEN RETURN 'hold_ended'; END IF;
        IF o.kind = 'C' AND o.amount > v_hold.amount - v_hold.used THEN RETURN 'hold_exceeded'; END IF;
    ELSIF o.kind = 'F' THEN
        SELECT * INTO v_original FROM ledger.journal WHERE id = o.ref AND account = o.account AND kind IN ('D', 'C');
        IF NOT FOUND THEN RETURN 'posting_not_found'; END IF;
        IF o.amount > v_original.amount - ledger.refunded(o.ref) THEN RETURN 'refund_exceeded'; END IF;
    ELSIF o.kind = 'X' THEN
        SELECT * INTO v_lot FROM ledger.lot WHERE id = o.ref AND account = o.account;
        IF NOT FOUND THEN RETURN 'lot_not_found'; END IF;
        IF o.amount > v_lot.remaining THEN RETURN 'lot_exceeded'; END IF;
    END IF;
    IF o.kind IN ('D', 'H', 'X') AND o.amount > a.posted - a.held THEN RETURN 'balance_insufficient'; END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger.refunded(p_posting uuid) RETURNS bigint LANGUAGE sql STABLE
AS $$ SELECT ledger.whole_sum(amount) FROM ledger.journal WHERE ref = p_posting AND kind = 'F' $$;

CREATE FUNCTION ledger.turn(p_expiry_first boolean, p_expires timestamptz) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN p_expiry_first THEN coalesce(p_expires, 'infinity') ELSE '-infinity' END $$;

-- Take from an account's lots in their order. Returns the lot when one was enough; splits go to lot_use.
CREATE FUNCTION ledger.burn(p_posting uuid, a ledger.account, p_amount bigint) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    v_lot      record;
    v_rest     bigint := p_amount;
    v_take     bigint;
    v_position integer := 0;
BEGIN
    FOR v_lot IN
        SELECT id, remaining FROM ledger.lot
         WHERE account = a.id AND open
         ORDER BY priority, turn, seq
    LOOP
        EXIT WHEN v_rest = 0;
        v_take := least(v_rest, v_lot.remaining);
        UPDATE ledger.lot SET remaining = remaining - v_take, open = remaining > v_take WHERE id = v_lot.id;
        IF v_take = p_amount THEN RETURN v_lot.id; END IF;
        v_position := v_position + 1;
        INSERT INTO ledger.lot_use (posting, position, lot, amount) VALUES (p_posting, v_position, v_lot.id, v_take);
        v_rest := v_rest - v_take;
    END LOOP;
    IF v_rest > 0 THEN
        RAISE EXCEPTION 'the lots of account % hold less than its balance', a.id USING ERRCODE = 'CC011';
    END IF;
    RETURN NULL;
END $$;

-- Give back into the lots a posting took from, the last used first; earlier refunds of it took their part.
CREATE FUNCTION ledger.give_back(o ledger.operation, a ledger.account, p_at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_use      record;
    v_skip     bigint := ledger.refunded(o.ref);
    v_rest     bigint := o.amount;
    v_take     bigint;
    v_position integer := 0;
BEGIN
    FOR v_use IN SELECT lot, amount FROM ledger.lot_movement WHERE posting = o.ref ORDER BY position DESC LOOP
        EXIT WHEN v_rest = 0;
        v_take := least(v_rest, greatest(v_use.amount - v_skip, 0));
        v_skip := greatest(v_skip - v_use.amount, 0);
        CONTINUE WHEN v_take = 0;
        UPDATE ledger.lot
           SET remaining = remaining + v_take, open = true,
               expires = CASE WHEN expires <= p_at THEN p_at + a.grace_s * interval '1 second' ELSE expires END
         WHERE id = v_use.lot;
        v_position := v_position + 1;
        INSERT INTO ledger.lot_use (posting, position, lot, amount) VALUES (o.id, v_position, v_use.lot, -v_take);
        v_rest := v_rest - v_take;
    END LOOP;
END $$;

-- Write what an allowed operation does to lots and holds. Returns the one lot it took from, if there is one.
CREATE FUNCTION ledger.settle(o ledger.operation, a ledger.account, p_seq bigint, p_at timestamptz) RETURNS uuid LANGUAGE plpgsql AS $$
BEGIN
    IF o.kind = 'H' THEN
        INSERT INTO ledger.hold (id, account, amount, due) VALUES (o.id, o.account, o.amount, o.expires);
    ELSIF o.kind = 'C' THEN
        UPDATE ledger.hold
           SET used = used + o.amount, state = CASE WHEN used + o.amount = amount THEN 'captured' ELSE 'held' END
         WHERE id = o.ref;
    ELSIF o.kind = 'R' THEN
        UPDATE ledger.hold SET state = 'released' WHERE id = o.ref;
    END IF;
    IF NOT a.lotted THEN RETURN NULL; END IF;
    IF o.kind = 'G' THEN
        INSERT INTO ledger.lot (id, account, seq, priority, turn, expires, quantity, remaining)
        VALUES (o.id, o.account, p_seq, o.priority, ledger.turn(a.expiry_first, o.expires), o.expires, o.amount, o.amount);
    ELSIF o.kind IN ('D', 'C') THEN
        RETURN ledger.burn(o.id, a, o.amount);
    ELSIF o.kind = 'F' THEN
        PERFORM ledger.give_back(o, a, p_at);
    ELSIF o.kind = 'X' THEN
        UPDATE ledger.lot SET remaining = remaining - o.amount, open = remaining > o.amount WHERE id = o.ref;
        RETURN o.ref;
    END IF;
    RETURN NULL;
END $$;

-- Post one operation as the shard's line p_seq, or say why not.
CREATE FUNCTION ledger.post_plain(o ledger.operation, p_shard smallint, p_seq bigint, p_at timestamptz) RETURNS ledger.answer LANGUAGE plpgsql AS $$
DECLARE
    v_seen   ledger.journal;
    a        ledger.account;
    v_status text;
    v_lot    uuid;
BEGIN
    SELECT * INTO v_seen FROM ledger.journal WHERE id = o.id;
    IF FOUND THEN
        -- A release's amount is what was left then, not what is asked.
        IF (v_seen.kind, v_seen.account, v_seen.priority) = (o.kind, o.account, o.priority)
           AND (o.kind = 'R' OR v_seen.amount = o.amount)
           AND (v_seen.contra, v_seen.ref, v_seen.expires) IS NOT DISTINCT FROM (o.contra, o.ref, o.expires) THEN
            RETURN ('ok', v_seen.balance, v_seen.available, false)::ledger.answer;
        END IF;
        RETURN ('posting_id_reused', NULL, NULL, false)::ledger.answer;
    END IF;

    SELECT * INTO a FROM ledger.account WHERE id = o.account;
    v_status := ledger.refusal(o, a, p_shard);
    IF v_status IS NOT NULL THEN
        RETURN (v_status, a.posted, a.posted - a.held, false)::ledger.answer;
    END IF;

    IF o.kind = 'R' THEN
        SELECT amount - used INTO o.amount FROM ledger.hold WHERE id = o.ref;
    END IF;
    v_lot := ledger.settle(o, a, p_seq, p_at);
    a.posted := a.posted + ledger.moves(o.kind, o.amount);
    a.held := a.held + ledger.holds(o.kind, o.amount);
    UPDATE ledger.account SET posted = a.posted, held = a.held WHERE id = a.id;
    UPDATE ledger.account SET posted = posted - ledger.moves(o.kind, o.amount) WHERE id = o.contra;
    INSERT INTO ledger.journal (id, shard, seq, kind, account, contra, amount, ref, expires, priority, balance, available, lot, at)
    VALUES (o.id, p_shard, p_seq, o.kind, o.account, o.contra, o.amount, o.ref, o.expires, o.priority,
            a.posted, a.posted - a.held, v_lot, p_at);
    RETURN ('ok', a.posted, a.posted - a.held, true)::ledger.answer;
END $$;
