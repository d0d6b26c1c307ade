"""◆ What is said in a shop's log: one struct per fact, and the nouns facts are about.

The same nouns travel in snapshots, so a screen that reduces events ends where a fresh snapshot is.
Refuses to hold behaviour: which fact follows from which command is decided in the rooms.
Times are milliseconds since 1970 (`…_at_ms`), money is fen, ids are integers unique in the shop.
"""

from __future__ import annotations

from typing import Literal

import msgspec

PlaceKind = Literal["room", "table", "tag", "takeaway"]
OrderSource = Literal["pad", "tag", "waiter", "cashier", "api"]
ItemState = Literal["queued", "cooking", "ready", "called", "picked_up", "delivered", "cancelled"]
CallState = Literal["ringing", "unanswered", "claimed", "ended"]
CallEnd = Literal["picked_up", "undone", "cleaned"]


class Text(msgspec.Struct, frozen=True):
    """The same words in Chinese and English."""

    zh: str
    en: str


class Modifier(msgspec.Struct, frozen=True):
    """A chosen way of making a dish: less (免), plus (加) or change (少辣)."""

    id: str
    name: Text
    sign: Literal["less", "plus", "change"]
    allergen: bool = False


class Item(msgspec.Struct):
    """One line of an order as everybody sees it (`catering_order_goods`)."""

    id: int
    order_id: int
    round: int
    dish_id: int
    name: Text
    quantity: int
    modifiers: list[Modifier]
    note: str
    station_id: int | None
    target_s: int
    price_fen: int
    state: ItemState
    placed_at_ms: int
    started_at_ms: int | None = None
    ready_at_ms: int | None = None
    called_at_ms: int | None = None
    picked_up_at_ms: int | None = None
    delivered_at_ms: int | None = None
    cancelled_at_ms: int | None = None
    by: str = ""
    version: int = 1


class Order(msgspec.Struct):
    """One guest's open order with all its rounds (`catering_order`)."""

    id: int
    number: int
    business_day: str
    place_id: int
    place_kind: PlaceKind
    place_name: str
    source: OrderSource
    opened_at_ms: int
    note: str
    allergens: list[str]
    items: list[Item]


class Call(msgspec.Struct):
    """One call to the waiters' pads for one finished dish; it carries what a pad shows."""

    id: int
    order_id: int
    item_id: int
    number: int
    place_kind: PlaceKind
    place_name: str
    dish: Text
    quantity: int
    state: CallState
    rings: int
    rings_max: int
    interval_s: int
    raised_at_ms: int
    rang_at_ms: int
    claimed_by: str = ""
    claimed_by_device: int | None = None
    claimed_at_ms: int | None = None
    escalated: bool = False  # the cash desk was told as well


class _Event(msgspec.Struct, frozen=True, tag_field="kind"):
    """A fact; the tag is its kind."""


class OrderPlaced(_Event, frozen=True, tag=True):
    """A guest ordered: a new order (round 1) or a further round; `order.items` are the new ones."""

    order: Order
    round: int


class _ItemStep(_Event, frozen=True):
    """A dish took one step; `version` is the row's after the step."""

    order_id: int
    item_id: int
    at_ms: int
    by: str
    version: int


class ItemStarted(_ItemStep, frozen=True, tag=True):
    """Somebody began cooking."""


class ItemFinished(_ItemStep, frozen=True, tag=True):
    """The dish stands ready."""


class ItemCalled(_ItemStep, frozen=True, tag=True):
    """The waiters were told (again)."""


class ItemPickedUp(_ItemStep, frozen=True, tag=True):
    """The dish left the kitchen."""


class ItemDelivered(_ItemStep, frozen=True, tag=True):
    """The guest has it."""


class ItemCancelled(_ItemStep, frozen=True, tag=True):
    """The guest no longer wants it; nobody had begun. Refreshes screens, is not spoken (R-004-15)."""

    reason: str


class ItemUndone(_ItemStep, frozen=True, tag=True):
    """A step was a mistake: the dish is back in `state`, later time stamps are gone."""

    state: ItemState


class CallRaised(_Event, frozen=True, tag=True):
    """The pads ring for a dish: for the first time, or anew because the cook called again."""

    call: Call


class CallRang(_Event, frozen=True, tag=True):
    """Nobody came yet; the pads ring again."""

    call_id: int
    rings: int
    at_ms: int


class CallClaimed(_Event, frozen=True, tag=True):
    """Somebody said "coming"; the other pads stop."""

    call_id: int
    by: str
    device_id: int | None
    at_ms: int


class CallUnanswered(_Event, frozen=True, tag=True):
    """All rings went unanswered; the cash desk is told, and hears of this call from here on."""

    call: Call


class CallEnded(_Event, frozen=True, tag=True):
    """The reason for the call is gone."""

    call_id: int
    reason: CallEnd
    at_ms: int


class PlaceCleaned(_Event, frozen=True, tag=True):
    """The room was cleaned: its order, if any, is completed (R-004-16)."""

    place_id: int
    order_id: int | None
    at_ms: int
    by: str


class DevicePaired(_Event, frozen=True, tag=True):
    """A device was given an account and a place."""

    device_id: int
    device_kind: str
    name: str


class DeviceMoved(_Event, frozen=True, tag=True):
    """A device stands elsewhere now; its account stays (R-004-30)."""

    device_id: int
    place_id: int | None
    station_id: int | None


class DeviceUnpaired(_Event, frozen=True, tag=True):
    """A device's token no longer opens anything."""

    device_id: int


Event = (
    OrderPlaced
    | ItemStarted
    | ItemFinished
    | ItemCalled
    | ItemPickedUp
    | ItemDelivered
    | ItemCancelled
    | ItemUndone
    | CallRaised
    | CallRang
    | CallClaimed
    | CallUnanswered
    | CallEnded
    | PlaceCleaned
    | DevicePaired
    | DeviceMoved
    | DeviceUnpaired
)
