"""The browser of a test's screens, against one running house.

Refuses to know which screens: pads and boards say how theirs are opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from playwright.sync_api import Playwright, sync_playwright

from tests.support.browser import CHROMIUM, QUIET, SOUND_ALLOWED
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, house_on_thread


class Screens:
    """Opens screens, each in a browser profile of its own, and keeps what their pages complain about."""

    FLAGS: tuple[str, ...] = ()

    def __init__(self, playwright: Playwright, house: HouseOnThread, *, sound: bool = True) -> None:
        self._playwright = playwright
        self._sound = sound
        self.house = house
        self.errors: list[str] = []
        args = [*QUIET, *self.FLAGS, *([SOUND_ALLOWED] if sound else [])]
        self.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args)

    @contextmanager
    def before_a_touch(self) -> Iterator[Self]:
        """Give screens whose browser blocks sound until somebody touches them, as browsers do."""
        screens = type(self)(self._playwright, self.house, sound=False)
        try:
            yield screens
            assert screens.errors == []
        finally:
            screens.browser.close()

    def tidy(self) -> None:
        """Close the screens and clean every place for the next test; no page may have complained."""
        for context in self.browser.contexts:
            context.close()
        for order in self.house.view("waiter").orders:
            self.house.ask("waiter", "CleanPlace", place_id=order.place_id)
        errors, self.errors = self.errors, []
        assert errors == []

    @classmethod
    @contextmanager
    def of_a_house(cls, engines: EnginePair, **settings: Any) -> Iterator[Self]:
        """Start one house and one browser for many tests: each costs seconds."""
        url = engines.fresh_database()
        try:
            with (
                house_on_thread(url, engines.empty_redis(), **settings) as house,
                sync_playwright() as playwright,
            ):
                screens = cls(playwright, house)
                try:
                    yield screens
                finally:
                    screens.browser.close()
        finally:
            engines.drop(url)
