"""Two cooks press at once, on two boards over real sockets: one does it, the other is told by whom."""

from __future__ import annotations

import asyncio
from typing import Any

from server.client.device import Device
from tests.support.house import HouseOnThread

PRESSES = 1_000
TOGETHER_MAX = 50  # how many dishes are pressed at the same moment
DISHES = 50  # lines of one order
# The gateway lets a board say 30 things a second after a burst of 300; four boards a side are four
# times as quick as two, and every press still comes from two different boards at once.
BOARDS_PER_SIDE = 4
S_MAX = 120.0


async def test_a_thousand_double_presses(house: HouseOnThread) -> None:
    """Bar 5: 1,000 simultaneous double presses are 1,000 steps and 1,000 polite answers."""
    items = [
        item_id
        for place_id in range(1, 1 + PRESSES // DISHES)
        for item_id in house.order(place_id, *[2] * DISHES)["item_ids"]
    ]
    names = ["张师傅", "李师傅"]
    sides = [
        [Device(house.url, house.pair("kitchen", name)) for _ in range(BOARDS_PER_SIDE)]
        for name in names
    ]
    boards = [board for side in sides for board in side]
    async with asyncio.timeout(S_MAX):
        for board in boards:
            await board.__aenter__()
        try:
            answers: list[tuple[dict[str, Any], dict[str, Any]]] = []
            for first in range(0, PRESSES, TOGETHER_MAX):
                pressed = items[first : first + TOGETHER_MAX]
                both = [
                    asyncio.gather(
                        *(
                            side[n % BOARDS_PER_SIDE].ask("StartItem", item_id=item)
                            for side in sides
                        )
                    )
                    for n, item in enumerate(pressed)
                ]
                answers += [tuple(pair) for pair in await asyncio.gather(*both)]  # type: ignore[misc]
            for board in boards:
                await board.until(lambda b: _cooking(b) == PRESSES)
        finally:
            for board in boards:
                await board.close()
    _check(answers, names)
    truth = house.view("kitchen")
    items = [item for order in truth.orders for item in order.items]
    # One step each; these boards show nothing, so the cash desk may have been told meanwhile.
    assert all(item.version == 2 + (item.unseen_at_ms is not None) for item in items)


def _cooking(board: Device) -> int:
    view = board.replica.view
    orders = view.orders if view is not None else []
    return sum(item.state == "cooking" for order in orders for item in order.items)


def _check(answers: list[tuple[dict[str, Any], dict[str, Any]]], names: list[str]) -> None:
    assert len(answers) == PRESSES
    for one, other in answers:
        winner, polite = (one, other) if one["changed"] else (other, one)
        assert winner["changed"], "somebody's press began the cooking"
        assert not polite["changed"], "and only one press did"
        assert winner["by"] in names
        told = {key: polite[key] for key in ("by", "at_ms", "state", "version")}
        assert told == {key: winner[key] for key in told}, "already done by …"
