"""Several nodes, and what lies under them going away: newest connection, gaps, presence."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from server.clock import ManualClock
from server.db.pool import LOST
from server.demo.seed import seed
from server.events.envelope import inbox_key, nodes_key
from tests.support.engines import running_pair
from tests.support.gateway_node import SHOP, gateway_node, peer
from tests.support.patience import PATIENCE_S

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so; the loop turns meanwhile."""
    async with asyncio.timeout(PATIENCE_S):
        while not await true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)


async def test_a_command_on_one_node_is_heard_on_another(database_url: str, redis_url: str) -> None:
    """Two web processes are one house: the relay carries every line once."""
    await seed(database_url)
    async with (
        gateway_node(database_url, redis_url, "one") as one,
        gateway_node(database_url, redis_url, "two") as two,
    ):
        cook, waiter = (await one.pair("kitchen"))[0], (await one.pair("waiter"))[0]
        async with peer(one) as pad, peer(two) as screen:
            await pad.enter(waiter)
            seq = await screen.enter(cook)
            for number in range(20):
                await (one if number % 3 else two).order(3)
            assert await screen.seqs(seq + 20) == list(range(seq + 1, seq + 21))
            assert await pad.seqs(seq + 20) == list(range(seq + 1, seq + 21))


async def test_the_newest_connection_wins_across_nodes(database_url: str, redis_url: str) -> None:
    """The older connection is closed with 4409 wherever it is, and its commands are not done."""
    await seed(database_url)
    async with (
        gateway_node(database_url, redis_url, "one") as one,
        gateway_node(database_url, redis_url, "two") as two,
    ):
        token, _ = await one.pair("waiter")
        async with peer(one) as older, peer(two) as newer:
            first = await older.hello(token)
            second = await newer.hello(token)
            assert second["generation"] > first["generation"]
            assert await older.closed() == 4409
            await newer.hear_a("snapshot")
            assert (await newer.ask("PlaceOrder", place_id=3, lines=[{"dish_id": 1}]))["ok"]
            async with peer(one) as newest:
                third = await newest.hello(token)
                assert third["generation"] > second["generation"]
                assert await newer.closed() == 4409


async def test_a_lost_word_between_nodes_is_made_up_for_by_the_heartbeat(
    database_url: str, redis_url: str
) -> None:
    """When "your device is elsewhere" never arrives, the older node learns it within seconds."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url, "one") as one:
        token, device_id = await one.pair("waiter")
        async with peer(one) as older:
            generation = (await older.hello(token))["generation"]
            key = f"{{p01}}:devices:{SHOP}"
            await one.redis.hset(key, str(device_id), f"{generation + 5} elsewhere 0")  # type: ignore[misc]
            assert await older.closed() == 4409


async def test_lines_that_come_late_twice_and_shuffled(database_url: str, redis_url: str) -> None:
    """Whatever order two doors bring lines in, a device hears each once, in order."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("waiter")
        async with peer(node) as pad:
            seq = await pad.enter(token)
            for step in (2, 1, 2, 3, 1, 5, 4, 5, 6):
                node.tell(seq + step)
            assert await pad.seqs(seq + 6) == [seq + step for step in range(1, 7)]


async def test_a_line_that_never_came_is_read_from_the_log(
    database_url: str, redis_url: str
) -> None:
    """A node that missed the middle fills it from PostgreSQL within milliseconds."""
    await seed(database_url)
    async with (
        gateway_node(database_url, redis_url, "one") as one,
        gateway_node(database_url, None, "silent") as silent,
    ):
        token, _ = await one.pair("waiter")
        async with peer(one) as pad:
            seq = await pad.enter(token)
            await silent.order(3)
            await silent.order(4)
            await one.order(5)
            assert await pad.seqs(seq + 3) == [seq + 1, seq + 2, seq + 3]


async def test_a_lost_tail_is_found_by_looking_at_the_heads(
    database_url: str, redis_url: str
) -> None:
    """Even when the last line is lost and nothing follows, it arrives within seconds."""
    await seed(database_url)
    async with (
        gateway_node(database_url, redis_url, "one") as one,
        gateway_node(database_url, None, "silent") as silent,
    ):
        token, _ = await one.pair("waiter")
        async with peer(one) as pad:
            seq = await pad.enter(token)
            await silent.order(3)
            assert await pad.seqs(seq + 1) == [seq + 1]


