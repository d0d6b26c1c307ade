"""The console's rooms of devices, menu, printers and calls, as a shop's manager uses them in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from server.clock import to_ms
from server.events import catalogue as c
from server.events.menu import StageTargets
from tests.support.browser import quiet_chromium
from tests.support.desks import add_shop, desk_page, log_in
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, fresh_house

KUNGPAO = "宫保鸡丁"
GREENS = "蒜蓉西兰花"
PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "board.png"
COUNT_OF_TARGET = "SELECT count(*) FROM dish WHERE shop_id = $1 AND target_s = 1500"
COPY_MENU = """
WITH s AS (INSERT INTO station (shop_id, id, name) SELECT 2, id, name FROM station WHERE shop_id = 1),
     m AS (INSERT INTO menu_category (shop_id, id, position, name)
           SELECT 2, id, position, name FROM menu_category WHERE shop_id = 1)
SELECT 1
"""
COPY_DISHES = """
INSERT INTO dish (shop_id, id, position, category, name, about, price_fen, station_id, target_s,
                  modifier_groups, allergens, picture, spicy)
SELECT 2, id + 100, position, category, name, about, price_fen, station_id, target_s, modifier_groups,
       allergens, picture, spicy
  FROM dish WHERE shop_id = 1
"""


@pytest.fixture(scope="module")
def house(engines: EnginePair) -> Iterator[HouseOnThread]:
    """One house for this file, with a second shop that sells the same."""
    with fresh_house(engines) as made:
        add_shop(made, 2, "城东店", "East")
        for statement in (COPY_MENU, COPY_DISHES):
            made.call(made.house.pool.execute(statement))
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for this file."""
    with quiet_chromium() as made:
        yield made


@pytest.fixture(scope="module")
def desk(browser: Browser, house: HouseOnThread) -> Iterator[Page]:
    """The owner at a desk, logged in once."""
    with desk_page(browser) as page:
        log_in(house, page, "wang", "owner", 0)
        yield page


def enter(house: HouseOnThread, desk: Page, room: str, shop_id: int = 1) -> Page:
    """Go to a room as by its bookmark."""
    desk.goto("about:blank")
    desk.goto(f"{house.url}/console/#{room}@{shop_id}")
    expect(desk.locator("h1")).to_be_visible()
    return desk


def board_of(house: HouseOnThread, browser: Browser, name: str) -> Page:
    """Open a kitchen board of this name."""
    page = browser.new_context().new_page()
    token = house.pair("kitchen", name, station_id=1)
    page.goto(f"{house.url}/kds/#token={token}")
    page.wait_for_selector("kitchen-board .head")
    return page


def test_a_screen_is_named_set_up_and_found_from_a_desk(
    house: HouseOnThread, desk: Page, browser: Browser
) -> None:
    """R-004-6, R-004-30: online, named, set up at once, found by a flash, unpaired."""
    board = board_of(house, browser, "热菜屏")
    enter(house, desk, "devices")
    row = desk.locator("tr", has_text="热菜屏")
    expect(row.locator(".came")).to_have_text("在线")
    expect(row.locator("[data-version]")).to_have_text(re.compile(r"^版本 \w{4,10}$"))
    row.locator("button[name=seek]").click()
    expect(board.locator("body > .sought")).to_contain_text("热菜屏")
    row.locator("button[name=edit]").click()
    desk.fill("dialog input[name=name]", "热菜屏 A")
    desk.fill("dialog input[name=columns]", "3")
    desk.select_option("dialog select[name=theme]", "light")
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog.sheet")).to_have_count(0)
    expect(desk.locator("tr", has_text="热菜屏 A")).to_be_visible()
    expect(board.locator("html")).to_have_attribute("data-theme", "light")
    assert board.evaluate("window.chuancai.view().device.name") == "热菜屏 A"
    row = desk.locator("tr", has_text="热菜屏 A")
    row.locator("button[name=edit]").click()
    desk.locator("dialog button[name=revoke]").click()
    expect(desk.locator("dialog.ask")).to_contain_text("热菜屏 A")
    desk.locator("dialog.ask button[name=sure]").click()
    expect(row.locator(".came")).to_have_text("未配对")
    expect(board.locator("pairing-page")).to_be_visible()
    board.context.close()


