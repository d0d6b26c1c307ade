"""How a board shows and sounds is told from a desk and happens while somebody looks."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.support.boards import KUNGPAO, Board, Boards, ordered
from tests.support.house import HouseOnThread

VERSION_OF = "SELECT settings_version FROM device WHERE shop_id = 1 AND id = $1"


def _told(board: Board, house: HouseOnThread, **settings: Any) -> None:
    """Tell a board how to show, as a manager does from the console."""
    device_id = board.page.evaluate("window.chuancai.view().device.id")
    version = house.call(house.house.pool.fetchval(VERSION_OF, device_id))
    house.ask("manager", "SetScreen", device_id=device_id, settings=settings, version=version)


def test_a_board_shows_as_it_is_told_from_a_desk(boards: Boards, house: HouseOnThread) -> None:
    """R-004-6: cells, theme, language and loudness change within a second and survive a reload."""
    board = boards.open()
    _, [item] = ordered(house, 1, KUNGPAO)
    cells = board.page.locator("main.grid > *")
    expect(cells).to_have_count(8)
    before_px = board.row(item).bounding_box()
    assert before_px is not None
    _told(board, house, columns=3, rows=1, theme="light", language="en", volume=25)
    expect(cells).to_have_count(3)
    expect(board.page.locator("html")).to_have_attribute("data-theme", "light")
    expect(board.page.locator(".head")).to_contain_text("To cook")
    board.page.reload()
    expect(cells).to_have_count(3)
    expect(board.page.locator("html")).to_have_attribute("data-theme", "light")
    assert board.page.evaluate("window.chuancai.link.state") == "open"
    _told(board, house, distance_cm=300)
    expect(board.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(board.page.locator("html")).to_have_attribute("data-width", "narrow")
    number_px = board.page.locator("article .number").first.evaluate(
        "one => one.getBoundingClientRect().height"
    )
    assert number_px > 90, "who stands three metres away reads digits of twice the size"
    board.agrees()


def test_what_was_told_while_a_board_was_away_is_heard_when_it_is_back(
    boards: Boards, house: HouseOnThread
) -> None:
    """R-004-6: settings are lines of the log; a board that was cut off catches up with them."""
    board = boards.open()
    ordered(house, 1, KUNGPAO)
    expect(board.page.locator("main.grid > *")).to_have_count(8)
    board.wire.cut()
    _told(board, house, columns=2, rows=2)
    board.mend()
    expect(board.page.locator("main.grid > *")).to_have_count(4)
