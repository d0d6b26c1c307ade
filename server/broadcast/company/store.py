"""Which calls wait beside one that rings, to be said in the same breath.

Refuses to decide whether they may still be said: each is read as a ring of its own, and judged as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from server.broadcast.rings import RingEnd

COMPANY_CALLS_MAX = 20  # told in one breath

# Other calls of the same event and message type whose first ring waits at the same end; the end
# `room` is another one in every place.
READ_COMPANY = """
SELECT u.position, array_agg(w.id) AS ids
  FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::text[]) AS u(position, shop_id, call_id, end_key)
  JOIN im_call f ON f.shop_id = u.shop_id AND f.id = u.call_id
 CROSS JOIN LATERAL (
       SELECT k.id FROM im_call k
         JOIN im_message m ON m.shop_id = k.shop_id AND m.call_id = k.id AND m.end_key = u.end_key AND m.ring = 1
        WHERE k.shop_id = f.shop_id AND k.event = f.event AND k.state <> 'ended' AND m.state = 'queued'
          AND k.id <> f.id AND k.msg_type = f.msg_type
          AND (m.end_key <> 'room' OR k.place_id IS NOT DISTINCT FROM f.place_id)
        ORDER BY k.id LIMIT $5::integer) w
 GROUP BY u.position
"""


async def read_company(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, Any]]
) -> dict[int, list[int]]:
    """Return position of a first ring → the calls that wait beside it, the oldest first."""
    firsts = [
        (i, shop, p) for i, (shop, p) in enumerate(asked) if isinstance(p, RingEnd) and p.ring == 1
    ]
    if not firsts:
        return {}
    rows = await connection.fetch(
        READ_COMPANY,
        [i for i, _, _ in firsts],
        [shop for _, shop, _ in firsts],
        [p.call_id for _, _, p in firsts],
        [p.end_key for _, _, p in firsts],
        COMPANY_CALLS_MAX,
    )
    return {row["position"]: sorted(row["ids"]) for row in rows}