def test_a_screen_set_up_at_two_desks_is_set_up_by_the_first(
    house: HouseOnThread, desk: Page, browser: Browser
) -> None:
    """R-004-6: who saves over settings that somebody else changed is told, and sees those."""
    board = board_of(house, browser, "蒸菜屏")
    device_id = board.evaluate("window.chuancai.view().device.id")
    enter(house, desk, "devices")
    row = desk.locator("tr", has_text="蒸菜屏")
    row.locator("button[name=edit]").click()
    theirs = {"columns": 4, "theme": "light"}
    house.ask("manager", "SetScreen", device_id=device_id, settings=theirs, version=0)
    desk.fill("dialog input[name=rows]", "2")
    desk.keyboard.press("Enter")
    expect(desk.locator(".toasts p[data-as=refused]")).to_have_text("已被他人修改，请重新读取")
    expect(desk.locator("dialog .told")).to_contain_text("下面是现在的设置")
    expect(desk.locator("dialog input[name=columns]")).to_have_value("4")
    expect(desk.locator("dialog select[name=theme]")).to_have_value("light")
    expect(desk.locator("dialog input[name=rows]")).to_have_value("")
    desk.fill("dialog input[name=rows]", "2")
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog.sheet")).to_have_count(0)
    board.wait_for_function("() => window.chuancai.view().device.settings.rows === 2")
    assert board.evaluate("window.chuancai.view().device.settings.columns") == 4
    board.context.close()


def test_a_screen_is_paired_from_a_desk_either_way(
    house: HouseOnThread, desk: Page, browser: Browser
) -> None:
    """R-004-30, win 12: a screen's code is confirmed, a desk's code is scanned; a wrong one is refused in words."""
    enter(house, desk, "devices")
    desk.locator("button[name=pair]").click()
    desk.fill("form[name=confirm] input[name=code]", "1234 5678")
    desk.fill("form[name=confirm] input[name=name]", "凉菜屏")
    desk.locator("form[name=confirm] .do button").click()
    expect(desk.locator(".toasts p[data-as=refused]")).to_have_text("配对码不正确")
    offer = desk.request.post(f"{house.url}/v1/pairing/offers", data={"kind": "kitchen"}).json()
    desk.fill("form[name=confirm] input[name=code]", offer["code"])
    desk.locator("form[name=confirm] .do button").click()
    expect(desk.locator("tr", has_text="凉菜屏")).to_be_visible()
    desk.locator("button[name=pair]").click()
    desk.fill("form[name=make] input[name=name]", "前台平板")
    desk.select_option("form[name=make] select[name=kind]", "waiter")
    desk.locator("form[name=make] .do button").click()
    scan = desk.locator(".code img")
    assert scan.evaluate("img => img.naturalWidth") > 0
    expect(desk.locator(".code figcaption")).to_contain_text("--host 0.0.0.0")  # as this house runs
    pad = browser.new_context().new_page()
    found = urlsplit(str(scan.get_attribute("alt")))  # as a camera reads it: nobody types anything
    pad.goto(found._replace(netloc=f"127.0.0.1:{found.port}").geturl())  # where this house listens
    pad.wait_for_function("() => window.chuancai?.view()?.device.name === '前台平板'")
    assert pad.url == f"{house.url}/pad/"
    pad.context.close()
    desk.keyboard.press("Escape")
    expect(desk.locator("tr", has_text="前台平板")).to_contain_text("服务员平板")


def test_a_dish_changes_in_several_shops_and_on_every_pad(house: HouseOnThread, desk: Page) -> None:
    """R-004-6: price and target of a dish, here and in another shop of the brand; sold out; choices; a new dish."""
    enter(house, desk, "menu")
    row = desk.locator("tr", has_text=KUNGPAO)
    row.locator("button[name=edit]").click()
    desk.fill("dialog input[name=price]", "48.50")
    desk.fill("dialog input[name=target]", "9")
    desk.fill("dialog input[name=cooking_s]", "6.5")
    desk.locator("dialog button[name=add_group]").click()
    group = desk.locator("dialog .group").last
    group.locator("> .fields input").first.fill("主食")
    group.locator(".choice input").first.fill("加米饭")
    group.locator("button[name=add_choice]").click()
    group.locator(".choice").nth(1).locator("input").first.fill("加馒头")
    group.locator(".choice").nth(0).locator("button").click()
    desk.locator("dialog input[name=shops]").check()
    desk.locator("form[name=dish] > .do button").click()
    expect(row).to_contain_text("¥48.50")
    expect(row).to_contain_text("9 分")
    expect(row).to_contain_text("主食")
    seen = house.view("guest", place_id=1).menu
    assert seen is not None
    dish = next(one for one in seen.dishes if one.name.zh == KUNGPAO)
    assert (dish.price_fen, dish.target_s) == (4850, 540)
    assert dish.stage_targets == StageTargets(None, 390, None)
    assert [one.name.zh for one in dish.modifier_groups[-1].choices] == ["加馒头"]
    row.locator("button[name=sale]").click()
    expect(row.locator(".came")).to_have_text("已沽清")
    enter(house, desk, "menu", 2)
    expect(desk.locator("select[name=at_shop]")).to_have_value("2")
    expect(desk.locator("tr", has_text=KUNGPAO)).to_contain_text("¥48.50")
    expect(desk.locator("tr", has_text=KUNGPAO).locator(".came")).to_have_text("在售")
    desk.locator("button[name=add]").click()
    desk.locator("form[name=dish] > .do button").click()
    expect(desk.locator(".toasts p[data-as=refused]")).to_contain_text("字段有误")
    desk.fill("dialog input[name=zh]", "土豆泥")
    desk.locator("form[name=dish] > .do button").click()
    expect(desk.locator("tr", has_text="土豆泥")).to_be_visible()


