"""One voice per kitchen, and where rings were heard: what the gateway knows of sound."""

from __future__ import annotations

import asyncio
from typing import Any

from server.demo.seed import seed
from server.errors import Refusal
from server.gateway.devices import Device
from server.gateway.frames import RingStage
from server.gateway.receipts import SHOP_RECEIPTS_MAX, Receipts
from tests.support.gateway_node import SHOP, Node, Peer, gateway_node, peer
from tests.support.patience import PATIENCE_S


async def _voice(screen: Peer) -> bool:
    speaks: bool = (await screen.hear_a("voice"))["speaks"]
    return speaks


async def _quiet(screen: Peer) -> None:
    """Make sure that it was not told to speak so far."""
    await screen.say("ping", sent_ms=1)
    while (frame := await screen.hear())["t"] != "pong":
        assert not frame.get("speaks")


async def test_one_of_three_screens_speaks(database_url: str, redis_url: str) -> None:
    """The first kitchen screen has the voice, the others know; when it goes the next has it at once."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        tokens = [(await node.pair("kitchen"))[0] for _ in range(3)]
        async with peer(node) as second, peer(node) as third:
            async with peer(node) as first:
                await first.enter(tokens[0])
                assert await _voice(first)
                await second.enter(tokens[1])
                await third.enter(tokens[2])
                assert not await _voice(second)
                assert not await _voice(third)
            assert await _voice(second)
            await _quiet(third)
            async with peer(node) as again:
                await again.enter(tokens[0])
                assert not await _voice(again)  # it had the voice before it was away


async def test_a_screen_that_comes_back_keeps_its_voice(database_url: str, redis_url: str) -> None:
    """Alone and cut for a moment: it speaks again; every pad speaks for itself and is told nothing."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("cashier")
        for _ in range(2):
            async with peer(node) as desk:
                await desk.enter(token)
                assert await _voice(desk)
        async with peer(node) as pad:
            await pad.enter((await node.pair("waiter"))[0])
            await _quiet(pad)


async def test_one_voice_across_nodes(database_url: str, redis_url: str) -> None:
    """Two web processes are one kitchen: the second node's screen stays quiet until the first goes."""
    await seed(database_url)
    async with (
        gateway_node(database_url, redis_url, "one") as one,
        gateway_node(database_url, redis_url, "two") as two,
    ):
        here, there = (await one.pair("kitchen"))[0], (await one.pair("kitchen"))[0]
        async with peer(two) as other:
            async with peer(one) as first:
                await first.enter(here)
                assert await _voice(first)
                await other.enter(there)
                await two.gateway.voices.renew([SHOP])
                await _quiet(other)
            async with asyncio.timeout(PATIENCE_S):
                while not two.gateway.voices.speaks(_connection(two)):
                    await two.gateway.voices.renew([SHOP])
            while not await _voice(other):
                pass  # told before that it does not speak


def _connection(node: Node) -> Any:
    (connection,) = node.gateway.devices.values()
    return connection


