"""The roll of processes at work, in Redis: each says every few seconds that it is there and how it is.

All of it is soft: while Redis is away nobody is on the roll but whoever is asked. Refuses to decide
whether a process is well, and to hold anything that matters tomorrow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.clock import Clock, to_ms
from server.health.standing import Standing

SAY_S = 5.0
ABSENT_AFTER_S = 3 * SAY_S
PROCESSES_MAX = 256
REDIS_S_MAX = 1.0
ROLL_KEY = "health:roll"
COUNTS_BYTES_MAX = 1024 * 1024  # of one process

_log = structlog.get_logger(__name__)


class Roll:
    """This process' line on the roll, and everybody's."""

    def __init__(self, redis: Redis, clock: Clock) -> None:
        self._redis = redis
        self._clock = clock
        self._away = False

    async def keep(self, speak: Callable[[float], Awaitable[None]]) -> None:
        """Speak every few seconds until cancelled; `speak` is told how late the loop was, in seconds."""
        while True:
            planned_s = self._clock.monotonic_s() + SAY_S
            await asyncio.sleep(SAY_S)
            await speak(max(0.0, self._clock.monotonic_s() - planned_s))

    async def say(self, standing: Standing) -> None:
        """Write this process' line; while Redis is away it is the next one's turn."""
        try:
            async with asyncio.timeout(REDIS_S_MAX), self._redis.pipeline() as pipe:
                pipe.hset(ROLL_KEY, standing.node, msgspec.json.encode(standing))  # type: ignore[arg-type]
                pipe.expire(ROLL_KEY, int(20 * ABSENT_AFTER_S))
                await pipe.execute()
            self._away = False
        except (RedisError, OSError) as error:
            if not self._away:
                _log.warning("not_on_the_roll", error=type(error).__name__)
            self._away = True

    async def show(self, host: str, process: str, counts: bytes) -> None:
        """Leave what this process counts for whichever process of its host is asked by Prometheus."""
        if len(counts) > COUNTS_BYTES_MAX:
            _log.error("counts_too_large", bytes=len(counts))
            return
        key, said_ms = _counts_key(host), to_ms(self._clock.now())
        try:
            async with asyncio.timeout(REDIS_S_MAX), self._redis.pipeline() as pipe:
                pipe.hset(key, process, f"{said_ms} ".encode() + counts)  # type: ignore[arg-type]
                pipe.expire(key, int(20 * ABSENT_AFTER_S))
                await pipe.execute()
        except (RedisError, OSError):
            return  # said already by whoever wrote its line on the roll

    async def shown(self, host: str) -> dict[str, str]:
        """Return process → what it counts; none while Redis is away. Those too old are forgotten."""
        key, found = _counts_key(host), {}
        after_ms = to_ms(self._clock.now()) - int(ABSENT_AFTER_S * 1000)
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                for process, line in (await self._redis.hgetall(key)).items():  # type: ignore[misc]
                    said_ms, _, counts = line.partition(b" ")
                    if int(said_ms) >= after_ms:
                        found[process.decode()] = counts.decode()
                    else:
                        await self._redis.hdel(key, process)  # type: ignore[misc]
        except (RedisError, OSError):
            return {}
        return dict(sorted(found.items())[:PROCESSES_MAX])

    async def leave(self, node: str) -> None:
        """Take this process' line away: it ends, which is no trouble."""
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                await self._redis.hdel(ROLL_KEY, node)  # type: ignore[misc]
        except (RedisError, OSError):
            return  # the line grows old by itself

    async def call(self) -> list[Standing]:
        """Return who is there, by kind and node; lines too old are forgotten. Raises what Redis raises."""
        async with asyncio.timeout(REDIS_S_MAX):
            lines = await self._redis.hgetall(ROLL_KEY)  # type: ignore[misc]
        after_ms = to_ms(self._clock.now()) - int(ABSENT_AFTER_S * 1000)
        there, gone = [], []
        for node, line in lines.items():
            standing = _read(line)
            if standing is None or standing.said_ms < after_ms:
                gone.append(node)
            else:
                there.append(standing)
        if gone:
            async with asyncio.timeout(REDIS_S_MAX):
                await self._redis.hdel(ROLL_KEY, *gone)  # type: ignore[misc]
        there.sort(key=lambda one: (one.kind, one.host, one.pid))
        return there[:PROCESSES_MAX]


def _counts_key(host: str) -> str:
    return f"health:counts:{host}"


def _read(line: bytes) -> Standing | None:
    try:
        return msgspec.json.decode(line, type=Standing)
    except msgspec.DecodeError:
        return None  # a newer version's line: it speaks for itself where it is
