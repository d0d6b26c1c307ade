-- Replaces most of 0022 and 0023: a small batch was spending its time in starting statements. One look now
-- says of every operation whether it is usual; only when one is not is anything more asked.

-- array_send is STABLE: a function that calls it may say no more, or it is called and not inlined.
ALTER FUNCTION ledger.block_hash STABLE;

DROP FUNCTION ledger.odd_accounts, ledger.burn_usual, ledger.post_usual, ledger.post_mixed, ledger.post;
-- A batch writes one block, and the shard it names is the row it has locked.
ALTER TABLE ledger.block DROP CONSTRAINT block_shard_fkey;

-- Stands for "no single lot" in arrays and hashes: an array that may hold NULLs has two binary forms.
CREATE FUNCTION ledger.no_lot() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT '00000000-0000-0000-0000-000000000000'::uuid $$;

-- Which accounts of a batch must go the plain way.
CREATE FUNCTION ledger.odd_accounts(
    p_id uuid[], p_kind "char"[], p_account bigint[], p_ref uuid[], p_usual boolean[], p_lotted boolean[]
) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT ARRAY(
        -- Not allowed, not known, or posted before.
        SELECT o.account FROM unnest(p_account, p_usual) o(account, usual) WHERE NOT o.usual
        UNION
        -- Named twice in this batch.
        SELECT t.account FROM (SELECT o.account, count(*) OVER (PARTITION BY o.id) AS times
                                 FROM unnest(p_id, p_account) o(id, account)) t WHERE t.times > 1
        UNION
        -- Two captures of one hold.
        SELECT c.account FROM (SELECT o.account, count(*) OVER (PARTITION BY o.ref) AS captures
                                 FROM unnest(p_kind, p_account, p_ref) o(kind, account, ref)
                                WHERE o.kind = 'C') c WHERE c.captures > 1
        UNION
        -- A new lot and a use of lots: which is used may depend on which came first.
        SELECT o.account FROM unnest(p_kind, p_account, p_lotted) o(kind, account, lotted)
         WHERE o.lotted GROUP BY o.account
        HAVING bool_or(o.kind = 'G') AND bool_or(o.kind IN ('D', 'C')))
$$;

-- Take what debits and captures need from the lots of their accounts. `p_needs` are the positions of these
-- operations, by account; the lots are read in the same order, and one finger moves along each. Returns
-- for each operation the one lot it took from; splits go to lot_use.
CREATE FUNCTION ledger.burn_usual(
    p_id uuid[], p_account bigint[], p_amount bigint[], p_needs integer[]
) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    v_lot         uuid[];     -- the open lots of these accounts, by account and turn
    v_lot_account bigint[];
    v_full        bigint[];   -- what they hold before
    v_left        bigint[];   -- and after
    v_finger      integer := 1;
    v_need        integer;
    v_rest        bigint;
    v_take        bigint;
    v_position    integer;
    v_took        uuid[] := array_fill(ledger.no_lot(), ARRAY[cardinality(p_id)]);
    v_use_posting uuid[] := '{}';
    v_use_place   integer[] := '{}';
    v_use_lot     uuid[] := '{}';
    v_use_amount  bigint[] := '{}';
BEGIN
    IF p_needs IS NULL THEN RETURN v_took; END IF;

    SELECT array_agg(l.id), array_agg(l.account), array_agg(l.remaining) INTO v_lot, v_lot_account, v_full
      FROM (SELECT l.id, l.account, l.remaining
              FROM (SELECT DISTINCT p_account[need] AS account FROM unnest(p_needs) need) n
              JOIN ledger.lot l ON l.account = n.account AND l.open
             ORDER BY l.account, l.priority, l.turn, l.seq) l;
    v_left := v_full;

    FOREACH v_need IN ARRAY p_needs LOOP
        v_rest := p_amount[v_need];
        v_position := 0;
        WHILE v_rest > 0 LOOP
            -- Past the lots that are used up, and those of accounts that need no more.
            WHILE v_left[v_finger] = 0 OR v_lot_account[v_finger] <> p_account[v_need] LOOP
                v_finger := v_finger + 1;
            END LOOP;
            IF v_lot[v_finger] IS NULL THEN
                RAISE EXCEPTION 'the lots of account % hold less than its balance', p_account[v_need] USING ERRCODE = 'CC011';
            END IF;
            IF v_position = 0 AND v_left[v_finger] >= v_rest THEN
                v_took[v_need] := v_lot[v_finger];
                v_left[v_finger] := v_left[v_finger] - v_rest;
                EXIT;
            END IF;
            v_position := v_position + 1;
            v_use_posting := v_use_posting || p_id[v_need];
            v_use_place := v_use_place || v_position;
            v_use_lot := v_use_lot || v_lot[v_finger];
            v_take := least(v_rest, v_left[v_finger]);
            v_use_amount := v_use_amount || v_take;
            v_left[v_finger] := v_left[v_finger] - v_take;
            v_rest := v_rest - v_take;
        END LOOP;
    END LOOP;

    UPDATE ledger.lot l
       SET remaining = n.after, open = n.after > 0
      FROM unnest(v_lot, v_full, v_left) n(id, before, after)
     WHERE l.id = n.id AND n.after < n.before;
    IF cardinality(v_use_posting) > 0 THEN
        INSERT INTO ledger.lot_use (posting, position, lot, amount)
        SELECT * FROM unnest(v_use_posting, v_use_place, v_use_lot, v_use_amount);
    END IF;
    RETURN v_took;
