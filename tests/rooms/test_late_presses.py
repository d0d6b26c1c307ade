"""Presses that come late, from the wrong hand, or after the day has turned."""

from __future__ import annotations

import uuid

import msgspec
import pytest

from server.errors import Refusal
from server.events.decision import Due
from server.orders.commands import CROSSED_WITHIN_S
from tests.support.kitchen import Kitchen, actor, open_kitchen

TAG_PLACE = 101


async def test_a_late_clean_spares_the_next_guest(database_url: str) -> None:
    """A clean kept offline for the guest before does not end the next guest's order (R-004-16)."""
    async with open_kitchen(database_url) as kitchen:
        before = await kitchen.order(2, 1)
        await kitchen.ask("waiter", "CleanPlace", place_id=2)
        now = await kitchen.order(2, 1)
        late = await kitchen.ask("waiter", "CleanPlace", place_id=2, order_id=before["order_id"])
        assert late["changed"] is False
        (order,) = (await kitchen.view("waiter")).orders
        assert order.id == now["order_id"]


async def test_a_dish_put_back_calls_again(database_url: str) -> None:
    """A pick-up taken back leaves the dish at the pass, and the pads are promised a call."""
    async with open_kitchen(database_url) as kitchen:
        item = (await kitchen.order(2, 1))["item_ids"][0]
        for name in ("StartItem", "FinishItem", "PickUpItem"):
            await kitchen.ask("business", name, item_id=item)
        kitchen.ear.armed.clear()
        await kitchen.ask("waiter", "UndoItem", item_id=item, state="picked_up")
        assert len(kitchen.ear.armed) == 1
        await kitchen.ask("business", "PickUpItem", item_id=item)
        await kitchen.ask("business", "DeliverItem", item_id=item)
        kitchen.ear.armed.clear()
        await kitchen.ask("waiter", "UndoItem", item_id=item, state="delivered")
        assert kitchen.ear.armed == []  # it is in a waiter's hand


async def test_a_guest_cannot_move_into_another_room(database_url: str) -> None:
    """A guest's pad may not move itself and order on somebody else's bill (R-004-30)."""
    async with open_kitchen(database_url) as kitchen:
        with pytest.raises(Refusal, match="not_allowed"):
            await kitchen.ask("guest", "MoveDevice", device_id=7, place_id=5)


async def test_new_hardware_keeps_its_kind(database_url: str) -> None:
    """A kitchen screen's pairing cannot be given to a guest's pad."""
    async with open_kitchen(database_url) as kitchen:
        with pytest.raises(Refusal, match="another kind"):
            await kitchen.ask(
                "manager", "PairDevice", kind="waiter", name="x", device_id=1, token_hash="00" * 32
            )


async def test_yesterdays_open_ticket_and_todays_first_are_distinct(database_url: str) -> None:
    """Orders of 02:58 and 03:01 are both #01, both live, told apart by their day (R-004-9)."""
    async with open_kitchen(database_url) as kitchen:
        kitchen.advance(seconds=(14 * 60 + 58) * 60)  # from noon to 02:58
        night = await kitchen.order(2, 1)
        kitchen.advance(seconds=3 * 60)
        morning = await kitchen.order(TAG_PLACE, 1)
        assert night["number"] == morning["number"] == 1
        orders = (await kitchen.view("kitchen")).orders
        assert {(o.number, o.business_day) for o in orders} == {
            (1, "2026-11-20"),
            (1, "2026-11-21"),
        }
        for item in (night["item_ids"][0], morning["item_ids"][0]):
            for name in ("StartItem", "FinishItem", "CallItem"):
                await kitchen.ask("business", name, item_id=item)
        assert len((await kitchen.view("waiter")).calls) == 2


async def test_a_hundred_orders_grow_past_ninety_nine(database_url: str) -> None:
    """The hundredth order of a day is #100, and the day after begins at #01 (R-004-9, A22)."""
    async with open_kitchen(database_url) as kitchen:
        numbers = []
        for _ in range(100):
            numbers.append((await kitchen.order(2, 1))["number"])
            await kitchen.ask("waiter", "CleanPlace", place_id=2)
        assert numbers == list(range(1, 101))
        kitchen.advance(seconds=24 * 3600)
        assert (await kitchen.order(2, 1))["number"] == 1


