"""Tells gateway nodes of committed events: this process at once, other nodes through Redis.

Redis only makes it quick: what is lost here (Redis away, process killed after the commit) is found
by every node's sweep over the shops' heads and read from the log. Refuses to wait or to fail while
a command is being answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from server.clock import Clock, to_ms
from server.events.alarm import REDIS_S_MAX, Alarm
from server.events.decision import Armed, Written
from server.events.envelope import (
    EVENTS_FIELD,
    INBOX_ENTRIES_MAX,
    PARTITIONS,
    inbox_key,
    nodes_key,
    pack,
)

WAITING_EVENTS_MAX = 20_000  # beyond this the other nodes' sweeps do the telling
REST_AFTER_TROUBLE_S = 0.5

# The nodes of many shops of one partition, in one call; shops without any are left out.
_NODES = """
local found = {}
for position, key in ipairs(KEYS) do
    local nodes = redis.call('HGETALL', key)
    if #nodes > 0 then found[#found + 1] = {position, nodes} end
end
return found
"""

_log = structlog.get_logger(__name__)

Deliver = Callable[[int, Sequence[Written]], None]


class Relay:
    """The desk's mouth: `publish` and `arm` never wait; `run` carries to Redis what they queued."""

    def __init__(
        self,
        redis: Redis,
        clock: Clock,
        alarm: Alarm,
        *,
        own_node: str | None = None,
        deliver: Deliver | None = None,
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._alarm = alarm
        self._own_node = own_node
        self._deliver = deliver
        self._waiting: list[tuple[int, Sequence[Written]]] = []
        self._armed: list[Armed] = []
        self._work = asyncio.Event()
        self._nodes_sha = redis.register_script(_NODES).sha

    def publish(self, shop_id: int, events: Sequence[Written]) -> None:
        """Hand events to this process' own devices and queue them for the other nodes."""
        if self._deliver is not None:
            self._deliver(shop_id, events)
        if len(self._waiting) < WAITING_EVENTS_MAX:
            self._waiting.append((shop_id, events))
            self._work.set()

    def arm(self, promises: Sequence[Armed]) -> None:
        """Queue promises for the alarm clock."""
        if len(self._armed) < WAITING_EVENTS_MAX:
            self._armed.extend(promises)
            self._work.set()

    async def run(self) -> None:
        """Carry what is queued until cancelled."""
        while True:
            await self._work.wait()
            try:
                await self.flush()
            except (RedisError, OSError) as error:
                _log.warning("relay_without_redis", error=type(error).__name__)
                await asyncio.sleep(REST_AFTER_TROUBLE_S)
            except Exception:  # noqa: BLE001
                # The task's edge: what cannot be carried is dropped, what follows is carried.
                _log.exception("relay_broke")

    async def flush(self) -> None:
        """Carry what is queued now; raises `RedisError` or `OSError`, and drops it, when Redis is away."""
        self._work.clear()
        waiting, self._waiting = self._waiting, []
        armed, self._armed = self._armed, []
        async with asyncio.timeout(REDIS_S_MAX):
            await self._tell(waiting)
        await self._alarm.arm(armed)

    async def _tell(self, waiting: list[tuple[int, Sequence[Written]]]) -> None:
        if not waiting:
            return
        nodes = await self._nodes({shop_id for shop_id, _ in waiting})
        inboxes: dict[str, list[bytes]] = {}
        for shop_id, events in waiting:
            for node in nodes.get(shop_id, ()):
                inboxes.setdefault(node, []).append(pack(shop_id, events))
        if not inboxes:
            return
        async with self._redis.pipeline(transaction=False) as pipeline:
            for node, packed in inboxes.items():
                pipeline.xadd(
                    inbox_key(node),
                    {EVENTS_FIELD: b"".join(packed)},
                    maxlen=INBOX_ENTRIES_MAX,
                    approximate=True,
                )
            await pipeline.execute()

    async def _nodes(self, shop_ids: set[int]) -> dict[int, list[str]]:
        """Return for each shop that has devices now the other nodes where they are."""
        slices: dict[int, list[int]] = {}
        for shop_id in shop_ids:
            slices.setdefault(shop_id % PARTITIONS, []).append(shop_id)
        try:
            answers = await self._asked(slices)
        except NoScriptError:  # a Redis that was started anew
            await self._redis.script_load(_NODES)
            answers = await self._asked(slices)
        now_ms = to_ms(self._clock.now())
        return {
            shops[position - 1]: [
                node.decode()
                for node, expires_ms in zip(found[::2], found[1::2], strict=True)
                if int(expires_ms) > now_ms and node.decode() != self._own_node
            ]
            for shops, answer in zip(slices.values(), answers, strict=True)
            for position, found in answer
        }

    async def _asked(self, slices: Mapping[int, Sequence[int]]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for shops in slices.values():
                pipeline.evalsha(self._nodes_sha, len(shops), *map(nodes_key, shops))
            answers: list[Any] = await pipeline.execute()
        return answers
