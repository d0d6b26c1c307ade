"""The kitchen's twelve wins, end to end in a real browser.

Those that stand elsewhere: 1 in full size tests/simulation/test_day.py (ten screens, two of them browsers) ·
2 tests/flows/test_double_press.py · 3 test_board_link.py · 4 test_display_proof.py · 5 test_pad_waiter.py · 9
test_speaker.py (twenty events on three screens) · 11 test_wrong_clock.py, tests/rooms/test_kitchen_report.py (sums are
the log's) · 12 test_board_pairing.py, test_board.py (everything by keys alone).
"""

from __future__ import annotations

import io
import random
import re

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from server.errors import Refusal
from server.events.view import DeviceKind
from tests.support.boards import COLD, CUCUMBER, GREENS, KUNGPAO, WOK, Board, Boards, ordered
from tests.support.house import HouseOnThread

AA_RATIO = 4.5
BEGUN_EARLIER = (
    "UPDATE catering_order_goods SET started_at = started_at - interval '7 minutes' WHERE id = $1"
)
CALLED_AFTER = "UPDATE shop SET call_after_finish_s = $1"
WAITED = """
UPDATE catering_order_goods g SET placed_at = now() - make_interval(secs => d.target_s * $2::integer / 100.0)
  FROM dish d, catering_order o
 WHERE d.shop_id = g.shop_id AND d.id = g.dish_id AND o.shop_id = g.shop_id AND o.id = g.order_id
   AND o.place_id = $1 AND o.state = 'open'
"""


def _opened(boards: Boards, house: HouseOnThread, kind: DeviceKind, path: str) -> Page:
    """Pair a screen that is no board, and open it."""
    page = boards.browser.new_context().new_page()
    page.goto(f"{house.url}/{path}/#token={house.pair(kind, kind)}")
    page.wait_for_function("() => window.chuancai?.view()")
    return page


def test_1_nothing_lost_nothing_twice(boards: Boards, house: HouseOnThread) -> None:
    """Win 1: links cut at random while orders come: back at the server's state, each chime once."""
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
    for screen in screens:
        screen.agrees()
    for screen in screens:
        kept = screen.page.evaluate("() => chuancai.screen.outbox.entries.length")
        assert kept == 0
        # Orders that come together are one long sentence; all is heard within half a minute.
        over = "() => chuancai.screen.speaker.queue.lines.length === 0"
        screen.page.wait_for_function(over)


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
    board.page.keyboard.press("Enter")
    pad.wait_for_function(
        "id => chuancai.view().menu.dishes.some((one) => one.id === id && one.sold_out)",
        arg=dish_id,
        polling=50,
    )
    board.keys("0")
    pad.wait_for_function(
        "id => chuancai.view().menu.dishes.some((one) => one.id === id && !one.sold_out)",
        arg=dish_id,
    )


def _looks(row: Locator) -> tuple[str, str]:
    """Return what tells a dish's state besides its colour: the drawing, and the word."""
    drawing, word = row.evaluate(
        """row => {
          const word = row.querySelector(".stamp, :scope > .state");
          word.querySelector("time")?.remove();
          return [row.querySelector(":scope > .icon")?.innerHTML ?? "struck through", word.innerText.trim()];
        }"""
    )
    return drawing, word


def _told_in_grey(page: Page, found: Locator) -> float:
    """Return the contrast of the darkest and the lightest that is left of an element without colour."""
    page.evaluate("document.documentElement.style.filter = 'grayscale(1)'")
    with Image.open(io.BytesIO(found.screenshot())) as shot:
        greys = shot.convert("L").tobytes()
    page.evaluate("document.documentElement.style.filter = ''")
    return (_light(max(greys)) + 0.05) / (_light(min(greys)) + 0.05)


def _light(grey: float) -> float:
    """WCAG 2.2, relative luminance of an sRGB grey."""
    share = grey / 255
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)


