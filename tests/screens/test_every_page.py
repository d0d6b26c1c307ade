"""Every page there is: contrast AA and axe-core's rules in both themes, all of it by keyboard, no complaint, light.

Screens are those of the pictures, rooms those of the console's rail: a new one is looked at from its first day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from scripts import console_scene
from scripts.screens_page import SCREENS, Shown
from tests.support.desks import PASSWORD
from tests.support.engines import EnginePair
from tests.support.evening import EveningHouse, evening_house
from tests.support.looks import Looker, looker

WEIGHT_BYTES_MAX = 150 * 1024
SHOWS_SOMETHING = "() => window.chuancai && window.chuancai.stateHash() !== ''"
HAS_READ = "() => document.querySelector('main > *')?.busy === false"
RAIL = Path(__file__).parents[2] / "clients" / "console" / "rooms.js"
ROOMS = re.findall(r'^  \{ id: "(\w+)"', RAIL.read_text("utf-8"), re.MULTILINE)
# What the browser itself writes down when a stranger asks who he is.
NOBODY = "Failed to load resource: the server responded with a status of 401 (Unauthorized)"


@pytest.fixture(scope="module")
def evening(
    engines: EnginePair, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EveningHouse]:
    """One evening for this file."""
    with evening_house(engines, tmp_path_factory.mktemp("evening")) as made:
        yield made


@pytest.fixture(scope="module")
def desk(evening: EveningHouse) -> Iterator[Looker]:
    """The owner at the console, logged in."""
    with looker(evening.browser, (1366, 768)) as made:
        page = made.page
        for path, body in (
            ("login", {"login": console_scene.LOGIN, "password": evening.tokens["owner"]}),
            ("password", {"old": evening.tokens["owner"], "new": PASSWORD}),
        ):
            origin = {"Origin": evening.house.url}
            url = f"{evening.house.url}/v1/staff/{path}"
            answer = page.request.post(url, data=body, headers=origin)
            assert answer.ok, answer.text()
        yield made


@pytest.mark.parametrize("shown", SCREENS, ids=lambda one: one.name)
def test_a_screen_is_for_everybody(evening: EveningHouse, shown: Shown) -> None:
    """R-004-30: seen by weak eyes in both themes, worked without a mouse, silent in the console, and light."""
    with looker(evening.browser, shown.size) as look:
        look.page.goto(evening.house.url + shown.address("zh", evening.tokens))
        if shown.kept_by:
            look.page.wait_for_function(SHOWS_SOMETHING)
        expect(look.page.locator("main").first).to_be_visible()
        assert look.breaches() == []
        assert look.unreached() == []
        assert look.complaints == []
        assert look.weighs_bytes() <= WEIGHT_BYTES_MAX


# What lies behind the first sight of a screen: keys and buttons that lead there.
BEHIND = {
    "recall": ("board", [], "."),
    "sold out": ("board", [], "/"),
    "batch": ("board", [], "*"),
    "recipe": ("board", ["1"], "Backspace"),
    "ready": ("waiter", [], "F2"),
    "rooms": ("waiter", [], "F3"),
    "order": ("waiter", [], "F4"),
    "dish": ("guest", [".open"], ""),
    "top up": ("register", [], "+"),
    "new card": ("register", [], "n"),
}


@pytest.mark.parametrize("behind", BEHIND)
def test_what_lies_behind_is_for_everybody(evening: EveningHouse, behind: str) -> None:
    """Lists, tabs and sheets in both themes, too; a dish's sheet by keyboard alone."""
    name, steps, key = BEHIND[behind]
    shown = next(one for one in SCREENS if one.name == name)
    with looker(evening.browser, shown.size) as look:
        look.page.goto(evening.house.url + shown.address("en", evening.tokens))
        look.page.wait_for_function(SHOWS_SOMETHING)
        expect(look.page.locator("main").first).to_be_visible()
        for step in steps:
            if step.startswith("."):
                look.page.locator(step).first.click()
            else:
                look.page.keyboard.press(step)
        if key:
            look.page.keyboard.press(key)
        assert look.breaches() == []
        assert behind != "dish" or look.unreached() == []
        assert look.complaints == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_of_the_console_is_for_everybody(
    evening: EveningHouse, desk: Looker, room: str
) -> None:
    """The same of each room, and of what lies in front of it."""
    page = desk.page
    page.goto("about:blank")
    page.goto(f"{evening.house.url}/console/#{room}@1")
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_function(HAS_READ)
    assert desk.breaches() == []
    assert desk.unreached() == []
    for opener in _openers(room):
        page.locator(opener).first.click()
        expect(page.locator("dialog.sheet")).to_be_visible()
        assert desk.breaches() == []
        assert desk.unreached() == []
        page.keyboard.press("Escape")
    assert desk.complaints == []
    assert desk.weighs_bytes() <= WEIGHT_BYTES_MAX


def _openers(room: str) -> list[str]:
    sheet = console_scene.SHEETS.get(room)
    # Nobody is online here: whoever came last is shown as gone.
    return [sheet[1].replace(":has(.came[data-as=ok])", "")] if sheet else []


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/login/", "/v1/shops/1/kitchen-report?format=html"]
)
def test_the_other_pages_are_for_everybody(evening: EveningHouse, desk: Looker, path: str) -> None:
    """The start page, the API's, one's own account, the kitchen's report: each light in its one theme."""
    page = desk.page
    page.goto(evening.house.url + path)
    page.wait_for_load_state("networkidle")
    assert desk.breaches(_own_theme(page)) == []
    assert desk.unreached() == []
    assert desk.complaints == []
    assert desk.weighs_bytes() <= WEIGHT_BYTES_MAX


def _own_theme(page: Page) -> tuple[str, ...]:
    return (page.locator("html").get_attribute("data-theme") or "light",)


def test_a_stranger_may_log_in_by_keyboard(evening: EveningHouse) -> None:
    """The login as a stranger sees it; the one complaint is the browser's about a stranger."""
    with looker(evening.browser, (1280, 800)) as look:
        look.page.goto(f"{evening.house.url}/login/")
        expect(look.page.locator("input[name=password]")).to_be_visible()
        assert look.breaches() == []
        assert look.unreached() == []
        assert look.complaints in ([], [NOBODY])
