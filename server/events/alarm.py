"""The delayed queue's alarm clock in Redis: which promises are due, and when to wake next.

Per partition (here: slice) one sorted set of promise → due time. Refuses to be the truth: a promise
is a row in PostgreSQL, a wiped alarm clock is set again by a worker's sweep, and a promise popped
here by a worker that died is swept up the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

from server.events.decision import Armed
from server.events.envelope import PARTITIONS, partition

BATCH_PROMISES_MAX = 256
POKE_CHANNEL = "alarms"
SWEEP_KEY = "alarms:swept"
SWEEP_KEY_S = 60
REDIS_S_MAX = 2.0  # a Redis that does not even refuse is away as well

# Pops what is due and says when the next is, in one call and one key: right on a cluster too.
_POP = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {due, first[2] or ''}
"""

# One worker sweeps for all. A time beyond the next sweep comes from a clock that was set back.
_TAKE_SWEEP = """
local now, every = tonumber(ARGV[1]), tonumber(ARGV[2])
local free = tonumber(redis.call('GET', KEYS[1]) or '-1')
if free > now and free <= now + every then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', now + every), 'EX', ARGV[3])
return free < 0 and 2 or 1
"""


Turn = Literal["it is yours", "clock is new"]
_TURNS: tuple[Turn | None, ...] = (None, "it is yours", "clock is new")


def due_key(slice_: int) -> str:
    """Name the sorted set of one partition."""
    return f"{partition(slice_)}:due"


class Alarm:
    """Sets and reads the alarm clock.

    Every method raises `RedisError` or `OSError` when Redis is away, within `REDIS_S_MAX` seconds.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._pop = redis.register_script(_POP)
        self._take_sweep = redis.register_script(_TAKE_SWEEP)

    async def arm(self, promises: Iterable[Armed]) -> None:
        """Set the clock for promises and tell the workers the earliest of each partition."""
        slices: dict[int, dict[str, int]] = {}
        for one in promises:
            slices.setdefault(one.shop_id % PARTITIONS, {})[f"{one.shop_id}:{one.id}"] = one.due_ms
        if not slices:
            return
        # `async with`: a pipeline that is left alone in the middle keeps its connection for ever.
        async with (
            asyncio.timeout(REDIS_S_MAX),
            self._redis.pipeline(transaction=False) as pipeline,
        ):
            for slice_, members in slices.items():
                pipeline.zadd(due_key(slice_), members)
            pipeline.publish(
                POKE_CHANNEL, ",".join(f"{s}:{min(m.values())}" for s, m in slices.items())
            )
            await pipeline.execute()

    async def pop(
        self, slices: Sequence[int], now_ms: int, promises_max: int = BATCH_PROMISES_MAX
    ) -> tuple[list[tuple[int, int]], dict[int, int]]:
        """Take up to so many due (shop, promise) per slice; also say when each is due next."""
        async with asyncio.timeout(REDIS_S_MAX):
            try:
                answers = await self._popped(slices, now_ms, promises_max)
            except NoScriptError:  # a Redis that was started anew
                await self._redis.script_load(_POP)
                answers = await self._popped(slices, now_ms, promises_max)
        due = [_key(member) for members, _ in answers for member in members]
        nexts = {
            slice_: int(float(first))
            for slice_, (_, first) in zip(slices, answers, strict=True)
            if first
        }
        return due, nexts

    async def _popped(self, slices: Sequence[int], now_ms: int, promises_max: int) -> list[Any]:
        # By its hash and not as a Script, which asks Redis each time whether it is still known.
        async with self._redis.pipeline(transaction=False) as pipeline:
            for slice_ in slices:
                pipeline.evalsha(self._pop.sha, 1, due_key(slice_), str(now_ms), str(promises_max))
            answers: list[Any] = await pipeline.execute()
        return answers

    async def take_sweep(self, now_ms: int, every_ms: int) -> Turn | None:
        """Say whether a sweep is this worker's: the first who asks after `every_ms` has it.

        "clock is new" when Redis knows of no sweep before: it may know of no promise either.
        """
        async with asyncio.timeout(REDIS_S_MAX):
            said: int = await self._take_sweep(
                keys=[SWEEP_KEY], args=[now_ms, every_ms, SWEEP_KEY_S]
            )
        return _TURNS[said]

    async def leave_sweep(self) -> None:
        """Let the next who asks sweep at once."""
        async with asyncio.timeout(REDIS_S_MAX):
            await self._redis.set(SWEEP_KEY, 0, ex=SWEEP_KEY_S)


def pokes(message: bytes) -> dict[int, int]:
    """Return slice → earliest due of what somebody armed."""
    pairs = (part.split(b":") for part in message.split(b","))
    return {int(slice_): int(due_ms) for slice_, due_ms in pairs}


def _key(member: bytes) -> tuple[int, int]:
    shop_id, _, promise_id = member.partition(b":")
    return int(shop_id), int(promise_id)
