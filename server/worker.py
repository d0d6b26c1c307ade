"""Composition root of the worker process: the promise loop, and arq for what runs by the clock.

arq does what it is good at (housekeeping at fixed hours); the delayed queue is our own, because a
call must ring on time (docs/decisions/0001-promises-not-arq.md). Refuses to serve devices.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import structlog
from arq.connections import ArqRedis
from arq.cron import cron
from arq.worker import Worker
from prometheus_client import CollectorRegistry, generate_latest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server import housekeeping
from server.api.keys import seal_secrets
from server.auth import read_networks
from server.billing.anchors import Anchors
from server.billing.keeper import Keeper
from server.billing.teller import Teller
from server.clock import Clock, SystemClock, to_ms
from server.commands import BOOK, EFFECTS, PROMISES
from server.db.pool import open_patiently
from server.desk import Desk
from server.events.alarm import Alarm
from server.events.effects import Effects, Outside
from server.events.keeping import PromiseLoop
from server.events.relay import Relay
from server.gateway.memory import settle_memory
from server.gateway.presence import Presence
from server.health.roll import Roll
from server.health.standing import Standing
from server.health.watch import Seen, SeenDevice, Watch
from server.kds.report import store as kitchen_report
from server.meters import WorkerMeters
from server.printing.press import PressGround
from server.printing.pressroom import Pressroom
from server.sealed import Sealing
from server.settings import Settings
from server.sms.costcentre import CostCentre
from server.sms.retention import retention as sms_retention
from server.sms.worker import SmsWork, open_sms
from server.webhooks.post import POST_WEBHOOK, Poster

HTTP_S_MAX = 10.0  # for each part of a conversation with somebody outside
ARQ_POLL_S = 5.0
ARQ_JOB_S_MAX = 300
ARQ_REST_S = 2.0
AUDIT_S_MAX = 3_600
KITCHEN_DAYS_S_MAX = 3_600
SMS_FORGET_S_MAX = 3_600  # what is left then is the next night's

_log = structlog.get_logger(__name__)


async def run_worker(settings: Settings, clock: Clock | None = None) -> None:
    """Keep promises and house until cancelled."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        pool = await open_patiently(settings.database_url, settings.pool_connections_max)
        stack.push_async_callback(pool.close)
        await seal_secrets(pool, Sealing(settings.seal_key))
        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        relay = Relay(redis, clock, Alarm(redis))
        desk = Desk(pool, clock, BOOK | PROMISES, relay, settings)
        effects = await stack.enter_async_context(open_effects(settings, pool, clock, desk))
        loop = PromiseLoop(pool, redis, clock, desk.keep, effects)
        worker = settings.node_id or secrets.token_hex(6)
        presses = _pressroom(settings, pool, clock, desk, worker)
        await housekeeping.make_partitions(pool, clock)
        sms = await stack.enter_async_context(open_sms(settings, pool, redis, clock))
        roll = Roll(redis, clock)
        watch = Watch(pool, roll, clock, _seen_by(Presence(redis, clock, worker)))
        keep_on_roll = _on_roll(settings, roll, worker, clock, desk, sms)
        await keep_on_roll(0.0)
        stack.push_async_callback(roll.leave, worker)
        settle_memory()
        _log.info("worker_ready")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(relay.run())
            tasks.create_task(loop.run())
            tasks.create_task(presses.run())
            tasks.create_task(roll.keep(keep_on_roll))
            tasks.create_task(watch.run())
            for run in sms.runs:
                tasks.create_task(run())
            tasks.create_task(_run_cron(settings, pool, clock))


def _pressroom(
    settings: Settings, pool: asyncpg.Pool, clock: Clock, desk: Desk, worker: str
) -> Pressroom:
    """Return who looks after the printers."""
    networks = read_networks(settings.printer_networks)
    ground = PressGround(pool, clock, desk.execute, settings.data_dir, worker, networks)
    return Pressroom(ground._replace(lease_s=settings.press_lease_s, done_s=settings.press_done_s))


def _seen_by(presence: Presence) -> Seen:
    """Return what tells when a shop's devices were last connected."""

    async def seen(shop_id: int) -> list[SeenDevice]:
        found = await presence.online(shop_id)
        return [SeenDevice(one.device_id, one.seen_ms) for one in found]

    return seen


