"""Registers and monitors for meal cards in a real Chromium against a running house.

Refuses to know what they should show: tests say that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from server.cards import store
from server.cards.policy import BonusRule, CardPolicy
from tests.support.engines import EnginePair
from tests.support.pads import Wire
from tests.support.patience import PATIENCE_MS
from tests.support.screens import Screens

BRAND = 1
BONUS = [BonusRule(50_000, 5_000), BonusRule(100_000, 15_000)]  # 充 500 送 50, 充 1000 送 150
CALM_MS = 520  # what has just appeared is not pressed yet
HAND_MS = 90

# A reader types faster than anybody can: all keys within one turn of the page.
READER = """number => {
  for (const key of [...number, "Enter"]) window.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
}"""

_phones = count(13_800_000_000)


class Counter:
    """One register: its page, its wire, and what a cashier does and sees."""

    def __init__(self, page: Page, wire: Wire) -> None:
        self.page = page
        self.wire = wire
        self.primary = page.locator(".primary")
        self.outcome = page.locator(".outcome")
        self.says = page.locator(".says[role=alert]")

    def keys(self, *keys: str) -> None:
        """Press keys one after the other, as a hand does."""
        for key in keys:
            if key == "Enter":
                self.calm()
            self.page.keyboard.press(key)

    def type(self, amount: str) -> None:
        """Type an amount by hand."""
        self.keys(*amount)

    def lay(self, number: str) -> None:
        """Lay a card on the reader, a moment after the last key of a hand."""
        self._pass(HAND_MS)
        self.page.evaluate(READER, number)

    def calm(self) -> None:
        """Wait until what is shown may be pressed."""
        self._pass(CALM_MS)

    def _pass(self, ms: int) -> None:
        until = self.page.evaluate("performance.now()") + ms
        self.page.wait_for_function("until => performance.now() > until", arg=until)

    def line(self, kind: str) -> Locator:
        """Return a figure of the counter: before, amount, after."""
        return self.page.locator(f".line[data-line={kind}] b")

    def charge(self, number: str, amount: str) -> None:
        """Charge a card, the quick way, and see that it was done."""
        self.type(amount)
        self.lay(number)
        expect(self.line("before")).to_be_visible()
        self.keys("Enter")
        expect(self.outcome).to_have_attribute("data-as", "done")

    def mend(self) -> None:
        """Bring the network back, as the browser tells a page."""
        self.wire.mend()
        self.page.evaluate("window.dispatchEvent(new Event('online'))")


class Counters(Screens):
    """Registers and monitors."""

    def register(self, query: str = "", size: tuple[int, int] = (1280, 800)) -> Counter:
        """Pair a register and wait until it shows its counter."""
        page, wire = self._open("register", "cashier", "储值卡 1 号机", query, size)
        page.wait_for_selector("card-register .tasks")
        return Counter(page, wire)

    def monitor(self, query: str = "", size: tuple[int, int] = (1280, 800)) -> Page:
        """Pair a monitor and wait until it shows its totals."""
        page, _ = self._open("monitor", "monitor", "店长室", query, size)
        page.wait_for_selector("card-monitor .totals")
        return page

    def _open(
        self, app: str, kind: Any, name: str, query: str, size: tuple[int, int]
    ) -> tuple[Page, Wire]:
        token = self.house.pair(kind, name)
        context = self.browser.new_context(viewport={"width": size[0], "height": size[1]})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        wire = Wire(page)
        page.goto(f"{self.house.url}/{app}/{query}#token={token}")
        return page, wire

    def card(self, top_up_fen: int = 0, name: str = "王小明") -> tuple[int, str]:
        """Open a card at another desk, with money on it; return its id and number."""
        made = self.house.ask(
            "cashier", "OpenCard", identity_kind="phone", identity=str(next(_phones)), name=name
        )
        if top_up_fen:
            self.house.ask("cashier", "TopUpCard", card_id=made["card_id"], amount_fen=top_up_fen)
        return made["card_id"], made["number"]

    def truth(self, card_id: int) -> dict[str, Any]:
        """Return the card as the house knows it."""
        return self.house.ask("cashier", "ReadCard", card_id=card_id)


@contextmanager
def counters_of_a_house(engines: EnginePair, folder: Path) -> Iterator[Counters]:
    """Start one house with bonus rules and one browser for many tests."""
    with Counters.of_a_house(engines, data_dir=folder) as counters:
        policy = CardPolicy(bonus_rules=BONUS)
        counters.house.call(store.put_policy(counters.house.house.pool, BRAND, policy, 0))
        yield counters
