"""Numbers that were called and not collected, as a cash desk sees and ends them."""

from __future__ import annotations

import pytest

from server.errors import Refusal
from tests.support.calling import calling
from tests.support.kitchen import DUMPLINGS

TABLE = 4


async def test_a_cash_desk_sees_calls_and_ends_what_waits_to_be_collected(
    database_url: str,
) -> None:
    """R-004-13, R-004-14: it knows every called dish, says it again and notes that it was collected."""
    async with calling(database_url) as house:
        kitchen = house.kitchen
        order = await kitchen.order(TABLE, DUMPLINGS)
        (item_id,) = order["item_ids"]
        for verb in ("StartItem", "FinishItem", "CallItem"):
            await kitchen.ask("kitchen", verb, item_id=item_id)
        before = await kitchen.view("cashier")
        assert [(o.id, o.items[0].state) for o in before.orders] == [(order["order_id"], "called")]
        since = len(kitchen.ear.heard)
        await kitchen.ask("cashier", "CallItem", item_id=item_id)
        assert [u.channels for u in await house.after(seconds=0)]
        done = await kitchen.ask("cashier", "PickUpItem", item_id=item_id)
        assert (done["state"], done["by"]) == ("picked_up", "cashier")
        assert kitchen.carry(before, since).orders == (await kitchen.view("cashier")).orders
        for verb in ("CallItem", "PickUpItem"):
            with pytest.raises(Refusal) as refusal:
                await kitchen.ask("guest", verb, item_id=item_id)
            assert refusal.value.code == "not_allowed"
