"""The delayed queue's alarm clock in Redis: which promises are due, and when to wake next.

Per partition one sorted set of promise → due time. Refuses to be the truth: a promise is a row in
PostgreSQL, a wiped alarm clock is set again by the worker's sweep, and a promise popped here by a
worker that died is swept up the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from redis.asyncio import Redis

from server.events.decision import Armed
from server.events.envelope import PARTITIONS, partition

BATCH_PROMISES_MAX = 256
POKE_CHANNEL = "alarm"
REDIS_S_MAX = 2.0  # a Redis that does not even refuse is away as well

# Pops what is due and says when the next is, in one call and one key: right on a cluster too.
_POP = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #due > 0 then redis.call('ZREM', KEYS[1], unpack(due)) end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {due, first[2] or ''}
"""


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

    async def arm(self, promises: Iterable[Armed]) -> None:
        """Set the clock for promises and wake workers that sleep past the earliest."""
        slices: dict[int, dict[str, int]] = {}
        for one in promises:
            slices.setdefault(one.shop_id % PARTITIONS, {})[f"{one.shop_id}:{one.id}"] = one.due_ms
        if not slices:
            return
        earliest = min(min(members.values()) for members in slices.values())
        # `async with`: a pipeline that is left alone in the middle keeps its connection for ever.
        async with (
            asyncio.timeout(REDIS_S_MAX),
            self._redis.pipeline(transaction=False) as pipeline,
        ):
            for slice_, members in slices.items():
                pipeline.zadd(due_key(slice_), members)
            pipeline.publish(POKE_CHANNEL, earliest)
            await pipeline.execute()

    async def pop(
        self, slices: Sequence[int], now_ms: int
    ) -> tuple[list[tuple[int, int]], int | None]:
        """Take up to a batch of due (shop, promise) per slice; also say when the next is due."""
        async with (
            asyncio.timeout(REDIS_S_MAX),
            self._redis.pipeline(transaction=False) as pipeline,
        ):
            for slice_ in slices:
                await self._pop(
                    keys=[due_key(slice_)], args=[now_ms, BATCH_PROMISES_MAX], client=pipeline
                )
            answers = await pipeline.execute()
        due: list[tuple[int, int]] = []
        nexts: list[int] = []
        for members, first in answers:
            due += [_key(member) for member in members]
            if first:
                nexts.append(int(float(first)))
        return due, min(nexts, default=None)


def _key(member: bytes) -> tuple[int, int]:
    shop_id, _, promise_id = member.partition(b":")
    return int(shop_id), int(promise_id)
