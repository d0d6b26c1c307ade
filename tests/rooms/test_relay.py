"""The relay between processes: it tells the nodes that are there, and never piles up for those that are not."""

from __future__ import annotations

from redis.asyncio import Redis

from server.clock import ManualClock, to_ms
from server.events.alarm import Alarm
from server.events.decision import Written
from server.events.envelope import EVENTS_FIELD, inbox_key, nodes_key, unpack
from server.events.relay import WAITING_EVENTS_MAX, Relay
from tests.support.kitchen import NOON

LINE = Written(1, 0, frozenset({"kitchen"}), b"{}")


async def test_a_node_that_is_gone_is_told_nothing(redis_url: str) -> None:
    """Whoever did not renew its word is dead: no inbox grows for it, and this process tells itself nothing."""
    clock = ManualClock(NOON)
    async with Redis.from_url(redis_url) as redis:
        relay = Relay(redis, clock, Alarm(redis), own_node="self")
        until = {"there": 1000, "gone": -1, "self": 1000}
        nodes = {node: to_ms(NOON) + off for node, off in until.items()}
        await redis.hset(nodes_key(1), mapping=nodes)
        relay.publish(1, [LINE])
        await relay.flush()
        assert [await redis.xlen(inbox_key(node)) for node in until] == [1, 0, 0]


async def test_what_waits_for_redis_is_bounded(redis_url: str) -> None:
    """Redis away for long: own devices hear everything, for the others so much is kept; the heads tell the rest."""
    heard = []
    async with Redis.from_url(redis_url) as redis:
        relay = Relay(
            redis, ManualClock(NOON), Alarm(redis), deliver=lambda shop, _: heard.append(shop)
        )
        for _ in range(WAITING_EVENTS_MAX + 5):
            relay.publish(1, [LINE])
        assert len(heard) == WAITING_EVENTS_MAX + 5
        await redis.hset(nodes_key(1), "there", to_ms(NOON) + 1000)
        await relay.flush()
        [(_, fields)] = await redis.xrange(inbox_key("there"))
        assert len(unpack(fields[EVENTS_FIELD])) == WAITING_EVENTS_MAX