async def test_presence(database_url: str, redis_url: str) -> None:
    """Who is online is readable from any node; who left is offline with when it was last seen."""
    await seed(database_url)
    clock = ManualClock(NOW)
    async with (
        gateway_node(database_url, redis_url, "one", clock=clock) as one,
        gateway_node(database_url, redis_url, "two", clock=clock) as two,
    ):
        token, device_id = await one.pair("waiter")
        async with peer(one) as pad:
            await pad.enter(token)
            (seen,) = await two.gateway.presence.online(SHOP)
            assert (seen.device_id, seen.online, seen.node) == (device_id, True, "one")

        async def offline() -> bool:
            (seen,) = await two.gateway.presence.online(SHOP)
            return not seen.online

        await until(offline)
        assert await one.redis.hkeys(nodes_key(SHOP)) == [b"one"]  # type: ignore[misc]
        clock.advance(seconds=60)

        async def off_the_list() -> bool:
            return not await one.redis.exists(nodes_key(SHOP))

        await until(off_the_list)


async def test_a_node_that_died_is_not_online_for_ever(database_url: str, redis_url: str) -> None:
    """After kill -9 a node's devices count as offline within seconds, with nobody saying so."""
    await seed(database_url)
    clock = ManualClock(NOW)
    async with gateway_node(database_url, redis_url, "one", clock=clock) as one:
        token, _ = await one.pair("waiter")
        async with peer(one) as pad:
            await pad.enter(token)
            presence = one.gateway.presence
            value = await one.redis.hgetall(f"{{p01}}:devices:{SHOP}")  # type: ignore[misc]
        later = ManualClock(NOW)
        later.advance(seconds=16)
        async with gateway_node(database_url, redis_url, "two", clock=later) as two:
            await one.redis.hset(f"{{p01}}:devices:{SHOP}", mapping=value)  # type: ignore[misc]
            assert [seen.online for seen in await two.gateway.presence.online(SHOP)] == [False]
        assert presence is not None


async def test_redis_wiped_and_back(tmp_path: Path) -> None:
    """Redis is killed and loses everything: devices stay, hear and come in; all is rebuilt."""
    with running_pair() as pair:
        url = pair.fresh_database()
        await seed(url)
        async with gateway_node(url, pair.redis_url, "one") as node:
            token, _ = await node.pair("waiter")
            other, other_id = await node.pair("kitchen")
            async with peer(node) as pad:
                seq = await pad.enter(token)
                await node.redis.flushall()
                os.kill(pair.redis_pid, signal.SIGKILL)
                await node.order(3)
                assert await pad.seqs(seq + 1) == [seq + 1]
                async with peer(node) as cook:
                    assert await cook.enter(other) == seq + 1

                    async def known_again() -> bool:
                        if node.gateway.presence.away:
                            return False
                        found = await node.gateway.presence.online(SHOP)
                        value = await node.redis.hget(nodes_key(SHOP), "one")  # type: ignore[misc]
                        online = {s.device_id for s in found if s.online}
                        return online >= {other_id} and value is not None

                    await until(known_again)
                    # The inbox is heard again, from a stream that did not exist before.
                    async with gateway_node(url, pair.redis_url, "two") as second:
                        await second.order(4)
                        assert await cook.seqs(seq + 2) == [seq + 2]
                        assert await node.redis.exists(inbox_key("one"))


async def test_a_command_without_a_database_may_be_tried_again(
    database_url: str, redis_url: str
) -> None:
    """With PostgreSQL out of reach a press is answered `unavailable`; the connection stays."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("waiter")
        async with peer(node) as pad:
            seq = await pad.enter(token)
            await node.pool.close()
            reply = await pad.ask("PlaceOrder", place_id=3, lines=[{"dish_id": 1}])
            assert (reply["refusal"]["code"], reply["refusal"]["retryable"]) == (
                "unavailable",
                True,
            )
            node.tell(seq + 1)
            assert await pad.seqs(seq + 1) == [seq + 1]


async def test_postgres_killed_and_back() -> None:
    """PostgreSQL is killed with -9: devices stay connected and their next presses are done."""
    with running_pair() as pair:
        url = pair.fresh_database()
        await seed(url)
        async with gateway_node(url, pair.redis_url, "one") as node:
            token, _ = await node.pair("waiter")
            async with peer(node) as pad:
                await pad.enter(token)
                os.kill(pair.postgres_pid, signal.SIGKILL)

                async def lost() -> bool:
                    try:
                        await node.pool.fetchval("SELECT 1")
                    except LOST:
                        return True
                    return False

                await until(lost)

                async def back() -> bool:
                    return not await lost()

                async def works() -> bool:
                    reply = await pad.ask("PlaceOrder", place_id=3, lines=[{"dish_id": 1}])
                    assert reply["ok"] or reply["refusal"]["code"] == "unavailable"
                    return bool(reply["ok"])

                await until(back)  # pressing all the while would only meet the frame limit

                await until(works)
                assert len(node.gateway.devices) == 1