END $$;

-- Write operations that are known to be allowed, as the shard's lines from p_first on. Returns the lot of each.
CREATE FUNCTION ledger.post_usual(
    p_shard smallint, p_first bigint, p_at timestamptz, p_id uuid[], p_kind "char"[], p_account bigint[],
    p_contra bigint[], p_amount bigint[], p_ref uuid[], p_expires timestamptz[], p_priority smallint[],
    p_balance bigint[], p_available bigint[], p_needs integer[]
) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    v_lot uuid[];
BEGIN
    v_lot := ledger.burn_usual(p_id, p_account, p_amount, p_needs);

    INSERT INTO ledger.journal (id, shard, seq, kind, account, contra, amount, ref, expires, priority, balance, available, lot, at)
    SELECT o.id, p_shard, p_first + o.ord - 1, o.kind, o.account, o.contra, o.amount, o.ref, o.expires, o.priority,
           o.balance, o.available, nullif(o.lot, ledger.no_lot()), p_at
      FROM unnest(p_id, p_kind, p_account, p_contra, p_amount, p_ref, p_expires, p_priority, p_balance, p_available, v_lot)
           WITH ORDINALITY o(id, kind, account, contra, amount, ref, expires, priority, balance, available, lot, ord);

    -- Each account once, whatever number of operations it has here: a hot account is a cheap one.
    UPDATE ledger.account a
       SET posted = a.posted + m.moved, held = a.held + m.held
      FROM (SELECT s.account, ledger.whole_sum(s.moved) AS moved, ledger.whole_sum(s.held) AS held
              FROM (SELECT o.account, ledger.moves(o.kind, o.amount) AS moved, ledger.holds(o.kind, o.amount) AS held
                      FROM unnest(p_kind, p_account, p_amount) o(kind, account, amount)
                    UNION ALL
                    SELECT o.contra, -ledger.moves(o.kind, o.amount), 0
                      FROM unnest(p_kind, p_contra, p_amount) o(kind, contra, amount)) s
             GROUP BY s.account) m
     WHERE a.id = m.account;

    IF 'G' = ANY (p_kind) THEN
        INSERT INTO ledger.lot (id, account, seq, priority, turn, expires, quantity, remaining)
        SELECT o.id, o.account, p_first + o.ord - 1, o.priority, ledger.turn(a.expiry_first, o.expires), o.expires, o.amount, o.amount
          FROM unnest(p_id, p_kind, p_account, p_amount, p_expires, p_priority)
               WITH ORDINALITY o(id, kind, account, amount, expires, priority, ord)
          JOIN ledger.account a ON a.id = o.account
         WHERE o.kind = 'G' AND a.lotted;
    END IF;
    IF 'H' = ANY (p_kind) THEN
        INSERT INTO ledger.hold (id, account, amount, due)
        SELECT o.id, o.account, o.amount, o.expires
          FROM unnest(p_id, p_kind, p_account, p_amount, p_expires) o(id, kind, account, amount, expires)
         WHERE o.kind = 'H';
    END IF;
    IF 'C' = ANY (p_kind) THEN
        UPDATE ledger.hold h
           SET used = h.used + o.amount, state = CASE WHEN h.used + o.amount = h.amount THEN 'captured' ELSE 'held' END
          FROM unnest(p_kind, p_amount, p_ref) o(kind, amount, ref)
         WHERE o.kind = 'C' AND h.id = o.ref;
    END IF;
    RETURN v_lot;