def test_several_dishes_and_a_station_change_together(house: HouseOnThread, desk: Page) -> None:
    """R-004-6: chosen dishes get one target; a station is renamed, and the board says so."""
    enter(house, desk, "menu")
    rows = desk.locator("tbody tr")
    desk.keyboard.press("/")
    desk.keyboard.type("kung pao")
    expect(rows).to_have_count(1)
    desk.fill("input[name=words]", "")
    for at in (0, 1):
        rows.nth(at).locator("input[type=checkbox]").check()
    desk.locator("button[name=bulk]").click()
    desk.fill("dialog input[name=target]", "20")
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog.ask")).to_contain_text("在 1 家门店改 2 道菜？")
    desk.locator("dialog.ask button[name=sure]").click()
    for at in (0, 1):
        expect(rows.nth(at)).to_contain_text("20 分")
    desk.locator(".stations button").first.click()
    desk.fill("dialog input[name=zh]", "大灶")
    desk.keyboard.press("Enter")
    expect(desk.locator(".stations button").first).to_have_text("大灶")
    assert house.view("kitchen").stations[0].name.zh == "大灶"


def test_a_dish_is_stopped_in_several_shops_at_once(house: HouseOnThread, desk: Page) -> None:
    """R-004-6: what is off here and in the shops that were ticked is off in all of them."""
    enter(house, desk, "menu")
    row = desk.locator("tr", has_text=GREENS)
    row.locator("input[type=checkbox]").check()
    desk.locator("button[name=bulk]").click()
    desk.select_option("dialog select[name=sale]", "off")
    desk.locator("dialog input[name=shops]").check()
    desk.locator("form[name=bulk] > .do button").click()
    desk.locator("dialog.ask button[name=sure]").click()
    expect(row.locator(".came")).to_have_text("已沽清")
    expect(desk.locator(".toasts")).to_contain_text("已在 2 家门店改了 2 道菜")
    enter(house, desk, "menu", 2)
    expect(desk.locator("select[name=at_shop]")).to_have_value("2")
    expect(desk.locator("tr", has_text=GREENS).locator(".came")).to_have_text("已沽清")


def test_all_that_is_shown_changes_in_the_brand_after_it_is_said(
    house: HouseOnThread, desk: Page
) -> None:
    """R-004-6: a whole heading in two shops: how many where is said first; no is no; what is not there is told."""
    pool = house.house.pool
    house.call(pool.execute("DELETE FROM dish WHERE shop_id = 2 AND name->>'zh' = $1", KUNGPAO))
    heading = house.call(pool.fetchval("SELECT category FROM dish WHERE name->>'zh' = $1", KUNGPAO))
    enter(house, desk, "menu")
    desk.select_option("select[name=category]", heading)
    desk.locator("input[name=all]").check()
    many = desk.locator("tbody tr").count()
    for verb in ("cancel", "sure"):
        desk.locator("button[name=bulk]").click()
        desk.fill("dialog input[name=target]", "25")
        desk.locator("dialog input[name=shops]").check()
        desk.locator("form[name=bulk] > .do button").click()
        question = desk.locator("dialog.ask")
        expect(question).to_contain_text(f"在 2 家门店改 {2 * many - 1} 道菜？")
        expect(question).to_contain_text(f"城东店：{many - 1} 道（1 道没有）")
        if verb == "cancel":
            desk.keyboard.press("Escape")
            desk.keyboard.press("Escape")
            assert house.call(pool.fetchval(COUNT_OF_TARGET, 1)) == 0
    desk.locator("dialog.ask button[name=sure]").click()
    expect(desk.locator(".toasts")).to_contain_text(f"已在 2 家门店改了 {2 * many - 1} 道菜")
    assert [house.call(pool.fetchval(COUNT_OF_TARGET, shop)) for shop in (1, 2)] == [many, many - 1]


