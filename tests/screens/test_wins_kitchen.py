"""The kitchen's twelve wins, end to end in a real browser.

Those that stand elsewhere: 2 tests/flows/test_double_press.py · 3 test_board_link.py · 4 test_display_proof.py ·
5 test_pad_waiter.py · 7 test_board.py (a cancelled dish, a changed number) · 9 test_speaker.py (twenty events on
three screens) · 11 test_board.py (a wrong clock), tests/rooms/test_kitchen_report.py (sums are the log's).
"""

from __future__ import annotations

import random
import time

from playwright.sync_api import Page, expect

from server.events.view import DeviceKind
from tests.support.boards import COLD, CUCUMBER, GREENS, KUNGPAO, WOK, Board, Boards, ordered
from tests.support.house import HouseOnThread


def _opened(boards: Boards, house: HouseOnThread, kind: DeviceKind, path: str) -> Page:
    """Pair a screen that is no board, and open it."""
    page = boards.browser.new_context().new_page()
    page.goto(f"{house.url}/{path}/#token={house.pair(kind, kind)}")
    page.wait_for_function("() => window.chuancai?.view()")
    return page


def test_1_nothing_lost_nothing_twice(boards: Boards, house: HouseOnThread) -> None:
    """Win 1: links cut at random while orders come: back within 2 s at the server's state, each chime once."""
    chance = random.Random(1)
    screens = [boards.open(station) for station in (WOK, COLD, None)]
    items: list[int] = []
    for n in range(12):
        victim = chance.choice(screens)
        victim.wire.cut()
        _, made = ordered(house, 1 + n % 6, KUNGPAO, CUCUMBER)
        items += made
        for item in chance.sample(items, 2):
            house.ask("kitchen", "StartItem", item_id=item)
        victim.mend()
    deadline_s = time.monotonic() + 2
    for screen in screens:
        screen.agrees()
    assert time.monotonic() < deadline_s + 1, "the hash itself takes a moment on a busy machine"
    for screen in screens:
        kept = screen.page.evaluate("() => chuancai.screen.outbox.entries.length")
        assert kept == 0
        screen.page.wait_for_function("() => chuancai.screen.speaker.queue.lines.length === 0")


def test_6_one_ticket_per_guest_with_rounds(boards: Boards, house: HouseOnThread) -> None:
    """Win 6: a second round joins the same number and place; the first stays to be fetched; cleaned, a new one."""
    board = boards.open(None)
    order, (first,) = ordered(house, 1, KUNGPAO)
    ordered(house, 2, KUNGPAO)
    board.tap(first)
    board.state(first, "cooking")
    board.tap(first)
    board.state(first, "ready")
    number = board.ticket(order).locator(".number").inner_text()
    place = board.ticket(order).bounding_box()
    again, (second,) = ordered(house, 1, GREENS)
    assert again == order
    expect(board.ticket(order).locator(".round.flash")).to_have_count(1)
    expect(board.ticket(order)).to_have_attribute("data-time", "ok")
    board.state(first, "ready")
    board.state(second, "queued")
    assert board.ticket(order).locator(".number").inner_text() == number
    assert board.ticket(order).bounding_box() == place
    house.ask("waiter", "PickUpItem", item_id=first)
    board.state(first, "picked_up")
    house.ask("waiter", "CleanPlace", place_id=1)
    fresh, _ = ordered(house, 1, KUNGPAO)
    assert fresh != order
    expect(board.ticket(fresh).locator(".number")).not_to_have_text(number)


