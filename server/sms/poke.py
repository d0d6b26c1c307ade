"""Tells the workers that a queue has something, so that a code leaves at once.

One Redis channel, and nothing is kept there: what is lost is found by a sweep of the queues' heads.
Refuses to hold anybody up: a Redis that is away costs a caller nothing but speed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.sms.message import KINDS, MODES, Queue

CHANNEL = "sms:queued"
REDIS_S_MAX = 0.5
REST_S = 0.25

_log = structlog.get_logger(__name__)


class Pokes:
    """Says and hears which queues have something."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def poke(self, queues: set[Queue]) -> None:
        """Tell every worker; one that does not hear finds them within a second."""
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                await self._redis.publish(CHANNEL, write(queues))
        except (RedisError, OSError) as error:
            _log.debug("poke_unheard", error=type(error).__name__)

    async def listen(self, hear: Callable[[list[Queue]], None], deaf: Callable[[], None]) -> None:
        """Hear until cancelled; `deaf` is called whenever something may have been missed."""
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    deaf()
                    async for message in channel.listen():
                        if message["type"] == "message":
                            hear(read(message["data"]))
            except (RedisError, OSError):
                deaf()
                await asyncio.sleep(REST_S)


def write(queues: Iterable[Queue]) -> bytes:
    """Return queues as they travel."""
    return ",".join(f"{q.brand_id}:{q.kind}:{q.mode}" for q in queues).encode()


def read(message: bytes) -> list[Queue]:
    """Return the queues that are well named in what somebody said."""
    found = []
    for one in message.decode(errors="replace").split(","):
        brand, _, rest = one.partition(":")
        kind, _, mode = rest.partition(":")
        if brand.isdecimal() and kind in KINDS and mode in MODES:
            found.append(Queue(int(brand), kind, mode))
    return found
