"""Which dish's call says a queue number in the hall: read when it is announced, and before it is said again.

Dishes of one round that were let go together are collected together. Refuses to decide what is said then.
"""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from server.broadcast import store
from server.broadcast.commands import ClaimCall
from server.broadcast.rings import Announce, ExpireCall, RemindClaimer, RingCall, RingEnd, RingFacts

# Of what is collected together with a dish: the one that was called last, once nothing of it is in the kitchen.
READ_SAID_BY = """
SELECT u.position,
       CASE WHEN bool_or(s.state IN ('queued', 'cooking', 'ready')) THEN NULL
            ELSE (array_agg(s.id ORDER BY s.called_at DESC, s.id DESC)
                   FILTER (WHERE s.state = 'called'))[1] END AS said_by
  FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) AS u(position, shop_id, item_id)
  JOIN catering_order_goods d ON d.shop_id = u.shop_id AND d.id = u.item_id
  JOIN catering_order_goods s ON s.shop_id = d.shop_id AND s.order_id = d.order_id
       AND s.round = d.round AND s.fired_at IS NOT DISTINCT FROM d.fired_at
 GROUP BY u.position
"""

Dishes = dict[int, tuple[int, int]]  # position → shop, dish


async def read_announcements(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, Announce]], now_ms: int
) -> list[RingFacts]:
    """Return what each announcement of the house needs to know, a number's too."""
    facts = await store.read_announcements(connection, asked, now_ms)
    dishes = {
        i: (shop, promise.item_id)
        for i, (shop, promise) in enumerate(asked)
        if promise.event == "item_ready" and promise.item_id is not None
    }
    await _read_said_by(connection, facts, dishes)
    return facts


async def read_rings(
    connection: asyncpg.Connection,
    asked: Sequence[tuple[int, RingCall | RingEnd | RemindClaimer | ExpireCall | ClaimCall]],
    now_ms: int,
) -> list[RingFacts]:
    """Return what each ring needs to know, one in the hall whether its number still waits there."""
    facts = await store.read_rings(connection, asked, now_ms)
    in_hall = [
        (shop, one)
        for (shop, promise), ring in zip(asked, facts, strict=True)
        if isinstance(promise, RingEnd) and promise.end_key == "call_screen"
        for one in (ring, *ring.company)
    ]
    dishes: Dishes = {}
    for i, (shop, one) in enumerate(in_hall):
        if one.row is not None and one.row.call.item_id is not None:
            dishes[i] = shop, one.row.call.item_id
    await _read_said_by(connection, [one for _, one in in_hall], dishes)
    return facts


async def _read_said_by(
    connection: asyncpg.Connection, facts: list[RingFacts], dishes: Dishes
) -> None:
    if not dishes:
        return
    shops, items = zip(*dishes.values(), strict=True)
    for row in await connection.fetch(READ_SAID_BY, list(dishes), list(shops), list(items)):
        facts[row["position"]].said_by = row["said_by"]
