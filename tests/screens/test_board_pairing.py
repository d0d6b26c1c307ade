"""First run of a screen against a real house: a code typed on it, or a code it shows."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from server.pairing.pairing import Wish
from tests.support.boards import WOK, Boards, manager, pairing_door
from tests.support.house import HouseOnThread


@pytest.fixture
def fresh(boards: Boards, house: HouseOnThread) -> Page:
    """A screen nobody has paired."""
    page = boards.browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{house.url}/kds/")
    expect(page.locator("pairing-page h1")).to_have_text("配对这块屏")
    return page


def code_for(house: HouseOnThread, wish: Wish) -> str:
    """Return a manager's code."""
    return house.call(pairing_door(house).make_code(manager(), wish)).code


def test_a_code_is_typed_by_finger(fresh: Page, house: HouseOnThread) -> None:
    """A wrong code says so and leaves an empty line; the right one opens the board, also after a reload."""
    code = code_for(house, Wish(kind="kitchen", name="热菜档", station_id=WOK))
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for digit in wrong:
        fresh.locator(".keys button", has_text=digit).click()
    expect(fresh.locator(".bad")).to_contain_text("配对码不正确")
    for digit in code:
        fresh.locator(".keys button", has_text=digit).click()
    expect(fresh.locator("h1")).to_have_text("热菜档")
    fresh.reload()
    expect(fresh.locator("h1")).to_have_text("热菜档")


def test_a_code_is_typed_by_keys(fresh: Page, house: HouseOnThread) -> None:
    """A bump bar is enough: eight digits, with one mistake taken back."""
    code = code_for(house, Wish(kind="kitchen", name="热菜档", station_id=WOK))
    fresh.keyboard.type(code[:3] + "9")
    fresh.keyboard.press("Backspace")
    fresh.keyboard.type(code[3:])
    expect(fresh.locator("h1")).to_have_text("热菜档")


def test_a_screen_without_keys_shows_a_code(fresh: Page, house: HouseOnThread) -> None:
    """The screen shows eight digits, the manager confirms them, the board opens by itself."""
    fresh.get_by_text("没有键盘？显示码").click()
    expect(fresh.locator(".code i").last).to_have_text(re.compile(r"\d"))
    code = "".join(fresh.locator(".code i").all_inner_texts())
    wish = Wish(name="热菜档", station_id=WOK)
    house.call(pairing_door(house).confirm_offer(manager(), "test", code, wish))
    expect(fresh.locator("h1")).to_have_text("热菜档")


def test_the_code_decides_what_the_screen_is(fresh: Page, house: HouseOnThread) -> None:
    """A waiter's code typed on the kitchen's address leads to the pad."""
    fresh.keyboard.type(code_for(house, Wish(kind="waiter", name="1 号平板")))
    expect(fresh.locator("waiter-pad")).to_be_visible()


def test_a_screen_looks_as_it_was_made_from_the_first_pairing_on(
    boards: Boards, house: HouseOnThread
) -> None:
    """The pairing page is light for whoever sets up; the hall's screen behind it is dark, as after a reload."""
    code = code_for(house, Wish(kind="call_screen", name="叫号屏"))
    page = boards.browser.new_page(viewport={"width": 1920, "height": 1080})
    page.goto(f"{house.url}/screen/#code={code}")
    expect(page.locator("call-screen, .ready").first).to_be_visible()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_page_speaks_english_and_tells_of_itself(fresh: Page) -> None:
    """L changes the language; the self-check names server, clock and what http denies."""
    fresh.keyboard.press("l")
    expect(fresh.locator("h1")).to_have_text("Pair this screen")
    expect(fresh.locator(".found li")).to_have_count(3)
    expect(fresh.locator(".found")).to_contain_text("Server found")
