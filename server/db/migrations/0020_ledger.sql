-- One ledger for everything that is bought or earned in advance and used up later: SMS segments, money on
-- cards (fen), points. Every movement is one row of the journal between a customer's account (guarded: never
-- below zero) and an account of the house (unguarded), so that all balances of a unit always sum to zero.
-- Rows are written by ledger.post (0021, 0022) and by nobody else; docs/ledger.md tells the words.

CREATE SCHEMA ledger;

-- A shard is a chain of blocks with one writer at a time: posting locks this row first. An account lives in
-- one shard for good. fillfactor 30: the row changes with every batch and stays on its page.
CREATE TABLE ledger.shard (
    id       smallint PRIMARY KEY,
    next_seq bigint NOT NULL DEFAULT 1,
    head     bytea NOT NULL
) WITH (fillfactor = 30);
INSERT INTO ledger.shard (id, head)
SELECT s, sha256(convert_to('chuancai ledger shard ' || s, 'UTF8')) FROM generate_series(0, 1) s;

CREATE TABLE ledger.account (
    id             bigint PRIMARY KEY,
    shard          smallint NOT NULL REFERENCES ledger.shard CHECK (shard = id % 2),
    owner          text NOT NULL,  -- brand:7, card:31, user:12; '' is the house
    unit           text NOT NULL CHECK (unit IN ('SMS', 'CNY', 'PTS')),
    code           text NOT NULL,
    guarded        boolean NOT NULL,
    lotted         boolean NOT NULL,
    expiry_first   boolean NOT NULL DEFAULT false,
    -- What comes back into a lot that has expired may be used for this long.
    grace_s        integer NOT NULL DEFAULT 259200 CHECK (grace_s BETWEEN 0 AND 31536000),
    state          text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'frozen', 'closed')),
    posted         bigint NOT NULL DEFAULT 0,
    held           bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    UNIQUE (owner, unit, code, shard),
    CHECK (NOT guarded OR posted - held >= 0),
    CHECK (guarded OR NOT lotted),
    CHECK (state <> 'closed' OR (posted = 0 AND held = 0))
) WITH (fillfactor = 60);

-- The kinds: G grant, D debit, H hold, C capture, R release, F refund, X expire. A hold and its release move
-- nothing, so they have no contra. `ref`: the hold of a capture or release, the posting a refund gives
-- back, the lot that expires. `lot`: the one lot a posting took from, when one was enough.
CREATE TABLE ledger.journal (
    id        uuid PRIMARY KEY,
    seq       bigint NOT NULL,
    account   bigint NOT NULL,
    contra    bigint,
    amount    bigint NOT NULL CHECK (amount > 0),
    balance   bigint NOT NULL,    -- of the account, after this posting
    available bigint NOT NULL,    -- the same less what is held
    at        timestamptz NOT NULL,
    expires   timestamptz,        -- of a grant's lot, of a hold
    ref       uuid,
    lot       uuid,
    shard     smallint NOT NULL,
    priority  smallint NOT NULL,  -- of a grant's lot: lower is used first
    kind      "char" NOT NULL CHECK (kind IN ('G', 'D', 'H', 'C', 'R', 'F', 'X')),
    UNIQUE (shard, seq),
    CHECK ((kind IN ('H', 'R')) = (contra IS NULL)),
    CHECK ((kind IN ('C', 'R', 'F', 'X')) = (ref IS NOT NULL))
);
CREATE INDEX journal_account ON ledger.journal (account, seq);
CREATE INDEX journal_refund ON ledger.journal (ref) WHERE kind = 'F';

CREATE TABLE ledger.hold (
    id      uuid PRIMARY KEY,  -- the posting that holds
    account bigint NOT NULL,
    amount  bigint NOT NULL,
    used    bigint NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND amount),
    state   text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'captured', 'released')),
    due     timestamptz
) WITH (fillfactor = 80);
CREATE INDEX hold_due ON ledger.hold (due) WHERE state = 'held';

-- `open` stands in the indexes instead of `remaining`: it flips once in a lot's life, and a lot that is used
-- stays a cheap (HOT) update.
CREATE TABLE ledger.lot (
    id        uuid PRIMARY KEY,  -- the grant that filled it
    account   bigint NOT NULL,
    seq       bigint NOT NULL,
    priority  smallint NOT NULL,
    -- Its place among lots of one priority: when it expires (as granted) where the account uses those that
    -- expire first, '-infinity' where it uses the oldest first.
    turn      timestamptz NOT NULL,
    expires   timestamptz,
    quantity  bigint NOT NULL,
    remaining bigint NOT NULL CHECK (remaining BETWEEN 0 AND quantity),
    open      boolean NOT NULL DEFAULT true CHECK (open = (remaining > 0))
) WITH (fillfactor = 70);
CREATE INDEX lot_open ON ledger.lot (account, priority, turn, seq) WHERE open;
CREATE INDEX lot_expires ON ledger.lot (expires) WHERE open;

-- Which lots a posting took from when it needed more than one, in that order; and, below zero, what a refund
-- gave back to which. ledger.lot_movement is the whole of it.
CREATE TABLE ledger.lot_use (
    posting  uuid NOT NULL,
    position integer NOT NULL,
    lot      uuid NOT NULL,
    amount   bigint NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (posting, position)
);
CREATE VIEW ledger.lot_movement AS
    SELECT id AS posting, 1 AS position, lot, amount FROM ledger.journal WHERE lot IS NOT NULL
    UNION ALL
    SELECT posting, position, lot, amount FROM ledger.lot_use;

-- A batch is a block: its hash stands in the same commit as its rows.
CREATE TABLE ledger.block (
    shard     smallint NOT NULL REFERENCES ledger.shard,
    first_seq bigint NOT NULL,
    last_seq  bigint NOT NULL,
    at        timestamptz NOT NULL,
    previous  bytea NOT NULL,
    hash      bytea NOT NULL,
    PRIMARY KEY (shard, first_seq)
);

-- What an audit found; rows stay until a person has looked into them.
CREATE TABLE ledger.alarm (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    finding  text NOT NULL,
    account  bigint,
    shard    smallint,
    seq      bigint,
    sentence text NOT NULL
);

-- Append only, twice: nobody has the privilege, not even who owns the tables, and whoever takes it
-- (or is a superuser) meets the trigger. What gets past both is found by `chuancai billing verify`.
CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger.% is append only', TG_TABLE_NAME USING ERRCODE = 'CC010';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.journal
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON ledger.journal EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.block
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON ledger.block EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger.lot_use
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON ledger.lot_use EXECUTE FUNCTION ledger.refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger.journal, ledger.block, ledger.lot_use FROM PUBLIC, CURRENT_USER;
REVOKE DELETE, TRUNCATE ON ledger.account, ledger.hold, ledger.lot, ledger.shard FROM PUBLIC, CURRENT_USER;
