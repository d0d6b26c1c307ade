"""◆ What a screen knows: the snapshot's shape, and the rules that carry it from event to event.

`apply` is the same reducer as `clients/link/replica.js`; the recorded sequences in
`tests/core/replica/` are fed to both, so the two languages cannot drift apart.
Refuses to filter: which events a device hears is decided by topics, before they get here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args

import msgspec

from server.events import catalogue as c
from server.events import display, printing
from server.events.card_day import carried
from server.events.cards import CardDay, CardFact
from server.events.menu import Dish, DishPut, DishSale, Menu, StationPut, StationView
from server.events.pace import ItemsHeld, ItemsRushed, PaceFact
from server.events.screens import AS_IT_LIKES, DeviceRenamed, ScreenSet, ScreenSettings

ANNOUNCED_MAX = 100
HEARD_MAX = 500

_One = TypeVar("_One", bound=Dish | StationView)

DeviceKind = Literal["kitchen", "waiter", "guest", "cashier", "call_screen", "monitor"]
# Which end of a call a device is; a monitor hears of no call.
CHANNEL_OF: dict[DeviceKind, c.Channel] = {
    "kitchen": "kitchen",
    "waiter": "pad",
    "cashier": "cashier",
    "call_screen": "call_screen",
    "guest": "room",
}


class ShopView(msgspec.Struct):
    """What every screen of a shop shows about the shop."""

    id: int
    name: c.Text
    timezone: str
    call_after_finish_s: int | None
    warn_percent: int = 80


class DeviceView(msgspec.Struct):
    """Who this screen is."""

    id: int
    kind: DeviceKind
    name: str
    account: str
    place_id: int | None = None
    station_id: int | None = None
    settings: ScreenSettings = AS_IT_LIKES


class PlaceView(msgspec.Struct):
    """Where a guest sits; `stay` counts the guests there, each ends when the place is cleared."""

    id: int
    kind: c.PlaceKind
    name: str
    area: c.Text
    stay: int = 1


class View(msgspec.Struct):
    """A snapshot: everything one kind of device may see at one seq."""

    shop: ShopView
    device: DeviceView
    stations: list[StationView]
    places: list[PlaceView]
    menu: Menu | None
    orders: list[c.Order]
    calls: list[c.Call]
    announced: list[c.Utterance] = []  # a cash desk's list, the newest ANNOUNCED_MAX
    heard: list[c.Heard] = []  # where those were heard
    printing: printing.PrintDesk | None = None  # of cash desks: what must be known of paper
    unseen: list[display.Unseen] = []  # of cash desks: what no screen showed in time
    cards: CardDay | None = None  # of cash desks and monitors: the day's card trades


# kind → (state it leads to, the time stamp it sets)
_STEPS: dict[str, tuple[c.ItemState, str]] = {
    "ItemStarted": ("cooking", "started_at_ms"),
    "ItemFinished": ("ready", "ready_at_ms"),
    "ItemCalled": ("called", "called_at_ms"),
    "ItemPickedUp": ("picked_up", "picked_up_at_ms"),
    "ItemDelivered": ("delivered", "delivered_at_ms"),
    "ItemCancelled": ("cancelled", "cancelled_at_ms"),
}

_PICKED_UP = ("picked_up_at_ms", "picked_up_by_device")
# state → the stamps that belong to later states and vanish when a step is taken back to it
STAMPS_AFTER: dict[str, tuple[str, ...]] = {
    "queued": ("started_at_ms", "ready_at_ms", "called_at_ms", *_PICKED_UP, "delivered_at_ms"),
    "cooking": ("ready_at_ms", "called_at_ms", *_PICKED_UP, "delivered_at_ms"),
    "ready": ("called_at_ms", *_PICKED_UP, "delivered_at_ms"),
    "called": (*_PICKED_UP, "delivered_at_ms"),
    "picked_up": ("delivered_at_ms",),
}


def apply(view: View, event: c.Event) -> None:
    """Change `view` in place as `event` says; an event about something not in view does nothing."""
    rule = _RULES.get(type(event))
    if rule is not None:
        rule(view, event)


def _card(view: View, event: c.CallRaised | c.CallUnanswered) -> None:
    view.calls = [*(k for k in view.calls if k.id != event.call.id), event.call]


def _heard(view: View, event: c.CallHeard) -> None:
    if view.device.kind == "cashier":
        view.heard = [*view.heard, *event.heard][-HEARD_MAX:]


def _trade(view: View, event: CardFact) -> None:
    view.cards = view.cards and carried(view.cards, event)


def _sale(view: View, event: DishSale) -> None:
    for dish in view.menu.dishes if view.menu else ():
        if dish.id == event.dish_id:
            dish.sold_out = event.sold_out


def _put_dish(view: View, event: DishPut) -> None:
    if view.menu is not None:
        view.menu.dishes = _put(view.menu.dishes, event.dish)


def _put_station(view: View, event: StationPut) -> None:
    view.stations = _put(view.stations, event.station)


def _put(known: list[_One], new: _One) -> list[_One]:
    if any(one.id == new.id for one in known):
        return [new if one.id == new.id else one for one in known]
    return [*known, new]


def _paper(view: View, event: printing.PrintFact) -> None:
    view.printing = view.printing and printing.carried(view.printing, event)


def _moved(view: View, event: c.DeviceMoved) -> None:
    if event.device_id == view.device.id:
        view.device.place_id, view.device.station_id = event.place_id, event.station_id


def _set(view: View, event: ScreenSet) -> None:
    if event.device_id == view.device.id:
        view.device.settings = event.settings


def _renamed(view: View, event: DeviceRenamed) -> None:
    if event.device_id == view.device.id:
        view.device.name = event.name


def _announced(view: View, event: c.Announced) -> None:
    if view.device.kind == "cashier":
        view.announced = [*view.announced, event.utterance][-ANNOUNCED_MAX:]


def _order_placed(view: View, event: c.OrderPlaced) -> None:
    new = event.order
    for order in view.orders:
        if order.id == new.id:
            known = {item.id for item in order.items}
            order.items += [item for item in new.items if item.id not in known]
            order.allergens = new.allergens
            order.note = new.note
            return
    view.orders.append(new)


def _place_cleaned(view: View, event: c.PlaceCleaned) -> None:
    view.orders = [order for order in view.orders if order.id != event.order_id]
    view.calls = [call for call in view.calls if call.order_id != event.order_id]
    view.unseen = [card for card in view.unseen if card.order_id != event.order_id]
    for place in view.places:
        if place.id == event.place_id and event.stay is not None:  # lines of an older log name none
            place.stay = event.stay


def _shown(view: View, event: display.DisplayFact) -> None:
    items = {i.id: i for o in view.orders for i in o.items}
    for mark in event.items:
        item = items.get(mark.item_id)
        if item is not None and mark.version > item.version:
            display.stamp(item, event)
            item.version = mark.version
    if view.device.kind == "cashier":
        view.unseen = display.carried(view.unseen, event)


def _item(view: View, event: Any) -> None:
    view.unseen = display.without(view.unseen, [event.item_id])
    item = next((i for o in view.orders for i in o.items if i.id == event.item_id), None)
    if item is None or event.version <= item.version:
        return
    if isinstance(event, c.ItemChanged):
        item.quantity, item.quantity_was = event.quantity, event.quantity_was
        item.confirmed_at_ms = None
    elif isinstance(event, c.ItemConfirmed):
        item.quantity_was, item.confirmed_at_ms = None, event.at_ms
        item.version = event.version
        return
    elif isinstance(event, c.ItemUndone):
        item.state = event.state
        for stamp in STAMPS_AFTER[event.state]:
            setattr(item, stamp, None)
    else:
        item.state, stamp = _STEPS[type(event).__name__]
        if isinstance(event, c.ItemCancelled):
            item.confirmed_at_ms = None
        elif isinstance(event, c.ItemPickedUp):
            item.picked_up_by_device = event.device_id
        setattr(item, stamp, event.at_ms)
    item.by = event.by
    item.version = event.version


def _split(view: View, event: c.ItemSplit) -> None:
    order = next((o for o in view.orders if o.id == event.order_id), None)
    for item in order.items if order else ():
        if item.id == event.item_id and event.version > item.version:
            item.quantity, item.quantity_was = event.quantity, None
            item.version = event.version
    if order and all(item.id != event.item.id for item in order.items):
        order.items.append(event.item)


def _paced(view: View, event: PaceFact) -> None:
    items = {i.id: i for o in view.orders for i in o.items}
    for mark in event.items:
        item = items.get(mark.item_id)
        if item is None or mark.version <= item.version:
            continue
        if isinstance(event, ItemsHeld):
            item.state, item.fired_at_ms = "held", None
        elif item.state == "held":
            item.state, item.fired_at_ms = "queued", event.at_ms
        if isinstance(event, ItemsRushed):
            item.rushed_at_ms, item.rushes = event.at_ms, item.rushes + 1
        item.by, item.version = event.by, mark.version


def _call(view: View, event: Any) -> None:
    call = next((k for k in view.calls if k.id == event.call_id), None)
    if call is None:
        return
    if isinstance(event, c.CallRang):
        call.rings, call.rang_at_ms = event.rings, event.at_ms
    elif isinstance(event, c.CallClaimed):
        call.state = "claimed"
        call.claimed_by, call.claimed_by_device = event.by, event.device_id
        call.claimed_at_ms = event.at_ms
    elif isinstance(event, c.CallGivenBack):
        call.state, call.rings, call.rang_at_ms = "ringing", 0, event.at_ms
        call.claimed_by, call.claimed_by_device, call.claimed_at_ms = "", None, None
    elif isinstance(event, c.CallEnded):
        view.calls.remove(call)


_RULES: dict[type, Callable[[View, Any], None]] = {
    c.OrderPlaced: _order_placed,
    c.PlaceCleaned: _place_cleaned,
    **dict.fromkeys(
        (
            c.ItemStarted, c.ItemFinished, c.ItemCalled, c.ItemPickedUp, c.ItemDelivered,
            c.ItemCancelled, c.ItemUndone, c.ItemChanged, c.ItemConfirmed,
        ),
        _item,
    ),
    c.ItemSplit: _split,
    **dict.fromkeys(get_args(PaceFact), _paced),
    **dict.fromkeys((c.CallRaised, c.CallUnanswered), _card),
    **dict.fromkeys((c.CallRang, c.CallClaimed, c.CallGivenBack, c.CallEnded), _call),
    **dict.fromkeys(get_args(display.DisplayFact), _shown),
    c.Announced: _announced,
    c.CallHeard: _heard,
    **dict.fromkeys(get_args(CardFact), _trade),
    DishSale: _sale,
    DishPut: _put_dish,
    StationPut: _put_station,
    **dict.fromkeys(get_args(printing.PrintFact), _paper),
    c.DeviceMoved: _moved,
    ScreenSet: _set,
    DeviceRenamed: _renamed,
}  # fmt: skip


def canonical(view: View) -> bytes:
    """Return the moving part of a view as bytes that are equal when it is: orders, calls, cards, 沽清."""
    moving: dict[str, Any] = {
        "orders": sorted(view.orders, key=lambda o: o.id),
        "calls": sorted(view.calls, key=lambda k: k.id),
    }
    if view.cards is not None:
        moving["cards"] = view.cards
    if view.menu is not None:
        moving["sold_out"] = sorted(dish.id for dish in view.menu.dishes if dish.sold_out)
    plain = msgspec.to_builtins(moving)
    for order in plain["orders"]:
        order["items"].sort(key=lambda i: i["id"])
    return msgspec.json.encode(plain, order="sorted")


def state_hash(view: View) -> str:
    """Return 16 hex digits that two equal screens share (SHA-256 of `canonical`, shortened)."""
    return hashlib.sha256(canonical(view)).hexdigest()[:16]
