"""Doors for business services: order, move dishes along, clean rooms, see the board.

Every change is a command of the desk; refuses to know any rule of the kitchen itself.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import asyncpg
import msgspec

from server.api.callers import Gate
from server.api.table import Call, Door
from server.clock import Clock
from server.errors import Refusal
from server.events import catalogue as c
from server.events.menu import Menu, StationView
from server.events.view import DeviceView, PlaceView
from server.kds import views
from server.kds.commands import Portions, Reason
from server.orders.commands import ALLERGENS_MAX, LINES_MAX, Line, Note, Word
from server.pairing.door import Execute

Id = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class OrderRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Order for a place; a further order joins the place's open one as a round."""

    shop_id: Id
    place_id: Id
    lines: Annotated[list[Line], msgspec.Meta(max_length=LINES_MAX)]
    note: Note = ""
    allergens: Annotated[list[Word], msgspec.Meta(max_length=ALLERGENS_MAX)] = []


class OrderPlacedAnswer(msgspec.Struct, frozen=True):
    """The order's id and queue number, which round this was, and the ids of its new dishes."""

    order_id: int
    number: int
    round: int
    item_ids: list[int]


class OrderPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which order of which shop."""

    order_id: Id
    shop_id: Id


class OrderAnswer(msgspec.Struct, frozen=True):
    """An order with all its rounds, open or completed."""

    state: Literal["open", "completed"]
    order: c.Order


class ItemPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which dish on an order."""

    item_id: Id


class ItemRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop."""

    shop_id: Id


class PortionsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and how many portions; without a number all. Some go on as a dish of their own."""

    shop_id: Id
    quantity: Portions | None = None


class ChangeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and how many portions from now on."""

    shop_id: Id
    quantity: Portions


class CancelRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and why."""

    shop_id: Id
    reason: Reason = ""


class UndoRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and the state the person saw and takes back."""

    shop_id: Id
    state: c.ItemState


class ItemAnswer(msgspec.Struct, frozen=True):
    """Where the dish stands. `changed` false: it was done already, by whom and when it says."""

    item_id: int
    state: c.ItemState
    version: int
    changed: bool
    by: str
    at_ms: int


class PlacePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which place."""

    place_id: Id


class PlaceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop."""

    shop_id: Id


class PlaceAnswer(msgspec.Struct, frozen=True):
    """The order that was completed, if any, and how many of its dishes nobody delivered."""

    place_id: int
    order_id: int | None
    changed: bool
    undelivered: int


class ShopPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which shop."""

    shop_id: Id


class BoardAnswer(msgspec.Struct, frozen=True):
    """All open orders and calls of a shop, true at `seq` of the log's `epoch`."""

    epoch: int
    seq: int
    at_ms: int
    orders: list[c.Order]
    calls: list[c.Call]


class MenuAnswer(msgspec.Struct, frozen=True):
    """What can be ordered, and for which places."""

    places: list[PlaceView]
    stations: list[StationView]
    menu: Menu


# path word → command, summary, request, further refusals
_ITEM_DOORS: dict[str, tuple[str, str, type, tuple[str, ...]]] = {
    "start": (
        "StartItem", "Begin cooking a dish", PortionsRequest,
        ("item_already_cancelled", "item_held", "item_quantity_exceeded"),
    ),
    "finish": (
        "FinishItem", "Say that a dish is ready", PortionsRequest,
        ("item_already_cancelled", "item_not_started", "item_quantity_exceeded"),
    ),
    "call": (
        "CallItem", "Call the waiters for a dish", ItemRequest,
        ("item_already_cancelled", "item_not_ready", "item_already_picked_up"),
    ),
    "pick-up": (
        "PickUpItem", "Take a dish out of the kitchen", ItemRequest,
        ("item_already_cancelled", "item_not_ready"),
    ),
    "deliver": (
        "DeliverItem", "Hand a dish to the guest", ItemRequest,
        ("item_already_cancelled", "item_not_picked_up"),
    ),
    "cancel": (
        "CancelItem", "Take a dish off the order before cooking begins", CancelRequest,
        ("item_already_started",),
    ),
    "change": (
        "ChangeItem", "Change how many portions are wanted before cooking begins", ChangeRequest,
        ("item_already_started", "item_already_cancelled"),
    ),
    "confirm": ("ConfirmItem", "Say that the kitchen saw a change or a cancel", ItemRequest, ()),
    "undo": (
        "UndoItem", "Take a mistaken step back", UndoRequest,
        ("item_state_changed", "nothing_to_undo"),
    ),
}  # fmt: skip


