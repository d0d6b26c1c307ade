"""The SQL of points: rules, members, and the door that writes what points were for with the posting.

Refuses to decide: `points.py` does, and the ledger says whether there is enough.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from server.billing.ledger import Posting, as_row
from server.billing.store import Connection, PostingRefusedError
from server.points.points import Earning, Exchange, Member, Rule

READ_RULE = """
SELECT version, purchase_points, purchase_fen, review_points, reviews_per_day_max, valid_days, timezone
  FROM points_rule
 WHERE brand_id = $1::bigint
 ORDER BY version DESC
 LIMIT 1
"""

# Whoever read an older version comes too late.
ADD_RULE = """
INSERT INTO points_rule (brand_id, version, purchase_points, purchase_fen, review_points, reviews_per_day_max,
                         valid_days, timezone, made_at, made_by)
SELECT $1::bigint, $2::integer + 1, $3::integer, $4::integer, $5::integer, $6::integer, $7::integer, $8::text,
       $9::timestamptz, $10::text
 WHERE $2 = coalesce((SELECT max(version) FROM points_rule WHERE brand_id = $1), 0)
ON CONFLICT DO NOTHING
RETURNING version
"""

READ_MEMBER = """
SELECT account, review_day, reviews, version FROM points_member WHERE brand_id = $1::bigint AND user_id = $2::bigint
"""

ADD_MEMBER = """
INSERT INTO points_member (brand_id, user_id, account) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""

READ_EARNING = """
SELECT e.id, e.user_id, e.amount_fen, e.points, e.capped, e.rule_version, j.expires, j.balance
  FROM points_earning e
  LEFT JOIN ledger.journal j ON j.id = e.id
 WHERE e.id = $1::uuid
"""

READ_EXCHANGE = """
SELECT x.id, x.brand_id, x.user_id, x.exchanged_credit, x.product_id, x.at, j.balance, ledger.refunded(x.id) AS refunded
  FROM points_exchange x
  JOIN ledger.journal j ON j.id = x.id
 WHERE x.id = $1::uuid
"""

READ_BALANCE_AFTER = "SELECT balance FROM ledger.journal WHERE id = $1::uuid"

WRITE_POINTS = "SELECT write_points($1::timestamptz, $2::jsonb)"

_encode = msgspec.json.Encoder().encode
# Written meanwhile by somebody else; read and decide again.
_STALE = {"CC001", "23505", "40P01", "40001"}


class StaleError(Exception):
    """What was decided on is not so any more: read and decide again."""


class KnownEarning(NamedTuple):
    """What a source earned, and the balance after it (None: it earned nothing)."""

    earning: Earning
    balance: int | None


class KnownExchange(NamedTuple):
    """An exchange, when it was, the balance after it, and how much of it was given back."""

    exchange: Exchange
    at: datetime
    balance: int
    refunded: int


class Author(NamedTuple):
    """Who changes a rule, when, and the version they read."""

    name: str
    at: datetime
    version: int


async def read_rule(connection: Connection, brand_id: int) -> Rule | None:
    """Return a brand's rule; None: the house's holds."""
    row = await connection.fetchrow(READ_RULE, brand_id)
    return Rule(*row) if row else None


async def add_rule(connection: Connection, brand_id: int, rule: Rule, author: Author) -> int | None:
    """Store the next version of a brand's rule and return it; None: somebody was quicker."""
    version: int | None = await connection.fetchval(
        ADD_RULE, brand_id, author.version, rule.purchase_points, rule.purchase_fen,
        rule.review_points, rule.reviews_per_day_max, rule.valid_days, rule.timezone,
        author.at, author.name,
    )  # fmt: skip
    return version


async def read_member(connection: Connection, brand_id: int, user_id: int) -> Member | None:
    """Return a guest who has an account."""
    row = await connection.fetchrow(READ_MEMBER, brand_id, user_id)
    return Member(*row) if row else None


async def add_member(connection: Connection, brand_id: int, user_id: int, account: int) -> None:
    """Remember whose account this is; said again it changes nothing."""
    await connection.execute(ADD_MEMBER, brand_id, user_id, account)


async def read_earning(connection: Connection, earning_id: uuid.UUID) -> KnownEarning | None:
    """Return what a source earned when it was told."""
    row = await connection.fetchrow(READ_EARNING, earning_id)
    return KnownEarning(Earning(*row[:7]), row["balance"]) if row else None


async def read_exchange(connection: Connection, exchange_id: uuid.UUID) -> KnownExchange | None:
    """Return an exchange."""
    row = await connection.fetchrow(READ_EXCHANGE, exchange_id)
    return KnownExchange(Exchange(*row[:5]), *row[5:]) if row else None


async def read_balance_after(connection: Connection, posting_id: uuid.UUID) -> int:
    """Return the balance a posting left."""
    return int(await connection.fetchval(READ_BALANCE_AFTER, posting_id))


class Write(msgspec.Struct):
    """What goes through the door together: all of it, or nothing."""

    earning: list[dict[str, Any]] = []
    review: list[dict[str, Any]] = []
    exchange: list[dict[str, Any]] = []
    postings: Sequence[Posting] = ()


async def write(connection: Connection, at: datetime, wanted: Write) -> None:
    """Commit all of it, or nothing.

    Raises `StaleError`, or `PostingRefusedError` with the ledger's reason.
    """
    rows: dict[str, Any] = {
        "earning": wanted.earning,
        "exchange": wanted.exchange,
        "posting": [as_row(posting) for posting in wanted.postings],
    }
    if wanted.review:
        rows["review"] = wanted.review
    try:
        await connection.execute(WRITE_POINTS, at, _encode(rows).decode())
    except asyncpg.PostgresError as error:
        if error.sqlstate in _STALE:
            raise StaleError from error
        if error.sqlstate == "CC012":
            raise PostingRefusedError(str(error)) from error
        raise
