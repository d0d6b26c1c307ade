"""The console's rooms of people and of API keys, as owners and managers use them in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from server.auth import Signable, signed_headers
from server.staff.member import Grant, Member
from tests.support.browser import quiet_chromium
from tests.support.desks import SHOP_NAME, add_shop, desk_page, log_in
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, fresh_house

EAST = "城东店"
CLIPBOARD = "navigator.clipboard.readText()"


@pytest.fixture(scope="module")
def house(engines: EnginePair) -> Iterator[HouseOnThread]:
    """One house for this file, of a brand with two shops."""
    with fresh_house(engines) as made:
        add_shop(made, 2, EAST, "East")
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
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        log_in(house, page, "wang", "owner", 0)
        yield page


def enter(house: HouseOnThread, desk: Page, room: str) -> Page:
    """Go to a room as by its bookmark."""
    desk.goto("about:blank")
    desk.goto(f"{house.url}/console/#{room}")
    expect(desk.locator("main h1")).to_be_visible()
    return desk


def taken_on(house: HouseOnThread, login: str, name: str, *grants: Grant) -> tuple[int, str]:
    """Take somebody on at the terminal; return the id and the first password."""
    new = Member(brand_id=1, id=0, login=login, name=name, grants=grants)
    told: tuple[int, str] = house.call(house.house.front.staff.add(None, new))
    return told


def answers(house: HouseOnThread, login: str, password: str) -> int:
    """Return what the login says to a name and a password."""
    asked = {"login": login, "password": password, "bearer": True}
    return httpx.post(f"{house.url}/v1/staff/login", json=asked).status_code


def call(house: HouseOnThread, key_id: str, secret: str) -> int:
    """Return what the board's door says to a key."""
    path = "/v1/shops/1/board"
    now_s = int(house.clock.now().timestamp())
    headers = signed_headers(key_id, secret, Signable("GET", path, "", b""), now_s)
    return httpx.get(house.url + path, headers=headers).status_code


def secret_of(desk: Page) -> list[str]:
    """Return what is shown this once."""
    expect(desk.locator(".secret code").nth(1)).to_be_visible()
    return desk.locator(".secret code").all_inner_texts()


def sure(desk: Page) -> None:
    """Affirm what is asked before harm."""
    desk.locator("dialog.ask button[name=sure]").click()