END $$;

-- The usual way for the accounts that are not odd, then the plain way for those that are, operation by
-- operation. Takes and returns the answers by position; returns how many lines the shard got.
CREATE FUNCTION ledger.post_mixed(
    p_shard smallint, p_first bigint, p_at timestamptz, p_operations ledger.operation[], p_odd bigint[],
    p_lotted boolean[], INOUT o_balance bigint[], INOUT o_available bigint[], OUT o_status text[], OUT o_posted bigint
) LANGUAGE plpgsql AS $$
DECLARE
    u        record;
    v_answer ledger.answer;
BEGIN
    SELECT count(*) AS posted, array_agg(o.id ORDER BY ord) AS id, array_agg(o.kind ORDER BY ord) AS kind,
           array_agg(o.account ORDER BY ord) AS account, array_agg(o.contra ORDER BY ord) AS contra,
           array_agg(o.amount ORDER BY ord) AS amount, array_agg(o.ref ORDER BY ord) AS ref,
           array_agg(o.expires ORDER BY ord) AS expires, array_agg(o.priority ORDER BY ord) AS priority,
           array_agg(o_balance[ord] ORDER BY ord) AS balance, array_agg(o_available[ord] ORDER BY ord) AS available,
           array_agg(place ORDER BY o.account, ord) FILTER (WHERE p_lotted[ord] AND o.kind IN ('D', 'C')) AS needs
      INTO u
      FROM (SELECT *, (row_number() OVER (ORDER BY ord))::integer AS place
              FROM unnest(p_operations) WITH ORDINALITY a(id, kind, account, contra, amount, ref, expires, priority, ord)
             WHERE NOT a.account = ANY (p_odd)) o;
    o_posted := u.posted;
    IF o_posted > 0 THEN
        PERFORM ledger.post_usual(p_shard, p_first, p_at, u.id, u.kind, u.account, u.contra, u.amount, u.ref, u.expires,
                                  u.priority, u.balance, u.available, u.needs);
    END IF;

    o_status := array_fill('ok'::text, ARRAY[cardinality(p_operations)]);
    FOR i IN 1 .. cardinality(p_operations) LOOP
        CONTINUE WHEN NOT (p_operations[i]).account = ANY (p_odd);
        v_answer := ledger.post_plain(p_operations[i], p_shard, p_first + o_posted, p_at);
        o_status[i] := v_answer.status;
        o_balance[i] := v_answer.balance;
        o_available[i] := v_answer.available;
        IF v_answer.posted THEN o_posted := o_posted + 1; END IF;
    END LOOP;
END $$;

