"""Where tickets lie on the board, and that nothing on them is cut off."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.boards import GREENS, KUNGPAO, Board, Boards, ordered
from tests.support.house import HouseOnThread

NOTE_CHARACTERS = 120  # what a pad's field takes


def test_tickets_keep_their_places(boards: Boards, house: HouseOnThread) -> None:
    """Nothing slides: a finished ticket leaves a hole that the longest waiting one fills."""
    board = boards.open()
    orders = [ordered(house, place, KUNGPAO) for place in range(1, 11)]
    expect(board.page.locator("article[data-part]")).to_have_count(8)
    expect(board.page.locator(".more")).to_contain_text("+2 更多")
    boxes = {order: board.ticket(order).bounding_box() for order, _ in orders[:8]}
    third, (dish,) = orders[2]
    house.ask("waiter", "CleanPlace", place_id=3)
    expect(board.ticket(third)).to_have_count(0)
    expect(board.ticket(orders[8][0])).to_be_visible()
    assert board.ticket(orders[8][0]).bounding_box() == boxes[third]
    for order in boxes.keys() - {third}:
        assert board.ticket(order).bounding_box() == boxes[order]
    board.keys("+")
    expect(board.ticket(orders[9][0])).to_be_visible()
    expect(board.page.locator(".page")).to_have_text("2 / 2 页")
    board.keys("+")
    expect(board.ticket(orders[0][0])).to_be_visible()
    assert dish


def test_a_long_ticket_goes_on_in_the_next_cell(boards: Boards, house: HouseOnThread) -> None:
    """Twelve dishes take several cells, every dish once, none cut off at the bottom."""
    board = boards.open()
    _, dishes = ordered(house, 1, *([KUNGPAO] * 12))
    expect(board.page.locator("article.runs-on footer").first).to_contain_text("续下格")
    for dish in dishes:
        expect(board.row(dish)).to_have_count(1)
    assert cut_off(board) == []


@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (800, 1280)])
def test_nothing_that_was_said_is_cut_off(
    boards: Boards, house: HouseOnThread, size: tuple[int, int]
) -> None:
    """The longest notes a pad takes, allergens and ways of making: all on the ticket, on every screen."""
    note = ("少油少盐，不要放葱姜蒜和香菜，老人牙口不好请炖烂一点，分两碗装。" * 4)[
        :NOTE_CHARACTERS
    ]
    ways = ["heat-mild", "no-peanuts", "no-scallion", "less-salt"]
    house.ask(
        "waiter", "PlaceOrder", place_id=2, note=note, allergens=["花生", "坚果", "鱼类", "大豆"],
        lines=[{"dish_id": KUNGPAO, "note": note, "modifier_ids": ways}, {"dish_id": GREENS}],
    )  # fmt: skip
    _, dishes = ordered(house, 3, *[{"dish_id": KUNGPAO, "modifier_ids": ways}] * 3)
    board = boards.open(size=size)
    expect(board.row(dishes[-1])).to_be_visible()
    assert cut_off(board) == []


def cut_off(board: Board) -> list[str]:
    """Return what reaches over the end of its cell, or under the line that says where it goes on."""
    found: list[str] = board.page.evaluate(
        """[...document.querySelectorAll('main article')].flatMap((cell) => {
          const foot = cell.querySelector(':scope > footer') ?? cell;
          const end = foot === cell ? cell.getBoundingClientRect().bottom : foot.getBoundingClientRect().top;
          return [...cell.querySelectorAll('.row, .remark, .allergen')]
            .filter((part) => part.getBoundingClientRect().bottom > Math.min(end,
              cell.getBoundingClientRect().bottom) + 1)
            .map((part) => part.innerText);
        })"""
    )
    return found
