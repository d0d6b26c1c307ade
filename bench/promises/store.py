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
from server.clock import SystemClock, from_ms
from server.commands import BOOK
from server.desk import Desk
from server.events.alarm import Alarm
from server.events.decision import Actor, Armed
from server.settings import Settings

# Nothing rings by itself but what is measured: no call after a finish, no second ring for ten minutes.
CALM = "UPDATE shop SET call_after_finish_s = NULL, call_interval_s = 600, call_rings_max = 20"
WIPE = "TRUNCATE catering_order, catering_order_goods, im_call, promise, command, event CASCADE"
FREE = "UPDATE place SET open_order_id = NULL"
RINGS = """
SELECT shop_id, id FROM promise WHERE kind = 'RingCall' AND state = 'waiting' ORDER BY random()
"""
MOVE = """
UPDATE promise p SET due_at = u.due
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS u(shop_id, id, due)
 WHERE p.shop_id = u.shop_id AND p.id = u.id
"""
# What the calls promised besides is not measured here.
ALONE = "DELETE FROM promise WHERE kind <> 'RingCall'"
# The ring of a dish's call becomes a reminder of the dish; once kept it waits again.
AS_REMINDERS = """
UPDATE promise p
   SET kind = 'Remind', payload = jsonb_build_object('item_id', g.id, 'version', g.version)
  FROM im_call k, catering_order_goods g
 WHERE p.kind = 'RingCall' AND k.shop_id = p.shop_id
   AND k.id = (p.payload ->> 'call_id')::bigint AND g.shop_id = k.shop_id AND g.id = k.item_id
"""
AGAIN = "UPDATE promise SET state = 'waiting', attempt = 0, due_at = $1 WHERE kind = 'Remind'"
REMINDERS = """
SELECT shop_id, id, (payload ->> 'item_id')::bigint AS item_id
  FROM promise WHERE kind = 'Remind' ORDER BY random()
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


async def make_rings(pool: asyncpg.Pool, shops: int, count: int) -> list[asyncpg.Record]:
    """Let `count` dishes be ordered, cooked and called; return the ring promised for each."""
    await pool.execute(WIPE)
    await pool.execute(FREE)
    await pool.execute(CALM)
    desk = Desk(pool, SystemClock(), BOOK, Deaf(), Settings())

    async def do(shop: int, name: str, body: dict[str, object]) -> dict[str, object]:
        actor = Actor(role="business", id="bench", name="bench", shop_id=shop)
        return await desk.execute(actor, uuid.uuid4(), name, msgspec.json.encode(body))

    async def table(shop: int, place: int, dishes: int) -> None:
        lines = [{"dish_id": 1 + d % DISHES} for d in range(dishes)]
        placed = await do(shop, "PlaceOrder", {"place_id": place, "lines": lines})
        for item in placed["item_ids"]:  # type: ignore[attr-defined]
            for name in ("StartItem", "FinishItem", "CallItem"):
                await do(shop, name, {"item_id": item})

    each = count // shops // PLACES or 1
    tables = itertools.islice(
        ((s, p) for p in range(1, PLACES + 1) for s in range(1, shops + 1)), count // each
    )
    await asyncio.gather(*(table(shop, place, each) for shop, place in tables))
    await pool.execute(ALONE)
    return await pool.fetch(RINGS)


async def make_reminders(pool: asyncpg.Pool, shops: int, count: int) -> list[asyncpg.Record]:
    """Let `count` dishes be called; return a reminder for each, with the dish it is about."""
    await make_rings(pool, shops, count)
    await pool.execute(AS_REMINDERS)
    return await pool.fetch(REMINDERS)


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