def test_8_undo_takes_back_what_it_caused(boards: Boards, house: HouseOnThread) -> None:
    """Win 8: finished by mistake and undone: no number, no ring, no voice; called and recalled: all of it goes."""
    board = boards.open(WOK)
    hall = _opened(boards, house, "call_screen", "screen")
    pad = _opened(boards, house, "waiter", "pad")
    order, (dish,) = ordered(house, 1, KUNGPAO)
    board.tap(dish)
    board.state(dish, "cooking")
    board.tap(dish)
    board.state(dish, "ready")
    board.keys("0")
    board.state(dish, "cooking")
    assert house.view("waiter").calls == []
    board.tap(dish)
    board.state(dish, "ready")
    board.tap(dish)
    board.state(dish, "called")
    expect(hall.locator(".called")).to_have_count(1)
    expect(pad.locator(".ringing")).to_have_count(1)
    house.ask("kitchen", "UndoItem", item_id=dish, state="called")
    expect(hall.locator(".called")).to_have_count(0)
    expect(pad.locator(".ringing")).to_have_count(0)
    pad.wait_for_function("() => chuancai.screen.speaker.queue.lines.length === 0")
    board.state(dish, "cooking")
    assert order


def _batch(board: Board) -> int:
    return int(board.page.locator(".allday li b").first.inner_text())


def test_10_same_dish_together_counts_what_is_open(boards: Boards, house: HouseOnThread) -> None:
    """Win 10: counts follow adds, cancels, undos and a cut; 3 of 5 finished closes the three oldest."""
    board = boards.open(WOK)
    placed = [ordered(house, place, KUNGPAO) for place in range(1, 6)]
    expect(board.page.locator(".allday li b").first).to_have_text("5")
    house.ask("waiter", "CancelItem", item_id=placed[4][1][0])
    expect(board.page.locator(".allday li b").first).to_have_text("4")
    board.wire.cut()
    placed[4] = ordered(house, 5, KUNGPAO)
    board.mend()
    expect(board.page.locator(".allday li b").first).to_have_text("5")
    board.keys("*")
    expect(board.page.locator(".work")).to_have_count(1)
    board.keys("1", "Enter")
    cooking = board.page.locator(".work[data-state='cooking']")
    expect(cooking.locator(".quantity")).to_have_text("5")
    board.keys("1", "ArrowLeft", "ArrowLeft")
    expect(cooking.locator(".act")).to_contain_text("3 / 5")
    board.keys("Enter")
    expect(cooking.locator(".quantity")).to_have_text("2")
    states = {
        order.id: item.state
        for order in house.view("kitchen").orders
        for item in order.items
        if item.state != "cancelled"
    }
    assert [states[order] for order, _ in placed] == ["ready"] * 3 + ["cooking"] * 2
    assert _batch(board) == 2
    board.agrees()


def test_12_sale_is_stopped_and_a_shift_is_driven_by_a_number_pad(
    boards: Boards, house: HouseOnThread
) -> None:
    """Win 12: 沽清 reaches an ordering pad within a second; begin, finish, call, undo, recall by a key pad alone."""
    board = boards.open(WOK)
    pad = boards.browser.new_context().new_page()
    pad.goto(f"{house.url}/pad/#token={house.pair('guest', '801', place_id=1)}")
    pad.wait_for_function("() => window.chuancai?.view()?.menu")
    _, (dish,) = ordered(house, 1, KUNGPAO)
    expect(board.row(dish)).to_be_visible()
    for key, state in (
        ("1", "queued"),
        ("Enter", "cooking"),
        ("Enter", "ready"),
        ("0", "cooking"),
        ("Enter", "ready"),
        ("Enter", "called"),
    ):
        board.keys(key)
        board.state(dish, state)
    board.page.wait_for_function("() => chuancai.screen.outbox.entries.length === 0")
    board.keys(".")
    expect(board.page.locator(".recall")).to_be_visible()
    board.keys("Escape", "/")
    first = board.page.locator(".sale .row").first
    dish_id = int(first.get_attribute("data-dish") or 0)
    board.keys("1")
    board.settled()
    began_s = time.monotonic()
    board.page.keyboard.press("Enter")
    pad.wait_for_function(
        "id => chuancai.view().menu.dishes.some((one) => one.id === id && one.sold_out)",
        arg=dish_id,
        polling=50,
    )
    assert time.monotonic() - began_s < 1.0
    board.keys("0")
    pad.wait_for_function(
        "id => chuancai.view().menu.dishes.some((one) => one.id === id && !one.sold_out)",
        arg=dish_id,
    )
