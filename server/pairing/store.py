"""What the database knows of pairing: codes, offers, wrong tries; and the devices of a shop.

Every write here is one statement that guards itself. Device rows are changed by the desk alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from server.clock import to_ms
from server.pairing.pairing import LOCK, TRIES_MAX, Code, Offer, PairedDevice, Wish

# A try is charged before the code is looked at, so that a hundred tries at once count a hundred.
# A locked source stays locked from its last counted try; knocking on does not prolong it.
TAKE_TRY = """
INSERT INTO pairing_try AS t (source, tries, last_at)
VALUES ($1, 1, $2)
ON CONFLICT (source) DO UPDATE
SET tries = CASE WHEN t.last_at <= $3 THEN 1 ELSE least(t.tries + 1, $4::integer + 1) END,
    last_at = CASE WHEN t.last_at > $3 AND t.tries >= $4::integer THEN t.last_at ELSE $2 END
RETURNING tries, last_at
"""
COUNT_TRIES = "SELECT coalesce(sum(tries), 0)::bigint FROM pairing_try WHERE last_at > $1"
FORGET_TRIES = "DELETE FROM pairing_try WHERE source = $1"

# An open code with the same digits elsewhere, or the same request again: no row.
ADD_CODE = """
INSERT INTO pairing_code (shop_id, id, code_hash, kind, name, place_id, station_id, device_id,
                          made_by, expires_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
WHERE NOT EXISTS (
    SELECT FROM pairing_code WHERE code_hash = $3 AND used_at IS NULL AND expires_at > $11
)
ON CONFLICT (shop_id, id) DO NOTHING
RETURNING id
"""
KNOWS_CODE = "SELECT EXISTS (SELECT FROM pairing_code WHERE shop_id = $1 AND id = $2)"
# The latest of several: an old code may have had the same digits.
FIND_CODE = """
SELECT shop_id, id, kind, name, place_id, station_id, device_id, made_by, expires_at, used_at
FROM pairing_code
WHERE code_hash = $1
ORDER BY expires_at DESC
LIMIT 1
"""
USE_CODE = """
UPDATE pairing_code SET used_at = $3, device_id = $4
WHERE shop_id = $1 AND id = $2 AND used_at IS NULL
"""

COUNT_OFFERS = """
SELECT count(*) AS open, count(*) FILTER (WHERE source = $1) AS open_here
FROM pairing_offer
WHERE expires_at > $2 AND confirmed_at IS NULL
"""
ADD_OFFER = """
INSERT INTO pairing_offer (id, code_hash, secret_hash, token_hash, kind, name, source, expires_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
WHERE NOT EXISTS (
    SELECT FROM pairing_offer WHERE code_hash = $2 AND confirmed_at IS NULL AND expires_at > $9
)
RETURNING id
"""
_OFFER_COLUMNS = """
SELECT id, secret_hash, token_hash, kind, name, expires_at, confirmed_at, shop_id, device_id
FROM pairing_offer
"""
FIND_OFFER = f"{_OFFER_COLUMNS} WHERE code_hash = $1 ORDER BY expires_at DESC LIMIT 1"
READ_OFFER = f"{_OFFER_COLUMNS} WHERE id = $1"
CONFIRM_OFFER = """
UPDATE pairing_offer SET confirmed_at = $2, shop_id = $3, device_id = $4
WHERE id = $1 AND confirmed_at IS NULL
"""

_DEVICE_COLUMNS = """
SELECT id, kind, name, shop_id, place_id, station_id, account_id,
       token_hash IS NOT NULL AND revoked_at IS NULL AS paired, paired_at, last_seen_at, settings,
       settings_version, app
FROM device
"""
READ_DEVICE = f"{_DEVICE_COLUMNS} WHERE shop_id = $1 AND id = $2"
LIST_DEVICES = f"{_DEVICE_COLUMNS} WHERE shop_id = $1 ORDER BY id LIMIT 10000"
PLACE_EXISTS = "SELECT EXISTS (SELECT FROM place WHERE shop_id = $1 AND id = $2)"
STATION_EXISTS = "SELECT EXISTS (SELECT FROM station WHERE shop_id = $1 AND id = $2)"

FORGET_OLD_CODES = "DELETE FROM pairing_code WHERE expires_at < $1"
FORGET_OLD_OFFERS = "DELETE FROM pairing_offer WHERE expires_at < $1"
FORGET_OLD_TRIES = "DELETE FROM pairing_try WHERE last_at < $1"

Database = asyncpg.Pool


async def take_try(db: Database, source: str, now: datetime) -> tuple[int, datetime]:
    """Charge one try; return how many it makes within the lock's time, and when the last was."""
    row = await db.fetchrow(TAKE_TRY, source, now, now - LOCK, TRIES_MAX)
    assert row is not None  # the statement writes in every case
    return row["tries"], row["last_at"]


async def count_tries(db: Database, now: datetime) -> int:
    """Return the wrong tries of everybody within the lock's time."""
    return int(await db.fetchval(COUNT_TRIES, now - LOCK))


async def forget_tries(db: Database, source: str) -> None:
    """Give the tries back: the code was right."""
    await db.execute(FORGET_TRIES, source)


async def add_code(db: Database, code: Code, code_hash: bytes, now: datetime) -> bool:
    """Store a code; False when an open one has the same digits, or this id is known."""
    return (
        await db.fetchval(
            ADD_CODE, code.shop_id, code.id, code_hash, code.kind, code.name, code.place_id,
            code.station_id, code.device_id, code.made_by, code.expires_at, now,
        )
        is not None
    )  # fmt: skip


async def knows_code(db: Database, shop_id: int, code_id: UUID) -> bool:
    """Return whether this request made a code before."""
    return bool(await db.fetchval(KNOWS_CODE, shop_id, code_id))


async def find_code(db: Database, code_hash: bytes) -> Code | None:
    """Return the latest code with these digits."""
    row = await db.fetchrow(FIND_CODE, code_hash)
    return None if row is None else Code(**row)


async def use_code(db: Database, code: Code, device_id: int, now: datetime) -> None:
    """Mark a code as used by a device."""
    await db.execute(USE_CODE, code.shop_id, code.id, now, device_id)


async def count_offers(db: Database, source: str, now: datetime) -> tuple[int, int]:
    """Return how many offers wait: everybody's, and this source's."""
    row = await db.fetchrow(COUNT_OFFERS, source, now)
    assert row is not None  # an aggregate without GROUP BY is one row
    return row["open"], row["open_here"]


async def add_offer(
    db: Database, offer: Offer, code_hash: bytes, source: str, now: datetime
) -> bool:
    """Store an offer; False when an open one shows the same digits."""
    return (
        await db.fetchval(
            ADD_OFFER, offer.id, code_hash, offer.secret_hash, offer.token_hash, offer.kind,
            offer.name, source, offer.expires_at, now,
        )
        is not None
    )  # fmt: skip


async def find_offer(db: Database, code_hash: bytes) -> Offer | None:
    """Return the latest offer with these digits."""
    return _offer(await db.fetchrow(FIND_OFFER, code_hash))


async def read_offer(db: Database, offer_id: UUID) -> Offer | None:
    """Return an offer."""
    return _offer(await db.fetchrow(READ_OFFER, offer_id))


def _offer(row: asyncpg.Record | None) -> Offer | None:
    return None if row is None else Offer(**row)


async def confirm_offer(
    db: Database, offer_id: UUID, shop_id: int, device_id: int, now: datetime
) -> None:
    """Record which device an offer became."""
    await db.execute(CONFIRM_OFFER, offer_id, now, shop_id, device_id)


async def read_device(db: Database, shop_id: int, device_id: int) -> PairedDevice | None:
    """Return a device of a shop."""
    row = await db.fetchrow(READ_DEVICE, shop_id, device_id)
    return None if row is None else _device(row)


async def list_devices(db: Database, shop_id: int) -> list[PairedDevice]:
    """Return all devices of a shop, revoked ones too."""
    return [_device(row) for row in await db.fetch(LIST_DEVICES, shop_id)]


def _device(row: asyncpg.Record) -> PairedDevice:
    values: dict[str, Any] = dict(row)
    for stamp in ("paired_at", "last_seen_at"):
        moment = values.pop(stamp)
        values[f"{stamp}_ms"] = None if moment is None else to_ms(moment)
    values["settings"] = msgspec.json.decode(values["settings"])
    return msgspec.convert(values, PairedDevice)


async def standing_exists(db: Database, shop_id: int, wish: Wish) -> tuple[bool, bool]:
    """Return whether the wished place and station exist (true where none is wished)."""
    place = wish.place_id is None or bool(await db.fetchval(PLACE_EXISTS, shop_id, wish.place_id))
    station = wish.station_id is None or bool(
        await db.fetchval(STATION_EXISTS, shop_id, wish.station_id)
    )
    return place, station


async def forget_old(db: Database, before: datetime) -> None:
    """Drop codes, offers and tries that ended before a moment (housekeeping, once a day)."""
    for statement in (FORGET_OLD_CODES, FORGET_OLD_OFFERS, FORGET_OLD_TRIES):
        await db.execute(statement, before)
