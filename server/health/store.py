"""What the database knows of how the house is: promises that are late or dead, papers, ledger alarms.

Counts stop at `COUNTED_MAX`: more than that is as bad. Refuses to change anything but a dead promise.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

LATE_AFTER = timedelta(seconds=5)  # a sweep comes every second: what waits longer is not being kept
COUNTED_MAX = 1_000
DEAD_LISTED_MAX = 100

READ_LATE = """
SELECT count(*) AS late, min(due_at) AS oldest
  FROM (SELECT p.due_at
          FROM promise p
          JOIN shop s ON s.id = p.shop_id
         WHERE p.state = 'waiting' AND p.due_at <= $1::timestamptz
           AND s.brand_id = $2 AND ($3::bigint[] IS NULL OR s.id = ANY ($3))
         ORDER BY p.due_at
         LIMIT $4::integer) AS late
"""

READ_DEAD_OF_BRAND = """
SELECT p.shop_id, p.id, p.kind, p.due_at, p.attempt, p.last_error
  FROM promise p
  JOIN shop s ON s.id = p.shop_id
 WHERE p.state = 'dead' AND s.brand_id = $1 AND ($2::bigint[] IS NULL OR s.id = ANY ($2))
 ORDER BY p.due_at DESC
 LIMIT $3::integer
"""

REVIVE_ONE = """
UPDATE promise p
   SET state = 'waiting', attempt = 0, due_at = $4::timestamptz
  FROM shop s
 WHERE p.shop_id = $2 AND p.id = $3 AND p.state = 'dead' AND s.id = p.shop_id AND s.brand_id = $1
RETURNING p.kind
"""

READ_PAPERS = """
SELECT (SELECT count(*) FROM printer p JOIN shop s ON s.id = p.shop_id
         WHERE p.enabled AND p.condition NOT IN ('ready', 'unknown')
           AND s.brand_id = $1 AND ($2::bigint[] IS NULL OR s.id = ANY ($2))) AS troubled,
       (SELECT count(*) FROM (SELECT FROM print_job j JOIN shop s ON s.id = j.shop_id
         WHERE j.ended_at IS NULL
           AND s.brand_id = $1 AND ($2::bigint[] IS NULL OR s.id = ANY ($2))
         LIMIT $3::integer) AS w) AS waiting,
       (SELECT count(*) FROM (SELECT FROM print_job j JOIN shop s ON s.id = j.shop_id
         WHERE j.state IN ('uncertain', 'failed', 'expired') AND j.settled IS NULL
           AND s.brand_id = $1 AND ($2::bigint[] IS NULL OR s.id = ANY ($2))
         LIMIT $3::integer) AS u) AS undecided
"""


class Of(NamedTuple):
    """Whose: these shops of a brand; None: all of them."""

    brand_id: int
    shop_ids: list[int] | None

    @classmethod
    def shops(cls, brand_id: int, shop_ids: Collection[int] | None) -> Of:
        """Make one of any collection."""
        return cls(brand_id, None if shop_ids is None else sorted(shop_ids))


async def read_late(pool: asyncpg.Pool, of: Of, now: datetime) -> tuple[int, datetime | None]:
    """Return how many promises are overdue by more than `LATE_AFTER`, and when the oldest was due."""
    row = await pool.fetchrow(READ_LATE, now - LATE_AFTER, *of, COUNTED_MAX)
    assert row is not None, "a count is one row"
    return row["late"], row["oldest"]


async def read_dead(pool: asyncpg.Pool, of: Of) -> list[asyncpg.Record]:
    """Return up to `DEAD_LISTED_MAX` promises that were given up, the latest first."""
    rows: list[asyncpg.Record] = await pool.fetch(READ_DEAD_OF_BRAND, *of, DEAD_LISTED_MAX)
    return rows


async def revive(
    pool: asyncpg.Pool, brand_id: int, shop_id: int, promise_id: int, now: datetime
) -> str | None:
    """Make one dead promise due now, with all its attempts; return its kind, None when it is not dead."""
    kind: str | None = await pool.fetchval(REVIVE_ONE, brand_id, shop_id, promise_id, now)
    return kind


async def read_papers(pool: asyncpg.Pool, of: Of) -> asyncpg.Record:
    """Return how many printers do not print, and how many papers wait or want a decision."""
    row = await pool.fetchrow(READ_PAPERS, *of, COUNTED_MAX)
    assert row is not None, "counts are one row"
    return row
