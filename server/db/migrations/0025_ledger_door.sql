-- The write door for commands that move money, too (R-000-26): everything write_commands does, then the
-- postings among the rows, in one transaction. The postings come last, because a shard stays locked until the
-- commit. A refused posting (CC012, its code is the message) undoes the batch; the desk finds out whose it was.

CREATE FUNCTION write_commands_and_post(
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
    PERFORM ledger.post_rows(p_at, p_rows -> 'posting');
    RETURN v_base;
END $$;
