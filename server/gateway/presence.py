"""Who is connected where, in Redis: the newest connection of a device wins, across all nodes.

Per shop one hash (device → generation, node, last seen) and one of nodes that have its devices
(what the relay reads). All of it is soft: when Redis is away or empty, generations come from the
clock, the newest connection of this process wins, and the next heartbeat writes everything anew.
Refuses to store anything that matters tomorrow.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Collection, Sequence
from typing import NamedTuple, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.clock import Clock, to_ms
from server.events.envelope import (
    INBOX_ENTRIES_MAX,
    REPLACED_FIELD,
    inbox_key,
    nodes_key,
    partition,
)

HEARTBEAT_S = 5.0
ABSENT_AFTER_S = 3 * HEARTBEAT_S
REDIS_S_MAX = 1.0

# A generation is at least the clock's milliseconds, so that a wiped Redis or a node that had to do
# without one never hands out a lower number than an older connection holds.
# devices hash: field device id → "generation node seen_ms"; an empty node means offline.
_CLAIM = """
local answers = {}
for i = 3, #ARGV do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local generation, node = tonumber(ARGV[2]), ''
  if old then
    local g, n = string.match(old, '^(%d+) (%S*)')
    if tonumber(g) >= generation then generation = tonumber(g) + 1 end
    node = n
  end
  local text = string.format('%.0f', generation)
  redis.call('HSET', KEYS[1], ARGV[i], text .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
  answers[#answers + 1] = text
  answers[#answers + 1] = node
end
redis.call('EXPIRE', KEYS[1], 604800)
return answers
"""

# Pairs (device, generation): renewed unless a newer connection is known; answers the stale ones.
# With a second key this node also goes on the shop's list of nodes, for ABSENT_AFTER_S.
_RENEW = """
local stale = {}
for i = 3, #ARGV, 2 do
  local old = redis.call('HGET', KEYS[1], ARGV[i])
  local g = old and tonumber(string.match(old, '^(%d+)')) or 0
  if g > tonumber(ARGV[i + 1]) then
    stale[#stale + 1] = ARGV[i]
    stale[#stale + 1] = string.format('%.0f', g)
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1] .. ' ' .. ARGV[1] .. ' ' .. ARGV[2])
  end
end
redis.call('EXPIRE', KEYS[1], 604800)
if KEYS[2] then
  redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', tonumber(ARGV[2]) + 15000))
  redis.call('EXPIRE', KEYS[2], 604800)
end
return stale
"""

_logger = structlog.get_logger(__name__)


class Claim(NamedTuple):
    """A connection that wants to be its device's only one, or says that it still is."""

    shop_id: int
    device_id: int
    generation: int = 0


class Seen(NamedTuple):
    """A device's presence."""

    device_id: int
    online: bool
    node: str
    seen_ms: int


def devices_key(shop_id: int) -> str:
    """Name the hash device → generation, node, last seen."""
    return f"{partition(shop_id)}:devices:{shop_id}"


class Presence:
    """This node's part of who is where; `redis` None means alone in the world."""

    def __init__(self, redis: Redis | None, clock: Clock, node: str) -> None:
        self._redis = redis
        self._clock = clock
        self._node = node
        self._last_generation = 0
        self._shops: set[int] = set()  # whose lists this node is on
        self._left: set[int] = set()
        self.away = redis is None

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())

    def _own_generation(self) -> int:
        self._last_generation = max(self._last_generation + 1, self._now_ms())
        return self._last_generation

    async def claim(self, claims: Sequence[Claim]) -> list[int]:
        """Return a generation for each, newest of its device; other nodes are told to let go."""
        if self._redis is None or self.away:
            return [self._own_generation() for _ in claims]
        by_shop: dict[int, list[int]] = defaultdict(list)
        for index, claim in enumerate(claims):
            by_shop[claim.shop_id].append(index)
        try:
            async with asyncio.timeout(REDIS_S_MAX):
                return await self._claim(self._redis, claims, by_shop)
        except (RedisError, OSError, TimeoutError) as error:
            self._gone(error)
            return [self._own_generation() for _ in claims]

    async def _claim(
        self, redis: Redis, claims: Sequence[Claim], by_shop: dict[int, list[int]]
    ) -> list[int]:
        now_ms = self._now_ms()
        async with redis.pipeline(transaction=False) as pipe:
            for shop_id, indexes in by_shop.items():
                devices = [str(claims[index].device_id) for index in indexes]
                pipe.eval(_CLAIM, 1, devices_key(shop_id), self._node, str(now_ms), *devices)
                if shop_id not in self._shops:
                    pipe.hset(nodes_key(shop_id), self._node, self._expiry(now_ms))
            answers = [a for a in await pipe.execute() if isinstance(a, list)]
        self._shops.update(by_shop)
        generations = [0] * len(claims)
        replaced: list[tuple[str, str]] = []
        for (shop_id, indexes), answer in zip(by_shop.items(), answers, strict=True):
            for position, index in enumerate(indexes):
                generation = int(answer[2 * position])
                node = answer[2 * position + 1].decode()
                generations[index] = generation
                if node and node != self._node:
                    word = f"{shop_id} {claims[index].device_id} {generation}"
                    replaced.append((node, word))
        if replaced:
            await self._tell(redis, replaced)
        return generations

    async def _tell(self, redis: Redis, replaced: list[tuple[str, str]]) -> None:
        async with redis.pipeline(transaction=False) as pipe:
            for node, word in replaced:
                pipe.xadd(
                    inbox_key(node), {REPLACED_FIELD: word},
                    maxlen=INBOX_ENTRIES_MAX, approximate=True,
                )  # fmt: skip
            await pipe.execute()

    def forget(self, shop_id: int) -> None:
        """Take this node off a shop's list with the next renewal: it has no device of it."""
        self._shops.discard(shop_id)
        self._left.add(shop_id)

    @property
    def leaving(self) -> bool:
        """Whether the next renewal takes this node off some list."""
        return bool(self._left)

    async def renew(self, shops: Collection[int], held: Sequence[Claim]) -> list[Claim]:
        """Say which connections of these shops this node holds; return those that are replaced."""
        if self._redis is None:
            return []
        by_shop: dict[int, list[Claim]] = {shop_id: [] for shop_id in shops}
        for claim in held:
            by_shop[claim.shop_id].append(claim)
        try:
            async with asyncio.timeout(REDIS_S_MAX * 5):
                stale = await self._renew(self._redis, by_shop)
        except (RedisError, OSError, TimeoutError) as error:
            self._gone(error)
            return []
        if self.away:
            _logger.info("redis_back", devices=len(held))
            self.away = False
        return stale

    async def _renew(self, redis: Redis, by_shop: dict[int, list[Claim]]) -> list[Claim]:
        now_ms = self._now_ms()
        gone, self._left = self._left - by_shop.keys(), set()
        shops = list(by_shop)
        async with redis.pipeline(transaction=False) as pipe:
            pipe.ping()
            for shop_id in gone:
                pipe.hdel(nodes_key(shop_id), self._node)
            for shop_id in shops:
                pairs = [str(n) for c in by_shop[shop_id] for n in (c.device_id, c.generation)]
                keys = (devices_key(shop_id), nodes_key(shop_id))
                pipe.eval(_RENEW, 2, *keys, self._node, str(now_ms), *pairs)
            answers = (await pipe.execute())[1 + len(gone) :]
        self._shops.update(shops)
        return [
            Claim(shop_id, int(device), int(generation))
            for shop_id, stale in zip(shops, answers, strict=True)
            for device, generation in zip(stale[::2], stale[1::2], strict=True)
        ]

    async def release(self, gone: Sequence[Claim]) -> None:
        """Say that these connections ended, unless a newer one took over."""
        if self._redis is None or self.away or not gone:
            return
        now_ms = self._now_ms()
        try:
            async with (
                asyncio.timeout(REDIS_S_MAX),
                self._redis.pipeline(transaction=False) as pipe,
            ):
                for shop_id, *pair in gone:
                    # With an empty node the same script writes "offline, last seen now".
                    device = [str(number) for number in pair]
                    pipe.eval(_RENEW, 1, devices_key(shop_id), "", str(now_ms), *device)
                await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._gone(error)

    async def leave(self) -> None:
        """Take this node off every shop's list."""
        if self._redis is None or not self._shops:
            return
        try:
            async with (
                asyncio.timeout(REDIS_S_MAX),
                self._redis.pipeline(transaction=False) as pipe,
            ):
                for shop_id in self._shops:
                    pipe.hdel(nodes_key(shop_id), self._node)
                await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            self._gone(error)

    async def online(self, shop_id: int) -> list[Seen]:
        """Return the devices of a shop with when and where they were last seen.

        Raises `redis.exceptions.RedisError` or `OSError` when nobody knows.
        """
        if self._redis is None:
            return []
        reading = cast("Awaitable[dict[bytes, bytes]]", self._redis.hgetall(devices_key(shop_id)))
        found = await reading
        return [_seen(int(device), value, self._now_ms()) for device, value in found.items()]

    def _expiry(self, now_ms: int) -> str:
        return str(now_ms + int(ABSENT_AFTER_S * 1000))

    def _gone(self, error: BaseException) -> None:
        if not self.away:
            _logger.warning("redis_away", error=type(error).__name__)
        self.away = True


def _seen(device_id: int, value: bytes, now_ms: int) -> Seen:
    parts = value.decode().split(" ")
    node, seen_ms = parts[1], int(parts[2])
    fresh = now_ms - seen_ms < ABSENT_AFTER_S * 1000
    return Seen(device_id, bool(node) and fresh, node, seen_ms)