async def test_every_topic_hears_what_it_should(database_url: str) -> None:
    """Room orders reach kitchen and call screen, tag orders kitchen and cash desk (R-004-10)."""
    async with open_kitchen(database_url) as kitchen:
        await kitchen.order(2, 1)
        await kitchen.order(TAG_PLACE, 1)
        room, tag = (line.topics for line in kitchen.ear.heard)
        assert {"kitchen", "screen", "place:2"} <= room
        assert "cashier" not in room
        assert {"kitchen", "cashier", f"place:{TAG_PLACE}"} <= tag
        assert "screen" not in tag


async def test_a_late_order_never_reaches_the_next_guest(database_url: str) -> None:
    """R-004-8, R-004-16: a round kept offline for an order that is over is refused, whoever sits there now."""
    async with open_kitchen(database_url) as kitchen:
        before = await kitchen.order(2, 1)
        lines = [{"dish_id": 1}]
        joined = await kitchen.ask(
            "waiter", "PlaceOrder", place_id=2, order_id=before["order_id"], lines=lines
        )
        assert joined["round"] == 2
        await kitchen.ask("waiter", "CleanPlace", place_id=2)
        for _ in range(2):  # to an empty room, and to the next guest's
            with pytest.raises(Refusal) as refusal:
                await kitchen.ask(
                    "waiter", "PlaceOrder", place_id=2, order_id=before["order_id"], lines=lines
                )
            assert refusal.value.code == "order_completed"
            now = await kitchen.order(2, 1)
        (order,) = (await kitchen.view("waiter")).orders
        assert (order.id, len(order.items)) == (now["order_id"], 2)


async def _placed(kitchen: Kitchen, stay: int) -> str:
    """Order as the guest of place 1 in this stay; return the refusal's code, or nothing.

    A refusal says for how long its order is the same guest's: pads offer it for as long.
    """
    body = msgspec.json.encode({"place_id": 1, "stay": stay, "lines": [{"dish_id": 1}]})
    try:
        await kitchen.desk.execute(actor("guest"), uuid.uuid4(), "PlaceOrder", body)
    except Refusal as refusal:
        assert refusal.detail["same_guest_s"] == CROSSED_WITHIN_S  # noqa: PT017 - said with every one
        return refusal.code
    return ""


async def _stay(kitchen: Kitchen) -> int:
    return (await kitchen.view("guest", 1)).places[0].stay


async def test_a_first_order_names_the_stay_it_was_made_in(database_url: str) -> None:
    """R-004-16: kept offline in a room without an order, it is refused once the room was cleared."""
    async with open_kitchen(database_url) as kitchen:
        before = await _stay(kitchen)
        await kitchen.ask("business", "CleanPlace", place_id=1)  # a check-out: nothing was ordered
        assert await _placed(kitchen, before) == "place_cleared"
        assert (await kitchen.view("waiter")).orders == []
        assert await _placed(kitchen, await _stay(kitchen)) == ""


async def test_a_snapshot_and_the_event_tell_the_same_stay(database_url: str) -> None:
    """R-004-16: a pad that was away finds in its snapshot what others heard; a late press ends no stay."""
    async with open_kitchen(database_url) as kitchen:
        old = await kitchen.view("guest", 1)
        order = await kitchen.order(1, 1)
        await kitchen.ask("waiter", "CleanPlace", place_id=1, order_id=order["order_id"])
        carried = kitchen.carry(old, 0)
        fresh = await kitchen.view("guest", 1)
        assert carried.places == fresh.places
        await kitchen.ask("waiter", "CleanPlace", place_id=1, order_id=order["order_id"])
        assert await _stay(kitchen) == fresh.places[0].stay


async def test_staff_hear_of_an_order_that_crossed_the_clearing(database_url: str) -> None:
    """R-004-16: the pads ring for a guest's order refused a moment after; not for one of an hour ago."""
    async with open_kitchen(database_url) as kitchen:
        await kitchen.pair("waiter")
        before = await _stay(kitchen)
        await kitchen.order(1, 1)
        await kitchen.ask("waiter", "CleanPlace", place_id=1)
        assert await _placed(kitchen, before) == "place_cleared"
        asked = await kitchen.pool.fetch(
            "SELECT shop_id, id, kind, payload, attempt FROM promise WHERE kind = 'SendImCall'"
        )
        assert await kitchen.desk.keep([Due(*row) for row in asked]) == [None]
        (call,) = (await kitchen.view("waiter")).calls
        assert (call.place_name, call.state) == ("801", "ringing")
        assert call.text is not None
        assert "刚清房" in call.text.zh
        kitchen.advance(seconds=3600)
        assert await _placed(kitchen, before) == "place_cleared"
        assert (
            await kitchen.pool.fetchval("SELECT count(*) FROM promise WHERE kind = 'SendImCall'")
            == 1
        )
