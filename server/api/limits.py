"""How often a caller may call, and whether a nonce was seen: in Redis, and without it.

Redis makes it quick and common to all nodes. While it is away nonces are kept by PostgreSQL and
rates by each process for itself; for a second after a failure Redis is not asked at all, so that a
dead Redis costs one short wait and not one per request.
Refuses to be the last guard of commands: a played-back request carries its old command id, whose
answer PostgreSQL remembers, so a Redis that forgot everything opens no door.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import NamedTuple

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from server.api import store
from server.auth import WINDOW_S
from server.clock import Clock

REDIS_S_MAX = 0.25
REDIS_REST_S = 1.0
KEY_KEPT_S = 5.0  # how long a process goes by what it knows of a key, without a word of a change
# Whoever ends a key waits longer for Redis than whoever calls: until it was heard, or until nobody remembers the key.
TELL_S_MAX = KEY_KEPT_S
BUCKETS_MAX = 10_000
CHANGED_KEPT_S = 15  # longer than any process remembers a key

# Tokens drop in at `rate` per second up to `burst`; answers 0 or the milliseconds until the next.
_TAKE = """
local now = redis.call('TIME')
local at = now[1] * 1000 + now[2] / 1000
local rate, burst = tonumber(ARGV[1]) / 1000, tonumber(ARGV[2])
local was = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = burst
if was[1] then tokens = math.min(burst, was[1] + math.max(0, at - was[2]) * rate) end
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) / rate) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(at))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate) + 1000)
return wait
"""

_log = structlog.get_logger(__name__)


class Admission(NamedTuple):
    """What is said of a client besides its key: whether the nonce is new, the seconds to wait (0: none).

    `is_changed`: what a process remembers of the client may be too old.
    """

    fresh: bool
    wait_s: float
    is_changed: bool


class Bucket:
    """One process's own token bucket."""

    def __init__(self, burst_max: int, now_s: float) -> None:
        self._tokens = float(burst_max)
        self._at_s = now_s

    def take(self, rate_per_s: float, burst_max: int, now_s: float) -> float:
        """Take a token and return 0, or return the seconds until there is one."""
        grown = self._tokens + max(0.0, now_s - self._at_s) * rate_per_s
        self._tokens, self._at_s = min(float(burst_max), grown), now_s
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / rate_per_s


class Limits:
    """Counts calls and remembers nonces for one process."""

    def __init__(
        self, database: store.Database, redis_client: redis.asyncio.Redis, clock: Clock
    ) -> None:
        self._db = database
        self._redis = redis_client
        self._clock = clock
        self._asked_again_s = 0.0
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    async def take(self, name: str, rate_per_s: float, burst_max: int) -> float:
        """Return 0 when `name` may call now, else the seconds it must wait."""
        if self._redis_rests():
            return self._take_here(name, rate_per_s, burst_max)
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                wait_ms = await self._redis.eval(  # type: ignore[misc]
                    _TAKE, 1, f"rate:{{{name}}}", str(rate_per_s), str(burst_max)
                )
        except (RedisError, OSError) as error:
            self._rest(error)
            return self._take_here(name, rate_per_s, burst_max)
        return int(wait_ms) / 1000

    async def admit(self, client: store.Client, nonce: str) -> Admission:
        """Say what is known of a client besides its key, and spend the nonce."""
        name = _name(client.brand_id, client.id)
        if not self._redis_rests():
            try:
                return await self._admit_in_redis(name, client, nonce)
            except (RedisError, OSError) as error:
                self._rest(error)
        fresh = await store.take_nonce(self._db, client, nonce, self._clock.now())
        return Admission(fresh, self._take_here(name, client.rate_per_s, client.burst_max), True)

    async def tell_changed(self, brand_id: int, client_id: int) -> None:
        """Let no process go by what it remembers of a client, from its next request on.

        However slow Redis is, after this they do not: it heard, or they have forgotten by themselves. While it is
        away nobody goes by anything; should it be away for this process alone, they may for `KEY_KEPT_S`.
        """
        try:
            async with asyncio.timeout(TELL_S_MAX):
                try:
                    await self._say_changed(brand_id, client_id)
                except (RedisError, OSError):  # a connection that was lost while nobody used it
                    await self._say_changed(brand_id, client_id)
        except (RedisError, OSError) as error:
            self._rest(error)

    async def _say_changed(self, brand_id: int, client_id: int) -> None:
        await self._redis.set(_changed(_name(brand_id, client_id)), 1, ex=CHANGED_KEPT_S)

    async def _admit_in_redis(self, name: str, client: store.Client, nonce: str) -> Admission:
        async with (
            asyncio.timeout(REDIS_S_MAX),
            self._redis.pipeline(transaction=False) as pipe,
        ):
            # A timestamp may lie a window ahead and is good until a window after it.
            pipe.set(f"nonce:{{{name}}}:{nonce}", 1, nx=True, ex=2 * WINDOW_S)
            pipe.eval(_TAKE, 1, f"rate:{{{name}}}", str(client.rate_per_s), str(client.burst_max))
            pipe.exists(_changed(name))
            fresh, wait_ms, changed = await pipe.execute()
        return Admission(bool(fresh), int(wait_ms) / 1000, bool(changed))

    def _redis_rests(self) -> bool:
        return self._clock.monotonic_s() < self._asked_again_s

    def _rest(self, error: Exception) -> None:
        self._asked_again_s = self._clock.monotonic_s() + REDIS_REST_S
        _log.warning("redis_away_limits_are_local", error=type(error).__name__)

    def _take_here(self, name: str, rate_per_s: float, burst_max: int) -> float:
        now_s = self._clock.monotonic_s()
        bucket = self._buckets.pop(name, None) or Bucket(burst_max, now_s)
        self._buckets[name] = bucket
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)  # whoever was silent longest has a full bucket anyway
        return bucket.take(rate_per_s, burst_max, now_s)


def _name(brand_id: int, client_id: int) -> str:
    return f"api:{brand_id}:{client_id}"


def _changed(name: str) -> str:
    return f"changed:{{{name}}}"
