"""Promises as stored: which are due, which are leased, moved on, dead, brought back to life.

The row is the truth; "waiting, and attempt as read" is the fence, so two workers that read the same
promise do it once. Refuses to keep a promise: the desk settles it in the commit that does it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from server.clock import from_ms, to_ms
from server.events.decision import Armed, Due

BACKOFF_S = 1.0
BACKOFF_S_MAX = 600.0
ATTEMPTS_MAX = 30
WHY_CHARACTERS_MAX = 500
DEAD_LISTED_MAX = 200

READ_NAMED = """
SELECT p.shop_id, p.id, p.kind, p.payload, p.attempt
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN promise p ON p.shop_id = u.shop_id AND p.id = u.id
 WHERE p.state = 'waiting' AND p.due_at <= $3::timestamptz
"""

# Kinds without room wait in their rows: they must not stand before the others.
READ_DUE = """
SELECT shop_id, id, kind, payload, attempt
  FROM promise
 WHERE state = 'waiting' AND due_at <= $1::timestamptz AND kind <> ALL ($3::text[])
 ORDER BY due_at
 LIMIT $2::integer
"""

READ_SOON = """
SELECT shop_id, id, due_at
  FROM promise
 WHERE state = 'waiting' AND due_at <= $1::timestamptz
 ORDER BY due_at
 LIMIT $2::integer
"""

# An attempt counts when it begins: what kills its worker each time must come to an end, too.
LEASE = """
UPDATE promise p
   SET attempt = p.attempt + 1, due_at = u.due,
       state = CASE WHEN p.attempt >= u.attempts_max THEN 'dead' ELSE 'waiting' END,
       last_error = CASE WHEN p.attempt >= u.attempts_max
                         THEN coalesce(p.last_error, 'no attempt came to an end') ELSE p.last_error END
  FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::timestamptz[], $5::integer[])
       AS u(shop_id, id, attempt, due, attempts_max)
 WHERE p.shop_id = u.shop_id AND p.id = u.id AND p.attempt = u.attempt AND p.state = 'waiting'
RETURNING p.shop_id, p.id, p.kind, p.payload, p.attempt, p.state
"""

POSTPONE = """
UPDATE promise
   SET attempt = $4::integer, due_at = $5::timestamptz, last_error = $6,
       state = CASE WHEN $4::integer >= $7::integer THEN 'dead' ELSE 'waiting' END
 WHERE shop_id = $1 AND id = $2 AND attempt = $3 AND state = 'waiting'
RETURNING state
"""

COUNT_DEAD = "SELECT count(*) FROM promise WHERE state = 'dead'"
READ_DEAD = """
SELECT shop_id, id, kind, due_at, attempt, last_error
  FROM promise
 WHERE state = 'dead' AND ($1::bigint IS NULL OR shop_id = $1)
 ORDER BY due_at DESC
 LIMIT $2::integer
"""

REVIVE = """
UPDATE promise
   SET state = 'waiting', attempt = 0, due_at = $2::timestamptz
 WHERE state = 'dead' AND ($1::bigint IS NULL OR shop_id = $1) AND ($3::bigint IS NULL OR id = $3)
RETURNING shop_id, id
"""


class Lease(NamedTuple):
    """A promise this worker alone may act for until `until_ms`; dead when it had its attempts."""

    due: Due
    until_ms: int
    dead: bool


class DeadPromise(NamedTuple):
    """A promise that was given up, for a person to look at."""

    shop_id: int
    id: int
    kind: str
    due_at_ms: int
    attempts: int
    why: str


async def read_named(
    pool: asyncpg.Pool, names: Sequence[tuple[int, int]], now_ms: int
) -> list[Due]:
    """Return those of the named (shop, promise) that are due."""
    rows = await pool.fetch(
        READ_NAMED, [n[0] for n in names], [n[1] for n in names], from_ms(now_ms)
    )
    return [Due(*row) for row in rows]


async def read_due(
    pool: asyncpg.Pool, now_ms: int, promises_max: int, without_kinds: Sequence[str]
) -> list[Due]:
    """Return the longest due."""
    rows = await pool.fetch(READ_DUE, from_ms(now_ms), promises_max, without_kinds)
    return [Due(*row) for row in rows]


async def read_soon(pool: asyncpg.Pool, until_ms: int, promises_max: int) -> list[Armed]:
    """Return what is due or will be until then, the earliest first."""
    rows = await pool.fetch(READ_SOON, from_ms(until_ms), promises_max)
    return [Armed(row["shop_id"], row["id"], to_ms(row["due_at"])) for row in rows]


async def lease(pool: asyncpg.Pool, wanted: Sequence[tuple[Due, int, int]]) -> list[Lease]:
    """Take (promise, until_ms, attempts_max) for this worker; those somebody else took are missing."""
    columns = zip(
        *((d.shop_id, d.id, d.attempt, from_ms(until), most) for d, until, most in wanted),
        strict=True,
    )
    rows = await pool.fetch(LEASE, *(list(column) for column in columns))
    until = {(due.shop_id, due.id): until_ms for due, until_ms, _ in wanted}
    return [
        Lease(Due(*row[:5]), until[row["shop_id"], row["id"]], row["state"] == "dead")
        for row in rows
    ]


async def postpone(
    pool: asyncpg.Pool, due: Due, attempt: int, until_ms: int, why: str, attempts_max: int
) -> str | None:
    """Move a promise on to its attempt number `attempt`; return its state, None when it moved on."""
    state: str | None = await pool.fetchval(
        POSTPONE, due.shop_id, due.id, due.attempt, attempt, from_ms(until_ms),
        why[:WHY_CHARACTERS_MAX], attempts_max,
    )  # fmt: skip
    return state


def back_off_s(attempt: int) -> float:
    """Return how long to wait before the next attempt: growing, capped, and not in step."""
    return min(BACKOFF_S_MAX, BACKOFF_S * (1 << min(attempt, 20))) * random.uniform(0.5, 1.0)


async def count_dead(pool: asyncpg.Pool) -> int:
    """Return how many promises of all shops were given up, for the meters."""
    return int(await pool.fetchval(COUNT_DEAD))


async def read_dead(pool: asyncpg.Pool, shop_id: int | None) -> list[DeadPromise]:
    """Return up to `DEAD_LISTED_MAX` promises that were given up, the latest first."""
    rows = await pool.fetch(READ_DEAD, shop_id, DEAD_LISTED_MAX)
    return [
        DeadPromise(r["shop_id"], r["id"], r["kind"], to_ms(r["due_at"]), r["attempt"],
                    r["last_error"] or "")
        for r in rows
    ]  # fmt: skip


async def revive(
    pool: asyncpg.Pool, shop_id: int | None, promise_id: int | None, now_ms: int
) -> int:
    """Make dead promises due now, with all their attempts before them; return how many."""
    return len(await pool.fetch(REVIVE, shop_id, from_ms(now_ms), promise_id))