class Business:
    """What business services may ask of a shop."""

    def __init__(self, execute: Execute, database: asyncpg.Pool, gate: Gate, clock: Clock) -> None:
        self._execute = execute
        self._db = database
        self._gate = gate
        self._clock = clock

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "POST", "/v1/orders", "placeOrder", "Order for a place", "business",
                self.place_order, request=OrderRequest, response=OrderPlacedAnswer, status=201,
                refusals=(
                    "place_not_found", "dish_not_found", "dish_sold_out", "modifier_not_found",
                    "modifier_choice_invalid", "order_empty", "order_too_large",
                ),
            ),
            Door(
                "GET", "/v1/orders/{order_id}", "readOrder", "Read an order", "business",
                self.read_order, params=OrderPath, response=OrderAnswer,
                refusals=("order_not_found",),
            ),
            *(self._item_door(word) for word in _ITEM_DOORS),
            Door(
                "POST", "/v1/places/{place_id}/clean", "cleanPlace",
                "Say that a place was cleaned: its order is completed", "business",
                self.clean_place, params=PlacePath, request=PlaceRequest, response=PlaceAnswer,
                refusals=("place_not_found",),
            ),
            Door(
                "GET", "/v1/shops/{shop_id}/board", "readBoard",
                "Read all open orders and calls of a shop", "business",
                self.read_board, params=ShopPath, response=BoardAnswer,
            ),
            Door(
                "GET", "/v1/shops/{shop_id}/menu", "readMenu",
                "Read what a shop sells, its places and stations", "business",
                self.read_menu, params=ShopPath, response=MenuAnswer,
            ),
        ]  # fmt: skip

    def _item_door(self, word: str) -> Door:
        command, summary, request, refusals = _ITEM_DOORS[word]

        async def answer(call: Call) -> ItemAnswer:
            body = {"item_id": call.params.item_id, **_without_shop(call.body)}
            return msgspec.convert(await self._command(call, command, body), ItemAnswer)

        return Door(
            "POST", f"/v1/items/{{item_id}}/{word}", command[0].lower() + command[1:], summary,
            "business", answer, params=ItemPath, request=request, response=ItemAnswer,
            refusals=("item_not_found", "order_completed", *refusals),
        )  # fmt: skip

    async def place_order(self, call: Call) -> OrderPlacedAnswer:
        """Open an order, or add a round to the open one."""
        result = await self._command(call, "PlaceOrder", _without_shop(call.body))
        return msgspec.convert(result, OrderPlacedAnswer)

    async def read_order(self, call: Call) -> OrderAnswer:
        """Return an order, open or completed."""
        shop_id, order_id = call.params.shop_id, call.params.order_id
        await self._gate.actor(call.caller, "business", shop_id)
        found = await views.read_order(self._db, shop_id, order_id)
        if found is None:
            raise Refusal("order_not_found", order_id=order_id)
        order, state = found
        return OrderAnswer("completed" if state == "completed" else "open", order)

    async def clean_place(self, call: Call) -> PlaceAnswer:
        """Complete the open order of a place."""
        body = {"place_id": call.params.place_id}
        return msgspec.convert(await self._command(call, "CleanPlace", body), PlaceAnswer)

    async def read_board(self, call: Call) -> BoardAnswer:
        """Return every open order and call."""
        shop_id = call.params.shop_id
        await self._gate.actor(call.caller, "business", shop_id)
        board = await views.read_board(self._db, self._clock, shop_id)
        if board is None:
            raise Refusal("shop_not_found", shop_id=shop_id)
        return BoardAnswer(*board)

    async def read_menu(self, call: Call) -> MenuAnswer:
        """Return what a waiter can order, and for which places."""
        shop_id = call.params.shop_id
        actor = await self._gate.actor(call.caller, "business", shop_id)
        eyes = DeviceView(id=0, kind="waiter", name=actor.name, account="")
        shot = await views.snapshot(self._db, self._clock, shop_id, eyes)
        if shot is None:
            raise Refusal("shop_not_found", shop_id=shop_id)
        assert shot.view.menu is not None  # a waiter's view has one
        return MenuAnswer(shot.view.places, shot.view.stations, shot.view.menu)

    async def _command(self, call: Call, name: str, body: dict[str, Any]) -> dict[str, Any]:
        actor = await self._gate.actor(call.caller, "business", call.body.shop_id)
        return await self._execute(actor, call.command_id, name, msgspec.json.encode(body))


def _without_shop(body: msgspec.Struct) -> dict[str, Any]:
    fields = msgspec.structs.asdict(body)
    del fields["shop_id"]
    return fields
