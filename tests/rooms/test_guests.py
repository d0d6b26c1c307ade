"""A guest's pad speaks for its own place: what lies in other rooms is out of its reach."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import Refusal
from tests.support.kitchen import DUMPLINGS, open_kitchen

OWN, NEXT_DOOR = 1, 2


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("CancelItem", {"reason": ""}),
        ("ChangeItem", {"quantity": 5}),
    ],
)
async def test_a_guest_leaves_other_rooms_dishes_alone(
    database_url: str, command: str, more: dict[str, Any]
) -> None:
    """R-004-15: the pad of 801 may take its own dish off, and not one of 802, whatever id it names."""
    async with open_kitchen(database_url) as kitchen:
        [own] = (await kitchen.order(OWN, DUMPLINGS))["item_ids"]
        [other] = (await kitchen.order(NEXT_DOOR, DUMPLINGS))["item_ids"]
        with pytest.raises(Refusal, match="not_allowed"):
            await kitchen.ask("guest", command, item_id=other, **more)
        assert (await kitchen.ask("guest", command, item_id=own, **more))["changed"]


@pytest.mark.parametrize(
    "command", ["StartItem", "FinishItem", "CallItem", "PickUpItem", "DeliverItem", "ConfirmItem"]
)
async def test_a_guest_does_no_cooks_and_no_waiters_work(database_url: str, command: str) -> None:
    """A guest's pad that asks for a step of the kitchen hears that it may not, for its own dish too."""
    async with open_kitchen(database_url) as kitchen:
        [own] = (await kitchen.order(OWN, DUMPLINGS))["item_ids"]
        with pytest.raises(Refusal, match="not_allowed"):
            await kitchen.ask("guest", command, item_id=own)