def test_7_a_cancel_and_a_change_are_shaken_hands_on(boards: Boards, house: HouseOnThread) -> None:
    """Win 7: out of the counts at once, struck until the cook's yes; begun: refused; cancelled: never more."""
    boards.open(
        COLD
    )  # came first, so it speaks the sentences: on the other chimes alone are counted
    board = boards.open(WOK)
    _, (dropped, begun) = ordered(house, 1, KUNGPAO, GREENS)
    _, (fewer,) = ordered(house, 2, {"dish_id": KUNGPAO, "quantity": 3})
    board.tap(begun)
    board.state(begun, "cooking")
    expect(board.page.locator(".allday li b").first).to_have_text("4")
    board.page.wait_for_function("() => window.notes === 6")  # two orders
    house.ask("waiter", "CancelItem", item_id=dropped)
    expect(board.page.locator(".allday li b").first).to_have_text("3")
    expect(board.row(dropped).locator("s.dish")).to_be_visible()
    board.page.wait_for_function("() => window.notes === 8")  # a sound of its own: two notes
    for verb in ("StartItem", "FinishItem", "CallItem", "PickUpItem"):
        with pytest.raises(Refusal, match="item_already_cancelled"):
            house.ask("kitchen", verb, item_id=dropped)
    with pytest.raises(Refusal, match="item_already_started"):
        house.ask("waiter", "CancelItem", item_id=begun)
    house.ask("waiter", "ChangeItem", item_id=fewer, quantity=2)
    expect(board.row(fewer).locator(".changed")).to_have_text("改 3 → 2确认")
    for asked in (dropped, fewer):
        board.tap(asked)
    expect(board.row(dropped)).to_have_count(0)
    expect(board.row(fewer).locator(".changed")).to_have_count(0)
    board.state(begun, "cooking")


def test_8_the_clock_goes_on_from_the_old_value(boards: Boards, house: HouseOnThread) -> None:
    """Win 8: undone four seconds later, the dish cooks since it was begun, not since the undo."""
    board = boards.open(WOK)
    _, (dish,) = ordered(house, 1, KUNGPAO)
    board.tap(dish)
    board.state(dish, "cooking")
    house.call(house.house.pool.execute(BEGUN_EARLIER, dish))
    board.page.reload()
    board.tap(dish)
    board.state(dish, "ready")
    board.keys("0")
    board.state(dish, "cooking")
    expect(board.row(dish).locator(".state time")).to_have_text(re.compile(r"^7:0\d$"))


def test_11_states_are_told_apart_in_grey(boards: Boards, house: HouseOnThread) -> None:
    """Win 11: without colour each state still has a drawing and a word of its own, at the contrast of AA."""
    board, pool = boards.open(WOK), house.house.pool
    house.call(pool.execute(CALLED_AFTER, 60))  # what is ready stays so while it is looked at
    rows = {}
    for place, verbs in enumerate(
        ((), ("StartItem",), ("StartItem", "FinishItem"), ("StartItem", "FinishItem", "CallItem")),
        1,
    ):
        _, (rows[verbs], _) = ordered(house, place, KUNGPAO, GREENS)
        for verb in verbs:
            house.ask("kitchen", verb, item_id=rows[verbs])
    order, (held, gone) = ordered(house, 5, KUNGPAO, GREENS)
    house.ask("waiter", "HoldItems", order_id=order, item_ids=[held])
    house.ask("waiter", "CancelItem", item_id=gone)
    looks = set()
    for item in (*rows.values(), held, gone):
        expect(board.row(item)).to_be_visible()
        assert _told_in_grey(board.page, board.row(item)) >= AA_RATIO
        looks.add(_looks(board.row(item)))
    house.call(pool.execute(CALLED_AFTER, 5))
    assert len({drawing for drawing, _ in looks}) == len({word for _, word in looks}) == 6
    ages = {1: 60, 2: 90, 3: 200}  # per cent of its target that a ticket waits
    for place, percent in ages.items():
        house.call(pool.execute(WAITED, place, percent))
    board.page.reload()
    board.page.wait_for_selector("[data-time='late']")
    words = set()
    for urgency in ("ok", "warn", "late"):
        box = board.page.locator(f"article[data-time='{urgency}'] .clockbox").first
        assert _told_in_grey(board.page, box) >= AA_RATIO
        drawing = box.locator(".word .icon").inner_html()
        words.add((drawing, re.sub(r"\d+", "", box.locator(".word").inner_text())))
    assert len({drawing for drawing, _ in words}) == 3


def test_12_open_tickets_say_that_their_dish_is_sold_out(
    boards: Boards, house: HouseOnThread
) -> None:
    """Win 12: a ticket that still holds the dish is marked, and so is one already on another board."""
    board, beside = boards.open(WOK), boards.open(None)
    _, (dish,) = ordered(house, 1, KUNGPAO)
    expect(beside.row(dish)).to_be_visible()
    house.ask("kitchen", "SetDishSale", dish_id=KUNGPAO, sold_out=True)
    for one in (board, beside):
        expect(one.row(dish).locator(".gone")).to_be_visible()
    house.ask("kitchen", "SetDishSale", dish_id=KUNGPAO, sold_out=False)
    expect(board.row(dish).locator(".gone")).to_have_count(0)