def test_a_printer_is_set_up_tried_and_its_papers_decided(house: HouseOnThread, desk: Page) -> None:
    """R-004-6: a printer is set up and tried; a paper in doubt is settled or printed again."""
    enter(house, desk, "printers")
    desk.locator("button[name=add]").click()
    desk.fill("dialog input[name=name]", "冷菜打印机")
    desk.fill("dialog input[name=address]", "8.8.8.8")
    desk.locator("dialog form .do button").click()
    expect(desk.locator(".toasts p[data-as=refused]")).to_have_text("打印机须在内网")
    desk.select_option("dialog select[name=kind]", "file")
    desk.fill("dialog input[name=address]", "cold")
    desk.locator("dialog input[name=answers]").uncheck()
    desk.locator("dialog form .do button").click()
    row = desk.locator(".printers tr", has_text="冷菜打印机")
    asked: list[str] = []
    desk.on("request", lambda one: asked.append(one.url) if one.url.endswith("/test") else None)
    row.locator("button[name=test]").dblclick()
    job = desk.locator(".jobs tr", has_text="冷菜打印机").first
    expect(job.locator(".came")).to_have_text("已送出")
    assert len(asked) == 1, "a double click is one wish"
    job.locator("button").first.click()
    picture = desk.locator(".preview img")
    expect(picture).to_be_visible()
    picture.evaluate("image => image.decode()")
    desk.keyboard.press("Escape")
    number = job.get_attribute("data-job")
    doubt = "UPDATE print_job SET state = 'uncertain' WHERE shop_id = 1 AND id = $1"
    house.call(house.house.pool.execute(doubt, int(number or 0)))
    desk.select_option("select[name=state]", "undecided")
    job = desk.locator(f".jobs tr[data-job='{number}']")
    job.locator("button[name=printed]").click()
    expect(job).to_have_count(0)
    desk.select_option("select[name=state]", "")
    job.locator("button[name=again]").click()
    desk.locator("dialog.ask button[name=sure]").click()
    expect(desk.locator(".jobs tr", has_text="第 2 份")).to_be_visible()


def test_calls_are_read_to_their_receipts_and_cancelled(house: HouseOnThread, desk: Page) -> None:
    """R-004-15: a call's rings, ends and receipts; filters by event and state; a call that rings is cancelled."""
    house.pair("waiter", "小赵")
    for number in ("8", "9"):
        wanted = {"event": "service_wanted", "msg_type": 4, "template_id": 3}
        call = wanted | {"params": {"number": number}}
        sent = house.ask("business", "SendImCall", calls=[call])
    call_id = sent["calls"][0]["call_id"]
    device_id = house.call(
        house.house.pool.fetchval("SELECT id FROM device WHERE shop_id = 1 AND name = '小赵'")
    )
    heard = c.Heard(call_id, 1, device_id, "", "played", to_ms(house.clock.now()), "pad")
    house.ask("system", "NoteRings", rings=[msgspec.to_builtins(heard)])
    enter(house, desk, "calls")
    row = desk.locator(f"tr[data-call='{call_id}']")
    expect(row).to_contain_text("呼叫服务")
    row.locator("button[name=open]").click()
    expect(desk.locator(".record")).to_contain_text("服务员平板")
    expect(desk.locator(".record")).to_contain_text("已播放")
    desk.keyboard.press("Escape")
    row.locator("button[name=cancel]").click()
    desk.locator("dialog.ask button[name=sure]").click()
    expect(row).to_contain_text("已取消")
    desk.select_option("select[name=state]", "ended")
    expect(row).to_be_visible()
    desk.select_option("select[name=event]", "item_ready")
    expect(row).to_have_count(0)


def test_a_dish_gets_a_photograph(house: HouseOnThread, desk: Page) -> None:
    """R-004-6: chosen from the desk's files, seen at once, and on the guests' menu when it is saved."""
    enter(house, desk, "menu")
    desk.locator("tr", has_text=GREENS).locator("button[name=edit]").click()
    photo = desk.locator("dialog input[name=photo]")
    photo.set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"})
    expect(desk.locator(".toasts p[data-as=refused]")).to_have_text("无法识别这张图片")
    photo.set_input_files(str(PICTURE))
    expect(desk.locator("dialog img.photo")).to_be_visible()
    desk.wait_for_function("document.querySelector('img.photo').naturalWidth === 1280")
    desk.locator("form[name=dish] > .do button").click()
    expect(desk.locator("dialog.sheet")).to_have_count(0)
    told = desk.request.get(f"{house.url}/v1/shops/1/menu").json()
    (path,) = {one["picture"] for one in told["menu"]["dishes"] if one["name"]["zh"] == GREENS}
    assert path.startswith("/pictures/")
