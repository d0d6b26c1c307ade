"""The ground of a shop's event: rules, sentences and who listens, remembered until they change.

One statement asks for the stamps of a batch's shops; a ground whose stamps moved is read anew, so a
change reaches the next ring and a calm shop costs a row. Refuses to trust its memory without asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import asyncpg
import msgspec

from server.broadcast.policies.store import load as load_policies
from server.broadcast.ringing import EndDevice, Ground
from server.clock import from_ms, to_ms
from server.events import catalogue as c

# The stamps of shops, and whose: a process may know several databases (tests do).
READ_STAMPS = """
SELECT s.id, s.ground_stamp, b.ground_stamp,
       (SELECT secret FROM house_key WHERE name = 'audio'),
       (SELECT oid FROM pg_database WHERE datname = current_database())
  FROM unnest($1::bigint[]) AS u(shop_id)
  JOIN shop s ON s.id = u.shop_id
  JOIN brand b ON b.id = s.brand_id
"""

# Who could hear a call of these shops.
READ_GROUNDS = """
SELECT u.shop_id, u.event, s.timezone,
       (SELECT array_agg(w.client_id) FROM api_webhook w WHERE w.brand_id = s.brand_id) AS listeners,
       (SELECT json_agg(json_build_object('id', d.id, 'kind', d.kind, 'account_id', d.account_id,
                                          'account', a.name, 'place_id', d.place_id))
          FROM device d
          JOIN account a ON a.shop_id = d.shop_id AND a.id = d.account_id
         WHERE d.shop_id = u.shop_id AND d.token_hash IS NOT NULL AND d.revoked_at IS NULL) AS devices
  FROM unnest($1::bigint[], $2::text[]) AS u(shop_id, event)
  JOIN shop s ON s.id = u.shop_id
"""

# When a call of these events was raised last that is said: no refresh, and no card.
READ_LAST_RAISED = """
SELECT u.shop_id, u.event,
       (SELECT max(k.raised_at) FROM im_call k
         WHERE k.shop_id = u.shop_id AND k.event = u.event AND k.raised_at > $3::timestamptz
           AND k.msg_type IN (1, 3)) AS last_raised
  FROM unnest($1::bigint[], $2::text[]) AS u(shop_id, event)
"""

GROUNDS_MAX = 20_000  # about 4 KB each
LAST_RAISED_S = 60  # further back nobody speaks of "together"

Shop = tuple[int, c.CallEvent]


class _Stamp(NamedTuple):
    shop: int
    brand: int
    audio_key: bytes
    database: int


class _Known(NamedTuple):
    stamp: _Stamp
    ground: Ground


_known: dict[tuple[int, int, c.CallEvent], _Known] = {}  # (database, shop, event)
_decode_devices = msgspec.json.Decoder(list[EndDevice]).decode


async def read_grounds(
    connection: asyncpg.Connection,
    wanted: Iterable[Shop],
    template_ids: Iterable[tuple[int, int]] = (),
) -> dict[Shop, Ground]:
    """Return (shop, event) → ground; `template_ids` are further (shop, template) to read."""
    keys = sorted(set(wanted))
    rows = await connection.fetch(READ_STAMPS, sorted({shop for shop, _ in keys}))
    stamps = {row[0]: _Stamp(*list(row)[1:]) for row in rows}
    named: dict[int, set[int]] = {}
    for shop, template_id in template_ids:
        named.setdefault(shop, set()).add(template_id)
    grounds: dict[Shop, Ground] = {}
    missing: list[Shop] = []
    for key in keys:
        stamp = stamps.get(key[0])
        if stamp is None:
            continue
        known = _known.get((stamp.database, *key))
        if (
            known
            and known.stamp == stamp
            and named.get(key[0], set()) <= known.ground.templates.keys()
        ):
            grounds[key] = known.ground
        else:
            missing.append(key)
    if missing:
        grounds |= await _read(connection, missing, stamps, named)
    return grounds


async def _read(
    connection: asyncpg.Connection,
    keys: Sequence[Shop],
    stamps: dict[int, _Stamp],
    named: dict[int, set[int]],
) -> dict[Shop, Ground]:
    """Read grounds and remember them by the stamps that were read before them."""
    templates = [(shop, one) for shop, _ in keys for one in named.get(shop, ())]
    rows = await connection.fetch(READ_GROUNDS, [k[0] for k in keys], [k[1] for k in keys])
    books = await load_policies(connection, keys, templates)
    if len(_known) + len(rows) > GROUNDS_MAX:
        _known.clear()
    grounds: dict[Shop, Ground] = {}
    for row in rows:
        key = (row["shop_id"], row["event"])
        stamp, book = stamps[key[0]], books[key]
        grounds[key] = Ground(
            timezone=row["timezone"],
            audio_key=stamp.audio_key,
            policies=book.policies,
            templates=book.templates,
            devices=_decode_devices(row["devices"]) if row["devices"] else [],
            listeners=row["listeners"] or [],
        )
        _known[(stamp.database, *key)] = _Known(stamp, grounds[key])
    return grounds


async def read_last_raised(
    connection: asyncpg.Connection, grounds: dict[Shop, Ground], now_ms: int
) -> dict[Shop, Ground]:
    """Return the grounds with when a call of their event was raised last, where a rule asks for it."""
    asking = [key for key, ground in grounds.items() if ground.together]
    if not asking:
        return grounds
    since = from_ms(now_ms - LAST_RAISED_S * 1000)
    rows = await connection.fetch(
        READ_LAST_RAISED, [k[0] for k in asking], [k[1] for k in asking], since
    )
    newer = {
        (row["shop_id"], row["event"]): to_ms(row["last_raised"])
        for row in rows
        if row["last_raised"]
    }
    return grounds | {
        key: msgspec.structs.replace(grounds[key], last_raised_ms=at_ms)
        for key, at_ms in newer.items()
    }
