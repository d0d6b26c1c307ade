"""Screens of every kind in a real house: one evening's calls are heard, listed, shown and answered."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.boards import COLD, DUMPLINGS, GREENS, KUNGPAO, Boards, ordered
from tests.support.house import HouseOnThread
from tests.support.pads import call
from tests.support.patience import PATIENCE_MS
from tests.support.voices import EAR

TAG_23 = 123
HEARD = "() => spoken.filter((one) => one.what === 'ended' && one.call)"


def opened(boards: Boards, house: HouseOnThread, kind: Any, path: str) -> Page:
    """Pair a screen of a kind and open its page with an ear on it."""
    token = house.pair(kind, f"{kind} 屏")
    page = boards.browser.new_page(viewport={"width": 1366, "height": 768})
    page.set_default_timeout(PATIENCE_MS)
    page.on("pageerror", lambda error: boards.errors.append(str(error)))
    page.goto(f"{house.url}/{path}/#token={token}")
    page.wait_for_function("() => window.chuancai?.view() && chuancai.screen.speaker")
    page.evaluate(EAR)
    return page


def heard(page: Page, count: int) -> list[dict[str, Any]]:
    """Wait until so many sentences have been said on a page."""
    page.wait_for_function(f"count => ({HEARD})().length >= count", arg=count)
    said: list[dict[str, Any]] = page.evaluate(HEARD)
    return said


def test_one_board_of_three_says_an_order(boards: Boards, house: HouseOnThread) -> None:
    """R-004-31, 35: the kitchen hears the order's sentence once, from the board that came first."""
    three = [boards.open(), boards.open(COLD), boards.open()]
    for board in three:
        board.page.evaluate(EAR)
    three[0].page.wait_for_function("() => chuancai.screen.speaker.speaks")
    ordered(house, 1, KUNGPAO)
    [said] = heard(three[0].page, 1)
    assert "801" in said["text"]
    assert "宫保鸡丁" in said["text"]
    assert said["stage"] in {
        "played",
        "shown",
    }  # shown in large letters where no voice is installed
    assert [board.page.evaluate(HEARD) for board in three[1:]] == [[], []]


def test_the_cash_desk_hears_lists_and_ends_a_wrist_tags_order(
    boards: Boards, house: HouseOnThread
) -> None:
    """R-004-10: said at the desk, listed with where it was heard; 收到 stops its further rings."""
    desk = opened(boards, house, "cashier", "cashier")
    order, _ = ordered(house, TAG_23, DUMPLINGS, GREENS)
    expect(desk.locator(f".tag[data-order='{order}']")).to_contain_text("23")
    [said] = heard(desk, 1)
    row = desk.locator(f".log li[data-call='{said['call']}']").first
    expect(row).to_contain_text("23")
    expect(row.locator(".heard")).to_contain_text("cashier 屏")
    desk.get_by_role("button", name="收到").click()
    expect(desk.get_by_role("button", name="收到")).to_have_count(0)
    desk.wait_for_function("() => chuancai.screen.outbox.entries.length === 0")


def test_a_muted_desk_leaves_the_voice_to_the_other(boards: Boards, house: HouseOnThread) -> None:
    """Two desks: 静音本台 is for this one, the other speaks for both meanwhile (其他地方照常播报)."""
    first, second = [opened(boards, house, "cashier", "cashier") for _ in range(2)]
    first.wait_for_function("() => chuancai.screen.speaker.speaks")
    first.keyboard.press("m")
    second.wait_for_function("() => chuancai.screen.speaker.speaks")
    first.wait_for_function("() => !chuancai.screen.speaker.speaks")
    ordered(house, TAG_23, DUMPLINGS)
    [said] = heard(second, 1)
    assert "23" in said["text"]
    first.keyboard.press("m")
    assert first.evaluate(HEARD) == []


def test_a_called_number_is_shown_and_said(boards: Boards, house: HouseOnThread) -> None:
    """R-004-10, 13: called by the cook, the number stands large at 请取餐 and is said; undone, it goes."""
    screen = opened(boards, house, "call_screen", "screen")
    _, (dish,) = ordered(house, 1, KUNGPAO)
    expect(screen.locator(".cooking .numbers li")).to_have_count(1)
    number = screen.locator(".cooking .numbers li").inner_text()
    call(house, dish)
    expect(screen.locator(".called b")).to_have_text(number)
    [said] = heard(screen, 1)
    assert "取餐" in said["text"]
    assert "801" not in said["text"]
    house.ask("kitchen", "UndoItem", item_id=dish, state="called")
    expect(screen.locator(".called")).to_have_count(0)
    expect(screen.locator(".cooking .numbers li")).to_have_count(1)