def test_somebody_is_taken_on_by_keyboard_and_logs_in(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: name, login, a role in one shop; the first password is shown once, copied, and opens the door."""
    enter(house, desk, "staff")
    desk.locator("button[name=add]").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog input[name=name]")).to_be_focused()
    desk.keyboard.type("陈小红")
    desk.keyboard.press("Tab")
    desk.keyboard.type("Chen")
    expect(desk.locator("dialog select[name=role]")).to_have_value("cashier")
    desk.select_option("dialog select[name=where]", "2")
    desk.locator("dialog input[name=login]").press("Enter")
    login, password = secret_of(desk)
    assert login == "chen"
    desk.locator(".secret button[name=copy]").nth(1).click()
    expect(desk.locator(".secret button[name=copy]").nth(1)).to_contain_text("已复制")
    assert desk.evaluate(CLIPBOARD) == password
    desk.keyboard.press("Escape")
    row = desk.locator("tr", has_text="陈小红")
    expect(row).to_contain_text(f"收银 · {EAST}")
    expect(row.locator(".came")).to_have_text("未设密码")
    expect(desk.locator(".secret")).to_have_count(0)
    assert answers(house, "chen", password) == 200
    desk.locator("button[name=add]").click()
    desk.fill("dialog input[name=name]", "又一个")
    desk.fill("dialog input[name=login]", "chen")
    desk.keyboard.press("Enter")
    # In the layer over the form, where a reason can be read.
    refused = desk.locator(".toasts:popover-open p[data-as=refused]")
    expect(refused).to_have_text("登录名已被使用")
    desk.keyboard.press("Escape")


def test_roles_passwords_and_logins_are_kept_from_a_desk(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: a role more and one less; reset, logged out, disabled and let in again, each asked before."""
    staff_id, first = taken_on(house, "zhao", "赵强", Grant("cashier", 1))
    enter(house, desk, "staff")
    row = desk.locator("tr", has_text="赵强")
    row.locator("button[name=edit]").click()
    desk.locator("dialog button[name=add_role]").click()
    desk.locator("dialog select[name=role]").nth(1).select_option("auditor")
    desk.locator("dialog select[name=where]").nth(1).select_option("0")
    desk.locator("dialog button[name=drop_role]").first.click()
    desk.locator("dialog button[data-kind=go]").click()
    expect(row).to_contain_text("审计 · 全部门店")
    expect(row).not_to_contain_text("收银")
    assert answers(house, "zhao", first) == 200
    enter(house, desk, "staff")
    expect(row).to_contain_text("1 个登录")
    row.locator("button[name=edit]").click()
    desk.locator("dialog button[name=end]").click()
    sure(desk)
    expect(row).not_to_contain_text("1 个登录")
    row.locator("button[name=edit]").click()
    desk.locator("dialog button[name=reset]").click()
    sure(desk)
    _, fresh = secret_of(desk)
    assert [answers(house, "zhao", one) for one in (first, fresh)] == [401, 200]
    desk.keyboard.press("Escape")
    row.locator("button[name=edit]").click()
    desk.locator("dialog button[name=disable]").click()
    expect(desk.locator("dialog.ask")).to_contain_text("赵强")
    sure(desk)
    expect(row.locator(".came")).to_have_text("已停用")
    assert answers(house, "zhao", fresh) == 401
    row.locator("button[name=edit]").click()
    desk.locator("dialog button[name=enable]").click()
    expect(row.locator(".came")).to_have_text("未设密码")
    assert answers(house, "zhao", fresh) == 200
    assert staff_id


def test_people_are_sought_and_nobody_changes_himself(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: by words and state, in both languages; one's own row leads to one's account."""
    taken_on(house, "sun", "孙丽", Grant("manager", 1))
    enter(house, desk, "staff")
    desk.keyboard.press("/")
    desk.keyboard.type("SUN")
    rows = desk.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text(f"店长 · {SHOP_NAME}")
    desk.fill("input[name=words]", "wang")
    expect(rows.first).to_contain_text("你自己")
    rows.first.locator("button[name=edit]").click()
    expect(desk.locator("dialog.sheet")).to_contain_text("我的账号")
    expect(desk.locator("dialog.sheet form")).to_have_count(0)
    desk.keyboard.press("Escape")
    desk.select_option("select[name=state]", "disabled")
    expect(desk.locator("main .wait")).to_have_text("没有符合条件的员工")
    desk.locator("h1").click()
    desk.keyboard.press("l")
    expect(desk.locator("h1")).to_have_text("Staff")
    expect(desk.locator("main .wait")).to_have_text("Nobody is like this")
    desk.keyboard.press("l")


def test_a_manager_gives_what_he_may_and_no_more(house: HouseOnThread, browser: Browser) -> None:
    """R-000-16: of one shop, he makes cashiers there; an owner is above him, keys are no room of his."""
    taken_on(house, "owner2", "钱老板", Grant("owner", 0))
    with desk_page(browser) as page:
        log_in(house, page, "li", "manager", 1)
        enter(house, page, "staff")
        expect(page.locator(".rail .to", has_text="接口密钥")).to_have_count(0)
        page.locator("tr", has_text="钱老板").locator("button[name=edit]").click()
        expect(page.locator("dialog.sheet")).to_contain_text("不能由你改")
        expect(page.locator("dialog.sheet form")).to_have_count(0)
        page.keyboard.press("Escape")
        page.locator("button[name=add]").click()
        expect(page.locator("dialog select[name=role] option")).to_have_text(["收银"])
        expect(page.locator("dialog select[name=where] option")).to_have_text([SHOP_NAME])


def test_a_key_is_made_shown_once_used_and_ended(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: a service is let in, its key works, is changed over to a second one, and ends at once."""
    enter(house, desk, "keys")
    desk.locator("button[name=add]").click()
    desk.keyboard.type("收银系统")
    desk.locator("dialog input[name=roles][value=money]").check()
    desk.keyboard.press("Enter")
    first = secret_of(desk)
    assert call(house, first[0], first[1]) == 200
    desk.locator(".secret button[name=copy]").nth(1).click()
    expect(desk.locator(".secret button[name=copy]").nth(1)).to_contain_text("已复制")
    assert desk.evaluate(CLIPBOARD) == first[1]
    desk.keyboard.press("Escape")
    enter(house, desk, "keys")
    row = desk.locator("tr", has_text="收银系统")
    expect(row).to_contain_text("点单与呼叫、短信、储值卡、积分的余额")
    expect(row.locator(".api-key")).to_contain_text("刚刚用过")
    assert first[1] not in desk.content()
    row.locator("button[name=more_key]").click()
    second = secret_of(desk)
    desk.keyboard.press("Escape")
    expect(row.locator(".api-key")).to_have_count(2)
    row.locator(f"[data-key={first[0]}] button[name=end_key]").click()
    sure(desk)
    expect(row.locator(".api-key")).to_have_count(1)
    assert [call(house, *one) for one in (first, second)] == [401, 200]


def test_a_service_is_set_otherwise_and_ended_for_good(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: its shops and addresses hold at once; a third key is asked about; ended is ended."""
    enter(house, desk, "keys")
    desk.locator("button[name=add]").click()
    desk.fill("dialog input[name=name]", "外卖平台")
    desk.keyboard.press("Enter")
    first = secret_of(desk)
    desk.keyboard.press("Escape")
    row = desk.locator("tr", has_text="外卖平台")
    row.locator("button[name=edit]").click()
    desk.fill("dialog input[name=addresses]", "10.1.0.0/16，不是地址")
    desk.locator("dialog button[data-kind=go]").click()
    expect(desk.locator(".toasts p[data-as=refused]")).to_contain_text("字段有误")
    desk.fill("dialog input[name=addresses]", "127.0.0.1，10.1.0.0/16")
    desk.locator("dialog input[name=shop_ids][value='2']").check()
    desk.locator("dialog button[data-kind=go]").click()
    expect(row).to_contain_text(EAST)
    expect(row).to_contain_text("127.0.0.1, 10.1.0.0/16")
    assert call(house, first[0], first[1]) == 403, "shop 1 is no more"
    row.locator("button[name=edit]").click()
    desk.locator("dialog input[name=shop_ids][value='2']").uncheck()
    desk.locator("dialog form button[data-kind=go]").click()
    expect(desk.locator("dialog.ask")).to_contain_text("“外卖平台”从此可以在全部门店调用")
    sure(desk)
    expect(row).to_contain_text("全部门店")
    assert call(house, first[0], first[1]) == 200
    row.locator("button[name=more_key]").click()
    secret_of(desk)
    desk.keyboard.press("Escape")
    expect(row.locator(".api-key")).to_have_count(2)
    enter(house, desk, "keys")  # the same twice within a moment is a slip of the finger
    row.locator("button[name=more_key]").click()
    expect(desk.locator("dialog.ask")).to_contain_text(first[0])
    sure(desk)
    secret_of(desk)
    desk.keyboard.press("Escape")
    assert call(house, first[0], first[1]) == 401
    row.locator("button[name=edit]").click()
    desk.locator("dialog button[name=revoke]").click()
    sure(desk)
    expect(row).to_contain_text("停用")
    expect(row.locator("button")).to_have_count(0)
    desk.locator("h1").click()
    desk.keyboard.press("l")
    expect(desk.locator("h1")).to_have_text("API keys")
    expect(row).to_contain_text("ended")
    desk.keyboard.press("l")
