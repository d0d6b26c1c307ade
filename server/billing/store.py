"""The ledger's SQL: posting a batch, opening accounts, reading them.

Refuses to decide: `ledger.post` in the database does, as `ledger.py` says it must.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from server.billing import ledger
from server.billing.ledger import KINDS, SHARDS, AccountState, Posting, Receipt, Unit, as_row
from server.errors import Refusal
from server.ids import IdMint

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

POST = """
SELECT o_status, o_balance, o_available
  FROM ledger.post($1::smallint, $2::timestamptz, $3::uuid[], $4::"char"[], $5::bigint[], $6::bigint[],
                   $7::bigint[], $8::uuid[], $9::timestamptz[], $10::smallint[])
"""

POST_ROWS = "SELECT ledger.post_rows($1::timestamptz, $2::jsonb)"

OPEN_ACCOUNT = """
INSERT INTO ledger.account (id, shard, owner, unit, code, guarded, lotted, expiry_first, grace_s)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING
"""

READ_ACCOUNT_BY_OWNER = """
SELECT id, owner, unit, code, state, posted, held
  FROM ledger.account
 WHERE owner = $1 AND unit = $2 AND code = $3 AND shard = $4
"""

READ_ACCOUNT = """
SELECT id, owner, unit, code, state, posted, held FROM ledger.account WHERE id = $1
"""

SET_STATE = """
UPDATE ledger.account SET state = $2 WHERE id = $1 AND guarded AND state <> 'closed' RETURNING id
"""

FREEZE = """
UPDATE ledger.account SET state = 'frozen'
 WHERE id = ANY ($1::bigint[]) AND guarded AND state = 'open' RETURNING id
"""

ADD_ALARM = """
INSERT INTO ledger.alarm (at, finding, account, shard, seq, sentence)
VALUES ($1::timestamptz, $2, $3, $4, $5, $6)
"""

COUNT_ALARMS = "SELECT count(*) FROM ledger.alarm"

shard_of = ledger.shard_of  # where who opens accounts looks for it

HOUSE = ""
_LETTERS = {kind: kind.encode() for kind in KINDS}  # "char" travels as a byte
# Another process may have minted the same number in the same millisecond.
OPEN_ATTEMPTS_MAX = 6
GRACE_S = 259_200  # three days: long enough to send again, too short to be a present


class AccountRow(NamedTuple):
    """An account as it is in the books."""

    id: int
    owner: str
    unit: Unit
    code: str
    state: AccountState
    posted: int
    held: int


class Opening(msgspec.Struct, frozen=True):
    """What an account is opened as; nothing of it changes later."""

    owner: str
    unit: Unit
    code: str
    lotted: bool = True
    expiry_first: bool = False
    grace_s: int = GRACE_S


async def post(
    connection: Connection, shard: int, at: datetime, postings: Sequence[Posting]
) -> list[Receipt]:
    """Post a batch of one shard and return what came of each; the batch is one block.

    Inside a caller's transaction it must be the last thing before the commit: the shard stays locked.
    """
    row = await connection.fetchrow(
        POST,
        shard,
        at,
        [p.id for p in postings],
        [_LETTERS[p.kind] for p in postings],
        [p.account for p in postings],
        [p.contra for p in postings],
        [p.amount for p in postings],
        [p.ref for p in postings],
        [p.expires for p in postings],
        [p.priority for p in postings],
    )
    assert row is not None
    statuses, balances, availables = row
    if statuses is None:
        return [Receipt("ok", *both) for both in zip(balances, availables, strict=True)]
    return [Receipt(*each) for each in zip(statuses, balances, availables, strict=True)]


class PostingRefusedError(Exception):
    """A posting inside a caller's transaction was refused: the whole transaction must not commit."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def post_rows(connection: Connection, at: datetime, postings: Sequence[Posting]) -> None:
    """Post inside the caller's transaction, as the last thing before its commit.

    Raises `PostingRefusedError` for the first that is refused.
    """
    rows = msgspec.json.encode([as_row(posting) for posting in postings]).decode()
    try:
        await connection.execute(POST_ROWS, at, rows)
    except asyncpg.PostgresError as error:
        if error.sqlstate != "CC012":
            raise
        raise PostingRefusedError(str(error)) from error


async def open_account(
    connection: Connection, mint: IdMint, now_ms: int, opening: Opening
) -> AccountRow:
    """Open a customer's account, or return the one that is open already."""
    return await _open(connection, mint, now_ms, opening, shard_of(opening.owner))


async def house_account(
    connection: Connection, mint: IdMint, now_ms: int, unit: Unit, code: str, shard: int
) -> AccountRow:
    """Return the house's account of this kind in a shard: `sold`, `consumed`, `expired`."""
    return await _open(connection, mint, now_ms, Opening(HOUSE, unit, code, lotted=False), shard)


async def _open(
    connection: Connection, mint: IdMint, now_ms: int, opening: Opening, shard: int
) -> AccountRow:
    key = (opening.owner, opening.unit, opening.code, shard)
    guarded = opening.owner != HOUSE
    row = await connection.fetchrow(READ_ACCOUNT_BY_OWNER, *key)
    for _ in range(OPEN_ATTEMPTS_MAX):
        if row is not None:
            return AccountRow(*row)
        account_id = mint.next_id(now_ms)
        while account_id % SHARDS != shard:
            account_id = mint.next_id(now_ms)
        await connection.execute(
            OPEN_ACCOUNT, account_id, shard, *key[:3], guarded, opening.lotted and guarded,
            opening.expiry_first, opening.grace_s,
        )  # fmt: skip
        row = await connection.fetchrow(READ_ACCOUNT_BY_OWNER, *key)
    raise Refusal("busy")


async def read_account(connection: Connection, account_id: int) -> AccountRow | None:
    """Return an account."""
    row = await connection.fetchrow(READ_ACCOUNT, account_id)
    return AccountRow(*row) if row else None


async def set_state(connection: Connection, account_id: int, state: AccountState) -> bool:
    """Freeze, open again or close an account; a closed one stays so.

    Raises `asyncpg.CheckViolationError` when an account is closed that is not empty.
    """
    return await connection.fetchval(SET_STATE, account_id, state) is not None


async def freeze(connection: Connection, account_ids: Sequence[int]) -> list[int]:
    """Freeze customers' accounts that are open; return which were."""
    return [row["id"] for row in await connection.fetch(FREEZE, account_ids)]


async def count_alarms(connection: Connection) -> int:
    """Return how many findings of audits there are, for the meters."""
    return int(await connection.fetchval(COUNT_ALARMS))