def _on_roll(
    settings: Settings, roll: Roll, worker: str, clock: Clock, desk: Desk, sms: SmsWork
) -> Callable[[float], Awaitable[None]]:
    """Return what says that this worker is there, how late its loop was, and what it counts."""
    started_ms = to_ms(clock.now())
    counted = CollectorRegistry()
    counted.register(
        WorkerMeters(lambda: {name: line.state for name, line in sms.lines.items()}, desk)
    )

    async def say(lag_s: float) -> None:
        standing = Standing(
            node=worker, kind="worker", host=socket.gethostname(), pid=os.getpid(),
            started_ms=started_ms, said_ms=to_ms(clock.now()), lag_ms=round(lag_s * 1000, 1),
            waiting=desk.lanes.waiting_jobs, resting=sms.resting(),
        )  # fmt: skip
        await roll.say(standing)
        process = settings.process or f"worker-{os.getpid()}"
        await roll.show(socket.gethostname(), process, generate_latest(counted))

    return say


@asynccontextmanager
async def open_effects(
    settings: Settings, pool: asyncpg.Pool, clock: Clock, desk: Desk
) -> AsyncIterator[Effects]:
    """Give a worker its hands for the outside world, for the length of the block."""
    poster = Poster(read_networks(settings.webhook_networks), Sealing(settings.seal_key))
    kinds = EFFECTS | {POST_WEBHOOK: poster.effect()}
    # No proxies from the environment: where posts may go is checked by address.
    async with httpx.AsyncClient(timeout=HTTP_S_MAX, trust_env=False) as http:
        yield Effects(kinds, Outside(pool, clock, http), desk.keep)


async def _run_cron(settings: Settings, pool: asyncpg.Pool, clock: Clock) -> None:
    """Run arq; it gives up when Redis goes away, so it is started again."""

    async def partitions(ctx: dict[Any, Any]) -> None:
        await housekeeping.make_partitions(pool, clock)

    async def forget(ctx: dict[Any, Any]) -> None:
        await housekeeping.forget(pool, clock)

    async def kitchen_days(ctx: dict[Any, Any]) -> None:
        await kitchen_report.write_days(pool, clock.now())

    async def forget_sms(ctx: dict[Any, Any]) -> None:
        await sms_retention.forget(pool, clock.now(), sms_retention.ages_of(settings))

    keeper = Keeper(pool, clock, Anchors(settings.data_dir / "ledger"))
    costcentre = CostCentre(pool, Teller(pool, clock), clock)

    async def tend(ctx: dict[Any, Any]) -> None:
        await costcentre.do_releases()
        await keeper.sweep()
        await keeper.lay_anchor()

    async def audit(ctx: dict[Any, Any]) -> None:
        await keeper.audit()

    jobs = [
        cron(tend, second=0, run_at_startup=False),
        cron(audit, hour=20, minute=10, run_at_startup=False, timeout=AUDIT_S_MAX),
        cron(partitions, hour={0, 12}, minute=5, run_at_startup=False),
        cron(forget, hour=19, minute=30, run_at_startup=False),  # 03:30 in China
        cron(kitchen_days, hour=19, minute=35, run_at_startup=False, timeout=KITCHEN_DAYS_S_MAX),
        cron(forget_sms, hour=19, minute=40, run_at_startup=False, timeout=SMS_FORGET_S_MAX),
    ]
    while True:
        redis = ArqRedis.from_url(settings.redis_url)
        worker = Worker(
            functions=[],
            cron_jobs=jobs,
            redis_pool=redis,
            handle_signals=False,
            poll_delay=ARQ_POLL_S,
            job_timeout=timedelta(seconds=ARQ_JOB_S_MAX),
            health_check_interval=3600,
        )
        try:
            await worker.async_run()
        except (RedisError, OSError) as error:
            _log.warning("housekeeping_without_redis", error=type(error).__name__)
            await asyncio.sleep(ARQ_REST_S)
        finally:
            await _part_with(worker, redis)


async def _part_with(worker: Worker, redis: ArqRedis) -> None:
    try:
        await worker.close()
    except (RedisError, OSError):
        # arq takes its name off a Redis that is away; promises must not fall with it.
        await redis.aclose()
