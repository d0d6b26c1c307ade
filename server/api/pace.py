"""Doors for the table's pace and the menu's state: rush, hold, fire; sold out and back again.

Every change is a command of the desk; refuses to know any rule of the kitchen itself.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from server.api.callers import Gate
from server.api.table import Call, Door
from server.ids import Id
from server.kds.pace import ITEMS_MAX
from server.pairing.door import Execute


class ItemsPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dishes of which order."""

    order_id: Id


class ItemsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and which dishes; none named: all it can be done to."""

    shop_id: Id
    item_ids: Annotated[list[Id], msgspec.Meta(max_length=ITEMS_MAX)] = []


class ItemsAnswer(msgspec.Struct, frozen=True):
    """To which dishes it was done. `changed` false: to none, it was done already."""

    order_id: int
    item_ids: list[int]
    changed: bool


class DishPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which dish of the menu."""

    dish_id: Id


class SaleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and whether the dish is sold out."""

    shop_id: Id
    sold_out: bool


class SaleAnswer(msgspec.Struct, frozen=True):
    """How it stands now; `waiting` dishes of it were ordered before and are still to be cooked."""

    dish_id: int
    sold_out: bool
    changed: bool
    waiting: int


# path word → command, summary, further refusals
_ITEMS_DOORS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "rush": ("RushItems", "Say that somebody waits for dishes", ("item_already_ready",)),
    "hold": ("HoldItems", "Let dishes wait until they are fired", ("item_already_started",)),
    "fire": ("FireItems", "Let dishes go that were on hold", ()),
}


class Pace:
    """What business services may ask of a kitchen that is at work."""

    def __init__(self, execute: Execute, gate: Gate) -> None:
        self._execute = execute
        self._gate = gate

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            *(self._items_door(word) for word in _ITEMS_DOORS),
            Door(
                "POST", "/v1/dishes/{dish_id}/sale", "setDishSale",
                "Say that a dish is sold out, or can be had again", "business",
                self.set_sale, params=DishPath, request=SaleRequest, response=SaleAnswer,
                refusals=("dish_not_found",),
            ),
        ]  # fmt: skip

    def _items_door(self, word: str) -> Door:
        command, summary, refusals = _ITEMS_DOORS[word]

        async def answer(call: Call) -> ItemsAnswer:
            body = {"order_id": call.params.order_id, "item_ids": call.body.item_ids}
            return msgspec.convert(await self._command(call, command, body), ItemsAnswer)

        return Door(
            "POST", f"/v1/orders/{{order_id}}/{word}", command[0].lower() + command[1:], summary,
            "business", answer, params=ItemsPath, request=ItemsRequest, response=ItemsAnswer,
            refusals=(
                "order_not_found", "item_not_found", "order_completed", "item_already_cancelled",
                *refusals,
            ),
        )  # fmt: skip

    async def set_sale(self, call: Call) -> SaleAnswer:
        """Stop or resume the sale of a dish."""
        body = {"dish_id": call.params.dish_id, "sold_out": call.body.sold_out}
        return msgspec.convert(await self._command(call, "SetDishSale", body), SaleAnswer)

    async def _command(self, call: Call, name: str, body: dict[str, Any]) -> dict[str, Any]:
        actor = await self._gate.actor(call.caller, "business", call.body.shop_id)
        return await self._execute(actor, call.command_id, name, msgspec.json.encode(body))
