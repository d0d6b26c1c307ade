"""What decisions about devices read, and the list a manager sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import asyncpg
import msgspec

from server.devices.commands import DeviceFacts, StoredDevice

# One row per asked device; ids of a shop count up from one, accounts too.
READ_DEVICES = """
SELECT u.position,
       CASE WHEN d.id IS NOT NULL THEN device_view(d) END AS device,
       coalesce((SELECT max(x.id) FROM device x WHERE x.shop_id = u.shop_id), 0) + 1 AS next_device_id,
       coalesce((SELECT max(a.id) FROM account a WHERE a.shop_id = u.shop_id), 0) + 1 AS next_account_id,
       (SELECT a.id FROM account a WHERE a.shop_id = u.shop_id AND a.kind = u.kind ORDER BY a.id LIMIT 1)
           AS shared_account_id,
       EXISTS (SELECT FROM place p WHERE p.shop_id = u.shop_id AND p.id = u.place_id) AS place_known,
       EXISTS (SELECT FROM station t WHERE t.shop_id = u.shop_id AND t.id = u.station_id) AS station_known
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
       WITH ORDINALITY AS u(shop_id, id, kind, place_id, station_id, position)
  LEFT JOIN device d ON d.shop_id = u.shop_id AND d.id = u.id
 ORDER BY u.position
"""

LIST_DEVICES = "SELECT device_view(d) AS device, d.last_seen_at FROM device d WHERE d.shop_id = $1 ORDER BY d.id"

FIND_PAIRED = """
SELECT shop_id, id, kind FROM device WHERE token_hash = $1 AND paired_at IS NOT NULL AND revoked_at IS NULL
"""

_decode = msgspec.json.Decoder(StoredDevice).decode


class Asked(msgspec.Struct, frozen=True):
    """Which device, and which place, station and kind a command names."""

    shop_id: int
    device_id: int | None
    kind: str | None
    place_id: int | None
    station_id: int | None


class Known(NamedTuple):
    """Whose token it is."""

    shop_id: int
    id: int
    kind: str


async def find_by_token(pool: asyncpg.Pool, hashed: bytes) -> Known | None:
    """Return the paired device that has this token."""
    row = await pool.fetchrow(FIND_PAIRED, hashed)
    return Known(*row) if row else None


async def read_devices(connection: asyncpg.Connection, asked: Sequence[Asked]) -> list[DeviceFacts]:
    """Return the facts of each asked device, in the order asked."""
    columns = zip(*(msgspec.structs.astuple(one) for one in asked), strict=True)
    rows = await connection.fetch(READ_DEVICES, *(list(column) for column in columns))
    return [
        DeviceFacts(
            device=_decode(row["device"]) if row["device"] else None,
            next_device_id=row["next_device_id"],
            next_account_id=row["next_account_id"],
            shared_account_id=row["shared_account_id"],
            place_known=row["place_known"],
            station_known=row["station_known"],
        )
        for row in rows
    ]
