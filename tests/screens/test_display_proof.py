"""Proof of display in a real browser: a board says what it painted; what none painted, the cash desk hears."""

from __future__ import annotations

from playwright.sync_api import expect

from server.events.catalogue import Item
from tests.support.boards import CUCUMBER, KUNGPAO, WOK, Boards, ordered
from tests.support.house import HouseOnThread

LISTEN_TO_PROOF = """
() => {
  const { link } = window.chuancai;
  const send = link.send.bind(link);
  window.said = [];
  link.send = (frame) => { if (frame.shown) said.push(frame.shown); return send(frame); };
}
"""


def _item(house: HouseOnThread, item_id: int) -> Item:
    return next(i for o in house.view("kitchen").orders for i in o.items if i.id == item_id)


def test_a_board_says_what_it_painted_and_only_that(boards: Boards, house: HouseOnThread) -> None:
    """R-004-6: shown on screen X, within a second; a hidden page and an idle board say nothing."""
    board = boards.open(WOK)
    board.page.evaluate(LISTEN_TO_PROOF)
    _, [hot, cold] = ordered(house, 1, KUNGPAO, CUCUMBER)
    expect(board.row(hot)).to_be_visible()
    board.page.wait_for_function(
        "id => chuancai.view().orders.some((o) => o.items.some((i) => i.id === id && i.shown_at_ms))",
        arg=hot,
    )
    assert _item(house, hot).shown_on == f"屏 {WOK}"
    assert _item(house, cold).shown_at_ms is None
    assert board.page.evaluate("said") == [[hot]]
    board.agrees()


def test_what_no_screen_showed_stands_at_the_cash_desk(
    boards: Boards, house: HouseOnThread
) -> None:
    """Win 4: all screens of a station off: within 12 s the desk hears of it; a screen comes back and says so."""
    board = boards.open(WOK)
    desk = boards.browser.new_context().new_page()
    desk.goto(f"{house.url}/cashier/#token={house.pair('cashier', '前台')}")
    desk.wait_for_selector("cash-desk main, cash-desk .card")
    board.wire.cut()
    order, [hot] = ordered(house, 1, KUNGPAO)
    alarm = desk.locator(f"[data-unseen='{order}']")
    expect(alarm).to_be_visible()
    expect(alarm).to_contain_text("宫保鸡丁 1")
    desk.wait_for_function(
        "() => chuancai.view().announced.some((one) => one.event === 'item_unseen')"
    )
    board.mend()
    expect(board.row(hot).locator(".unseen")).to_be_visible()
    expect(alarm).to_have_count(0)
    board.agrees()


def test_a_list_that_covers_a_new_ticket_counts_it_or_proves_nothing(
    boards: Boards, house: HouseOnThread
) -> None:
    """R-004-6: what came while a cook looked at 沽清 is counted beside it; what is not counted is not proved."""
    board = boards.open(WOK)
    board.page.evaluate(LISTEN_TO_PROOF)
    board.keys("/")
    expect(board.page.locator("main .sale")).to_be_visible()
    board.wire.cut()
    _, [missed] = ordered(house, 1, KUNGPAO)
    board.mend()
    board.page.wait_for_function(
        "id => chuancai.view().orders.some((o) => o.items.some((i) => i.id === id))", arg=missed
    )
    order, [hot] = ordered(house, 2, KUNGPAO)
    behind = board.page.locator(".foot .behind")
    expect(behind).to_contain_text("新 1")
    board.page.wait_for_function(
        "id => chuancai.view().orders.some((o) => o.items.some((i) => i.id === id && i.shown_at_ms))",
        arg=hot,
    )
    assert board.page.evaluate("said") == [[hot]], "nobody could see or count the other one"
    board.keys("/")
    expect(board.ticket(order)).to_be_visible()
    expect(behind).to_have_count(0)
    board.page.wait_for_function(
        "id => chuancai.view().orders.some((o) => o.items.some((i) => i.id === id && i.shown_at_ms))",
        arg=missed,
    )
    board.agrees()
