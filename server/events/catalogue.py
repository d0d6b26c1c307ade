"""◆ What is said in a shop's log: one struct per fact, and the nouns facts are about.

The same nouns travel in snapshots, so a screen that reduces events ends where a fresh snapshot is. Refuses to decide
which fact follows from a command: rooms do. `…_at_ms`: since 1970; money is fen; ids are unique in the shop.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from server.events import coming, words
from server.events.cards import CardFact
from server.events.display import DisplayFact
from server.events.menu import MenuFact
from server.events.pace import PaceFact
from server.events.printing import PrintFact
from server.events.screens import ScreenFact

Text = words.Text
_Event = words.Fact
CallReminded = coming.CallReminded
CallGivenBack = coming.CallGivenBack

PlaceKind = Literal["room", "table", "tag", "takeaway"]
OrderSource = Literal["pad", "tag", "waiter", "cashier", "api"]
ItemState = Literal[
    "held", "queued", "cooking", "ready", "called", "picked_up", "delivered", "cancelled",
]  # fmt: skip
CallState = Literal["ringing", "unanswered", "claimed", "ended"]
CallEnd = Literal[
    "picked_up", "undone", "cleaned", "item_cancelled", "acknowledged", "served", "cancelled",
    "done", "expired", "suppressed",
]  # fmt: skip
# The client's EnumImCallEvent and EnumImCallChannel; server/api/im.proto numbers them.
CallEvent = Literal[
    "order_placed", "item_ready", "item_cancelled", "order_rushed", "item_unseen", "service_wanted",
    "technician_wanted", "custom",
]  # fmt: skip
Channel = Literal["kitchen", "pad", "cashier", "call_screen", "room", "console"]
# 1 broadcast (spoken), 2 refresh, 3 notify, 4 pad call (R-004-32)
MsgType = Literal[1, 2, 3, 4]
HeardStage = Literal["shown", "played", "failed", "blocked", "muted", "acknowledged"]


class Modifier(msgspec.Struct, frozen=True):
    """A chosen way of making a dish: less (免), plus (加) or change (少辣)."""

    id: str
    name: Text
    sign: Literal["less", "plus", "change"]
    allergen: bool = False


class Item(msgspec.Struct):
    """One line of an order as everybody sees it (`catering_order_goods`).

    On hold (等叫) it waits for its fire (起菜); from then on its time runs. `rushes`: how often somebody asked where it
    is, last at `rushed_at_ms`. `quantity_was`: what the kitchen saw before the number was changed, until it confirms;
    so it does with a cancel, at `confirmed_at_ms`. `part_of`: the line some portions of which this is. `shown_on`: the
    first screen of its station that painted it; `unseen_at_ms`: when the cash desk was told that none had,
    `unseen_printed` with the ticket on paper. `picked_up_by_device`: in whose hands it is.
    """

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
    fired_at_ms: int | None = None
    rushed_at_ms: int | None = None
    rushes: int = 0
    quantity_was: int | None = None
    confirmed_at_ms: int | None = None
    part_of: int | None = None
    shown_at_ms: int | None = None
    shown_on: str = ""
    unseen_at_ms: int | None = None
    unseen_printed: bool = False
    picked_up_by_device: int | None = None


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
    """One pad call (MsgType 4); it carries what a pad shows.

    For a finished dish `order_id`, `item_id`, `number`, `dish` and `quantity` are set; a business
    service's own call has `text` instead. `accounts`: who is meant; empty is every pad of the shop.
    """

    id: int
    order_id: int | None
    item_id: int | None
    number: int | None
    place_kind: PlaceKind | None
    place_name: str
    dish: Text | None
    quantity: int | None
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
    event: CallEvent = "item_ready"
    text: Text | None = None
    accounts: list[int] = []


class Utterance(msgspec.Struct, frozen=True):
    """One ring of a call as ends hear and show it: the words, how they are said, until when.

    `channels` are the ends that make it heard; whoever else gets it only lists it. A voice line is never spoken after
    `expires_at_ms`. `spoken` has no digits: numbers are written as people say them. `audio` maps a language to a path
    of ready speech; empty means the end speaks itself. `priority`: cancel 0, rush 1, call 2, new order 3, notice 4.
    """

    call_id: int
    ring: int
    rings_max: int  # 0: until somebody acknowledges
    event: CallEvent
    msg_type: MsgType
    channels: list[Channel]
    accounts: list[int]
    text: Text
    spoken: Text
    audio: dict[str, str]
    sound: str
    priority: int
    at_ms: int
    expires_at_ms: int
    place_id: int | None = None
    item_id: int | None = None


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
    """The dish left the kitchen, in the hands of who holds this device; a business service has none."""

    device_id: int | None = None


class ItemDelivered(_ItemStep, frozen=True, tag=True):
    """The guest has it."""


class ItemCancelled(_ItemStep, frozen=True, tag=True):
    """The guest no longer wants it; nobody had begun. Refreshes screens, is not spoken (R-004-15)."""

    reason: str


class ItemSplit(_ItemStep, frozen=True, tag=True):
    """Some portions go on by themselves as `item`; `quantity` is what stays of the dish."""

    quantity: int
    item: Item


class ItemChanged(_ItemStep, frozen=True, tag=True):
    """Another number of portions is wanted; nobody had begun. The cook confirms it."""

    quantity: int
    quantity_was: int | None


class ItemConfirmed(_ItemStep, frozen=True, tag=True):
    """The kitchen saw the change or the cancel."""


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
    """All rings went unanswered, or who claimed it did not come for long (`call.state` says which).

    The cash desk is told, and hears of this call from here on.
    """

    call: Call


class CallEnded(_Event, frozen=True, tag=True):
    """The reason for the call is gone."""

    call_id: int
    reason: CallEnd
    at_ms: int


class Announced(_Event, frozen=True, tag=True):
    """The ends named in the utterance speak, show or refresh now; a cash desk lists it."""

    utterance: Utterance


class Heard(msgspec.Struct, frozen=True):
    """What became of one ring on one device, and which end that device is.

    Its end is its `channel`, or its account where the call names accounts; lines of an older log name
    neither.
    """

    call_id: int
    ring: int
    device_id: int
    device_name: str
    stage: HeardStage
    at_ms: int
    channel: Channel | None = None
    account_id: int | None = None


class CallHeard(_Event, frozen=True, tag=True):
    """Where rings were heard, or why not; boards hear only of what a cook saw (看到了)."""

    heard: list[Heard]


class PlaceCleaned(_Event, frozen=True, tag=True):
    """The room was cleaned: its order, if any, is completed (R-004-16), and another stay begins."""

    place_id: int
    order_id: int | None
    at_ms: int
    by: str
    stay: int | None = None


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
    OrderPlaced | ItemStarted | ItemFinished | ItemCalled | ItemPickedUp | ItemDelivered | ItemCancelled | ItemUndone
    | ItemSplit | ItemChanged | ItemConfirmed | PaceFact | DisplayFact | MenuFact | CallRaised | CallRang | CallClaimed
    | CallGivenBack | CallUnanswered | CallEnded | CallReminded | Announced | CallHeard | PlaceCleaned
    | DevicePaired | DeviceMoved | DeviceUnpaired | ScreenFact | CardFact | PrintFact
)  # fmt: skip
