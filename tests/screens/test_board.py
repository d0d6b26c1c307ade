"""The kitchen board against a real house: what a cook sees, presses and takes back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.boards import (
    COLD,
    CUCUMBER,
    DOUGH,
    DUMPLINGS,
    GREENS,
    KUNGPAO,
    WOK,
    Board,
    Boards,
    ordered,
)
from tests.support.house import HouseOnThread
from tests.support.pads import Wire


def test_a_cook_walks_a_dish_through_the_kitchen(boards: Boards, house: HouseOnThread) -> None:
    """R-004-6, 11…13: first press starts, second finishes, third calls now; then it is in the recall list."""
    board = boards.open()
    expect(board.page.locator(".empty h2")).to_have_text("没有要做的单")
    order, (chicken, greens) = ordered(house, 1, KUNGPAO, GREENS)
    number = house.view("kitchen").orders[0].number
    expect(board.ticket(order)).to_contain_text(f"#{number:02d}")
    expect(board.ticket(order).locator(".place")).to_have_text("801房")
    for item in (chicken, greens):
        board.tap(item)
        board.state(item, "cooking")
    board.tap(chicken)
    board.state(chicken, "ready")
    board.tap(chicken)
    board.state(chicken, "called")
    assert [call.item_id for call in house.view("waiter").calls] == [chicken]
    board.tap(greens)
    board.state(greens, "ready")
    expect(board.ticket(order)).to_have_count(0)  # after the time for undo
    assert {call.item_id for call in house.view("waiter").calls} == {chicken, greens}
    expect(board.page.locator(".recall-button")).to_contain_text("召回 1")
    board.agrees()


def test_everything_works_by_keys_alone(boards: Boards, house: HouseOnThread) -> None:
    """R-004-11: a bump bar starts, finishes, undoes, confirms, recalls and turns lists without a touch."""
    board = boards.open()
    order, (chicken, greens) = ordered(house, 1, KUNGPAO, GREENS)
    expect(board.ticket(order)).to_be_visible()
    board.keys("1", "Enter")
    board.state(chicken, "cooking")
    board.keys("ArrowDown", "Enter")
    board.state(greens, "cooking")
    board.keys("0")
    board.state(greens, "queued")
    board.keys("1", "Enter")  # the same number again: the next dish, round and round
    board.state(chicken, "ready")
    board.keys("Enter")
    board.state(chicken, "called")
    board.keys("*")
    expect(board.page.locator(".batch .card")).to_have_count(1)
    board.keys("*", "l")
    expect(board.page.locator("h1")).to_have_text("Wok")
    expect(board.row(greens)).to_contain_text("Seasonal greens")
    board.keys("L", "Escape")
    expect(board.page.locator("[data-selected]")).to_have_count(0)
    board.agrees()


def test_a_held_key_counts_once(boards: Boards, house: HouseOnThread) -> None:
    """A spoon lying on the bump bar starts one dish and does not finish it."""
    board = boards.open()
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    expect(board.row(chicken)).to_be_visible()
    board.settled()
    board.keys("1")
    board.page.evaluate(
        "for (const repeat of [false, true, true, true])"
        " window.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', repeat}))"
    )
    board.state(chicken, "cooking")
    board.settled()
    board.page.evaluate(
        "window.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', repeat: true}))"
    )
    board.page.keyboard.press("9")
    board.state(chicken, "cooking")


def test_a_double_tap_is_one_press(boards: Boards, house: HouseOnThread) -> None:
    """R-004-11: two taps within half a second start a dish and do not finish it."""
    board = boards.open()
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    board.settled()
    board.row(chicken).dblclick()
    board.state(chicken, "cooking")
    board.settled()
    board.state(chicken, "cooking")


def test_two_cooks_press_at_once(boards: Boards, house: HouseOnThread) -> None:
    """R-004-11: the same dish started on two screens is started once, and nobody sees an error."""
    one, two = boards.open(), boards.open(None)
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    expect(two.row(chicken)).to_be_visible()
    two.wire.delay()  # the second finger lands before the first one's event comes
    for board in (one, two):
        board.tap(chicken)
    one.state(chicken, "cooking")
    two.wire.arrive()
    for board in (one, two):
        board.state(chicken, "cooking")
        expect(board.page.locator(".refused")).to_have_count(0)
        board.agrees()
    item = house.view("kitchen").orders[0].items[0]
    assert item.version == 2 + (item.shown_at_ms is not None)


def test_a_finished_dish_is_recalled(boards: Boards, house: HouseOnThread) -> None:
    """Undo with retraction: recalled from the list, the dish cooks again and the pads stop ringing."""
    board = boards.open()
    order, (chicken,) = ordered(house, 1, KUNGPAO)
    for state in ("cooking", "ready", "called"):
        board.tap(chicken)
        board.state(chicken, state)
    assert house.view("waiter").calls
    expect(board.ticket(order)).to_have_count(0)
    board.keys(".", "Enter")
    board.page.wait_for_function("() => chuancai.view().orders[0].items[0].state === 'cooking'")
    board.keys(".")
    expect(board.ticket(order)).to_be_visible()
    assert house.view("waiter").calls == []
    board.agrees()


def test_a_second_round_has_its_own_line_and_clock(boards: Boards, house: HouseOnThread) -> None:
    """R-004-8: 加菜 joins the ticket in its place, marked, without moving it."""
    board = boards.open()
    order, (chicken,) = ordered(house, 1, KUNGPAO)
    other, _ = ordered(house, 2, KUNGPAO)
    expect(board.ticket(other)).to_be_visible()
    before = board.ticket(order).bounding_box()
    same, (greens,) = ordered(house, 1, GREENS)
    assert same == order
    expect(board.ticket(order).locator(".round")).to_contain_text("第 2 轮")
    expect(board.ticket(order).locator(".round .time")).to_have_text("0:00")
    expect(board.row(chicken)).to_be_visible()
    expect(board.row(greens)).to_be_visible()
    assert board.ticket(order).bounding_box() == before


def test_a_cancelled_dish_waits_for_the_cooks_yes(boards: Boards, house: HouseOnThread) -> None:
    """R-004-15: struck through until confirmed, gone after a reload too, never cookable."""
    board, beside = boards.open(), boards.open()
    _, (chicken, greens) = ordered(house, 1, KUNGPAO, GREENS)
    expect(board.row(chicken)).to_be_visible()
    house.ask("waiter", "CancelItem", item_id=chicken)
    expect(board.row(chicken).locator("s.dish")).to_have_text("宫保鸡丁")
    expect(board.row(chicken).locator(".btn")).to_have_text("确认")
    board.tap(chicken)
    expect(board.row(chicken)).to_have_count(0)
    expect(beside.row(chicken)).to_have_count(0)  # one cook's yes is the kitchen's
    board.page.reload()
    expect(board.row(greens)).to_be_visible()
    expect(board.row(chicken)).to_have_count(0)
    board.agrees()


def test_a_changed_number_waits_for_the_cooks_yes(boards: Boards, house: HouseOnThread) -> None:
    """改 3→2: old and new stand there until confirmed; the press that confirms does not begin cooking."""
    board = boards.open()
    _, (chicken,) = ordered(house, 1, {"dish_id": KUNGPAO, "quantity": 3})
    house.ask("waiter", "ChangeItem", item_id=chicken, quantity=5)
    house.ask("waiter", "ChangeItem", item_id=chicken, quantity=2)
    slip = board.row(chicken).locator(".changed")
    expect(slip).to_have_text("改 3 → 2确认")
    board.tap(chicken)
    expect(slip).to_have_count(0)
    board.state(chicken, "queued")
    expect(board.row(chicken).locator(".n")).to_have_text("2")
    house.ask("waiter", "ChangeItem", item_id=chicken, quantity=4)
    house.ask("waiter", "ChangeItem", item_id=chicken, quantity=2)
    expect(slip).to_have_count(0)  # back to what the cook knows: nothing to tell
    board.tap(chicken)
    board.state(chicken, "cooking")
    board.agrees()


def test_a_station_sees_its_dishes_and_what_belongs_to_nobody(
    boards: Boards, house: HouseOnThread
) -> None:
    """Each station its own; a dish without a station stands, marked, on every one of them."""
    menu = house.view("waiter").menu
    assert menu is not None
    nobodys = next(d.id for d in menu.dishes if d.station_id is None and not d.sold_out)
    wok, cold, everything = boards.open(WOK), boards.open(COLD), boards.open(None)
    _, (chicken, cucumber, lost) = ordered(house, 1, KUNGPAO, CUCUMBER, nobodys)
    shown: dict[Board, set[int]] = {
        wok: {chicken, lost}, cold: {cucumber, lost}, everything: {chicken, cucumber, lost},
    }  # fmt: skip
    for board, items in shown.items():
        for item in (chicken, cucumber, lost):
            expect(board.row(item)).to_have_count(1 if item in items else 0)
        expect(board.row(lost)).to_contain_text("未分档口")
        board.agrees()
    expect(everything.row(cucumber)).to_contain_text("凉菜档")


def test_a_board_of_dough_says_nothing_of_the_wok(boards: Boards, house: HouseOnThread) -> None:
    """A station's board is not woken by dishes of others, and still agrees with the server."""
    board = boards.open(DOUGH)
    ordered(house, 1, KUNGPAO)
    _, (dumplings,) = ordered(house, 2, DUMPLINGS)
    expect(board.row(dumplings)).to_be_visible()
    expect(board.page.locator("article[data-part]")).to_have_count(1)
    board.agrees()


