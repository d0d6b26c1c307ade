"""Keeps promises: what is due is handed to the desk, which settles it and does it in one commit.

The row is the truth; "waiting, and attempt as read" is the fence, so two workers that read the same
promise do it once. The alarm clock says when to wake; a sweep over due rows finds what the alarm
clock lost and carries on alone while Redis is away. Refuses to decide what a promise means.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

import asyncpg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.clock import Clock, from_ms, to_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.events.alarm import BATCH_PROMISES_MAX, POKE_CHANNEL, Alarm
from server.events.decision import Armed
from server.events.envelope import PARTITIONS

SWEEP_S = 1.5
SWEEP_SOON_S = 0.25
BACKOFF_S = 1.0
BACKOFF_S_MAX = 600.0
ATTEMPTS_MAX = 30
_AWAKE = 2**62
LOOK_AHEAD_S = 60  # the sweep arms what is due soon, so a wiped clock is set again

READ_NAMED = """
SELECT p.shop_id, p.id, p.kind, p.payload, p.attempt
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN promise p ON p.shop_id = u.shop_id AND p.id = u.id
 WHERE p.state = 'waiting' AND p.due_at <= $3::timestamptz
"""

READ_DUE = """
SELECT shop_id, id, kind, payload, attempt
  FROM promise
 WHERE state = 'waiting' AND due_at <= $1::timestamptz
 ORDER BY due_at
 LIMIT $2::integer
"""

READ_SOON = """
SELECT shop_id, id, due_at
  FROM promise
 WHERE state = 'waiting' AND due_at > $1::timestamptz AND due_at <= $2::timestamptz
 ORDER BY due_at
 LIMIT $3::integer
"""

POSTPONE = """
UPDATE promise
   SET attempt = attempt + 1, due_at = $4::timestamptz, last_error = $5,
       state = CASE WHEN attempt + 1 >= $6 THEN 'dead' ELSE 'waiting' END
 WHERE shop_id = $1 AND id = $2 AND attempt = $3 AND state = 'waiting'
