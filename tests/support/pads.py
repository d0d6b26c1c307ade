"""Pads in a real Chromium against a running house, and a link that can be silenced and cut.

Refuses to know what a pad should show: tests say that.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, WebSocketRoute

from tests.support.house import HouseOnThread
from tests.support.patience import PATIENCE_MS
from tests.support.screens import Screens

# What the pad makes heard, counted: a ring is four notes. And a word when the sound gate shows.
LISTEN = """
  window.notes = 0;
  const start = AudioScheduledSourceNode.prototype.start;
  AudioScheduledSourceNode.prototype.start = function (...at) {
    window.notes += 1;
    return start.apply(this, at);
  };
  const seen = new MutationObserver(() => {
    if (!document.querySelector(".gate")) return;
    seen.disconnect();
    console.log("gate");
  });
  seen.observe(document, { childList: true, subtree: true });
"""
NOTES_PER_RING = 4

# A name in the shop's network: plain http there is no secure context, unlike on localhost.
LAN = "pad.lan"
LAN_NAME = f"--host-resolver-rules=MAP {LAN} 127.0.0.1"


class Wire:
    """The way between one pad and the house: whole, silent or cut.

    `untouched` leaves the socket alone: what Playwright passes on counts as a touch, and a touch
    lets the browser play sound.
    """

    def __init__(self, page: Page, *, untouched: bool = False) -> None:
        self.broken = False
        self.deaf = False
        self._on_its_way: list[tuple[WebSocketRoute, str | bytes]] | None = None
        self._ends: list[WebSocketRoute] = []
        if not untouched:
            page.route_web_socket("**/ws", self._open)

    def _open(self, pad: WebSocketRoute) -> None:
        if self.broken:
            pad.close(code=1013, reason="no network")
            return
        house = pad.connect_to_server()
        pad.on_message(lambda frame: None if self.broken else house.send(frame))
        house.on_message(lambda frame: self._bring(pad, frame))
        self._ends.append(pad)

    def _bring(self, pad: WebSocketRoute, frame: str | bytes) -> None:
        if self._on_its_way is not None:
            self._on_its_way.append((pad, frame))
        elif not (self.broken or self.deaf):
            pad.send(frame)

    def delay(self) -> None:
        """Keep what the house says on its way until `arrive`."""
        self._on_its_way = []

    def arrive(self) -> None:
        """Bring what was on its way, in order."""
        frames, self._on_its_way = self._on_its_way or [], None
        for pad, frame in frames:
            self._bring(pad, frame)

    def deafen(self) -> None:
        """Let the pad speak and hear nothing."""
        self.deaf = True

    def silence(self) -> None:
        """Swallow every byte, both ways, and say nothing about it."""
        self.broken = True

    def cut(self) -> None:
        """Close what is open and refuse to open anew."""
        self.broken = True
        for end in self._ends:
            end.close(code=1013, reason="cut")
        self._ends = []

    def mend(self) -> None:
        """Let bytes pass and links open again."""
        self.broken = self.deaf = False


class Pads(Screens):
    """Pads of guests and waiters."""

    FLAGS = (LAN_NAME,)

    def open(
        self,
        token: str,
        query: str = "",
        size: tuple[int, int] = (800, 1280),
        host: str = "127.0.0.1",
    ) -> tuple[Page, Wire]:
        """Open the pad of this token and wait until it has painted its role."""
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]})
        context.add_init_script(LISTEN)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        wire = Wire(page, untouched=not self._sound)
        address = f"http://{host}:{self.house.port}/pad/{query}#token={token}"
        if self._sound:
            page.goto(address)
            page.wait_for_selector("guest-pad, waiter-pad")
            return page, wire
        # looking into the page would count as a touch: it says itself that the gate is there
        with page.expect_console_message(lambda message: message.text == "gate"):
            page.goto(address)
        return page, wire

    def guest(self, place_id: int = 1, query: str = "") -> tuple[Page, Wire]:
        """Open the pad of a room, lying on the desk."""
        token = self.house.pair("guest", f"80{place_id}", place_id=place_id)
        return self.open(token, query, (1280, 800))

    def waiter(self, name: str, query: str = "") -> tuple[Page, Wire]:
        """Open a waiter's pad, held upright."""
        return self.open(self.house.pair("waiter", name), query)


def cook(house: HouseOnThread, *item_ids: int) -> None:
    """Start and finish dishes, as the kitchen does."""
    for item_id in item_ids:
        house.ask("kitchen", "StartItem", item_id=item_id)
        house.ask("kitchen", "FinishItem", item_id=item_id)


def call(house: HouseOnThread, *item_ids: int) -> None:
    """Cook dishes and call the waiters without waiting for the undo window."""
    cook(house, *item_ids)
    for item_id in item_ids:
        house.ask("kitchen", "CallItem", item_id=item_id)


def states(view: Any) -> dict[int, str]:
    """Return item id → state of a server's view."""
    return {item.id: item.state for order in view.orders for item in order.items}
