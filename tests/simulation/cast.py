"""Who plays in the day: ten screens and their people, and a business service that calls the API.

Refuses to break anything: `fire.py` and the plan do.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any, NamedTuple

from server.client.api import Api
from server.client.device import Device
from server.demo.menu import PLACES, STATIONS
from server.demo.people import Cook, Pace, Tally, Waiter, choose
from server.errors import Refusal
from server.events.menu import Menu
from server.events.view import DeviceKind
from tests.simulation.checker import Answer
from tests.simulation.screens import Screen

SHOP = 1
PAD_PLACES = (1, 2)
SERVICE_PLACES = [place.id for place in PLACES if place.kind == "table"]
SEATS = [place for place in PLACES if place.kind != "table"]


class Role(NamedTuple):
    """A screen before it is paired."""

    name: str
    kind: DeviceKind
    place_id: int | None = None
    station_id: int | None = None


ROLES = (
    *(Role(f"board-{s.id}", "kitchen", station_id=s.id) for s in STATIONS),
    Role("王敏", "waiter"),
    Role("李强", "waiter"),
    *(Role(f"pad-{place_id}", "guest", place_id=place_id) for place_id in PAD_PLACES),
    Role("cash-desk", "cashier"),
    Role("call-screen", "call_screen"),
)


class Cast(NamedTuple):
    """People at their screens."""

    cooks: list[Cook]
    waiters: list[Waiter]
    pads: dict[int, Device]


def seat(screens: dict[str, Screen], pace: Pace, seed: int, tally: Tally) -> Cast:
    """Put people at the screens."""

    def dice(name: str) -> random.Random:
        return random.Random(f"{seed} {name} hands")

    cooks = []
    for station in STATIONS:
        name = f"board-{station.id}"
        makes = {station.id, None} if station is STATIONS[0] else {station.id}
        cooks.append(Cook(screens[name].device, makes, pace, dice(name), tally))
    waiters = [
        Waiter(screen.device, pace, dice(screen.name), tally)
        for screen in screens.values()
        if screen.kind == "waiter"
    ]
    pads = {
        screen.place_id: screen.device for screen in screens.values() if screen.place_id is not None
    }
    return Cast(cooks, waiters, pads)


class Till:
    """A point-of-sale system: orders for tables over the API and cleans them, whatever breaks."""

    def __init__(self, api: Api, menu: Menu, pace: Pace, seed: int) -> None:
        self.answers: list[Answer] = []
        self._api = api
        self._menu = menu
        self._pace = pace
        self._dice = random.Random(f"{seed} service")
        self._calls = 0

    async def work(self, stop: asyncio.Event) -> None:
        """Serve tables one after another until told; the last one is finished and cleaned."""
        while not stop.is_set():
            place_id = self._dice.choice(SERVICE_PLACES)
            lines = choose(self._menu, self._dice)
            placed = await self._call("PlaceOrder", place_id=place_id, lines=lines)
            await self._pace.take(self._dice, 60, 600)
            for item_id in placed.get("item_ids", [])[:1]:
                await self._call("CancelItem", item_id=item_id)
            await self._pace.take(self._dice, 60, 900)
            await self._call("CleanPlace", place_id=place_id)

    async def _call(self, name: str, **body: Any) -> dict[str, Any]:
        self._calls += 1
        key = f"day-{self._calls}"
        try:
            match name:
                case "PlaceOrder":
                    result = await self._api.place_order(SHOP, key=key, **body)
                case "CancelItem":
                    result = await self._api.step(SHOP, body["item_id"], "cancel", key=key)
                case _:
                    result = await self._api.clean(SHOP, body["place_id"], key=key)
        except Refusal as refusal:
            if refusal.retryable:
                raise  # the client should have asked again
            return {}
        self.answers.append(Answer(key, name, result))
        return result
