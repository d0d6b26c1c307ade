"""沽清: what the kitchen stops nobody can order, from the same commit on."""

from __future__ import annotations

import asyncio

import pytest

from server.errors import Refusal
from server.events.menu import DishSale
from tests.support.kitchen import DUMPLINGS, open_kitchen


async def test_a_sold_out_dish_is_told_to_all_who_order(database_url: str) -> None:
    """Pads of waiters and guests, the cash desk and the kitchen hear it; a second press is no news."""
    async with open_kitchen(database_url) as kitchen:
        await kitchen.order(1, DUMPLINGS)
        first = await kitchen.ask("kitchen", "SetDishSale", dish_id=DUMPLINGS, sold_out=True)
        again = await kitchen.ask("cashier", "SetDishSale", dish_id=DUMPLINGS, sold_out=True)
        assert (first["changed"], first["waiting"], again["changed"]) == (True, 1, False)
        lines = [line for line in kitchen.ear.heard if b"DishSale" in line.body]
        assert [line.topics for line in lines] == [{"kitchen", "pad", "cashier", "menu"}]
        (said,) = [event for event in kitchen.events() if isinstance(event, DishSale)]
        assert (said.dish_id, said.sold_out, said.by) == (DUMPLINGS, True, "张师傅")
        with pytest.raises(Refusal, match="dish_sold_out"):
            await kitchen.order(2, DUMPLINGS)
        await kitchen.ask("kitchen", "SetDishSale", dish_id=DUMPLINGS, sold_out=False)
        await kitchen.order(2, DUMPLINGS)


async def test_of_a_sold_out_dish_nobody_gets_more(database_url: str) -> None:
    """What was ordered before stands, and may become less; a change is no way around 沽清."""
    async with open_kitchen(database_url) as kitchen:
        placed = await kitchen.order(1, DUMPLINGS, DUMPLINGS)
        item_id = placed["item_ids"][0]
        await kitchen.ask("waiter", "ChangeItem", item_id=item_id, quantity=3)
        await kitchen.ask("kitchen", "SetDishSale", dish_id=DUMPLINGS, sold_out=True)
        with pytest.raises(Refusal, match="dish_sold_out"):
            await kitchen.ask("waiter", "ChangeItem", item_id=item_id, quantity=4)
        await kitchen.ask("waiter", "ChangeItem", item_id=item_id, quantity=2)


async def test_a_cancel_after_a_seen_change_is_news(database_url: str) -> None:
    """退 stands on the kitchen's screens until they say they saw it, whatever they saw before."""
    async with open_kitchen(database_url) as kitchen:
        (item_id,) = (await kitchen.order(1, DUMPLINGS))["item_ids"]
        await kitchen.ask("waiter", "ChangeItem", item_id=item_id, quantity=3)
        await kitchen.ask("kitchen", "ConfirmItem", item_id=item_id)
        await kitchen.ask("waiter", "CancelItem", item_id=item_id)
        (item,) = (await kitchen.view("kitchen")).orders[0].items
        assert (item.state, item.confirmed_at_ms) == ("cancelled", None)
        assert (await kitchen.ask("kitchen", "ConfirmItem", item_id=item_id))["changed"]


async def test_two_who_press_at_once_are_both_answered(database_url: str) -> None:
    """Forty presses of both kinds at once: each is answered, and the menu is what the last one said."""
    async with open_kitchen(database_url) as kitchen:
        answers = await asyncio.gather(
            *(
                kitchen.ask("kitchen", "SetDishSale", dish_id=1, sold_out=n % 2 == 0)
                for n in range(40)
            )
        )
        events = [event for event in kitchen.events() if isinstance(event, DishSale)]
        assert sum(answer["changed"] for answer in answers) == len(events)
        menu = (await kitchen.view("kitchen")).menu
        assert menu is not None
        assert next(d.sold_out for d in menu.dishes if d.id == 1) == events[-1].sold_out


async def test_only_who_cooks_or_manages_may(database_url: str) -> None:
    """A guest's pad and a waiter's pad do not stop a sale, and what is not on the menu is not sold."""
    async with open_kitchen(database_url) as kitchen:
        for role in ("guest", "waiter"):
            with pytest.raises(Refusal, match="not_allowed"):
                await kitchen.ask(role, "SetDishSale", dish_id=1, sold_out=True)
        with pytest.raises(Refusal, match="dish_not_found"):
            await kitchen.ask("kitchen", "SetDishSale", dish_id=9_999, sold_out=True)
