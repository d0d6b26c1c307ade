"""What saying it once more reads: the call as a ring reads it, and how often it was said again.

Refuses to decide whether that is often enough.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from server.broadcast.again.commands import AGAIN_WITHIN_S, AgainFacts, CallAgain, Repeats, first_of
from server.broadcast.store import read_rings
from server.clock import from_ms

# The calls that name a first one, among those of its event that are not too old.
READ_REPEATS = """
SELECT u.position, count(*) AS repeats, to_ms(max(k.raised_at)) AS last_ms
  FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::text[]) AS u(position, shop_id, event, first)
  JOIN im_call k ON k.shop_id = u.shop_id AND k.event = u.event AND k.raised_at > $5::timestamptz
       AND k.params ->> 'againOf' = u.first
 GROUP BY u.position
"""


async def read_again(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, CallAgain]], now_ms: int
) -> list[AgainFacts]:
    """Return what each press needs to know."""
    rings = await read_rings(connection, asked, now_ms)
    facts = [AgainFacts(ring) for ring in rings]
    known = [(i, shop, ring.row) for i, ((shop, _), ring) in enumerate(zip(asked, rings, strict=True))
             if ring.row is not None]  # fmt: skip
    rows = await connection.fetch(
        READ_REPEATS,
        [i for i, _, _ in known],
        [shop for _, shop, _ in known],
        [row.call.event for _, _, row in known],
        [first_of(row) for _, _, row in known],
        from_ms(now_ms - 2 * AGAIN_WITHIN_S * 1000),
    )
    for row in rows:
        facts[row["position"]].repeats = Repeats(row["repeats"], row["last_ms"])
    return facts