def test_a_service_call_is_a_card_on_the_pads(boards: Boards, house: HouseOnThread) -> None:
    """R-004-32: a business call without an order: words on both pads, 我来 on one, who goes on the other, done."""
    mine = opened(boards, house, "waiter", "pad")
    other = opened(boards, house, "waiter", "pad")
    asked = {
        "event": "service_wanted", "channels": ["pad"], "msg_type": 4, "template_id": 2,
        "params": {"placeId": "1", "roomName": "801", "goodsName": "毛巾", "num": "2"},
    }  # fmt: skip
    [sent] = house.ask("business", "SendImCall", calls=[asked])["calls"]
    assert "refusal" not in sent
    card = mine.locator(".call[data-call]")
    expect(card.locator(".words")).to_contain_text("801")
    expect(other.locator(".call[data-call]")).to_be_visible()
    heard(mine, 1)
    card.locator(".come").click()
    expect(other.locator(".ringing")).to_have_count(0)
    expect(other.locator(".line[data-call] .who")).to_contain_text("去了")
    mine.get_by_role("button", name="办完了").click()
    expect(mine.locator(".mine")).to_have_count(0)
    expect(other.locator(".line[data-call]")).to_have_count(0)


def test_what_the_kitchen_saw_and_what_is_said_once_more(
    boards: Boards, house: HouseOnThread
) -> None:
    """R-004-33: 看到了 on one board clears the others and is told at the desk; 再叫一遍 at the desk says it anew."""
    first, second = boards.open(), boards.open()
    desk = opened(boards, house, "cashier", "cashier")
    asked = {
        "event": "order_rushed",
        "channels": ["kitchen"],
        "params": {"roomName": "801", "goodsName": "水饺"},
    }
    [sent] = house.ask("business", "SendImCall", calls=[asked])["calls"]
    rush, lines = sent["call_id"], [board.page.locator("[data-seen]") for board in (first, second)]
    for line in lines:
        expect(line).to_contain_text("801")
    first.keys("0")
    for line in lines:
        expect(line).to_have_count(0)
    row = desk.locator(f".log li[data-call='{rush}']")
    expect(row.locator("[data-as=acknowledged]")).to_contain_text(
        first.page.evaluate("chuancai.view().device.name")
    )
    row.get_by_role("button", name="再叫一遍").click()
    expect(desk.locator(".log li", has_text="催水饺")).to_have_count(2)
    for line in lines:
        expect(line).to_contain_text("801")
    assert lines[0].get_attribute("data-seen") != str(rush)
    lines[1].click()
    for line in lines:
        expect(line).to_have_count(0)
    expect(desk.locator(".refused")).to_have_count(0)


def test_a_refused_repetition_says_why(boards: Boards, house: HouseOnThread) -> None:
    """R-004-33: somebody is coming already: the desk's 再叫一遍 is refused in words, and nothing rings."""
    desk = opened(boards, house, "cashier", "cashier")
    opened(boards, house, "waiter", "pad")
    asked = {
        "event": "service_wanted", "channels": ["pad"], "msg_type": 4, "template_id": 2,
        "params": {"placeId": "1", "roomName": "801", "goodsName": "毛巾", "num": "2"},
    }  # fmt: skip
    [sent] = house.ask("business", "SendImCall", calls=[asked])["calls"]
    button = desk.locator(f".log li[data-call='{sent['call_id']}'] .again").first
    expect(button).to_be_enabled()
    house.ask("waiter", "ClaimCall", call_id=sent["call_id"])
    button.click()
    expect(desk.locator(".refused")).to_contain_text("同事已接")
    house.ask("waiter", "CloseCall", call_id=sent["call_id"])


@pytest.mark.parametrize("hand", ["finger", "key"])
def test_a_number_nobody_fetched_is_called_again(
    boards: Boards, house: HouseOnThread, hand: str
) -> None:
    """R-004-13: gone from the grid, the number is in the board's 召回 with 再叫: the hall sees and hears it again."""
    board = boards.open()
    hall = opened(boards, house, "call_screen", "screen")
    order, (dish,) = ordered(house, 1, KUNGPAO)
    call(house, dish)
    expect(hall.locator(".called b")).to_have_count(1)
    expect(board.ticket(order)).to_have_count(0)
    heard(hall, 2)
    expect(hall.locator(".called")).to_have_count(0)
    board.keys(".")
    again = board.page.locator(f".recall [data-order='{order}'] .again")
    if hand == "finger":
        again.click()
    else:
        board.keys("/")
    expect(hall.locator(".called b")).to_have_count(1)
    said = heard(hall, 3)
    assert {one["text"] for one in said} == {said[0]["text"]}
    house.ask("waiter", "PickUpItem", item_id=dish)
    expect(again).to_have_count(0)
    expect(hall.locator(".called")).to_have_count(0)
