"""Doors for who keeps a shop's menu: change a dish, put a new one on, name stations.

Every change is a command of the desk, heard by every pad and board. Reading the menu is `readMenu`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from server.api.business import ShopPath
from server.api.callers import Gate
from server.api.table import Call, Door
from server.events.words import Text
from server.ids import Id
from server.kds.menu import DishChange
from server.pairing.door import Execute

DISH_BYTES_MAX = 256 * 1024  # twenty groups of fifty choices in two languages


class DishTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which dish of which shop's menu."""

    shop_id: Id
    dish_id: Id


class NewDish(DishChange, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A dish to be sold; it needs a name and a heading."""


class ChangedDish(DishChange, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What of the dish shall be otherwise; what is left out stays."""


class DishAnswer(msgspec.Struct, frozen=True):
    """Which dish it is. `changed` false: it was so already."""

    dish_id: int
    changed: bool


class StationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the station is called."""

    name: Text


class StationTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which station of which shop."""

    shop_id: Id
    station_id: Id


class StationAnswer(msgspec.Struct, frozen=True):
    """Which station it is. `changed` false: it was so already."""

    station_id: int
    changed: bool


class MenuKeeping:
    """What managers may do to a menu."""

    def __init__(self, execute: Execute, gate: Gate) -> None:
        self._execute = execute
        self._gate = gate

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "POST", "/v1/shops/{shop_id}/dishes", "addDish", "Put a new dish on the menu",
                "manager", self.add_dish, params=ShopPath, request=NewDish, response=DishAnswer,
                status=201, refusals=("station_not_found",), body_bytes_max=DISH_BYTES_MAX,
            ),
            Door(
                "PUT", "/v1/shops/{shop_id}/dishes/{dish_id}", "changeDish", "Change a dish",
                "manager", self.change_dish, params=DishTarget, request=ChangedDish,
                response=DishAnswer, refusals=("dish_not_found", "station_not_found"),
                body_bytes_max=DISH_BYTES_MAX,
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/stations", "addStation", "Open a station", "manager",
                self.add_station, params=ShopPath, request=StationRequest, response=StationAnswer,
                status=201,
            ),
            Door(
                "PUT", "/v1/shops/{shop_id}/stations/{station_id}", "renameStation",
                "Call a station otherwise", "manager", self.rename_station, params=StationTarget,
                request=StationRequest, response=StationAnswer, refusals=("station_not_found",),
            ),
        ]  # fmt: skip

    async def add_dish(self, call: Call) -> DishAnswer:
        """Put a new dish on the menu."""
        return DishAnswer(**await self._ask(call, "PutDish", _said(call.body)))

    async def change_dish(self, call: Call) -> DishAnswer:
        """Change a dish."""
        body = _said(call.body) | {"dish_id": call.params.dish_id}
        return DishAnswer(**await self._ask(call, "PutDish", body))

    async def add_station(self, call: Call) -> StationAnswer:
        """Open a station."""
        return StationAnswer(**await self._ask(call, "PutStation", {"name": call.body.name}))

    async def rename_station(self, call: Call) -> StationAnswer:
        """Name a station."""
        body = {"name": call.body.name, "station_id": call.params.station_id}
        return StationAnswer(**await self._ask(call, "PutStation", body))

    async def _ask(self, call: Call, name: str, body: dict[str, Any]) -> dict[str, Any]:
        actor = await self._gate.actor(call.caller, "manager", call.params.shop_id)
        return await self._execute(actor, call.command_id, name, msgspec.json.encode(body))


def _said(change: DishChange) -> dict[str, Any]:
    """Return what a change names, and nothing else."""
    said: dict[str, Any] = msgspec.to_builtins(change)
    return said
