"""An order of several dishes says its number once, when they can be collected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.calling import Calling, calling

TABLE = 4
AFTER_FINISH_S = 5


class Hall:
    """One table's order, its dishes by their place in it, and what the hall hears."""

    def __init__(self, house: Calling, items: list[int]) -> None:
        self.house = house
        self.items = items

    async def ask(self, verb: str, *at: int, role: str = "kitchen") -> None:
        """Let somebody take a step with dishes."""
        for one in at:
            more = {"state": "called"} if verb == "UndoItem" else {}
            await self.house.kitchen.ask(role, verb, item_id=self.items[one], **more)  # type: ignore[arg-type]

    async def finish(self, *at: int) -> list[str]:
        """Start and finish dishes at once; return what the hall hears within their five seconds."""
        await self.ask("StartItem", *at)
        await self.ask("FinishItem", *at)
        return await self.hear(AFTER_FINISH_S)

    async def hear(self, seconds: float = 0) -> list[str]:
        """Return what the hall hears for the first time; dishes are called and their calls said."""
        said = await self.house.after(seconds=seconds)
        said += await self.house.after(seconds=0)
        return [u.spoken.zh for u in said if u.channels == ["call_screen"] and u.ring == 1]

    async def hear_any(self, seconds: float) -> list[str]:
        """Return all that the hall hears, repeats too."""
        said = await self.house.after(seconds=seconds)
        return [u.spoken.zh for u in said if u.channels == ["call_screen"]]


@asynccontextmanager
async def hall(database_url: str, dishes: int = 3) -> AsyncIterator[Hall]:
    """Open a shop where one table ordered."""
    async with calling(database_url) as house:
        order = await house.kitchen.order(TABLE, *range(1, dishes + 1))
        await house.after(seconds=0)
        yield Hall(house, order["item_ids"])


NUMBER = ["请零一号顾客取餐"]


async def test_three_dishes_finished_one_by_one_say_the_number_once(database_url: str) -> None:
    """R-004-13: the last of them says it; the pads are told of each."""
    async with hall(database_url) as one:
        assert await one.finish(0) == []
        assert await one.finish(1) == []
        assert await one.finish(2) == NUMBER
        rang = await one.house.kitchen.pool.fetchval(
            "SELECT count(DISTINCT call_id) FROM im_message WHERE end_key = 'pad' AND state = 'sent'"
        )
        assert rang == 3
        assert await one.hear_any(8) == NUMBER  # the second and last time


async def test_dishes_finished_together_say_the_number_once(database_url: str) -> None:
    """R-004-13: one press for all of them, one call in the hall."""
    async with hall(database_url) as one:
        assert await one.finish(0, 1, 2) == NUMBER


@pytest.mark.parametrize(
    ("verb", "role"), [("CancelItem", "waiter"), ("HoldItems", "waiter"), ("PickUpItem", "waiter")]
)
async def test_the_number_is_called_when_what_it_waited_for_is_gone(
    database_url: str, verb: str, role: str
) -> None:
    """R-004-13, R-004-15: cancelled, held or carried away: what was called before may be collected."""
    async with hall(database_url, 2) as one:
        assert await one.finish(0) == []
        if verb == "PickUpItem":
            await one.ask("StartItem", 1)
            await one.ask("FinishItem", 1)
        if verb == "HoldItems":
            kitchen = one.house.kitchen
            order = (await kitchen.view("waiter")).orders[0].id
            await kitchen.ask("waiter", verb, order_id=order, item_ids=[one.items[1]])
        else:
            await one.ask(verb, 1, role=role)
        assert await one.hear() == NUMBER


async def test_a_dish_let_go_and_held_again_holds_nobody_up(database_url: str) -> None:
    """R-004-13: the course it was let go with is called without it, and no other a second time."""
    async with hall(database_url, 4) as one:
        kitchen = one.house.kitchen
        order = (await kitchen.view("waiter")).orders[0].id

        async def pace(verb: str, *at: int) -> None:
            ids = [one.items[n] for n in at]
            await kitchen.ask("waiter", verb, order_id=order, item_ids=ids)

        await pace("HoldItems", 1, 2, 3)
        assert await one.finish(0) == NUMBER, "the first course"
        await one.hear_any(30)
        kitchen.advance(seconds=60)
        await pace("FireItems", 1, 2)
        assert await one.finish(1) == []
        await pace("HoldItems", 2)
        assert await one.hear() == NUMBER, "what was ready of the second"
        await one.hear_any(30)
        await pace("FireItems", 3)
        await pace("HoldItems", 3)
        assert await one.hear() == [], "nothing waited for it"


async def test_a_dish_taken_back_silences_the_number_until_it_is_ready_again(
    database_url: str,
) -> None:
    """R-004-14: not even the repeat that was on its way is said, though another dish says it."""
    async with hall(database_url, 2) as one:
        await one.finish(0)
        assert await one.finish(1) == NUMBER
        await one.ask("UndoItem", 0)
        assert await one.hear_any(30) == []
        await one.ask("FinishItem", 0)
        assert await one.hear(AFTER_FINISH_S) == NUMBER


async def test_a_later_round_is_called_by_itself(database_url: str) -> None:
    """R-004-13: what is added to a number that was called rings when it is ready, once."""
    async with hall(database_url, 1) as one:
        assert await one.finish(0) == NUMBER
        await one.hear_any(30)
        added = await one.house.kitchen.order(TABLE, 2, 3)
        one.items += added["item_ids"]
        assert await one.hear(0) == []
        assert await one.finish(1) == []
        assert await one.finish(2) == NUMBER


async def test_a_number_is_said_again_only_when_it_can_be_collected(database_url: str) -> None:
    """R-004-13: 再叫 says it again; while a dish of it is cooking only the pads hear."""
    async with hall(database_url, 2) as one:
        await one.finish(0)
        await one.ask("CallItem", 0)
        assert await one.hear_any(0) == []
        await one.finish(1)
        await one.hear_any(30)
        await one.ask("CallItem", 0, role="cashier")
        assert NUMBER[0] in await one.hear_any(0)
