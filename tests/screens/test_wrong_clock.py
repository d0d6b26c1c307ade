"""Screens on devices whose own clock is a day wrong, or jumps: the house's time is the only one shown."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.boards import KUNGPAO, Boards, ordered, settled
from tests.support.desks import desk_page, log_in
from tests.support.house import HouseOnThread
from tests.support.patience import PATIENCE_MS

DAY_MS = 86_400_000
# The device's clock as its owner set it; `setWrong` sets it otherwise while the page runs.
WRONG = """
((wrongMs) => {
  const Right = Date;
  window.setWrong = (ms) => { wrongMs = ms; };
  window.Date = class extends Right {
    constructor(...parts) { if (parts.length) super(...parts); else super(Right.now() + wrongMs); }
    static now() { return Right.now() + wrongMs; }
  };
})(%d)
"""
FRESH = re.compile(r"^0:[0-5]\d$")


def _board(boards: Boards, house: HouseOnThread, wrong_ms: int) -> Page:
    token = house.pair("kitchen", "屏", station_id=1)
    context = boards.browser.new_context(viewport={"width": 1366, "height": 768})
    context.add_init_script(WRONG % wrong_ms)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: boards.errors.append(str(error)))
    page.goto(f"{house.url}/kds/#token={token}")
    page.wait_for_function("() => window.chuancai?.view()")
    return page


def _hm(page: Page) -> str:
    """Return hour and minute as the screen shows them."""
    found = re.search(r"\d\d:\d\d", page.locator(".clock").first.inner_text())
    assert found is not None
    return found.group()


@pytest.mark.parametrize("wrong_ms", [DAY_MS, -DAY_MS], ids=["a day ahead", "a day behind"])
def test_a_board_shows_the_house_s_time(
    boards: Boards, house: HouseOnThread, wrong_ms: int
) -> None:
    """A dish just ordered is just ordered and not late, whatever the device thinks; a jump changes nothing."""
    right = boards.open()
    page = _board(boards, house, wrong_ms)
    order, (item,) = ordered(house, 1, KUNGPAO)
    time = page.locator(f"article[data-order='{order}'] .clockbox .time").first
    expect(time).to_have_text(FRESH)
    expect(time).not_to_have_attribute("data-time", "late")
    assert _hm(page) == _hm(right.page)
    for jump_ms in (-wrong_ms, 0, 7 * wrong_ms):
        page.evaluate("ms => setWrong(ms)", jump_ms)
        again, _ = ordered(house, 2, KUNGPAO)
        newest = page.locator(f"article[data-order='{again}'] .clockbox .time").first
        expect(newest).to_have_text(FRESH)
        expect(time).to_have_text(re.compile(r"^0:[0-5]\d$|^1:[0-5]\d$"))
        house.ask("waiter", "CleanPlace", place_id=2)
        assert _hm(page) == _hm(right.page)
    settled(page)
    page.locator(f"main [data-item='{item}']").first.click()
    page.wait_for_selector(f"main [data-item='{item}'][data-state='cooking']")


@pytest.mark.parametrize("wrong_ms", [DAY_MS, -DAY_MS], ids=["a day ahead", "a day behind"])
def test_a_press_of_a_wrong_device_counts_when_it_was_made(
    boards: Boards, house: HouseOnThread, wrong_ms: int
) -> None:
    """What is kept of a dish is stamped by the house: a wrong device cannot make a cook fast or slow."""
    page = _board(boards, house, wrong_ms)
    _, (item,) = ordered(house, 1, KUNGPAO)
    page.wait_for_selector(f"main [data-item='{item}']")
    now = page.evaluate("performance.now()")  # a press counts as a new one after a while
    page.wait_for_function("from => performance.now() - from > 650", arg=now)
    page.locator(f"main [data-item='{item}']").first.click()
    page.wait_for_selector(f"main [data-item='{item}'][data-state='cooking']")
    (found,) = [i for o in house.view("kitchen").orders for i in o.items if i.id == item]
    assert found.started_at_ms is not None
    assert 0 <= found.started_at_ms - found.placed_at_ms < 60_000


def test_a_console_says_how_long_ago_by_the_house_s_time(
    boards: Boards, house: HouseOnThread
) -> None:
    """On a desk a day ahead something a minute old is not from yesterday."""
    with desk_page(boards.browser) as page:
        page.add_init_script(WRONG % DAY_MS)
        log_in(house, page, "sun", "owner", 0)
        page.goto(f"{house.url}/console/")
        page.wait_for_function("async () => (await import('/link/clock.js')).clock.known")
        now_ms = round(house.house.clock.now().timestamp() * 1000)
        said = "async (atMs) => (await import('/console/room.js')).ago(atMs)"
        assert page.evaluate(said, now_ms - 90_000) == "1 分钟前"
