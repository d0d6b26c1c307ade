"""并菜 on the kitchen board, in a real browser against a real house."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.boards import GREENS, KUNGPAO, Boards, ordered
from tests.support.house import HouseOnThread


def _portions(house: HouseOnThread) -> dict[int, list[tuple[int, str]]]:
    """Return what each order has of the dish, oldest order first."""
    return {
        order.id: sorted(
            (item.quantity, item.state) for item in order.items if item.dish_id == KUNGPAO
        )
        for order in house.view("kitchen").orders
    }


def test_three_of_five_portions_are_begun_and_finished_together(
    boards: Boards, house: HouseOnThread
) -> None:
    """并菜: counts by dish and way; 3 of 5 close the oldest, a ticket is split where it must be."""
    board = boards.open()
    first, _ = ordered(house, 1, {"dish_id": KUNGPAO, "quantity": 2}, GREENS)
    second, _ = ordered(house, 2, {"dish_id": KUNGPAO, "quantity": 3})
    mild, _ = ordered(house, 3, {"dish_id": KUNGPAO, "quantity": 1, "note": "少油"})
    board.page.locator(".allday").click()
    queued = board.page.locator(f".work[data-dish='{KUNGPAO}'][data-state='queued']")
    expect(queued).to_have_count(2)  # another way of making is another row
    row = queued.first
    expect(row.locator(".quantity")).to_have_text("5")
    expect(row.locator(".numbers")).to_have_text("#01 #02")
    for _ in range(2):
        row.locator(".portions .btn").first.click()
    expect(row.locator(".act")).to_contain_text("3 / 5")
    row.locator(".act").dblclick()
    cooking = board.page.locator(f".work[data-dish='{KUNGPAO}'][data-state='cooking']")
    expect(cooking.locator(".quantity")).to_have_text("3")
    expect(queued.first.locator(".quantity")).to_have_text("2")
    assert _portions(house) == {
        first: [(2, "cooking")], second: [(1, "cooking"), (2, "queued")], mild: [(1, "queued")],
    }  # fmt: skip
    board.settled()
    cooking.locator(".act").click()
    expect(cooking).to_have_count(0)
    assert _portions(house)[second] == [(1, "ready"), (2, "queued")]
    board.agrees()


def test_portions_together_are_taken_back_together_by_keys(
    boards: Boards, house: HouseOnThread
) -> None:
    """* opens the list, a digit chooses, ← takes fewer, Enter begins, 0 takes all of it back."""
    board = boards.open()
    ordered(house, 1, {"dish_id": KUNGPAO, "quantity": 2})
    ordered(house, 2, {"dish_id": KUNGPAO, "quantity": 2})
    board.keys("*")
    expect(board.page.locator(".work")).to_have_count(1)
    board.keys("1", "ArrowLeft")
    expect(board.page.locator(".work .act")).to_contain_text("3 / 4")
    board.keys("Enter")
    cooking = board.page.locator(".work[data-state='cooking']")
    expect(cooking.locator(".quantity")).to_have_text("3")
    board.keys("0")
    expect(cooking).to_have_count(0)
    expect(board.page.locator(".work .quantity")).to_have_text("4")
    states = {state for parts in _portions(house).values() for _, state in parts}
    assert states == {"queued"}
    board.keys("Escape")
    board.agrees()


BACK = """() => chuancai.screen.outbox.loaded && !chuancai.screen.outbox.entries.length
  && chuancai.view().orders[0].items.filter(({ state }) => state === "queued").length === 2"""


def test_portions_not_yet_answered_are_taken_back_when_they_are(
    boards: Boards, house: HouseOnThread
) -> None:
    """撤销 while the answer is on its way: the part that was split off goes back, over a reload too."""
    board = boards.open()
    ordered(house, 1, {"dish_id": KUNGPAO, "quantity": 5})
    board.keys("*")
    expect(board.page.locator(".work")).to_have_count(1)
    board.keys("1", "ArrowLeft", "ArrowLeft")
    expect(board.page.locator(".work .act")).to_contain_text("3 / 5")
    board.wire.deafen()
    board.keys("Enter")
    board.page.wait_for_function(
        "() => window.chuancai.screen.outbox.entries.some((one) => one.tried)"
    )
    board.keys("0")
    board.mend()
    board.page.reload()
    board.page.wait_for_selector("kitchen-board .head")
    board.page.wait_for_function(BACK)
    assert list(_portions(house).values()) == [[(2, "queued"), (3, "queued")]]
    board.agrees()