RETURNING state
"""

_log = structlog.get_logger(__name__)

Keep = Callable[[int, str, bytes, tuple[int, int]], Awaitable[dict[str, Any]]]


class Due(NamedTuple):
    """A promise whose time has come, as read."""

    shop_id: int
    id: int
    kind: str
    payload: str
    attempt: int


class PromiseLoop:
    """Wakes when a promise is due and keeps it."""

    def __init__(self, pool: asyncpg.Pool, redis: Redis, clock: Clock, keep: Keep) -> None:
        self._pool = pool
        self._redis = redis
        self._alarm = Alarm(redis)
        self._clock = clock
        self._keep = keep
        self._poke = asyncio.Event()
        self._wakes_ms = 0
        self._swept_s = float("-inf")
        self._redis_away = False
        self._unkept = False  # something due could not be kept just now: look again soon

    async def run(self) -> None:
        """Keep promises until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            while True:
                self._wakes_ms = _AWAKE  # what is armed during a turn may be too late for it
                wait_s = await self.turn()
                try:
                    async with asyncio.timeout(wait_s):
                        await self._poke.wait()
                except TimeoutError:
                    pass
                self._poke.clear()

    async def turn(self) -> float:
        """Keep everything that is due now and return how long there is nothing to do, in seconds."""
        try:
            next_ms = await self._turn_by_alarm()
            self._redis_away = False
        except (RedisError, OSError) as error:
            if not self._redis_away:
                _log.warning("alarm_away", error=type(error).__name__)
            self._redis_away = True
            next_ms = None
        sweep_s = self._sweep_every_s()
        since_s = self._clock.monotonic_s() - self._swept_s
        if since_s >= sweep_s:
            kept = await self.sweep()
            if kept == BATCH_PROMISES_MAX:
                return 0.0  # there may be more: go on without a rest
            since_s, sweep_s = 0.0, self._sweep_every_s()
        now_ms = to_ms(self._clock.now())
        wait_s = sweep_s - since_s
        if next_ms is not None:
            wait_s = min(wait_s, max(0.0, (next_ms - now_ms) / 1000))
        self._wakes_ms = now_ms + int(wait_s * 1000)
        return wait_s

    def _sweep_every_s(self) -> float:
        return SWEEP_SOON_S if self._redis_away or self._unkept else SWEEP_S

    async def _turn_by_alarm(self) -> int | None:
        while True:
            now_ms = to_ms(self._clock.now())
            names, next_ms = await self._alarm.pop(range(PARTITIONS), now_ms)
            if not names:
                return next_ms
            await self._keep_all(await self._read_named(names, now_ms))

    async def _read_named(self, names: Sequence[tuple[int, int]], now_ms: int) -> list[Due]:
        try:
            rows = await self._pool.fetch(
                READ_NAMED, [n[0] for n in names], [n[1] for n in names], from_ms(now_ms)
            )
        except LOST as error:
            _log.warning("promises_wait", error=type(error).__name__)
            self._unkept = True
            return []  # popped but still waiting in their rows: the sweep finds them
        return [Due(*row) for row in rows]

    async def sweep(self) -> int:
        """Keep due promises the alarm clock forgot, arm those due soon; return how many were kept.

        At most a batch; the next turn sweeps again at once when all of a full batch were kept.
        """
        now_ms = to_ms(self._clock.now())
        try:
            rows = await self._pool.fetch(READ_DUE, from_ms(now_ms), BATCH_PROMISES_MAX)
            soon = await self._pool.fetch(
                READ_SOON, from_ms(now_ms), from_ms(now_ms + LOOK_AHEAD_S * 1000), 1000
            )
        except LOST as error:
            self._swept_s = self._clock.monotonic_s()
            _log.warning("sweep_without_database", error=type(error).__name__)
            self._unkept = True
            return 0
        self._unkept = False
        kept = await self._keep_all([Due(*row) for row in rows])
        if kept < BATCH_PROMISES_MAX:
            self._swept_s = self._clock.monotonic_s()
        try:
            await self._alarm.arm(Armed(r["shop_id"], r["id"], to_ms(r["due_at"])) for r in soon)
        except (RedisError, OSError):
            self._redis_away = True  # said by `turn`; the sweep itself needs no Redis
        return kept

    async def _keep_all(self, due: list[Due]) -> int:
        return sum(await asyncio.gather(*(self._keep_one(one) for one in due)))

    async def _keep_one(self, one: Due) -> bool:
        """Keep a promise or postpone it; False when it is still due."""
        try:
            await self._keep(one.shop_id, one.kind, one.payload.encode(), (one.id, one.attempt))
        except Refusal as refusal:
            if refusal.code in {"unavailable", "busy"}:
                self._unkept = True
                return False  # still waiting in its row; the sweep comes by again
            return await self._postpone(one, refusal.code)
        except Exception as error:  # noqa: BLE001
            # The task's edge: a promise that cannot be kept is tried again, then an alarm.
            _log.exception("promise_broke", promise=one.id, kind=one.kind)
            return await self._postpone(one, repr(error))
        return True

    async def _postpone(self, one: Due, why: str) -> bool:
        wait_s = min(BACKOFF_S_MAX, BACKOFF_S * 2**one.attempt) * random.uniform(0.5, 1.0)
        due_at = from_ms(to_ms(self._clock.now()) + int(wait_s * 1000))
        try:
            state = await self._pool.fetchval(
                POSTPONE, one.shop_id, one.id, one.attempt, due_at, why[:500], ATTEMPTS_MAX
            )
        except LOST:
            return False  # still due: the sweep comes by again
        if state == "dead":
            _log.error("promise_dead", shop=one.shop_id, promise=one.id, kind=one.kind, why=why)
        return True

    async def _listen(self) -> None:
        """Wake early when something earlier than our sleep is armed."""
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(POKE_CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message" and int(message["data"]) < self._wakes_ms:
                            self._poke.set()
            except (RedisError, OSError):
                await asyncio.sleep(SWEEP_SOON_S)
