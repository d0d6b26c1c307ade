"""What hands need of a board: nothing slips away under a finger, and what a dish is, by key."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.boards import GREENS, KUNGPAO, Boards, ordered
from tests.support.house import HouseOnThread

CANCELLED = """id => chuancai.view().orders.some(({ items }) =>
  items.some((item) => item.id === id && item.state === "cancelled"))"""


def test_nothing_moves_under_a_finger(boards: Boards, house: HouseOnThread) -> None:
    """A dish that leaves while a finger lies on the board leaves when the finger does."""
    board = boards.open(query="?grid=2x1")
    first, (one,) = ordered(house, 1, KUNGPAO)
    second, (two,) = ordered(house, 2, GREENS)
    third, _ = ordered(house, 3, KUNGPAO)
    expect(board.ticket(second)).to_be_visible()
    box = board.row(two).bounding_box()
    assert box is not None
    board.settled()
    board.page.mouse.move(box["x"] + 20, box["y"] + 20)
    board.page.mouse.down()
    house.ask("waiter", "CleanPlace", place_id=1)
    board.page.wait_for_function(
        "id => !chuancai.view().orders.some((order) => order.id === id)", arg=first
    )
    expect(board.ticket(first)).to_be_visible()
    expect(board.ticket(third)).to_have_count(0)
    board.page.mouse.up()
    expect(board.ticket(first)).to_have_count(0)
    expect(board.ticket(third)).to_be_visible()
    board.state(two, "cooking")
    board.agrees()
    assert one


def test_a_touch_lands_on_what_lay_under_it(boards: Boards, house: HouseOnThread) -> None:
    """A dish cancelled while a slow finger lies on it: the lifting means what was read, it confirms no cancel."""
    board = boards.open(query="?grid=2x1")
    _, (one,) = ordered(house, 1, KUNGPAO)
    expect(board.row(one)).to_be_visible()
    box = board.row(one).bounding_box()
    assert box is not None
    board.settled()
    cdp = board.page.context.new_cdp_session(board.page)
    at = {"x": box["x"] + 20, "y": box["y"] + box["height"] / 2}
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [at]})
    house.ask("waiter", "CancelItem", item_id=one)
    board.page.wait_for_function(CANCELLED, arg=one)
    board.settled()
    expect(board.row(one)).to_have_attribute("data-state", "queued")
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(board.row(one)).to_have_attribute("data-state", "cancelled")
    expect(board.row(one).locator(".refused")).to_be_visible()
    [order] = house.view("kitchen").orders
    assert [item.confirmed_at_ms for item in order.items] == [None]


def test_a_cook_asks_by_key_what_a_dish_is(boards: Boards, house: HouseOnThread) -> None:
    """Recipe view by key: 1 chooses, Backspace shows what it is and how this one is made, and goes back."""
    board = boards.open()
    ordered(house, 1, {"dish_id": KUNGPAO, "note": "少油"})
    expect(board.page.locator("main .row")).to_have_count(1)
    board.keys("1", "Backspace")
    recipe = board.page.locator(f".recipe[data-dish='{KUNGPAO}']")
    expect(recipe.locator(".about")).not_to_be_empty()
    expect(recipe).to_contain_text("少油")
    expect(recipe.locator(".shown")).to_contain_text("已显示在 屏 1")
    expect(recipe.locator(".contains")).to_contain_text("含")
    board.keys("Backspace")
    expect(board.page.locator("main .ticket")).to_have_count(1)


def test_a_board_begins_anew_at_night_and_only_then(boards: Boards) -> None:
    """Runs for days: after twenty hours a page nobody touches loads itself at four in the morning."""
    page = boards.open().page
    anew = "hour => import('/link/awake.js').then((m) => m.beginAnewAtNight(hour, () => true))"
    page.evaluate("window.mark = 1")
    page.evaluate(anew, 4)
    page.clock.install()
    page.clock.fast_forward("21:00:00")
    page.evaluate(anew, 12)
    assert page.evaluate("window.mark") == 1
    with page.expect_event("load"):
        page.evaluate(anew, 4)
    assert page.evaluate("window.mark ?? 0") == 0
