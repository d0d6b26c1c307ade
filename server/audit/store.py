"""What the database knows of who did what. There is no statement here that changes a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from server.audit.line import Line, Outcome

Database = asyncpg.Pool

# Lines and outcomes of everybody who waited, in one commit.
ADD = """
WITH outcomes AS (
    INSERT INTO audit_outcome (at, id, outcome, subject)
    SELECT * FROM unnest($11::timestamptz[], $12::bigint[], $13::text[], $14::text[])
    ON CONFLICT DO NOTHING
)
INSERT INTO audit (at, id, brand_id, shop_id, who, name, address, action, subject, request_id)
SELECT * FROM unnest($1::timestamptz[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
                     $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
"""
LIST_LINES = """
SELECT a.at, a.id, a.shop_id, a.who, a.name, a.address, a.action, a.subject, a.request_id,
       o.outcome, coalesce(o.subject, '') AS told
FROM audit AS a
LEFT JOIN audit_outcome AS o ON o.at = a.at AND o.id = a.id
WHERE a.brand_id = $1 AND a.id < $2
  AND a.at >= $3 AND a.at < $4
  AND ($5::bigint[] IS NULL OR a.shop_id = ANY ($5))
  AND ($6::text IS NULL OR a.who = $6)
  AND ($7::text IS NULL OR a.action = $7)
  AND ($8::text IS NULL OR o.outcome = $8)
ORDER BY a.id DESC
LIMIT $9
"""
MAKE_PARTITION = "SELECT make_audit_partition($1::date)"
FORGET = "SELECT forget_audit($1::timestamptz)"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines of a brand; None: all. `before_id`: what the page before ended with."""

    since: datetime = datetime.min.replace(tzinfo=UTC)
    until: datetime = datetime.max.replace(tzinfo=UTC)
    before_id: int = 2**63 - 1
    shop_ids: Sequence[int] | None = None
    who: str | None = None
    action: str | None = None
    outcome: str | None = None
    lines_max: int = 100


async def add(db: Database, lines: Sequence[Line], outcomes: Sequence[Outcome]) -> None:
    """Store lines and outcomes, all or none."""
    await db.execute(ADD, *_columns(Line, lines), *_columns(Outcome, outcomes))


def _columns(kind: type[msgspec.Struct], rows: Sequence[msgspec.Struct]) -> list[list[Any]]:
    return [[getattr(row, name) for row in rows] for name in kind.__struct_fields__]


async def list_lines(db: Database, brand_id: int, wanted: Wanted) -> list[asyncpg.Record]:
    """Return lines with their outcomes (None: nobody saw the end), the newest first."""
    shops = None if wanted.shop_ids is None else list(wanted.shop_ids)
    rows: list[asyncpg.Record] = await db.fetch(
        LIST_LINES, brand_id, wanted.before_id, wanted.since, wanted.until, shops, wanted.who,
        wanted.action, wanted.outcome, wanted.lines_max,
    )  # fmt: skip
    return rows


async def make_partitions(db: Database, now: datetime) -> None:
    """Make sure this month's and next month's lines have a partition of their own."""
    this_month = now.date().replace(day=1)
    for month in (this_month, this_month + timedelta(days=31)):
        await db.execute(MAKE_PARTITION, month)


async def forget(db: Database, before: datetime) -> list[str]:
    """Drop months that ended before a moment; return what was dropped."""
    gone: list[str] = await db.fetchval(FORGET, before)
    return gone
