"""What a guest and a shop see of points: the balance and what expires next, the statement, exchanges.

Refuses to change anything.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import asyncpg
import msgspec

READ_BALANCE = """
SELECT a.id, a.posted - a.held AS credit, a.state
  FROM points_member m JOIN ledger.account a ON a.id = m.account
 WHERE m.brand_id = $1::bigint AND m.user_id = $2::bigint
"""

READ_EXPIRING = """
SELECT ledger.whole_sum(remaining) AS points, to_ms(expires) AS at_ms
  FROM ledger.lot
 WHERE account = $1::bigint AND open AND expires IS NOT NULL
 GROUP BY expires
 ORDER BY expires
 LIMIT $2::integer
"""

# The newest first; `seq` is the cursor. What expired is told with what had earned it, what was given
# back with what it had been exchanged for.
READ_LINES = """
SELECT j.seq, to_ms(j.at) AS at_ms,
       CASE j.kind WHEN 'G' THEN 'earned' WHEN 'D' THEN 'exchanged' WHEN 'F' THEN 'given_back'
                   WHEN 'X' THEN 'expired' ELSE 'other' END AS what,
       ledger.moves(j.kind, j.amount) AS points, j.balance,
       e.kind AS earned_by, e.source, x.id AS exchange_id, x.product_id
  FROM ledger.journal j
  LEFT JOIN points_earning e ON e.id = CASE j.kind WHEN 'X' THEN j.ref ELSE j.id END
  LEFT JOIN points_exchange x ON x.id = CASE j.kind WHEN 'F' THEN j.ref ELSE j.id END
 WHERE j.account = $1::bigint AND j.seq < $2::bigint
 ORDER BY j.seq DESC
 LIMIT $3::integer
"""

EXPIRIES_MAX = 12  # points expire at midnights: this many are what a screen can show
LINES_MAX = 200
NEWEST = 2**53  # above every line's number


class Expiry(msgspec.Struct, frozen=True):
    """How many points are good until when."""

    points: int
    at_ms: int


class Balance(msgspec.Struct, frozen=True):
    """What a guest has, and what of it expires next (the earliest first, at most twelve dates).

    `frozen`: nothing can be exchanged until somebody has looked into the account.
    """

    user_id: int
    credit: int
    frozen: bool
    expiring: list[Expiry]


class StatementLine(msgspec.Struct, frozen=True):
    """One movement with the balance after it, and what it was for."""

    line: int
    at_ms: int
    what: Literal["earned", "exchanged", "given_back", "expired", "other"]
    points: int  # below zero: went out
    balance: int
    earned_by: Literal["purchase", "review"] | None
    source: str | None
    exchange_id: UUID | None
    product_id: int | None


async def read_balance(db: asyncpg.Pool, brand_id: int, user_id: int) -> Balance:
    """Return what a guest has; one who never earned has nothing."""
    row = await db.fetchrow(READ_BALANCE, brand_id, user_id)
    if row is None:
        return Balance(user_id, 0, False, [])
    dates = await db.fetch(READ_EXPIRING, row["id"], EXPIRIES_MAX)
    return Balance(
        user_id, row["credit"], row["state"] != "open", [Expiry(*date) for date in dates]
    )


async def read_statement(
    db: asyncpg.Pool, guest: tuple[int, int], before: int, lines_max: int
) -> list[StatementLine]:
    """Return lines of a guest (brand id, user id) before a line, the newest first."""
    row = await db.fetchrow(READ_BALANCE, *guest)
    if row is None:
        return []
    return [
        StatementLine(*line) for line in await db.fetch(READ_LINES, row["id"], before, lines_max)
    ]
