"""What the database knows of how the house is: promises that are late or dead, papers, ledger alarms.

Counts stop at `COUNTED_MAX`: more than that is as bad. Refuses to change anything but a dead promise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import asyncpg

from server.health.alarms import AlarmKind, Found

LATE_AFTER = timedelta(seconds=5)  # a sweep comes every second: what waits longer is not being kept
COUNTED_MAX = 1_000
DEAD_LISTED_MAX = 100
PRINTERS_LISTED_MAX = 50

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

READ_PROMISE = """
SELECT p.kind, p.state, p.attempt, p.due_at, p.last_error
  FROM promise p
  JOIN shop s ON s.id = p.shop_id
 WHERE p.shop_id = $2 AND p.id = $3 AND s.brand_id = $1
"""

# Another brand is in the house when it has a shop there.
READ_SHARED = "SELECT EXISTS (SELECT FROM shop WHERE brand_id <> $1)"

READ_TROUBLED_PRINTERS = """
SELECT p.shop_id, p.id, p.name, p.condition, p.condition_at,
       (SELECT count(*) FROM (SELECT FROM print_job j
         WHERE j.shop_id = p.shop_id AND j.printer_id = p.id AND j.ended_at IS NULL
         LIMIT $4::integer) AS w) AS waiting
  FROM printer p
  JOIN shop s ON s.id = p.shop_id
 WHERE p.enabled AND p.condition NOT IN ('ready', 'unknown')
   AND s.brand_id = $1 AND ($2::bigint[] IS NULL OR s.id = ANY ($2))
 ORDER BY p.condition_at, p.shop_id, p.id
 LIMIT $3::integer
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

# Of each shop; the ledger's findings are of the house, a day long: the rows stay until somebody looked. What a
# brand lacks of the segments it wants to have is of no one shop.
READ_TROUBLES = """
SELECT s.brand_id, t.shop_id, t.kind, t.count
  FROM (SELECT p.shop_id, 'promises_dead' AS kind, count(*) AS count
          FROM promise p WHERE p.state = 'dead' GROUP BY p.shop_id
        UNION ALL
        SELECT l.shop_id, 'promises_late', count(*)
          FROM (SELECT p.shop_id FROM promise p
                 WHERE p.state = 'waiting' AND p.due_at <= $1::timestamptz
                 ORDER BY p.due_at LIMIT $3::integer) AS l GROUP BY l.shop_id
        UNION ALL
        SELECT p.shop_id, 'printer_down', count(*)
          FROM printer p WHERE p.enabled AND p.condition NOT IN ('ready', 'unknown') GROUP BY p.shop_id) AS t
  JOIN shop s ON s.id = t.shop_id
UNION ALL
SELECT 0, 0, 'ledger_finding', count(*) FROM ledger.alarm WHERE at > $2::timestamptz
UNION ALL
SELECT b.brand_id, 0, 'sms_low', b.warn_below - coalesce(a.posted - a.held, 0)
  FROM sms_brand b
  LEFT JOIN ledger.account a ON a.owner = 'brand:' || b.brand_id AND a.unit = 'SMS' AND a.code = 'sms'
 WHERE b.warn_below > 0
"""

# Screens of a kind, of shops in which guests wait for something. A guest's own pad may sleep.
READ_CREWS = """
SELECT s.brand_id, d.shop_id, d.kind, array_agg(d.id) AS device_ids
  FROM device d
  JOIN shop s ON s.id = d.shop_id
 WHERE d.token_hash IS NOT NULL AND d.revoked_at IS NULL AND d.kind IN ('kitchen', 'waiter', 'cashier', 'call_screen')
   AND d.shop_id IN (SELECT g.shop_id FROM catering_order_goods g
                       JOIN place p ON p.shop_id = g.shop_id AND p.open_order_id = g.order_id
                      WHERE g.state IN ('queued', 'cooking', 'ready', 'called')
                        AND g.placed_at > $1::timestamptz)
 GROUP BY s.brand_id, d.shop_id, d.kind
 ORDER BY d.shop_id, d.kind
 LIMIT $2::integer
"""

