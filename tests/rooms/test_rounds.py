"""A guest's later rounds join the order, and what was said with the first holds for all of it (R-004-8)."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import Refusal
from server.events import catalogue as c
from server.orders.commands import NOTE_CHARACTERS_MAX
from tests.support.kitchen import DUMPLINGS, Kitchen, open_kitchen

LINES = [{"dish_id": DUMPLINGS, "quantity": 1}]


async def order(kitchen: Kitchen, **more: Any) -> c.Order:
    """Place a round for 801; return the order as the kitchen sees it."""
    await kitchen.ask("waiter", "PlaceOrder", place_id=1, lines=LINES, **more)
    [found] = (await kitchen.view("kitchen")).orders
    return found


async def test_an_allergy_told_once_holds_for_every_round(database_url: str) -> None:
    """Peanuts with the first round, nothing with the second: the ticket still says peanuts."""
    async with open_kitchen(database_url) as kitchen:
        assert (await order(kitchen, allergens=["花生"])).allergens == ["花生"]
        assert (await order(kitchen)).allergens == ["花生"]
        assert (await order(kitchen, allergens=["牛奶", "花生"])).allergens == ["牛奶", "花生"]


async def test_what_was_noted_with_a_round_stays(database_url: str) -> None:
    """Notes of rounds stand together, the same one once; of too much the latest words are kept."""
    async with open_kitchen(database_url) as kitchen:
        assert (await order(kitchen, note="快一点")).note == "快一点"
        assert (await order(kitchen)).note == "快一点"
        assert (await order(kitchen, note="分两盘")).note == "快一点 / 分两盘"
        assert (
            len((await order(kitchen, note="长" * NOTE_CHARACTERS_MAX)).note) == NOTE_CHARACTERS_MAX
        )


async def test_a_dish_that_ran_out_is_not_ordered_again_by_the_portion(database_url: str) -> None:
    """沽清 while a dish waits: fewer portions may be wanted, more may not."""
    async with open_kitchen(database_url) as kitchen:
        found = await order(kitchen)
        [item] = found.items
        await kitchen.ask("kitchen", "SetDishSale", dish_id=DUMPLINGS, sold_out=True)
        with pytest.raises(Refusal, match="dish_sold_out"):
            await kitchen.ask("waiter", "ChangeItem", item_id=item.id, quantity=2)
