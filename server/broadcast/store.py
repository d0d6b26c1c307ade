"""Calls as stored."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import msgspec

from server.events import catalogue as c
from server.events.facts import CallRow

# A call with what a pad shows about it; read alone, inside other rooms' reads, and in snapshots.
READ_CALLS = """
SELECT k.shop_id, k.id, k.version, call_view(k) AS call
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN im_call k ON k.shop_id = u.shop_id AND k.id = u.id
"""

_decode_call = msgspec.json.Decoder(c.Call).decode


async def read_calls(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], CallRow]:
    """Return (shop, call id) → call for the calls that exist, ended ones too."""
    rows = await connection.fetch(READ_CALLS, [k[0] for k in keys], [k[1] for k in keys])
    return {
        (row["shop_id"], row["id"]): CallRow(_decode_call(row["call"]), row["version"])
        for row in rows
    }