# Raised anew when it is new, was over, or lasts for longer than the period; the first worker says it.
RAISE_ALARMS = """
INSERT INTO house_alarm AS a (brand_id, shop_id, kind, subject, count, began_at, raised_at, seen_at)
SELECT u.brand_id, u.shop_id, u.kind, u.subject, u.count, $6, $6, $6
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
       AS u(brand_id, shop_id, kind, subject, count)
 ORDER BY u.brand_id, u.shop_id, u.kind, u.subject
ON CONFLICT (brand_id, shop_id, kind, subject) DO UPDATE
   SET count = excluded.count,
       began_at = CASE WHEN a.seen_at <= $8::timestamptz THEN $6 ELSE a.began_at END,
       raised_at = CASE WHEN a.seen_at <= $8::timestamptz OR a.raised_at <= $7::timestamptz
                        THEN $6 ELSE a.raised_at END,
       seen_at = greatest(a.seen_at, $6::timestamptz)
RETURNING brand_id, shop_id, kind, subject, count, raised_at = $6 AS said
"""

FORGET_ALARMS = "DELETE FROM house_alarm WHERE seen_at <= $1::timestamptz"

READ_ALARMS = """
SELECT brand_id = 0 AS of_house, shop_id, kind, subject, count, began_at, seen_at
  FROM house_alarm
 WHERE seen_at > $3::timestamptz AND (brand_id = 0 OR (brand_id = $1 AND ($2::bigint[] IS NULL OR shop_id = ANY ($2))))
 ORDER BY began_at DESC, shop_id, kind, subject
 LIMIT $4::integer
"""


class Crew(NamedTuple):
    """The paired screens of one kind in a shop."""

    brand_id: int
    shop_id: int
    kind: str
    device_ids: list[int]


class Alarm(NamedTuple):
    """Something that wants somebody's eye; `of_house`: of no one brand."""

    of_house: bool
    shop_id: int
    kind: AlarmKind
    subject: str
    number: int
    began_at: datetime
    seen_at: datetime


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


async def read_troubles(
    pool: asyncpg.Pool, now: datetime, limits: Mapping[AlarmKind, int]
) -> list[Found]:
    """Return what the database knows that wants somebody's eye."""
    rows = await pool.fetch(
        READ_TROUBLES, now - LATE_AFTER, now - timedelta(days=1), 10 * COUNTED_MAX
    )
    return [
        Found(row["brand_id"], row["shop_id"], row["kind"], "", row["count"])
        for row in rows
        if row["count"] >= limits[row["kind"]]
    ]


async def read_crews(pool: asyncpg.Pool, since: datetime) -> list[Crew]:
    """Return the screens, by shop and kind, of up to `COUNTED_MAX` where guests wait for what they ordered."""
    return [Crew(*row) for row in await pool.fetch(READ_CREWS, since, COUNTED_MAX)]


async def raise_alarms(
    pool: asyncpg.Pool,
    found: Sequence[Found],
    now: datetime,
    ages: tuple[timedelta, timedelta, timedelta],
) -> list[Found]:
    """Write what was found and return what is to be said now. `ages`: said again, over, forgotten after."""
    again, over, forgotten = (now - age for age in ages)
    await pool.execute(FORGET_ALARMS, forgotten)
    if not found:
        return []
    columns = [list(column) for column in zip(*found, strict=True)]
    rows = await pool.fetch(RAISE_ALARMS, *columns, now, again, over)
    return [Found(*row[:5]) for row in rows if row["said"]]


async def read_alarms(pool: asyncpg.Pool, of: Of, since: datetime) -> list[Alarm]:
    """Return the alarms of the house and of these shops that were seen since, the newest first."""
    rows = await pool.fetch(READ_ALARMS, *of, since, DEAD_LISTED_MAX)
    return [Alarm(*row) for row in rows]


async def read_shared(pool: asyncpg.Pool, brand_id: int) -> bool:
    """Return whether other brands are in the house."""
    shared: bool = await pool.fetchval(READ_SHARED, brand_id)
    return shared


async def read_promise(
    pool: asyncpg.Pool, brand_id: int, shop_id: int, promise_id: int
) -> asyncpg.Record | None:
    """Return a promise of a brand's shop, whatever its state."""
    return await pool.fetchrow(READ_PROMISE, brand_id, shop_id, promise_id)


async def read_troubled_printers(pool: asyncpg.Pool, of: Of) -> list[asyncpg.Record]:
    """Return up to `PRINTERS_LISTED_MAX` printers that do not print, those that have not for longest first."""
    rows: list[asyncpg.Record] = await pool.fetch(
        READ_TROUBLED_PRINTERS, *of, PRINTERS_LISTED_MAX, COUNTED_MAX
    )
    return rows
