"""The expo screen in a real browser: whole orders, blocked until every station is done, run and taken back."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.support.boards import CUCUMBER, KUNGPAO, Board, Boards, ordered
from tests.support.house import HouseOnThread

READABLE = """(button) => {
  const light = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map((one) => Number(one) / 255)
    .map((one) => (one <= 0.04 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0.05);
  const { color, backgroundColor } = getComputedStyle(button);
  const [lighter, darker] = [light(color), light(backgroundColor)].sort((a, b) => b - a);
  const inside = button.getBoundingClientRect().right <= button.closest("article").getBoundingClientRect().right;
  return lighter / darker >= 4.5 && inside && button.scrollWidth <= button.clientWidth;
}"""


def _expo(boards: Boards, house: HouseOnThread, **settings: str) -> Board:
    board = boards.open(None)
    device_id = board.page.evaluate("window.chuancai.view().device.id")
    told = {"mode": "expo"} | settings
    house.ask("manager", "SetScreen", device_id=device_id, settings=told, version=0)
    expect(board.page.locator(".head h1")).to_have_text("传菜口")
    return board


def _make(house: HouseOnThread, *items: int) -> None:
    for item in items:
        house.ask("kitchen", "StartItem", item_id=item)
        house.ask("kitchen", "FinishItem", item_id=item)


def test_an_order_is_run_whole_when_all_stations_are_done(
    boards: Boards, house: HouseOnThread
) -> None:
    """R-004-14: dishes of two stations on one ticket; the run waits for both, and can be taken back."""
    board = _expo(boards, house)
    order, [hot, cold] = ordered(house, 1, KUNGPAO, CUCUMBER)
    run = board.ticket(order).locator(".run-all")
    expect(run).to_be_disabled()
    _make(house, hot)
    expect(run).to_contain_text("还差 1 道")
    board.tap(cold)
    board.state(cold, "queued")
    run.click()
    expect(run).to_contain_text("先出 1 道")
    board.state(hot, "ready")
    _make(house, cold)
    expect(run).to_contain_text("整单出餐")
    board.ticket(order).locator(".call-all").click()
    board.state(hot, "called")
    board.state(cold, "called")
    run.click()
    board.state(cold, "picked_up")
    board.page.locator(".undo").click()
    board.state(hot, "ready")
    board.state(cold, "ready")
    board.agrees()


def test_an_unfinished_order_is_run_by_a_second_press_and_by_keys(
    boards: Boards, house: HouseOnThread
) -> None:
    """What stands there goes first when somebody says so twice: 1 chooses the ticket, * runs it."""
    board = _expo(boards, house)
    order, [hot, cold] = ordered(house, 1, KUNGPAO, CUCUMBER)
    _make(house, hot)
    expect(board.ticket(order).locator(".run-all")).to_be_enabled()
    board.keys("1", "*")
    expect(board.ticket(order).locator(".run-all")).to_contain_text("先出 1 道")
    board.settled()
    board.keys("*")
    board.state(hot, "picked_up")
    board.state(cold, "queued")
    board.agrees()


def test_a_double_tap_does_not_run_an_unfinished_order(
    boards: Boards, house: HouseOnThread
) -> None:
    """Block until ready: the second half of a double tap, by finger or key, is not the second press."""
    board = _expo(boards, house)
    order, [hot, cold] = ordered(house, 1, KUNGPAO, CUCUMBER)
    _make(house, hot)
    run = board.ticket(order).locator(".run-all")
    expect(run).to_be_enabled()
    run.dblclick()
    expect(run).to_contain_text("先出 1 道")
    assert board.page.evaluate("chuancai.screen.outbox.entries.length") == 0
    board.keys("l")
    expect(run).to_contain_text("Run 1 now? Press again")
    assert run.evaluate(READABLE), "neither cut off nor grey on paper"
    board.agrees()
    board.state(hot, "ready")
    assert cold


def test_a_shop_may_let_nothing_go_before_all_is_ready(
    boards: Boards, house: HouseOnThread
) -> None:
    """Block until ready, no override at the pass: neither whole nor dish by dish, until a manager at a desk lets it."""
    board = _expo(boards, house, unfinished="never")
    order, [hot, cold] = ordered(house, 1, KUNGPAO, CUCUMBER)
    _make(house, hot)
    run = board.ticket(order).locator(".run-all")
    expect(run).to_be_enabled()
    for way in ("finger", "keys", "dish"):
        if way == "finger":
            run.click()
        elif way == "keys":
            board.keys("1", "*")
        else:
            board.tap(hot)
        expect(run, way).to_contain_text("等齐再出，差 1 道")
        assert run.evaluate(READABLE)
        expect(run, way).to_contain_text("还差 1 道")
        board.settled()
    assert board.page.evaluate("chuancai.screen.outbox.entries.length") == 0
    expect(board.row(hot)).to_have_attribute("data-state", re.compile("ready|called"))
    device_id = board.page.evaluate("window.chuancai.view().device.id")
    house.ask("manager", "SetScreen", device_id=device_id, settings={"mode": "expo"}, version=1)
    board.page.wait_for_function("() => chuancai.view().device.settings.unfinished === null")
    board.tap(hot)
    board.state(hot, "picked_up")
    board.state(cold, "queued")
    board.agrees()
