"""The board and its link: slow, lost, cut, replaced, unpaired; what became of presses meanwhile."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.support.boards import BASS, GREENS, KUNGPAO, WOK, Board, Boards, ordered
from tests.support.house import HouseOnThread
from tests.support.pads import Wire


def with_clock(boards: Boards, house: HouseOnThread) -> Board:
    """Open a board whose time a test can move forward."""
    token = house.pair("kitchen", "时钟", station_id=WOK)
    page = boards.browser.new_page(viewport={"width": 1920, "height": 1080})
    page.clock.install()
    board = Board(page, Wire(page), house, WOK)
    page.goto(f"{house.url}/kds/#token={token}")
    page.wait_for_selector("kitchen-board .head")
    return board


def health(page: Page) -> str | None:
    """Return what the board says of its link."""
    said: str | None = page.evaluate("document.documentElement.dataset.link")
    return said


def test_the_age_is_amber_after_five_seconds_and_red_after_fifteen(
    boards: Boards, house: HouseOnThread
) -> None:
    """A pulled cable: seconds in the corner, amber after 5 s, the red frame after 15 s, then well again."""
    board = with_clock(boards, house)
    expect(board.page.locator(".link[data-link=ok]")).to_contain_text("已连接")
    board.wire.silence()
    board.page.clock.run_for(4_000)
    assert health(board.page) == "ok"
    board.page.clock.run_for(3_000)
    expect(board.page.locator(".link[data-link=slow]")).to_contain_text("变慢")
    board.page.clock.run_for(7_000)
    assert health(board.page) == "slow"
    board.page.clock.run_for(3_000)
    expect(board.page.locator(".lost h1")).to_contain_text("断线 1")
    frame = board.page.evaluate("getComputedStyle(document.body, '::after').borderTopWidth")
    assert frame == "10px"
    board.wire.mend()
    board.page.clock.run_for(30_000)
    expect(board.page.locator(".link[data-link=ok]")).to_be_visible()


def test_presses_without_a_link_are_kept_marked_and_done_once(
    boards: Boards, house: HouseOnThread
) -> None:
    """Four dishes are pressed offline; afterwards each took one step, and a refused one says why."""
    board = boards.open()
    _, items = ordered(house, 1, KUNGPAO, GREENS, BASS, GREENS)
    expect(board.row(items[-1])).to_be_visible()
    board.wire.cut()
    for item in items:
        board.tap(item)
        expect(board.row(item)).to_have_attribute("data-kept", "")
        expect(board.row(item)).to_have_attribute("data-state", "queued")  # still the server's
    expect(board.row(items[0])).to_contain_text("待送出")
    board.tap(items[0])  # finish what was started offline
    expect(board.row(items[0])).to_contain_text("完成")
    house.ask("waiter", "CancelItem", item_id=items[2])
    board.mend()
    board.state(items[0], "ready")
    for item in (items[1], items[3]):
        board.state(item, "cooking")
    expect(board.page.locator("main [data-kept]")).to_have_count(0)
    expect(board.row(items[2]).locator(".refused")).to_have_text("未执行：已退菜")
    board.tap(items[2])  # read it
    expect(board.row(items[2]).locator(".refused")).to_have_count(0)
    board.tap(items[2])  # and confirm the cancellation
    expect(board.row(items[2])).to_have_count(0)
    steps = {
        i.id: i.version - (i.shown_at_ms is not None)  # which a slow board told before the cut
        for i in house.view("kitchen").orders[0].items
    }
    assert [steps[item] for item in items] == [3, 2, 3, 2]
    board.agrees()


def test_kept_presses_survive_a_reload(boards: Boards, house: HouseOnThread) -> None:
    """The page is loaded anew while the link is down: the press is still kept, and done once."""
    board = boards.open()
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    expect(board.row(chicken)).to_be_visible()
    board.wire.cut()
    board.tap(chicken)
    expect(board.row(chicken)).to_have_attribute("data-kept", "")
    board.page.wait_for_function("() => chuancai.screen.outbox.entries[0].stored")
    board.page.reload()
    board.page.wait_for_function("() => window.chuancai?.screen.outbox.waiting.length === 1")
    board.mend()
    board.state(chicken, "cooking")
    board.page.wait_for_function("() => chuancai.screen.outbox.waiting.length === 0")
    board.agrees()


def test_an_undone_press_that_was_never_sent_is_simply_forgotten(
    boards: Boards, house: HouseOnThread
) -> None:
    """Offline, 0 takes the kept press out again; nothing reaches the server."""
    board = boards.open()
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    expect(board.row(chicken)).to_be_visible()
    board.wire.cut()
    board.tap(chicken)
    expect(board.row(chicken)).to_have_attribute("data-kept", "")
    board.page.keyboard.press("0")
    expect(board.page.locator("main [data-kept]")).to_have_count(0)
    board.mend()
    board.agrees()
    board.state(chicken, "queued")


def test_what_happened_during_a_cut_is_caught_up_without_noise(
    boards: Boards, house: HouseOnThread
) -> None:
    """After the link returns the picture is the server's; old news neither flashes nor rings."""
    board = boards.open()
    ordered(house, 1, KUNGPAO)
    expect(board.page.locator("article[data-part]")).to_have_count(1)
    board.wire.cut()
    order, (bass,) = ordered(house, 2, BASS)
    house.ask("kitchen", "StartItem", item_id=bass)
    board.mend()
    board.state(bass, "cooking")
    expect(board.page.locator(f".flash[data-order='{order}']")).to_have_count(0)
    board.agrees()


