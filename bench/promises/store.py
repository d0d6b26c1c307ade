"""Calls that ring, made by the real commands, and promises moved to when a measurement wants them."""

from __future__ import annotations

import asyncio
import itertools
import uuid

import asyncpg
import msgspec
from redis.asyncio import Redis

from bench.commands.__main__ import Deaf
from bench.commands.store import DISHES, PLACES
from server.clock import SystemClock, from_ms, to_ms
from server.commands import BOOK
from server.desk import Desk
from server.events.alarm import Alarm
from server.events.decision import Actor, Armed
from server.settings import Settings

# Nothing rings by itself but what is measured: no call after a finish, no further ring for ten minutes.
CALM = "UPDATE shop SET call_after_finish_s = NULL, call_interval_s = 600, call_rings_max = 20"
PADS = "UPDATE device SET kind = 'waiter' WHERE id > 5"
RULES = """
INSERT INTO broadcast_policy (brand_id, shop_id, event, channel, policy, version, changed_at, changed_by)
VALUES (900, 0, 'order_placed', 'kitchen',
        '{"until_acknowledged": true, "interval_s": 600, "coalesce_s": 0}', 1, '2026-11-01', 'bench')
    ON CONFLICT DO NOTHING
"""
WIPE = """
TRUNCATE catering_order, catering_order_goods, im_call, im_message, promise, command, event CASCADE
"""
FREE = "UPDATE place SET open_order_id = NULL"
MADE = """
SELECT shop_id, id, (payload ->> 'call_id')::bigint AS call_id FROM promise
 WHERE kind = $1 AND state = 'waiting' ORDER BY random()
"""
MOVE = """
UPDATE promise p SET due_at = u.due
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS u(shop_id, id, due)
 WHERE p.shop_id = u.shop_id AND p.id = u.id
"""
# What the calls promised besides is not measured here.
ALONE = "DELETE FROM promise WHERE kind <> $1"
# What `reactions.announce_order` promises for a room's order of one dish.
ANNOUNCEMENTS = """
INSERT INTO promise (shop_id, id, kind, payload, due_at)
SELECT 1 + i % $2::bigint, $4::bigint + i, 'Announce',
       jsonb_build_object('event', 'order_placed', 'at_ms', $5::bigint, 'place_id', 1 + i % 10, 'order_id', NULL,
                          'tag', false, 'params', jsonb_build_object(
           'roomName', (801 + i % 10)::text, 'goodsName', '水饺', 'goodsName_en', 'Dumplings',
           'num', (1 + i % 9)::text, 'number', lpad((i % 100)::text, 2, '0'))), $3::timestamptz
  FROM generate_series(1, $1::bigint) i
"""
FAR = """
INSERT INTO promise (shop_id, id, kind, payload, due_at)
SELECT 1 + i % $2::bigint, i, 'RingCall', '{"call_id": 1, "rang_at_ms": 1}', $3::timestamptz
  FROM generate_series(1, $1::bigint) i
RETURNING shop_id, id
"""
SAID = "SELECT sum(seq)::bigint FROM shop_head"
LEFT = "SELECT count(*) FROM promise WHERE state <> 'done' AND due_at <= $1"
KNOCK = """
INSERT INTO promise (shop_id, id, kind, payload, due_at)
SELECT 1 + i, i, 'Knock', $2::jsonb, $3::timestamptz FROM generate_series(1, $1::bigint) i
"""
ARM_CHUNK = 5000


def _desk(pool: asyncpg.Pool) -> Desk:
    return Desk(pool, SystemClock(), BOOK, Deaf(), Settings())


async def _do(desk: Desk, shop: int, name: str, body: dict[str, object]) -> dict[str, object]:
    actor = Actor(role="business", id="bench", name="bench", shop_id=shop)
    return await desk.execute(actor, uuid.uuid4(), name, msgspec.json.encode(body))


async def clear(pool: asyncpg.Pool) -> None:
    """Leave nothing of an earlier measurement; five of ten devices are pads."""
    for statement in (WIPE, FREE, CALM, PADS, RULES):
        await pool.execute(statement)


async def make_cards(pool: asyncpg.Pool, shops: int, count: int) -> None:
    """Let `count` dishes be ordered, cooked and called: each card rings on the pads again (RingCall)."""
    await clear(pool)
    desk = _desk(pool)

    async def table(shop: int, place: int, dishes: int) -> None:
        lines = [{"dish_id": 1 + d % DISHES} for d in range(dishes)]
        placed = await _do(desk, shop, "PlaceOrder", {"place_id": place, "lines": lines})
        for item in placed["item_ids"]:  # type: ignore[attr-defined]
            for name in ("StartItem", "FinishItem", "CallItem"):
                await _do(desk, shop, name, {"item_id": item})

    each = count // shops // PLACES or 1
    tables = itertools.islice(
        ((s, p) for p in range(1, PLACES + 1) for s in range(1, shops + 1)), count // each
    )
    await asyncio.gather(*(table(shop, place, each) for shop, place in tables))
    await pool.execute(ALONE, "RingCall")


async def make_repeats(pool: asyncpg.Pool, shops: int, count: int) -> None:
    """Announce `count` orders in the kitchens, until somebody acknowledges: each is repeated (RingEnd)."""
    await clear(pool)
    desk = _desk(pool)

    async def announce(shop: int, orders: int) -> None:
        asks = [
            {
                "event": "order_placed",
                "channels": ["kitchen"],
                "params": {"roomName": str(801 + i), "goodsName": "水饺", "num": str(1 + i % 9)},
            }
            for i in range(orders)
        ]
        await _do(desk, shop, "SendImCall", {"calls": asks})

    await asyncio.gather(*(announce(shop, count // shops) for shop in range(1, shops + 1)))
    await pool.execute(ALONE, "RingEnd")


async def make_announcements(pool: asyncpg.Pool, shops: int, count: int) -> None:
    """Let `count` orders be there to be announced in the kitchens (Announce)."""
    await clear(pool)
    await more_announcements(pool, shops, count)


async def more_announcements(pool: asyncpg.Pool, shops: int, count: int) -> None:
    """Promise to announce so many more."""
    at = SystemClock().now()
    first = await pool.fetchval("SELECT coalesce(max(id), 0) FROM promise")
    far = from_ms(to_ms(at) + 3_600_000)
    await pool.execute(ANNOUNCEMENTS, count, shops, far, first, to_ms(at))


async def move(
    pool: asyncpg.Pool, redis_url: str, rings: list[asyncpg.Record], due_ms: list[int]
) -> None:
    """Let each ring be due when the list says, in the rows and in the alarm clock."""
    keys = [[r["shop_id"] for r in rings], [r["id"] for r in rings]]
    await pool.execute(MOVE, *keys, [from_ms(at) for at in due_ms])
    await arm(redis_url, [Armed(s, i, at) for s, i, at in zip(*keys, due_ms, strict=True)])
    await pool.execute("VACUUM ANALYZE")


async def arm(redis_url: str, armed: list[Armed]) -> None:
    """Set the alarm clock, chunk by chunk."""
    redis = Redis.from_url(redis_url)
    for at in range(0, len(armed), ARM_CHUNK):
        await Alarm(redis).arm(armed[at : at + ARM_CHUNK])
    await redis.aclose()
