-- Replaces ledger.burn_usual of 0022. An array that once had NULLs keeps saying so in its binary form, so the
-- hash of a block in which every operation took from one lot was of bytes nobody else could make from
-- its lines. The array is made anew before it goes out.

CREATE OR REPLACE FUNCTION ledger.burn_usual(
    p_id uuid[], p_kind "char"[], p_account bigint[], p_amount bigint[], p_lotted boolean[]
) RETURNS uuid[] LANGUAGE plpgsql AS $$
DECLARE
    v_needs       integer[];  -- positions of the operations that need, by account
    v_lot         uuid[];     -- the open lots of these accounts, by account and turn
    v_lot_account bigint[];
    v_full        bigint[];   -- what they hold before
    v_left        bigint[];   -- and after
    v_finger      integer := 1;
    v_need        integer;
    v_rest        bigint;
    v_take        bigint;
    v_position    integer;
    v_took        uuid[] := array_fill(NULL::uuid, ARRAY[cardinality(p_id)]);
    v_use_posting uuid[] := '{}';
    v_use_place   integer[] := '{}';
    v_use_lot     uuid[] := '{}';
    v_use_amount  bigint[] := '{}';
BEGIN
    SELECT array_agg(n.ord) INTO v_needs
      FROM (SELECT o.ord FROM unnest(p_kind, p_account, p_lotted) WITH ORDINALITY o(kind, account, lotted, ord)
             WHERE o.lotted AND o.kind IN ('D', 'C') ORDER BY o.account, o.ord) n;
    IF v_needs IS NULL THEN RETURN v_took; END IF;

    SELECT array_agg(l.id), array_agg(l.account), array_agg(l.remaining) INTO v_lot, v_lot_account, v_full
      FROM (SELECT l.id, l.account, l.remaining
              FROM (SELECT DISTINCT p_account[need] AS account FROM unnest(v_needs) need) n
              JOIN ledger.lot l ON l.account = n.account AND l.open
             ORDER BY l.account, l.priority, l.turn, l.seq) l;
    v_left := v_full;

    FOREACH v_need IN ARRAY v_needs LOOP
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
    RETURN ARRAY(SELECT unnest(v_took));
END $$;