def test_a_cleaned_room_leaves_the_board(boards: Boards, house: HouseOnThread) -> None:
    """R-004-16: the order is completed and its ticket goes."""
    board = boards.open()
    order, _ = ordered(house, 1, KUNGPAO)
    expect(board.ticket(order)).to_be_visible()
    house.ask("waiter", "CleanPlace", place_id=1)
    expect(board.ticket(order)).to_have_count(0)
    board.agrees()


def test_tab_and_enter_press_the_buttons_as_everywhere(
    boards: Boards, house: HouseOnThread
) -> None:
    """Somebody who knows no key caps: Tab to a dish or a button, Enter presses that and nothing else."""
    board = boards.open()
    _, (chicken, greens) = ordered(house, 1, KUNGPAO, GREENS)
    expect(board.row(greens)).to_be_visible()
    board.settled()
    board.keys("1", "Tab")  # a choice by number gives way
    expect(board.page.locator("[data-selected]")).to_have_count(0)
    board.row(greens).focus()
    board.keys("Enter")
    board.state(greens, "cooking")
    board.state(chicken, "queued")
    board.page.locator(".recall-button").focus()
    board.keys("Enter")
    expect(board.page.locator(".recall")).to_be_visible()
    board.agrees()


def test_only_live_orders_flash(boards: Boards, house: HouseOnThread) -> None:
    """A new ticket flashes and says 新单; after a reload the same ticket stands still."""
    board = boards.open()
    order, _ = ordered(house, 1, KUNGPAO)
    expect(board.page.locator(f"article.flash[data-order='{order}']")).to_be_visible()
    expect(board.ticket(order)).to_contain_text("新单")
    board.page.reload()
    expect(board.ticket(order)).to_be_visible()
    expect(board.page.locator(".flash")).to_have_count(0)
    expect(board.ticket(order)).not_to_contain_text("新单")


