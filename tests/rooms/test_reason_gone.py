"""What a call is about may be over when it is to ring again (R-004-34): then it does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.calling import Calling, calling
from tests.support.kitchen import Kitchen

TAG_23 = 123


async def _orders(house: Calling, place_id: int) -> list[Any]:
    placed = await house.kitchen.order(place_id, 1, 2)
    await house.after(seconds=0)
    items: list[Any] = placed["item_ids"]
    return items


async def _cancel(kitchen: Kitchen, *item_ids: int) -> None:
    for item_id in item_ids:
        await kitchen.ask("waiter", "CancelItem", item_id=item_id)


def _placed(said: list[Any]) -> list[str]:
    return [one.text.zh for one in said if one.event == "order_placed"]


@pytest.mark.parametrize("cancelled", [1, 2])
async def test_a_wrist_tags_order_that_was_taken_back_is_not_repeated(
    database_url: str, cancelled: int
) -> None:
    """The desk hears it thrice, but not when no dish of it is left; one dish left is an order."""
    async with calling(database_url) as house:
        items = await _orders(house, TAG_23)
        await _cancel(house.kitchen, *items[:cancelled])
        assert len(_placed(await house.after(seconds=15))) == 2 - cancelled


async def test_an_order_taken_back_while_the_worker_was_away_is_not_announced(
    database_url: str,
) -> None:
    """Nobody has heard of it yet, and nobody needs to."""
    async with calling(database_url) as house:
        placed = await house.kitchen.order(1, 1)
        await _cancel(house.kitchen, *placed["item_ids"])
        assert _placed(await house.after(seconds=3)) == []


@pytest.mark.parametrize("finished", [False, True])
async def test_a_rush_ends_with_the_dish(database_url: str, *, finished: bool) -> None:
    """A service rings the kitchen until somebody answers: the finished dish is an answer."""
    async with calling(database_url) as house:
        await house.policy(
            "order_rushed", "kitchen", '{"until_acknowledged": true, "interval_s": 10}'
        )
        [item, _] = await _orders(house, 1)
        params = {"roomName": "801", "goodsName": "水饺", "itemId": str(item)}
        call = await house.send(event="order_rushed", channels=["kitchen"], params=params)
        await house.kitchen.ask("kitchen", "StartItem", item_id=item)
        if finished:
            await house.kitchen.ask("kitchen", "FinishItem", item_id=item)
        rushed = [one for one in await house.after(seconds=10) if one.event == "order_rushed"]
        assert len(rushed) == (0 if finished else 1)
        if finished:
            assert (await house.messages(call["call_id"]))[-1] == (
                "kitchen", 2, "suppressed", "item_gone",
            )  # fmt: skip
