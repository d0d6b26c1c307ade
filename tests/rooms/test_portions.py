"""Some portions of a dish at a time (分批): 3 of 5 begun, 2 of 3 ready, each part a dish of its own."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from server.errors import Refusal
from server.events import catalogue as c
from tests.support.calling import calling
from tests.support.kitchen import DUMPLINGS, Kitchen, open_kitchen


async def _five(kitchen: Kitchen) -> int:
    lines = [{"dish_id": DUMPLINGS, "quantity": 5}]
    placed = await kitchen.ask("guest", "PlaceOrder", place_id=1, lines=lines)
    item_id: int = placed["item_ids"][0]
    return item_id


async def _parts(kitchen: Kitchen) -> list[tuple[int, str]]:
    (order,) = (await kitchen.view("kitchen")).orders
    return sorted((item.quantity, item.state) for item in order.items)


async def test_three_of_five_are_begun_and_two_of_them_served(database_url: str) -> None:
    """The parts add up to what was ordered, keep its times, and are called one by one (R-004-11, 12)."""
    async with open_kitchen(database_url) as kitchen:
        five = await _five(kitchen)
        begun = await kitchen.ask("kitchen", "StartItem", item_id=five, quantity=3)
        assert await _parts(kitchen) == [(2, "queued"), (3, "cooking")]
        served = await kitchen.ask("kitchen", "FinishItem", item_id=begun["item_id"], quantity=2)
        assert await _parts(kitchen) == [(1, "cooking"), (2, "queued"), (2, "ready")]
        (order,) = (await kitchen.view("kitchen")).orders
        assert len({item.placed_at_ms for item in order.items}) == 1
        assert {item.price_fen for item in order.items} == {order.items[0].price_fen}
        await kitchen.ask("kitchen", "CallItem", item_id=served["item_id"])
        (call,) = (await kitchen.view("waiter")).calls
        assert (call.item_id, call.quantity) == (served["item_id"], 2)
        await kitchen.ask("kitchen", "UndoItem", item_id=served["item_id"], state="called")
        assert await _parts(kitchen) == [(1, "cooking"), (2, "cooking"), (2, "queued")]


async def test_all_portions_are_no_part(database_url: str) -> None:
    """Five of five is the dish itself; six are refused and nothing is changed."""
    async with open_kitchen(database_url) as kitchen:
        five = await _five(kitchen)
        with pytest.raises(Refusal, match="item_quantity_exceeded") as refusal:
            await kitchen.ask("kitchen", "StartItem", item_id=five, quantity=6)
        assert refusal.value.detail == {"quantity": 5}
        told = await kitchen.ask("kitchen", "StartItem", item_id=five, quantity=5)
        assert told["item_id"] == five
        assert await _parts(kitchen) == [(5, "cooking")]


async def test_a_press_that_comes_twice_splits_once(database_url: str) -> None:
    """The same command again gets the same answer; different presses at once never serve more than there is."""
    async with open_kitchen(database_url) as kitchen:
        five = await _five(kitchen)
        press = uuid.uuid4()
        once = await kitchen.ask("kitchen", "StartItem", press, item_id=five, quantity=2)
        assert once == await kitchen.ask("kitchen", "StartItem", press, item_id=five, quantity=2)
        assert await _parts(kitchen) == [(2, "cooking"), (3, "queued")]
        answers = await asyncio.gather(
            *(kitchen.ask("kitchen", "StartItem", item_id=five, quantity=1) for _ in range(6)),
            return_exceptions=True,
        )
        assert [answer for answer in answers if isinstance(answer, BaseException)] == []
        parts = await _parts(kitchen)
        assert sum(quantity for quantity, _ in parts) == 5
        assert {state for _, state in parts} == {"cooking"}
        splits = [e for e in kitchen.events() if isinstance(e, c.ItemSplit)]
        assert len(splits) == 1 + 2  # two of the last three; the third is the dish itself


async def test_each_part_rings_for_itself(database_url: str) -> None:
    """What is ready is called after the shop's seconds, what still cooks is not."""
    async with calling(database_url) as house:
        five = await _five(house.kitchen)
        await house.after(seconds=0)
        await house.kitchen.ask("kitchen", "StartItem", item_id=five)
        part = await house.kitchen.ask("kitchen", "FinishItem", item_id=five, quantity=2)
        heard = await house.after(seconds=10) + await house.after(seconds=0)
        said = [u for u in heard if u.channels == ["pad"]]
        assert [u.item_id for u in said] == [part["item_id"]]
        assert "2份" in said[0].text.zh