-- Post a batch. Status, balance and available of each operation come back in its place; o_status is NULL
-- when all are 'ok'.
CREATE FUNCTION ledger.post(
    p_shard smallint, p_at timestamptz, p_id uuid[], p_kind "char"[], p_account bigint[], p_contra bigint[],
    p_amount bigint[], p_ref uuid[], p_expires timestamptz[], p_priority smallint[],
    OUT o_status text[], OUT o_balance bigint[], OUT o_available bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    v_first  bigint;
    v_head   bytea;
    v_hash   bytea;
    v_posted bigint := cardinality(p_id);
    v_usual  boolean[];
    v_lotted boolean[];
    v_needs  integer[];
    v_distinct boolean;
    v_odd    bigint[];
    v_lot    uuid[];
    v_ops    ledger.operation[];
BEGIN
    -- One writer at a time: what follows sees everything that was posted before.
    SELECT next_seq, head INTO v_first, v_head FROM ledger.shard WHERE id = p_shard FOR NO KEY UPDATE;

    -- The balances each account will have after each of its operations; whether they allow it, what it refers
    -- to allows it, and nobody posted it before; which operations take from lots, by account.
    SELECT array_agg(f.balance ORDER BY f.ord), array_agg(f.available ORDER BY f.ord),
           array_agg(f.lotted ORDER BY f.ord), array_agg(f.usual ORDER BY f.ord),
           array_agg(f.ord ORDER BY f.account, f.ord) FILTER (WHERE f.lotted AND f.kind IN ('D', 'C')),
           count(DISTINCT f.id) = count(*)
           AND count(DISTINCT f.ref) FILTER (WHERE f.kind = 'C') = count(*) FILTER (WHERE f.kind = 'C')
      INTO o_balance, o_available, v_lotted, v_usual, v_needs, v_distinct
      FROM (SELECT s.*, coalesce(s.known, false) AND s.available >= 0 AS usual
              FROM (SELECT o.ord, o.id, o.kind, o.account, o.ref, a.lotted,
                           a.posted + ledger.whole_sum(ledger.moves(o.kind, o.amount)) OVER so_far AS balance,
                           a.posted - a.held + ledger.whole_sum(ledger.moves(o.kind, o.amount)
                                                                - ledger.holds(o.kind, o.amount)) OVER so_far AS available,
                           o.kind IN ('G', 'D', 'H', 'C') AND o.amount BETWEEN 1 AND ledger.amount_max()
                           AND j.id IS NULL AND a.shard = p_shard AND a.guarded AND a.state = 'open'
                           AND CASE WHEN o.kind = 'H' THEN o.contra IS NULL
                                    ELSE c.shard = p_shard AND NOT c.guarded AND c.unit = a.unit END
                           AND (o.kind <> 'C' OR h.account = o.account AND h.state = 'held'
                                                 AND o.amount <= h.amount - h.used) AS known
                      FROM unnest(p_id, p_kind, p_account, p_contra, p_amount, p_ref)
                           WITH ORDINALITY o(id, kind, account, contra, amount, ref, ord)
                      LEFT JOIN ledger.account a ON a.id = o.account
                      LEFT JOIN ledger.account c ON c.id = o.contra
                      LEFT JOIN ledger.journal j ON j.id = o.id
                      -- Row by row by key, whatever the planner knew of the table when it made its plan.
                      LEFT JOIN LATERAL (SELECT * FROM ledger.hold WHERE id = o.ref AND o.kind = 'C' LIMIT 1) h ON true
                    WINDOW so_far AS (PARTITION BY o.account ORDER BY o.ord)) s) f;

    IF v_distinct AND NOT false = ANY (v_usual) AND NOT ('G' = ANY (p_kind) AND v_needs IS NOT NULL) THEN
        v_odd := '{}';
    ELSE
        v_odd := ledger.odd_accounts(p_id, p_kind, p_account, p_ref, v_usual, v_lotted);
    END IF;
    IF cardinality(v_odd) = 0 THEN
        v_lot := ledger.post_usual(p_shard, v_first, p_at, p_id, p_kind, p_account, p_contra, p_amount, p_ref, p_expires,
                                   p_priority, o_balance, o_available, v_needs);
        v_hash := ledger.block_hash(v_head, v_first, p_at, p_id, p_kind, p_account, p_contra, p_amount, p_ref, p_expires,
                                    p_priority, o_balance, o_available, v_lot);
    ELSE
        v_ops := ARRAY(SELECT (o.id, o.kind, o.account, o.contra, o.amount, o.ref, o.expires, o.priority)::ledger.operation
                         FROM unnest(p_id, p_kind, p_account, p_contra, p_amount, p_ref, p_expires, p_priority)
                              WITH ORDINALITY o(id, kind, account, contra, amount, ref, expires, priority, ord)
                        ORDER BY o.ord);
        SELECT m.o_balance, m.o_available, m.o_status, m.o_posted INTO o_balance, o_available, o_status, v_posted
          FROM ledger.post_mixed(p_shard, v_first, p_at, v_ops, v_odd, v_lotted, o_balance, o_available) m;
        IF v_posted = 0 THEN RETURN; END IF;
        -- Read back: which lines there are was only known while writing them.
        SELECT ledger.block_hash(v_head, v_first, p_at, array_agg(j.id ORDER BY seq), array_agg(j.kind ORDER BY seq),
                   array_agg(j.account ORDER BY seq), array_agg(j.contra ORDER BY seq), array_agg(j.amount ORDER BY seq),
                   array_agg(j.ref ORDER BY seq), array_agg(j.expires ORDER BY seq), array_agg(j.priority ORDER BY seq),
                   array_agg(j.balance ORDER BY seq), array_agg(j.available ORDER BY seq), array_agg(coalesce(j.lot, ledger.no_lot()) ORDER BY seq))
          INTO v_hash
          FROM ledger.journal j WHERE j.shard = p_shard AND j.seq >= v_first;
    END IF;

    WITH moved AS (
        UPDATE ledger.shard SET next_seq = v_first + v_posted, head = v_hash WHERE id = p_shard)
    INSERT INTO ledger.block (shard, first_seq, last_seq, at, previous, hash)
    VALUES (p_shard, v_first, v_first + v_posted - 1, p_at, v_head, v_hash);
END $$;
