"""`chuancai demo-traffic`: people who use the public doors and leave no trace of theirs."""

from __future__ import annotations

import asyncio

from server.demo.traffic import run_traffic
from tests.support.house import HouseOnThread

S_MAX = 180.0  # an evening takes twenty on a calm machine
ORDERS_PER_MINUTE = 240.0


async def test_demo_traffic_lives_and_tidies_up(house: HouseOnThread) -> None:
    """Guests order, cooks cook, waiters deliver; at the end no device of theirs and no order is left.

    The same evening again is new business: its commands are not the evening's before.
    """
    key = house.call(house.house.api_key())
    for _ in range(2):
        await _live_an_evening(house, key)


async def _live_an_evening(house: HouseOnThread, key: tuple[str, str]) -> None:
    stop, said = asyncio.Event(), list[str]()
    async with asyncio.timeout(S_MAX):
        living = asyncio.create_task(
            run_traffic(
                house.url, key, stop, said.append, orders_per_minute=ORDERS_PER_MINUTE, seed=5
            )
        )
        while not await asyncio.to_thread(_served, house):
            assert not living.done(), living
        stop.set()
        tally = await living
    assert tally.done["PlaceOrder"] > 0
    assert tally.done["DeliverItem"] > 0
    assert "internal" not in tally.refused
    assert house.view("waiter").orders == []
    paired = house.call(
        house.house.pool.fetchval("SELECT count(*) FROM device WHERE token_hash IS NOT NULL")
    )
    assert paired == 0
    assert said[-1].strip().startswith("Every guest has gone")
    assert "command_id_reused" not in tally.refused


def _served(house: HouseOnThread) -> bool:
    items = [item for order in house.view("waiter").orders for item in order.items]
    # Several, because who delivered the last one may not have heard of it when all are stopped.
    return sum(item.state == "delivered" for item in items) >= 5
