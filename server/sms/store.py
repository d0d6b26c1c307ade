"""The cost centre's SQL: packages, outcomes of payments, releases that wait, the phones' key.

Refuses to move units: the ledger does.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

Connection = asyncpg.Pool | asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

READ_EXPIRY_FIRST = "SELECT expiry_first FROM ledger.account WHERE id = $1"

# A line of a brand's account by its id: what was asked before under it.
READ_LINE = """
SELECT convert_from(charsend(kind), 'UTF8') AS kind, amount, available, expires, ref, at
  FROM ledger.journal
 WHERE id = $1 AND account = $2
"""

ADD_OUTCOME = """
INSERT INTO sms_outcome (brand_id, payment, state, said_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (brand_id, payment) DO NOTHING RETURNING state
"""
READ_OUTCOME = "SELECT state FROM sms_outcome WHERE brand_id = $1 AND payment = $2"

PUT_BRAND = """
INSERT INTO sms_brand (brand_id, refund_on_undelivered) VALUES ($1, $2)
ON CONFLICT (brand_id) DO UPDATE SET refund_on_undelivered = excluded.refund_on_undelivered
"""
PUT_WARN_BELOW = """
INSERT INTO sms_brand (brand_id, warn_below) VALUES ($1, $2)
ON CONFLICT (brand_id) DO UPDATE SET warn_below = excluded.warn_below
"""
READ_RULES = """
SELECT coalesce(b.warn_below, 0) AS warn_below, coalesce(b.refund_on_undelivered, false) AS refunds_undelivered
  FROM (SELECT $1::bigint AS id) AS wanted
  LEFT JOIN sms_brand b ON b.brand_id = wanted.id
"""
REFUNDS_UNDELIVERED = """
SELECT coalesce((SELECT refund_on_undelivered FROM sms_brand WHERE brand_id = $1), false)
"""

# The messages a payment paid for: those of its number that name it. No row: the brand sends by itself.
READ_PAID = """
SELECT m.id, m.phones
  FROM sms_request r
  JOIN sms_message m ON m.brand_id = r.brand_id AND m.id BETWEEN r.first_id AND r.last_id
 WHERE r.brand_id = $1 AND r.number = $2 AND m.payment = $3
"""
READ_COPIES = """
SELECT message_id, mark FROM sms_phone
 WHERE brand_id = $1 AND message_id = ANY ($2::bigint[]) AND ($3::bytea IS NULL OR mark = $3)
"""

# As DELIVERED in message.py: the last word stays.
SAY_RECEIPT = """
INSERT INTO sms_payment_receipt AS r (brand_id, payment, state, code, said_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (brand_id, payment) DO UPDATE
   SET state = excluded.state, code = excluded.code, said_at = excluded.said_at
 WHERE r.state = 'unknown' AND excluded.state <> 'unknown'
RETURNING state
"""
READ_RECEIPT = "SELECT state FROM sms_payment_receipt WHERE brand_id = $1 AND payment = $2"

QUEUE_RELEASE = """
INSERT INTO sms_release (brand_id, number, asked_at, due_at, why) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (brand_id, number) DO NOTHING
"""
READ_DUE_RELEASES = """
SELECT brand_id, number, attempts FROM sms_release WHERE due_at <= $1 ORDER BY due_at LIMIT $2
"""
SETTLE_RELEASE = "DELETE FROM sms_release WHERE brand_id = $1 AND number = $2"
PUT_RELEASE_OFF = """
UPDATE sms_release SET attempts = attempts + 1, due_at = $3, why = $4
 WHERE brand_id = $1 AND number = $2
"""

# The id follows from the order number: of two callbacks at once either key may be the one that clashes.
ADD_PACKAGE = """
INSERT INTO sms_package (brand_id, id, order_no, name, segments, price_fen, validity_days, bought_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING RETURNING id
"""
# A validity in days says when it ends anew each time it is asked; what was asked is compared.
IS_SAME_PACKAGE = """
SELECT (name, segments, price_fen) = ($3, $4::bigint, $5::bigint)
       AND validity_days IS NOT DISTINCT FROM $6::integer
       AND (validity_days IS NOT NULL OR expires_at IS NOT DISTINCT FROM $7::timestamptz)
  FROM sms_package WHERE brand_id = $1 AND order_no = $2
"""

ADD_RETURN = """
INSERT INTO sms_package_return (brand_id, return_no, package, segments, returned_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (brand_id, return_no) DO NOTHING RETURNING return_no
"""
IS_SAME_RETURN = """
SELECT (package, segments) = ($3::uuid, $4::bigint)
  FROM sms_package_return WHERE brand_id = $1 AND return_no = $2
"""

TAKE_PHONE_KEY = """
INSERT INTO sms_phone_key (id, fingerprint, made_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING
"""
READ_PHONE_KEY = "SELECT fingerprint FROM sms_phone_key WHERE id = 1"


class Line(NamedTuple):
    """A posting that stands in a brand's account; `available` is what it left."""

    kind: str
    amount: int
    available: int
    expires: datetime | None
    ref: UUID | None
    at: datetime


class Bought(NamedTuple):
    """A package as it was bought."""

    brand_id: int
    id: UUID
    order_no: str
    name: str
    segments: int
    price_fen: int
    validity_days: int | None
    bought_at: datetime
    expires_at: datetime | None


class Returned(NamedTuple):
    """What of a package went back to its seller."""

    brand_id: int
    return_no: str
    package: UUID
    segments: int
    returned_at: datetime


class WaitingRelease(NamedTuple):
    """A release that could not be done yet."""

    brand_id: int
    number: UUID
    attempts: int


class Rules(NamedTuple):
    """What a brand has decided: below how many segments to be warned (0: never), what of the undelivered."""

    warn_below: int
    refunds_undelivered: bool


async def put_warn_below(db: Connection, brand_id: int, warn_below: int) -> None:
    """Remember below how many segments a brand is warned."""
    await db.execute(PUT_WARN_BELOW, brand_id, warn_below)


async def read_rules(db: Connection, brand_id: int) -> Rules:
    """Return what a brand has decided, or what holds for who decided nothing."""
    row = await db.fetchrow(READ_RULES, brand_id)
    assert row is not None, "a brand without a row has the house's rules"
    return Rules(*row)


async def read_line(db: Connection, account: int, line_id: UUID) -> Line | None:
    """Return a posting of an account."""
    row = await db.fetchrow(READ_LINE, line_id, account)
    return Line(*row) if row else None


async def add_outcome(
    db: Connection, brand_id: int, payment: UUID, state: str, at: datetime
) -> bool:
    """Remember what became of a payment; False when something was remembered before."""
    return await db.fetchval(ADD_OUTCOME, brand_id, payment, state, at) is not None


async def read_outcome(db: Connection, brand_id: int, payment: UUID) -> str | None:
    """Return what was said of a payment."""
    state: str | None = await db.fetchval(READ_OUTCOME, brand_id, payment)
    return state


async def add_package(db: Connection, bought: Bought) -> bool:
    """Write down a package; False when its order number was used before."""
    return await db.fetchval(ADD_PACKAGE, *bought) is not None


async def is_same_package(db: Connection, bought: Bought) -> bool:
    """Say whether the package of this order number was asked for in the same words."""
    b = bought
    return bool(
        await db.fetchval(
            IS_SAME_PACKAGE, b.brand_id, b.order_no, b.name, b.segments, b.price_fen,
            b.validity_days, b.expires_at,
        )
    )  # fmt: skip


async def add_return(db: Connection, returned: Returned) -> bool:
    """Write down what goes back; False when its number was used before."""
    return await db.fetchval(ADD_RETURN, *returned) is not None


async def is_same_return(db: Connection, returned: Returned) -> bool:
    """Say whether the return of this number was asked for in the same words."""
    asked = returned[:4]
    return bool(await db.fetchval(IS_SAME_RETURN, *asked))


async def queue_release(
    db: Connection, release: WaitingRelease, asked_at: datetime, due_at: datetime, why: str
) -> None:
    """Put a release on the queue; one that waits there already keeps its turn."""
    await db.execute(QUEUE_RELEASE, release.brand_id, release.number, asked_at, due_at, why)


async def read_due_releases(db: Connection, now: datetime, rows_max: int) -> list[WaitingRelease]:
    """Return releases whose time has come, the longest due first."""
    return [WaitingRelease(*row) for row in await db.fetch(READ_DUE_RELEASES, now, rows_max)]


async def settle_release(db: Connection, release: WaitingRelease) -> None:
    """Take a release that is done from the queue."""
    await db.execute(SETTLE_RELEASE, release.brand_id, release.number)


async def put_release_off(
    db: Connection, release: WaitingRelease, due_at: datetime, why: str
) -> None:
    """Have a release tried again later."""
    await db.execute(PUT_RELEASE_OFF, release.brand_id, release.number, due_at, why)


async def is_phone_key(db: Connection, fingerprint: bytes, now: datetime) -> bool:
    """Say whether numbers are sealed with this key; the first that asks decides."""
    await db.execute(TAKE_PHONE_KEY, fingerprint, now)
    return bytes(await db.fetchval(READ_PHONE_KEY)) == fingerprint


async def read_expiry_first(db: Connection, account: int) -> bool:
    """Say whether an account uses first what expires first."""
    return bool(await db.fetchval(READ_EXPIRY_FIRST, account))