def test_a_lost_answer_is_asked_for_again(boards: Boards, house: HouseOnThread) -> None:
    """The reply got lost on a link that lives on: the same id is sent again and the mark goes."""
    board = with_clock(boards, house)
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    expect(board.row(chicken)).to_be_visible()
    board.page.clock.run_for(1_000)
    board.wire.deafen()
    board.row(chicken).click()
    expect(board.row(chicken)).to_have_attribute("data-kept", "")
    board.wire.deaf = False
    board.page.clock.run_for(10_000)
    board.state(chicken, "cooking")
    expect(board.page.locator("main [data-kept]")).to_have_count(0)
    board.agrees()


def test_a_replaced_board_does_not_fight_back(boards: Boards, house: HouseOnThread) -> None:
    """One connection per device: the older page says so and stays away until somebody presses."""
    token = house.pair("kitchen", "双开", station_id=WOK)
    older, newer = boards.browser.new_page(), boards.browser.new_page()
    older.goto(f"{house.url}/kds/#token={token}")
    older.wait_for_selector("kitchen-board .head")
    newer.goto(f"{house.url}/kds/#token={token}")
    newer.wait_for_selector("kitchen-board .head")
    expect(older.locator(".stopped")).to_contain_text("4409")
    expect(older.locator(".stopped .btn")).to_contain_text("在这里继续用")
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    expect(newer.locator(f"main [data-item='{chicken}']")).to_be_visible()
    assert newer.evaluate("chuancai.link.state") == "open"
    older.keyboard.press("Enter")
    expect(older.locator(f"main [data-item='{chicken}']")).to_be_visible()
    expect(newer.locator(".stopped")).to_be_visible()


def test_an_unpaired_board_goes_back_to_pairing(boards: Boards, house: HouseOnThread) -> None:
    """The manager takes the token away: the board forgets it and asks for a code, with the reason."""
    board = boards.open()
    device = board.page.evaluate("chuancai.view().device.id")
    house.ask("manager", "RevokeDevice", device_id=device)
    expect(board.page.locator("pairing-page .bad")).to_contain_text("管理员已解除")
    board.page.reload()
    expect(board.page.locator("pairing-page")).to_be_visible()


def test_a_board_that_moves_shows_its_new_station(boards: Boards, house: HouseOnThread) -> None:
    """R-004-30: moved to another station the same screen shows that station's dishes."""
    board = boards.open()
    _, (chicken,) = ordered(house, 1, KUNGPAO)
    expect(board.row(chicken)).to_be_visible()
    device = board.page.evaluate("chuancai.view().device.id")
    house.ask("manager", "MoveDevice", device_id=device, place_id=None, station_id=2)
    expect(board.page.locator("h1")).to_have_text("凉菜档")
    expect(board.row(chicken)).to_have_count(0)
