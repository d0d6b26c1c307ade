"""What the gateway keeps in PostgreSQL: whose token it is, how far a device is, when it was seen.

Refuses to pair, move or revoke: those are commands.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from sys import intern
from typing import NamedTuple, cast

import asyncpg
import msgspec

from server.clock import from_ms
from server.events.screens import AS_IT_LIKES, ScreenSettings
from server.events.view import DeviceKind
from server.gateway.devices import Device, Found

# All hellos of a loop turn in one statement; the head says at once whether anything was missed.
FIND_DEVICES = """
SELECT d.token_hash, d.shop_id, d.id, d.kind, d.name, d.account_id, a.name AS account,
       d.place_id, d.station_id, d.settings, d.paired_at, d.revoked_at, h.epoch, h.seq
  FROM device d
  JOIN account a ON a.shop_id = d.shop_id AND a.id = d.account_id
  JOIN shop_head h ON h.shop_id = d.shop_id
 WHERE d.token_hash = ANY ($1::bytea[])
"""

# Late or repeated notes change nothing: both columns only grow. What a device runs is said at its hello only.
KEEP_CURSORS = """
UPDATE device d
   SET acked_seq = greatest(d.acked_seq, n.acked_seq),
       last_seen_at = greatest(d.last_seen_at, n.seen_at),
       app = coalesce(nullif(n.app, ''), d.app)
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::text[])
       AS n(shop_id, id, acked_seq, seen_at, app)
 WHERE d.shop_id = n.shop_id AND d.id = n.id
"""


_settings = msgspec.json.Decoder(ScreenSettings).decode


class Cursor(NamedTuple):
    """How far a device is, when it was last there, and what it runs; empty: it did not say so now."""

    shop_id: int
    device_id: int
    acked_seq: int
    seen_ms: int
    app: str = ""


async def find_devices(pool: asyncpg.Pool, hashes: Sequence[bytes]) -> dict[bytes, Found]:
    """Return token hash → device for the hashes that are known."""
    rows = await pool.fetch(FIND_DEVICES, hashes)
    return {row["token_hash"]: _found(row) for row in rows}


def _found(row: asyncpg.Record) -> Found:
    (
        _, shop_id, device_id, kind, name, account_id, account, place_id, station_id, settings,
        paired_at, revoked_at, epoch, seq,
    ) = row  # fmt: skip
    known_kind = cast("DeviceKind", intern(kind))  # the table's CHECK says so
    device = Device(
        shop_id, device_id, known_kind, name, account_id, intern(account), place_id, station_id,
        AS_IT_LIKES if settings == "{}" else _settings(settings),
    )  # fmt: skip
    return Found(device, _ms(paired_at), revoked_at is not None, epoch, seq)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


async def keep_cursors(pool: asyncpg.Pool, cursors: Sequence[Cursor]) -> None:
    """Store what devices acknowledged and when they were last seen."""
    ordered = sorted(cursors)  # two nodes lock rows in the same order
    await pool.execute(
        KEEP_CURSORS,
        [c.shop_id for c in ordered],
        [c.device_id for c in ordered],
        [c.acked_seq for c in ordered],
        [from_ms(c.seen_ms) for c in ordered],
        [c.app for c in ordered],
    )