async def test_who_can_be_heard_speaks(database_url: str, redis_url: str) -> None:
    """The board whose browser blocks sound hands the voice to one that sounds; with none it keeps it."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        tokens = [(await node.pair("kitchen"))[0] for _ in range(2)]
        async with peer(node) as first, peer(node) as second:
            await first.enter(tokens[0])
            assert await _voice(first)
            await first.say("ack", up_to=0, audible=False)
            await _quiet(first)  # nobody else is here: its text is better than nothing
            await second.enter(tokens[1])
            assert await _voice(second)
            assert not await _voice(first)
            await first.say("ack", up_to=0, audible=True)
            await _quiet(first)  # one that can be heard keeps the voice
            await second.say("ack", up_to=0, audible=False)
            assert await _voice(first)
            assert not await _voice(second)
            await first.say("ack", up_to=0, audible=False)
            await _quiet(second)


async def test_who_can_be_heard_speaks_across_nodes(database_url: str, redis_url: str) -> None:
    """A muted desk on one node leaves the voice to a desk on another, within a heartbeat."""
    await seed(database_url)
    async with (
        gateway_node(database_url, redis_url, "one") as one,
        gateway_node(database_url, redis_url, "two") as two,
        peer(one) as muted,
        peer(two) as other,
    ):
        await muted.enter((await one.pair("cashier"))[0])
        assert await _voice(muted)
        await other.enter((await one.pair("cashier"))[0])
        assert not await _voice(other)
        await muted.say("ack", up_to=0, audible=False)
        async with asyncio.timeout(PATIENCE_S):
            while not two.gateway.voices.speaks(_connection(two)):
                await two.gateway.voices.renew([SHOP])
        assert await _voice(other)
        await muted.say("ack", up_to=0, audible=True)
        assert not await _voice(muted)


async def test_without_redis_a_node_chooses_among_its_own(database_url: str) -> None:
    """Redis away: somebody speaks all the same."""
    await seed(database_url)
    async with gateway_node(database_url, None) as node, peer(node) as screen:
        await screen.enter((await node.pair("kitchen"))[0])
        assert await _voice(screen)


async def test_where_a_ring_was_heard(database_url: str, redis_url: str) -> None:
    """Stages told in acks are stored once each and shown to the cash desk, with who and when."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        screen_token, screen_id = await node.pair("kitchen")
        desk_token, _ = await node.pair("cashier")
        async with peer(node) as screen, peer(node) as desk:
            await screen.enter(screen_token)
            await desk.enter(desk_token)
            rings = [
                {"call_id": 5, "ring": 1, "stage": "shown", "at_ms": 0},
                {"call_id": 5, "ring": 1, "stage": "played", "at_ms": 1_795_000_000_000},
                {"call_id": 5, "ring": 1, "stage": "played", "at_ms": 2**50},
            ]
            await screen.say("ack", up_to=0, rings=rings)
            event = (await desk.hear_a("event"))["event"]
            assert event["kind"] == "CallHeard"
            heard = event["heard"]
            assert [(h["device_id"], h["stage"]) for h in heard] == [
                (screen_id, "shown"), (screen_id, "played"), (screen_id, "played"),
            ]  # fmt: skip
            assert heard[1]["at_ms"] == 1_795_000_000_000
            assert heard[2]["at_ms"] < 2**50, "a device is not believed about the future"
            rows = await node.pool.fetch("SELECT stage FROM im_receipt ORDER BY stage")
            assert [row["stage"] for row in rows] == ["played", "shown"]


async def test_receipts_wait_for_a_better_moment(database_url: str, redis_url: str) -> None:
    """What cannot be noted now is kept and noted later, in order."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        _, device_id = await node.pair("kitchen")
        away = True

        async def execute(*asked: Any) -> dict[str, Any]:
            if away:
                raise Refusal("unavailable")
            return await node.desk.execute(*asked)

        receipts = Receipts(execute, node.gateway.now_ms)
        device = Device(SHOP, device_id, "kitchen", "热菜档", 1, "热菜档", None, None)
        for ring in (1, 2):
            receipts.hear(device, [RingStage(1, ring, "played")])
            await receipts.flush()
        away = False
        await receipts.flush()
        rows = await node.pool.fetch("SELECT ring FROM im_receipt ORDER BY ring")
        assert [row["ring"] for row in rows] == [1, 2]


async def test_of_a_full_queue_the_newest_receipts_are_kept(
    database_url: str, redis_url: str
) -> None:
    """R-004-33: while the desk is `busy` a shop's receipts wait, bounded; the oldest go, the rest is noted once."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        _, device_id = await node.pair("kitchen")
        busy = True

        async def execute(*asked: Any) -> dict[str, Any]:
            if busy:
                raise Refusal("busy")
            return await node.desk.execute(*asked)

        receipts = Receipts(execute, node.gateway.now_ms)
        device = Device(SHOP, device_id, "kitchen", "热菜档", 1, "热菜档", None, None)
        more = 7
        for ring in range(1, SHOP_RECEIPTS_MAX + more + 1):
            receipts.hear(device, [RingStage(1, ring, "played")])
            if ring == SHOP_RECEIPTS_MAX // 2:
                await receipts.flush()
        await receipts.flush()
        busy = False
        await receipts.flush()
        rings = await node.pool.fetchrow(
            "SELECT count(*), min(ring), max(ring) FROM im_receipt WHERE device_id = $1", device_id
        )
        assert rings is not None
        assert tuple(rings) == (SHOP_RECEIPTS_MAX, more + 1, SHOP_RECEIPTS_MAX + more)
