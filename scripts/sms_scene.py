"""Lets the demo brand buy texts and send some of an evening, and something go wrong in the house.

Nothing leaves the machine: the carrier is paper. Refuses to run in a house that has another.
"""

from __future__ import annotations

import asyncio
import socket
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from redis.asyncio import Redis

from server.billing.teller import Teller
from server.clock import ManualClock, SystemClock, to_ms
from server.health.roll import Roll
from server.health.standing import Standing
from server.health.watch import SeenDevice, Watch
from server.sms import store
from server.sms.accepting import Acceptance, Ask
from server.sms.carriers_file import PAPER, read_carriers
from server.sms.costcentre import CostCentre
from server.sms.ground import Ground, lay_ground
from server.sms.message import Kind, Text
from server.sms.packages import Packages, Purchase
from server.sms.phones import normalised, open_phones
from server.sms.worker import open_sms

if TYPE_CHECKING:
    import asyncpg

    from server.settings import Settings

BRAND = 1
# Order, name, segments, fen, days it is good for, days ago.
BOUGHT = (
    ("MALL-20260912-3", "", 1_000, 45_00, 90, 74),
    ("MALL-20261120-7", "秋季套餐", 5_000, 210_00, 365, 6),
    ("MALL-20261125-1", "赠送", 200, 0, 30, 1),
)
WARN_BELOW = 8_000
# What was sent: kind, text, to how many.
SENT: tuple[tuple[Kind, str, int], ...] = (
    ("notice", "【云栖酒店】您预订的餐位已为您保留到 18:30", 1),
    ("verification", "【云栖酒店】您的验证码是 4711", 1),
    ("marketing", "【云栖酒店】本周四起秋季菜单上线，住店客人八折，退订回T", 240),
    ("notice", "【云栖酒店】您的 7 号餐已送出", 1),
    ("verification", "【云栖酒店】您的验证码是 2056", 1),
)
WAITING: tuple[tuple[Kind, str, int], ...] = (("notice", "【云栖酒店】您的 9 号餐已送出", 3),)
STILL_MAX = 400  # looks for what is not sent yet, a twentieth of a second apart
READ_UNSENT = "SELECT count(*) FROM sms_message WHERE state <> 'sent'"
# What telephones said, as a carrier would push it: one was switched off.
HEAR = """
UPDATE sms_phone SET state = CASE WHEN n % 80 = 7 THEN 'undelivered' ELSE 'delivered' END,
                     code = CASE WHEN n % 80 = 7 THEN 'EXPIRED' ELSE 'DELIVRD' END, at = $1
  FROM (SELECT message_id AS m, mark AS k, row_number() OVER (ORDER BY message_id, mark) AS n FROM sms_phone) AS one
 WHERE message_id = one.m AND mark = one.k
"""
# The evening's clock was moved, and no worker was beside it.
KEEP_ALL = "UPDATE promise SET state = 'done' WHERE state = 'waiting' AND due_at <= $1"
GIVE_UP = """
INSERT INTO promise (shop_id, id, kind, payload, due_at, state, attempt, last_error)
VALUES (1, 1, 'PostWebhook', '{}', $1, 'dead', 90, 'connection refused')
"""


async def trade(pool: asyncpg.Pool, settings: Settings) -> None:
    """Buy, send, hear; let one message wait, and a service be told nothing for a day."""
    assert settings.sms_carriers == PAPER
    clock = SystemClock()
    for order_no, name, segments, fen, days, ago in BOUGHT:
        then = ManualClock(clock.now() - timedelta(days=ago))
        shop = Packages(pool, CostCentre(pool, Teller(pool, then), then), then)
        package = Purchase(
            order_no=order_no, segments=segments, price_fen=fen, name=name, validity_days=days
        )
        await shop.buy(BRAND, package)
    async with Redis.from_url(settings.redis_url) as redis:
        centre = CostCentre(pool, Teller(pool, clock), clock)
        phones = await open_phones(settings, pool, clock)
        ground = lay_ground(pool, redis, clock, phones, centre)
        await _send(ground, settings, SENT)
        async with open_sms(settings, pool, redis, clock) as work:
            running = [asyncio.create_task(run()) for run in work.runs]
            for _ in range(STILL_MAX):
                if not await pool.fetchval(READ_UNSENT):
                    break
                await asyncio.sleep(0.05)
            for task in running:
                task.cancel()
            await asyncio.wait(running)
        await pool.execute(HEAR, clock.now())
        await _send(ground, settings, WAITING)
        await store.put_warn_below(pool, BRAND, WARN_BELOW)
        await pool.execute(KEEP_ALL, clock.now())
        await pool.execute(GIVE_UP, clock.now() - timedelta(hours=3))
        await _watch(pool, redis)


async def _send(
    ground: Ground, settings: Settings, messages: tuple[tuple[Kind, str, int], ...]
) -> None:
    acceptance = Acceptance(ground, read_carriers(settings).routes)
    for kind, text, count in messages:
        phones = tuple(normalised(f"138{at:04}{8000 + at}") for at in range(count))
        await acceptance.accept(Ask(BRAND, uuid.uuid4(), kind, [Text(phones, text)]))


async def _watch(pool: asyncpg.Pool, redis: Redis) -> None:
    """Put the worker beside the web process on the roll, and look once as it does each half minute."""
    clock = SystemClock()
    roll, now_ms = Roll(redis, clock), to_ms(clock.now())
    worker = Standing(
        node="worker", kind="worker", host=socket.gethostname(), pid=4242,
        started_ms=now_ms - 3 * 86_400_000, said_ms=now_ms + 3_600_000, lag_ms=1.4,
    )  # fmt: skip
    await roll.say(worker)

    async def everybody(shop_id: int) -> list[SeenDevice]:
        rows = await pool.fetch("SELECT id FROM device WHERE shop_id = $1", shop_id)
        return [SeenDevice(row["id"], now_ms) for row in rows]

    await Watch(pool, roll, clock, everybody).turn()
