"""In whose hands a dish is: the device's id tells, its name does not."""

from __future__ import annotations

from server.db.migrate import read_migrations
from server.events.view import View
from tests.support.kitchen import DUMPLINGS, Kitchen, open_kitchen

WAITER = 7  # the device that tests' people hold
TELLS_HANDS = 115  # the migration
AS_BEFORE = "UPDATE catering_order_goods SET by = $2, picked_up_by_device = NULL WHERE id = $1"


async def _ready(kitchen: Kitchen, place_id: int) -> int:
    item_id: int = (await kitchen.order(place_id, DUMPLINGS))["item_ids"][0]
    for name in ("StartItem", "FinishItem"):
        await kitchen.ask("kitchen", name, item_id=item_id)
    return item_id


def _hands(view: View) -> dict[int, int | None]:
    return {item.id: item.picked_up_by_device for order in view.orders for item in order.items}


async def test_a_dish_knows_in_whose_hands_it_is(database_url: str) -> None:
    """R-004-14: told live and in snapshots, kept on delivery, gone when the pick-up is taken back."""
    async with open_kitchen(database_url) as kitchen:
        item_id = await _ready(kitchen, 2)
        await kitchen.ask("waiter", "PickUpItem", item_id=item_id)
        assert kitchen.events()[-1].device_id == WAITER  # type: ignore[union-attr]
        await kitchen.ask("waiter", "DeliverItem", item_id=item_id)
        for state, hands in (("delivered", WAITER), ("picked_up", None)):
            assert _hands(await kitchen.view("waiter")) == {item_id: WAITER}
            await kitchen.ask("waiter", "UndoItem", item_id=item_id, state=state)
            assert _hands(await kitchen.view("waiter")) == {item_id: hands}


async def test_dishes_on_their_way_keep_their_hands_through_an_update(database_url: str) -> None:
    """R-004-14: rows from before name whoever answered the call, else the one device of that name."""
    (migration,) = [one.sql for one in read_migrations() if one.number == TELLS_HANDS]
    names_hands = migration[migration.index("UPDATE") : migration.index("CREATE")]
    async with open_kitchen(database_url) as kitchen:
        answered, named, namesakes = [await _ready(kitchen, place) for place in (1, 2, 3)]
        await kitchen.ask("kitchen", "CallItem", item_id=answered)
        (call,) = (await kitchen.view("waiter")).calls
        await kitchen.ask("waiter", "ClaimCall", call_id=call.id)
        only, *_ = [await kitchen.pair("waiter", account=who) for who in ("钱叔", "周", "周")]
        for item_id, who in ((answered, "王敏"), (named, "钱叔"), (namesakes, "周")):
            await kitchen.ask("waiter", "PickUpItem", item_id=item_id)
            await kitchen.pool.execute(AS_BEFORE, item_id, who)
        await kitchen.pool.execute(names_hands)
        hands = _hands(await kitchen.view("waiter"))
    assert hands == {answered: WAITER, named: only, namesakes: None}
