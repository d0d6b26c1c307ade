"""Looks every half minute whether something wants somebody's eye, and says so once an hour while it lasts.

In the log as an error, and in `house_alarm` for the console. Any number of workers may watch: the row
says it once. Refuses to mend, and to fall when something it looks at is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

import asyncpg
import structlog
from redis.exceptions import RedisError

from server.clock import Clock, to_ms
from server.db.pool import LOST
from server.health import store
from server.health.alarms import FINDINGS_MAX, LIMITS, Found, Rises, of_processes
from server.health.roll import Roll

LOOK_S = 30.0
AGAIN_AFTER = timedelta(hours=1)
OVER_AFTER = timedelta(minutes=5)  # not seen for so long it was over: the next time is a new one
FORGET_AFTER = timedelta(days=30)
AWAY_S = 60.0  # a restart of the house is no alarm
ORDERS_BACK = timedelta(hours=4)  # a kitchen that was closed with a forgotten order is asleep

_log = structlog.get_logger(__name__)


class SeenDevice(NamedTuple):
    """A device and when it was last connected."""

    device_id: int
    seen_ms: int


Seen = Callable[[int], Awaitable[Sequence[SeenDevice]]]


class Watch:
    """One worker's watch over the house."""

    def __init__(self, pool: asyncpg.Pool, roll: Roll, clock: Clock, seen: Seen) -> None:
        self._db = pool
        self._roll = roll
        self._clock = clock
        self._seen = seen
        self._rises = Rises()

    async def run(self) -> None:
        """Look until cancelled; the first time when devices had time to come back."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.turn()

    async def turn(self) -> list[Found]:
        """Look once; return what was said anew."""
        now = self._clock.now()
        found = await self._of_processes()
        try:
            found += await store.read_troubles(self._db, now, LIMITS)
            found += await self._devices_away()
            said = await store.raise_alarms(
                self._db, found[:FINDINGS_MAX], now, (AGAIN_AFTER, OVER_AFTER, FORGET_AFTER)
            )
        except LOST as error:
            _log.error("alarm", kind="database_away", error=type(error).__name__)
            return []
        for one in said:
            _log.error(
                "alarm", kind=one.kind, subject=one.subject, count=one.number,
                brand_id=one.brand_id, shop_id=one.shop_id,
            )  # fmt: skip
        return said

    async def _of_processes(self) -> list[Found]:
        try:
            standings = await self._roll.call()
        except (RedisError, OSError):
            return []  # /readyz and the guard of each process tell of it
        return of_processes(standings, self._rises.of(standings, self._clock.monotonic_s()))

    async def _devices_away(self) -> list[Found]:
        """Find shops with guests that wait, and no screen of a kind that hears of it."""
        found = []
        now = self._clock.now()
        seen_by_shop: dict[int, dict[int, int]] = {}
        for crew in await store.read_crews(self._db, now - ORDERS_BACK):
            try:
                if crew.shop_id not in seen_by_shop:
                    seen = await self._seen(crew.shop_id)
                    seen_by_shop[crew.shop_id] = {one.device_id: one.seen_ms for one in seen}
            except (RedisError, OSError):
                return []  # nobody knows who is connected
            last_ms = max(seen_by_shop[crew.shop_id].get(one, 0) for one in crew.device_ids)
            if last_ms < to_ms(now) - AWAY_S * 1000:
                count = len(crew.device_ids)
                found.append(Found(crew.brand_id, crew.shop_id, "devices_away", crew.kind, count))
        return found
