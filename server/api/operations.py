"""Doors for whoever runs the house: is it alive, may it get traffic, what does it count.

Refuses to call a node unready because Redis is away: orders are taken and dishes are called without
it, only slower, and taking every node out of service at once would close the shop.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Literal

import asyncpg
import msgspec
import redis.asyncio
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.exceptions import RedisError

from server import auth
from server.api.meters import Meters
from server.api.table import Call, Door, Plain
from server.billing.store import count_alarms
from server.clock import Clock
from server.db.migrate import pending
from server.db.pool import LOST
from server.errors import Refusal
from server.events.promises import count_dead
from server.health.exposition import merged
from server.health.roll import Roll
from server.printing.views import count_paper
from server.settings import WEB, Settings

CHECK_S_MAX = 2.0

_log = structlog.get_logger(__name__)


class AliveAnswer(msgspec.Struct, frozen=True):
    """The process runs and answers; nothing more is promised."""

    status: Literal["alive"]


class ReadyAnswer(msgspec.Struct, frozen=True):
    """Ready; or degraded: everything works, slower, because Redis is away.

    Printers that do not print are told and change nothing: another process would not print either.
    """

    status: Literal["ready", "degraded"]
    database: bool
    redis: bool
    printers_troubled: int


class Operations:
    """What a load balancer, Prometheus and a person at the console ask."""

    def __init__(
        self,
        database: asyncpg.Pool,
        redis_client: redis.asyncio.Redis,
        meters: Meters,
        draining: Callable[[], bool],
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._db = database
        self._redis = redis_client
        self._meters = meters
        self._draining = draining
        self._migrated = False
        self._roll = Roll(redis_client, clock)
        self._process = settings.process or WEB
        self._readers = auth.read_networks(settings.metrics_networks)

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/healthz", "isAlive", "Is the process alive?", "operations",
                self.alive, "public", response=AliveAnswer,
            ),
            Door(
                "GET", "/readyz", "isReady", "May it get traffic?", "operations",
                self.ready, "public", response=ReadyAnswer, refusals=("unavailable",),
            ),
            Door(
                "GET", "/metrics", "readMetrics", "What it counts, for Prometheus", "operations",
                self.metrics, "public", media_type="text/plain",
                refusals=("address_not_allowed",),
            ),
        ]  # fmt: skip

    async def alive(self, call: Call) -> AliveAnswer:
        """Answer at all."""
        del call
        return AliveAnswer("alive")

    async def ready(self, call: Call) -> ReadyAnswer:
        """Look at what cannot be missed, and at Redis."""
        del call
        if self._draining():
            raise Refusal("unavailable", "This process is about to stop.", draining=True)
        await self._check_database()
        redis_there = await self._redis_answers()
        return ReadyAnswer(
            "ready" if redis_there else "degraded",
            database=True,
            redis=redis_there,
            printers_troubled=await self._troubled(),
        )

    async def metrics(self, call: Call) -> Plain:
        """Return the counters of this host's processes in Prometheus' text format."""
        if not auth.address_in(call.address, self._readers):
            raise Refusal("address_not_allowed", address=call.address)
        await self._count_stored()
        texts = await self._roll.shown(socket.gethostname())
        texts[self._process] = generate_latest(self._meters.registry).decode()
        told = merged(texts) + generate_latest(self._meters.house).decode()
        return Plain(told.encode(), CONTENT_TYPE_LATEST)

    async def _count_stored(self) -> None:
        """Count what lies in the database; while it is away the last counts stand."""
        try:
            async with asyncio.timeout(CHECK_S_MAX), self._db.acquire() as connection:
                self._meters.ledger_alarms.set(await count_alarms(connection))
            async with asyncio.timeout(CHECK_S_MAX):
                self._meters.promises_dead.set(await count_dead(self._db))
            async with asyncio.timeout(CHECK_S_MAX):
                paper = await count_paper(self._db)
            self._meters.printers_troubled.set(paper.troubled)
            self._meters.papers_waiting.set(paper.waiting)
            self._meters.papers_undecided.set(paper.undecided)
        except LOST as error:
            _log.warning("not_counted", error=type(error).__name__)

    async def _check_database(self) -> None:
        try:
            async with asyncio.timeout(CHECK_S_MAX), self._db.acquire() as connection:
                if self._migrated:  # forward only: what was applied stays applied
                    await connection.execute("SELECT")
                    return
                missing = await pending(connection)  # type: ignore[arg-type]
        except LOST as error:
            raise Refusal("unavailable", reason=type(error).__name__) from None
        if missing:
            raise Refusal(
                "unavailable", "The database needs `chuancai migrate`.", migrations=missing
            )
        self._migrated = True

    async def _troubled(self) -> int:
        try:
            async with asyncio.timeout(CHECK_S_MAX):
                return (await count_paper(self._db)).troubled
        except LOST as error:
            raise Refusal("unavailable", reason=type(error).__name__) from None

    async def _redis_answers(self) -> bool:
        try:
            async with asyncio.timeout(CHECK_S_MAX):
                await self._redis.ping()
        except (RedisError, OSError):
            return False
        return True
