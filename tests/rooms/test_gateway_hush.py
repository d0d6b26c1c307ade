"""Quiet hours as the gateway tells them: a screen's own sounds are silent when the shop's rule says."""

from __future__ import annotations

from datetime import UTC, datetime

from server.broadcast.policies.store import read_quiet
from server.clock import ManualClock, to_ms
from server.demo.seed import seed
from tests.support.gateway_node import SHOP, Node, Peer, gateway_node, peer

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # in China
AT_NOON = '{"quiet": {"from_minute": 720, "to_minute": 780}}'
OVER_MIDNIGHT = '{"quiet": {"from_minute": 1320, "to_minute": 420}}'


async def rule(node: Node, policy: str, shop_id: int = SHOP, event: str = "order_placed") -> None:
    """Write a rule of the kitchen, of the shop or of the brand (shop 0)."""
    await node.pool.execute(
        "INSERT INTO broadcast_policy VALUES (1, $1, $3, 'kitchen', $2, 1, now(), 'test')"
        " ON CONFLICT (brand_id, shop_id, event, channel) DO UPDATE SET policy = excluded.policy",
        shop_id, policy, event,
    )  # fmt: skip


async def told(screen: Peer) -> list[str]:
    """Return what a screen is told to keep silent."""
    events: list[str] = (await screen.hear_a("quiet"))["events"]
    return events


async def test_a_board_is_told_when_quiet_hours_begin_and_end(
    database_url: str, redis_url: str
) -> None:
    """R-004-33: told on coming, at the boundary, after a changed rule; a desk hears nothing of it."""
    await seed(database_url)
    clock = ManualClock(NOON)
    async with gateway_node(database_url, redis_url, clock=clock) as node:
        await rule(node, AT_NOON)
        token = (await node.pair("kitchen"))[0]
        async with peer(node) as board, peer(node) as desk:
            await board.enter(token)
            await desk.enter((await node.pair("cashier"))[0])
            assert await told(board) == ["order_placed"]
            async with peer(node) as again:
                await again.enter(token)
                assert await told(again) == ["order_placed"], "the shop is known by now"
                clock.advance(seconds=3600)
                await node.gateway.hush.look([SHOP])
                assert await told(again) == []
                await rule(node, '{"quiet": {"from_minute": 780, "to_minute": 781}}')
                await rule(node, AT_NOON.replace("780", "800"), event="item_cancelled")
                await node.gateway.hush.look([SHOP])
                assert await told(again) == ["item_cancelled", "order_placed"]
            await desk.say("ping", sent_ms=1)
            while (frame := await desk.hear())["t"] != "pong":
                assert frame["t"] != "quiet"


async def test_what_is_quiet_is_the_shops_word_over_the_brands(
    database_url: str, redis_url: str
) -> None:
    """Over midnight by the shop's clock; a shop may lift its brand's rule, or exempt one event."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url, clock=ManualClock(NOON)) as node:
        night_ms = to_ms(datetime(2026, 11, 20, 16, 30, tzinfo=UTC))  # half past midnight
        noon_ms = to_ms(NOON)
        await rule(node, OVER_MIDNIGHT, shop_id=0)
        assert await read_quiet(node.pool, [SHOP], noon_ms) == {SHOP: {}}
        quiet = {SHOP: {"kitchen": ["order_placed"]}}
        assert await read_quiet(node.pool, [SHOP], night_ms) == quiet
        await rule(node, '{"quiet_exempt": true}')
        assert await read_quiet(node.pool, [SHOP], night_ms) == {SHOP: {}}
        await rule(node, '{"quiet": null}')
        assert await read_quiet(node.pool, [SHOP], night_ms) == {SHOP: {}}


async def test_a_shop_that_left_the_node_is_forgotten(database_url: str, redis_url: str) -> None:
    """A node that runs for months knows its shops of now, not every shop it ever had."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url, clock=ManualClock(NOON)) as node:
        hush = node.gateway.hush
        await hush.look([SHOP])
        assert SHOP in hush._known
        await hush.turn()
        assert SHOP not in hush._known, "no screen of it is here"