def test_each_live_event_sounds_once_and_old_news_never(
    boards: Boards, house: HouseOnThread
) -> None:
    """New order, 加菜 and 退菜 sound differently and once; what a cut or a reload missed is silent."""
    boards.open(
        COLD
    )  # came first, so it speaks the sentences: on the other chimes alone are counted
    board = boards.open()
    notes = "() => window.notes"
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    expect(board.row(chicken)).to_be_visible()
    assert board.page.evaluate(notes) == 3
    _, (greens,) = ordered(house, 1, GREENS)
    expect(board.row(greens)).to_be_visible()
    board.page.wait_for_function("() => window.notes === 5")  # after the one before it
    house.ask("waiter", "CancelItem", item_id=greens)
    expect(board.row(greens).locator(".stamp")).to_be_visible()
    board.page.wait_for_function("() => window.notes === 7")
    board.page.wait_for_function("() => chuancai.screen.speaker.saying === null")
    board.wire.cut()
    _, (other,) = ordered(house, 2, KUNGPAO)
    board.mend()
    expect(board.row(other)).to_be_visible()
    assert board.page.evaluate(notes) == 7
    _, (live,) = ordered(house, 3, KUNGPAO)
    expect(board.row(live)).to_be_visible()
    assert board.page.evaluate(notes) == 10


def test_a_wrong_device_clock_changes_nothing(boards: Boards, house: HouseOnThread) -> None:
    """Timers run on server time: with the screen's clock years off they still start at zero."""
    token = house.pair("kitchen", "钟不准", station_id=WOK)
    page = boards.browser.new_page(viewport={"width": 1920, "height": 1080})
    page.clock.set_system_time("2019-01-01T00:00:00Z")
    board = Board(page, Wire(page), house, WOK)
    page.goto(f"{house.url}/kds/#token={token}")
    expect(page.locator(".empty h2")).to_have_text("没有要做的单")
    order, _ = ordered(house, 1, KUNGPAO)
    expect(board.ticket(order).locator("header .time")).to_have_text("0:02")
    shown = page.locator(".clock").inner_text()
    hour = (house.clock.now().hour + 8) % 24  # the shop is in Shanghai
    assert shown.startswith((f"{hour:02d}:", f"{(hour + 1) % 24:02d}:"))


def test_a_blocked_sound_is_asked_for(boards: Boards, house: HouseOnThread) -> None:
    """Over everything until a touch or key, which opens the sound and does nothing else."""
    with boards.before_a_touch() as silent:
        board = silent.open()
        _, (chicken,) = ordered(house, 1, KUNGPAO)
        expect(board.page.locator(".gate")).to_contain_text("点一下，打开声音")
        board.page.keyboard.press("1")
        expect(board.page.locator(".gate")).to_have_count(0)
        expect(board.page.locator(".sound")).to_contain_text("声音开")
        expect(board.page.locator("[data-selected]")).to_have_count(0)
        board.tap(chicken)
        board.state(chicken, "cooking")
