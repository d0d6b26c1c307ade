"""沽清 on the kitchen board, in a real browser against a real house."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from server.errors import Refusal
from tests.support.boards import GREENS, KUNGPAO, Boards, ordered
from tests.support.house import HouseOnThread

WATER = 36  # of no station


def _sold_out(house: HouseOnThread, dish_id: int) -> bool:
    menu = house.view("guest", place_id=1).menu
    assert menu is not None
    return next(dish.sold_out for dish in menu.dishes if dish.id == dish_id)


def test_the_kitchen_stops_a_sale_and_resumes_it(boards: Boards, house: HouseOnThread) -> None:
    """沽清: one press stops the sale everywhere and marks the tickets that hold the dish; another resumes it."""
    board = boards.open()
    _, (dish,) = ordered(house, 1, KUNGPAO)
    expect(board.row(dish)).to_be_visible()
    board.page.locator(".sale-button").click()
    row = board.page.locator(f".sale [data-dish='{KUNGPAO}']")
    expect(row.locator(".at")).to_have_text("热菜档 · 还有 1 道已点")
    row.dblclick()
    expect(row).to_have_attribute("aria-pressed", "true")
    expect(row).to_contain_text("已沽清")
    assert _sold_out(house, KUNGPAO)
    with pytest.raises(Refusal, match="dish_sold_out"):
        ordered(house, 2, KUNGPAO)
    board.page.locator(".sale-button").click()
    expect(board.row(dish)).to_contain_text("沽清 · 请问前厅")
    board.agrees()
    house.ask("cashier", "SetDishSale", dish_id=KUNGPAO, sold_out=False)
    expect(board.row(dish)).not_to_contain_text("沽清")
    board.tap(dish)
    board.state(dish, "cooking")


def test_a_dish_of_no_station_says_how_many_are_ordered(
    boards: Boards, house: HouseOnThread
) -> None:
    """沽清 lists what no station makes too, with what is ordered of it and nothing before that."""
    board = boards.open(None)
    ordered(house, 1, WATER)
    board.keys("/")
    expect(board.page.locator(f".sale [data-dish='{WATER}'] .at")).to_have_text("还有 1 道已点")


def test_a_wrong_press_is_taken_back_by_keys(boards: Boards, house: HouseOnThread) -> None:
    """沽清 by number pad alone: / opens the list, digits choose, Enter stops the sale, 0 takes it back."""
    board = boards.open()
    board.keys("/")
    first = board.page.locator(".sale .row").first
    board.keys("1")
    expect(first).to_have_attribute("data-selected", "")
    board.keys("Enter")
    expect(first).to_have_attribute("aria-pressed", "true")
    board.keys("0")
    expect(first).to_have_attribute("aria-pressed", "false")
    before = first.inner_text()
    board.keys("+")
    expect(first).not_to_have_text(before, use_inner_text=True)  # the list's next page
    board.keys("Escape")
    expect(board.page.locator(".sale")).to_have_count(0)
    assert not _sold_out(house, GREENS)
