"""What stands in recorded sequences: dishes, orders, calls, and what a screen knows of them."""

from __future__ import annotations

from typing import Any

from server.events import catalogue as c
from server.events import pace
from server.events.menu import Category, Dish, Menu, StationView
from server.events.view import DeviceView, PlaceView, ShopView, View

NOON_MS = 1_795_147_200_000
STRANGE = 'say "hi" \\ / \b\f\n\r\t\x01\x1f \x7f é 花生 🍜 \u2028 end'


def item(item_id: int, order_id: int = 1, round_: int = 1, **more: Any) -> c.Item:
    """Return a queued dish."""
    fields: dict[str, Any] = {"quantity": 1 + item_id % 3, "state": "queued"} | more
    return c.Item(
        id=item_id, order_id=order_id, round=round_, dish_id=item_id % 7,
        name=c.Text("宫保鸡丁", "Kung pao chicken"),
        modifiers=[c.Modifier("no-peanuts", c.Text("免花生", "No peanuts"), "less", allergen=True)],
        note="", station_id=None if item_id % 5 == 0 else item_id % 3 + 1, target_s=720,
        price_fen=3800, placed_at_ms=NOON_MS + item_id,
        **fields,
    )  # fmt: skip


def order(
    order_id: int, *items: c.Item, note: str = "", allergens: tuple[str, ...] = ()
) -> c.Order:
    """Return an order of room 800 + its id."""
    return c.Order(
        id=order_id, number=order_id, business_day="2026-11-20", place_id=order_id,
        place_kind="room", place_name=str(800 + order_id), source="pad", opened_at_ms=NOON_MS,
        note=note, allergens=list(allergens), items=list(items),
    )  # fmt: skip


def call(
    call_id: int, order_id: int = 1, item_id: int = 1, state: c.CallState = "ringing"
) -> c.Call:
    """Return a call that rings for the first time, or nobody answered."""
    return c.Call(
        id=call_id, order_id=order_id, item_id=item_id, number=12, place_kind="room",
        place_name="801", dish=c.Text("宫保鸡丁", "Kung pao chicken"), quantity=2, state=state,
        escalated=state == "unanswered", rings=1, rings_max=3,
        interval_s=15, raised_at_ms=NOON_MS, rang_at_ms=NOON_MS,
    )  # fmt: skip


def view(*orders: c.Order, calls: tuple[c.Call, ...] = ()) -> View:
    """Return what a kitchen screen of station 1 knows."""
    return View(
        shop=ShopView(1, c.Text("云栖酒店", "Yunqi Hotel"), "Asia/Shanghai", 5),
        device=DeviceView(7, "kitchen", "热菜档", "k7", station_id=1),
        stations=[StationView(1, c.Text("热菜档", "Wok"))],
        places=[PlaceView(1, "room", "801", c.Text("八楼", "8th floor"))],
        menu=None, orders=list(orders), calls=list(calls),
    )  # fmt: skip


def step(
    kind: Any, item_id: int, version: int, at_s: int = 0, order_id: int = 1, **more: Any
) -> c.Event:
    """Return one step of a dish."""
    event: c.Event = kind(
        order_id=order_id, item_id=item_id, at_ms=NOON_MS + at_s * 1000, by="王敏",
        version=version, **more,
    )  # fmt: skip
    return event


def undone(item_id: int, version: int, state: c.ItemState) -> c.Event:
    """Return a step taken back."""
    return step(c.ItemUndone, item_id, version, 99, state=state)


def portions(item_id: int, version: int, quantity: int, part: c.Item, order_id: int = 1) -> c.Event:
    """Return some portions going on by themselves."""
    return step(c.ItemSplit, item_id, version, 5, order_id, quantity=quantity, item=part)


def card() -> Menu:
    """Return a menu of four dishes."""
    name = c.Text("水饺", "Dumplings")
    dishes = [Dish(n, "hot", name, name, 3800, 1, 600, [], []) for n in range(1, 5)]
    return Menu([Category("hot", name)], dishes)


def marks(*items: tuple[int, int]) -> list[pace.ItemMark]:
    """Return dishes by id and version."""
    return [pace.ItemMark(*one) for one in items]


WALK = (c.ItemStarted, c.ItemFinished, c.ItemCalled, c.ItemPickedUp, c.ItemDelivered)


Scenes = dict[str, tuple[View, list[c.Event]]]


def cash_desk() -> View:
    """Return a cash desk's empty view."""
    seen = view()
    seen.device.kind = "cashier"
    return seen


def utterance(call_id: int, ring: int) -> c.Utterance:
    """Return one ring of an announcement."""
    return c.Utterance(
        call_id=call_id, ring=ring, rings_max=2, event="order_placed", msg_type=1,
        channels=["kitchen"], accounts=[], text=c.Text("801房间下单了水饺2份,请注意", "801: 2 dumplings"),
        spoken=c.Text("八零一房间下单了水饺两份,请注意", "eight oh one: two dumplings"),
        audio={}, sound="new", priority=3, at_ms=NOON_MS + call_id,
        expires_at_ms=NOON_MS + call_id + 60_000,
    )  # fmt: skip
