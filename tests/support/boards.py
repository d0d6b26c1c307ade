"""Kitchen boards in a real Chromium against a running house.

Refuses to know what a board should show: tests say that.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from server.events.decision import Actor
from server.events.view import state_hash
from server.pairing.door import PairingDoor
from tests.support.house import SHOP, HouseOnThread
from tests.support.pads import LISTEN, Wire
from tests.support.patience import PATIENCE_MS
from tests.support.screens import Screens

WOK, COLD, DOUGH = 1, 2, 3
DUMPLINGS, KUNGPAO, BASS, GREENS, CUCUMBER = 1, 2, 3, 6, 7  # of the demo menu; cucumber is cold


def settled(page: Page) -> None:
    """Wait by the page's own clock until a press on what it shows counts as one."""
    now = page.evaluate("performance.now()")
    page.wait_for_function("from => performance.now() - from > 650", arg=now)


class Board:
    """One board: its page, its wire, and what a cook does and sees."""

    def __init__(
        self, page: Page, wire: Wire, house: HouseOnThread, station_id: int | None
    ) -> None:
        self.page = page
        self.wire = wire
        self.house = house
        self.station_id = station_id

    def row(self, item_id: int) -> Locator:
        """Return a dish on the grid or in a list."""
        return self.page.locator(f"main [data-item='{item_id}']")

    def ticket(self, order_id: int) -> Locator:
        """Return the first cell of an order."""
        return self.page.locator(f"article[data-order='{order_id}'][data-part='0']")

    def settled(self) -> None:
        """Wait until a press counts: not the second half of a double tap, nor on its way to what lay there."""
        settled(self.page)

    def tap(self, item_id: int) -> None:
        """Press a dish once, as a person does: when it has been there for a moment."""
        self.row(item_id).wait_for()
        self.settled()
        self.row(item_id).click()

    def keys(self, *keys: str) -> None:
        """Press keys one after the other, as a person does."""
        for key in keys:
            if key == "Enter":
                self.settled()
            self.page.keyboard.press(key)

    def mend(self) -> None:
        """Bring the network back, as the browser tells a page."""
        self.wire.mend()
        self.page.evaluate("window.dispatchEvent(new Event('online'))")

    def agrees(self) -> None:
        """Wait until the board's picture is the server's truth."""
        view = self.house.view("kitchen", station_id=self.station_id)
        self.page.wait_for_function(
            "hash => window.chuancai.stateHash() === hash", arg=state_hash(view)
        )

    def state(self, item_id: int, state: str) -> None:
        """Wait until the house says so, and the board as well."""
        self.page.wait_for_selector(f"main [data-item='{item_id}'][data-state='{state}']")
        found = [i for o in self.house.view("kitchen").orders for i in o.items if i.id == item_id]
        assert [item.state for item in found] == [state]


class Boards(Screens):
    """Kitchen boards."""

    def open(
        self, station_id: int | None = WOK, query: str = "", size: tuple[int, int] = (1920, 1080)
    ) -> Board:
        """Pair a new board of this station and wait until it shows something."""
        token = self.house.pair("kitchen", f"屏 {station_id}", station_id=station_id)
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]})
        context.add_init_script(LISTEN)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        wire = Wire(page, untouched=not self._sound)
        page.goto(f"{self.house.url}/kds/{query}#token={token}")
        page.wait_for_selector("kitchen-board .head")
        return Board(page, wire, self.house, station_id)


def pairing_door(house: HouseOnThread) -> PairingDoor:
    """Return a manager's door to pairing in this house."""
    return PairingDoor(house.house.desk.execute, house.house.pool, house.clock)


def manager() -> Actor:
    """Return who makes and confirms codes."""
    return Actor(role="manager", id="test", name="店长", shop_id=SHOP)


def ordered(house: HouseOnThread, place_id: int, *lines: Any) -> tuple[int, list[int]]:
    """Order for a place: dish ids, or whole lines. Return the order's id and its new dishes' ids."""
    said = [line if isinstance(line, dict) else {"dish_id": line} for line in lines]
    result = house.ask("waiter", "PlaceOrder", place_id=place_id, lines=said)
    return result["order_id"], result["item_ids"]
