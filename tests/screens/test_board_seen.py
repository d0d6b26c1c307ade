"""看到了: a call to the kitchen stays on every board until one cook says it was seen; the desk is told who."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.boards import COLD, KUNGPAO, WOK, Board, Boards, ordered
from tests.support.house import HouseOnThread
from tests.support.patience import PATIENCE_MS

LINE = "[data-seen]"
RUSH = {
    "event": "order_rushed", "channels": ["kitchen"],
    "params": {"roomName": "801", "goodsName": "水饺"},
}  # fmt: skip


def called(house: HouseOnThread, **more: Any) -> int:
    """Let a business service call the kitchen; return the call."""
    [sent] = house.ask("business", "SendImCall", calls=[RUSH | more])["calls"]
    return int(sent["call_id"])


def desk_of(boards: Boards, house: HouseOnThread) -> Page:
    """Open the cash desk."""
    token = house.pair("cashier", "收银台")
    page = boards.browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(f"{house.url}/cashier/#token={token}")
    page.wait_for_selector(".log")
    return page


def shown_on(board: Board, call_id: int) -> None:
    """Wait until the call's line stands on a board."""
    expect(board.page.locator(f"[data-seen='{call_id}']")).to_be_visible()


@pytest.mark.parametrize("hand", ["finger", "key"])
def test_one_cooks_word_clears_the_line_on_every_board(
    boards: Boards, house: HouseOnThread, hand: str
) -> None:
    """R-004-33: pressed on the cold board, the line leaves the wok's too; the cash desk lists who saw it."""
    wok, cold = boards.open(WOK), boards.open(COLD)
    desk = desk_of(boards, house)
    call_id = called(house)
    for board in (wok, cold):
        shown_on(board, call_id)
    expect(wok.page.locator(LINE)).to_contain_text("801")
    if hand == "finger":
        cold.page.locator(LINE).click()
    else:
        cold.page.keyboard.press("0")
    for board in (cold, wok):
        expect(board.page.locator(LINE)).to_have_count(0)
    row = desk.locator(f".log li[data-call='{call_id}']")
    expect(row.locator("[data-as=acknowledged]")).to_contain_text(f"屏 {COLD}")
    expect(row.locator("[data-as=acknowledged]")).to_contain_text("已应答")


def test_seen_while_a_board_was_cut_is_not_asked_for_again(
    boards: Boards, house: HouseOnThread
) -> None:
    """R-004-33: what a colleague saw meanwhile is gone when the link is back; a press without a link is kept."""
    wok, cold = boards.open(WOK), boards.open(COLD)
    call_id = called(house)
    for board in (wok, cold):
        shown_on(board, call_id)
    wok.wire.cut()
    cold.page.locator(LINE).click()
    expect(cold.page.locator(LINE)).to_have_count(0)
    expect(wok.page.locator(LINE)).to_have_count(1)
    wok.mend()
    expect(wok.page.locator(LINE)).to_have_count(0)
    later = called(house)
    shown_on(wok, later)
    cold.wire.cut()
    cold.page.locator(LINE).click()
    cold.mend()
    expect(wok.page.locator(LINE)).to_have_count(0)


def test_the_line_covers_no_count_of_tickets(boards: Boards, house: HouseOnThread) -> None:
    """R-004-33: a long sentence stands clear of undo and of the button that counts tickets out of sight."""
    wok = boards.open(WOK, "?grid=2x1")
    for place_id in (1, 2, 3, 4):
        ordered(house, place_id, KUNGPAO)
    shown_on(wok, called(house, params={"roomName": "801", "goodsName": "桂花酒酿圆子2份，" * 6}))
    wok.page.locator(".foot .more").click(timeout=PATIENCE_MS)
    expect(wok.page.locator(".foot .page")).to_contain_text("2 /")
    line = wok.page.locator(LINE).bounding_box()
    undo = wok.page.locator(".foot .undo").bounding_box()
    more = wok.page.locator(".foot .more").bounding_box()
    assert line
    assert undo
    assert more
    assert undo["x"] + undo["width"] < line["x"], "undo can be pressed"
    assert line["x"] + line["width"] < more["x"]


def test_only_calls_ask_to_be_seen(boards: Boards, house: HouseOnThread) -> None:
    """R-004-33: orders, refreshes and calls to others ask nobody; a cancelled call takes its line away."""
    wok = boards.open(WOK)
    ordered(house, 1, KUNGPAO)
    called(house, msg_type=2)
    called(house, channels=["cashier"])
    call_id = called(house, params={"roomName": "802", "goodsName": "<b>水饺</b>{num}"})
    shown_on(wok, call_id)
    expect(wok.page.locator(LINE)).to_have_count(1)
    expect(wok.page.locator(LINE)).to_contain_text("<b>水饺</b>{num}")
    house.ask("business", "CancelCall", call_id=call_id)
    expect(wok.page.locator(LINE)).to_have_count(0)


def test_the_line_speaks_the_boards_language(boards: Boards, house: HouseOnThread) -> None:
    """R-004-33: 看到了 or Seen, with the sentence in the language of the board."""
    english = boards.open(WOK, "?lang=en")
    call_id = called(house)
    shown_on(english, call_id)
    expect(english.page.locator(f"{LINE} b")).to_have_text("Seen")
    english.page.keyboard.press("l")
    expect(english.page.locator(f"{LINE} b")).to_have_text("看到了")
