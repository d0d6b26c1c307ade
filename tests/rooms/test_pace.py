"""The pace a table asks for: dishes on hold, let go, waited for."""

from __future__ import annotations

import pytest

from server.errors import Refusal
from server.kds.pace import RUSH_AGAIN_S
from tests.support.calling import Calling, calling
from tests.support.kitchen import DUMPLINGS, Kitchen, open_kitchen


async def _states(kitchen: Kitchen) -> dict[int, str]:
    return {i.id: i.state for o in (await kitchen.view("kitchen")).orders for i in o.items}


async def test_a_dish_on_hold_is_begun_when_the_table_says_so(database_url: str) -> None:
    """等叫, 起菜: what was ordered on hold cannot be begun; fired it can, and its time begins then."""
    async with open_kitchen(database_url) as kitchen:
        lines = [{"dish_id": 1}, {"dish_id": DUMPLINGS, "hold": True}]
        placed = await kitchen.ask("guest", "PlaceOrder", place_id=1, lines=lines)
        soup, dumplings = placed["item_ids"]
        assert await _states(kitchen) == {soup: "queued", dumplings: "held"}
        with pytest.raises(Refusal) as refusal:
            await kitchen.ask("kitchen", "StartItem", item_id=dumplings)
        assert (refusal.value.code, refusal.value.detail) == ("item_held", {"state": "held"})
        kitchen.advance(seconds=600)
        fired = await kitchen.ask("waiter", "FireItems", order_id=placed["order_id"])
        assert (fired["item_ids"], fired["changed"]) == ([dumplings], True)
        item = (await kitchen.view("kitchen")).orders[0].items[1]
        assert item.fired_at_ms == item.placed_at_ms + 600_000
        await kitchen.ask("kitchen", "StartItem", item_id=dumplings)
        again = await kitchen.ask(
            "waiter", "FireItems", order_id=placed["order_id"], item_ids=[dumplings]
        )
        assert again["changed"] is False


async def test_a_rush_is_heard_once_and_lets_a_held_dish_go(database_url: str) -> None:
    """催菜 names the dishes in one sentence; an impatient thumb is one rush; it outranks 等叫."""
    async with calling(database_url) as house:
        kitchen = house.kitchen
        lines = [{"dish_id": 1}, {"dish_id": DUMPLINGS, "quantity": 2, "hold": True}]
        placed = await kitchen.ask("guest", "PlaceOrder", place_id=1, lines=lines)
        await house.after(seconds=0)
        order_id = placed["order_id"]
        both = placed["item_ids"]
        assert (await kitchen.ask("guest", "RushItems", order_id=order_id, item_ids=both))[
            "changed"
        ]
        (heard,) = await house.after(seconds=0)
        assert (heard.event, heard.channels, heard.priority) == ("order_rushed", ["kitchen"], 1)
        assert heard.text.zh.startswith("801房间催")
        assert "水饺" in heard.text.zh
        assert not (await kitchen.ask("guest", "RushItems", order_id=order_id))["changed"]
        assert await _rushes_heard(house, RUSH_AGAIN_S) == 0
        assert (await kitchen.ask("waiter", "RushItems", order_id=order_id))["changed"]
        order = (await kitchen.view("kitchen")).orders[0]
        assert [(i.state, i.rushes) for i in order.items] == [("queued", 2), ("queued", 2)]
        assert await _rushes_heard(house, 0) == 1


async def _rushes_heard(house: Calling, seconds: float) -> int:
    return sum(one.event == "order_rushed" for one in await house.after(seconds=seconds))


async def test_to_ask_where_it_is_does_not_begin_the_next_course(database_url: str) -> None:
    """催菜 without a dish's name is about what was let go; with nothing let go it says nothing."""
    async with open_kitchen(database_url) as kitchen:
        lines = [{"dish_id": 1}, {"dish_id": DUMPLINGS, "hold": True}]
        placed = await kitchen.ask("guest", "PlaceOrder", place_id=1, lines=lines)
        soup, dumplings = placed["item_ids"]
        rushed = await kitchen.ask("guest", "RushItems", order_id=placed["order_id"])
        assert rushed["item_ids"] == [soup]
        assert (await _states(kitchen))[dumplings] == "held"


async def test_what_cannot_be_asked_of_one_dish_is_asked_of_none(database_url: str) -> None:
    """A dish that was named and cannot be held leaves the others as they were."""
    async with open_kitchen(database_url) as kitchen:
        placed = await kitchen.order(1, 1, DUMPLINGS)
        first, second = placed["item_ids"]
        await kitchen.ask("kitchen", "StartItem", item_id=first)
        asked = {"order_id": placed["order_id"], "item_ids": [second, first]}
        with pytest.raises(Refusal, match="item_already_started"):
            await kitchen.ask("waiter", "HoldItems", **asked)
        assert await _states(kitchen) == {first: "cooking", second: "queued"}
        with pytest.raises(Refusal, match="item_not_found"):
            await kitchen.ask(
                "waiter", "HoldItems", order_id=placed["order_id"], item_ids=[second, 4]
            )
        assert (await kitchen.ask("waiter", "HoldItems", order_id=placed["order_id"]))[
            "item_ids"
        ] == [second]


async def test_a_guest_asks_for_his_own_table_and_nobody_after_it_was_cleaned(
    database_url: str,
) -> None:
    """Another room's dishes are not a guest's to rush, and an order that is over has no pace."""
    async with open_kitchen(database_url) as kitchen:
        placed = await kitchen.order(2, 1)
        with pytest.raises(Refusal, match="not_allowed"):
            await kitchen.ask("guest", "RushItems", order_id=placed["order_id"])
        await kitchen.ask("waiter", "CleanPlace", place_id=2)
        for name in ("RushItems", "HoldItems", "FireItems"):
            with pytest.raises(Refusal, match="order_completed"):
                await kitchen.ask("waiter", name, order_id=placed["order_id"])
