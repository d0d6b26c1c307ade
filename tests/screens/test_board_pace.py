"""等叫, 起菜, 催菜 on the kitchen board, in a real browser against a real house."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.boards import GREENS, KUNGPAO, Boards, ordered
from tests.support.house import HouseOnThread


def test_a_rushed_ticket_is_pinned_and_says_so(boards: Boards, house: HouseOnThread) -> None:
    """催菜: the ticket comes to the first page, in the place of the youngest nobody began, with its word."""
    board = boards.open(query="?grid=2x1")
    first, _ = ordered(house, 1, KUNGPAO)
    second, _ = ordered(house, 2, GREENS)
    third, (dish, held) = ordered(house, 3, KUNGPAO, {"dish_id": GREENS, "hold": True})
    expect(board.ticket(first)).to_be_visible()
    expect(board.ticket(third)).to_have_count(0)
    house.ask("waiter", "RushItems", order_id=third, item_ids=[dish])
    expect(board.ticket(third).locator(".slip")).to_contain_text("催菜 1 次")
    expect(board.row(dish).locator(".rushed")).to_have_text("催")
    expect(board.ticket(first)).to_be_visible()
    expect(board.ticket(second)).to_have_count(0)
    board.state(held, "held")
    board.tap(dish)
    board.state(dish, "cooking")
    board.tap(dish)
    board.state(dish, "ready")
    expect(board.ticket(third).locator(".slip")).to_have_count(0)
    board.agrees()


def test_a_dish_on_hold_cannot_be_begun_by_a_press(boards: Boards, house: HouseOnThread) -> None:
    """等叫: the cook sees it in grey with its word; a press changes nothing; fired, its clock begins."""
    board = boards.open()
    order, (held,) = ordered(house, 1, {"dish_id": KUNGPAO, "hold": True})
    expect(board.row(held)).to_contain_text("等叫")
    board.tap(held)
    board.state(held, "held")
    house.ask("waiter", "FireItems", order_id=order)
    board.state(held, "queued")
    board.tap(held)
    board.state(held, "cooking")
    board.agrees()


def test_each_stage_of_a_dish_has_its_own_time(boards: Boards, house: HouseOnThread) -> None:
    """R-004-6: to be begun, cooked, fetched: a row warns at 80 % of its stage and is late at all of it."""
    stages = {"waiting_s": 150, "cooking_s": 200, "pick_up_s": 150}
    house.ask("manager", "PutDish", dish_id=KUNGPAO, stage_targets=stages)
    board = boards.open(None)
    order, (dish,) = ordered(house, 1, KUNGPAO)
    for verb, stamp, seconds in (
        (None,         "placed_at",  stages["waiting_s"]),
        ("StartItem",  "started_at", stages["cooking_s"]),
        ("FinishItem", "ready_at",   stages["pick_up_s"]),
    ):  # fmt: skip
        if verb:
            house.ask("kitchen", verb, item_id=dish)
        state = board.row(dish).locator(".state")
        for percent, urgency in ((40, None), (81, "warn"), (101, "late")):
            since = f"UPDATE catering_order_goods SET {stamp} = now() - make_interval(secs => $2) WHERE id = $1"
            house.call(house.house.pool.execute(since, dish, seconds * percent / 100))
            board.page.reload()
            expect(state.locator("time")).to_be_visible()
            if urgency:
                expect(state).to_have_attribute("data-time", urgency)
                expect(state.locator(".icon")).to_have_count(1)
            else:
                assert state.get_attribute("data-time") is None
            if verb != "FinishItem":
                expect(board.ticket(order)).to_have_attribute("data-time", "ok")
    house.ask("manager", "PutDish", dish_id=KUNGPAO, stage_targets={})
    expect(state.locator("time")).to_have_count(0)  # the time stands only where it may be too long
