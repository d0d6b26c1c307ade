"""/console/: the audit log as managers, owners and auditors read it, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import quiet_chromium
from tests.support.desks import SHOP_NAME, add_shop, desk_page, log_in
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, fresh_house

LINES_OF_TWO_PAGES = 60


@pytest.fixture(scope="module")
def house(engines: EnginePair) -> Iterator[HouseOnThread]:
    """One house for this file."""
    with fresh_house(engines) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for this file."""
    with quiet_chromium() as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A desk whose page complains about nothing."""
    with desk_page(browser) as made:
        yield made


def do(page: Page, method: str, path: str) -> int:
    """Let the page ask a door; return the status."""
    ask = "async ([method, path]) => (await fetch(path, { method })).status"
    return int(page.evaluate(ask, [method, path]))


def test_an_owner_reads_who_did_what_and_narrows_it(house: HouseOnThread, page: Page) -> None:
    """R-000-16: lines with their outcome in words, by action and person; earlier ones by key; both languages."""
    log_in(house, page, "zhao", "owner", 0)
    gone = "/v1/staff/sessions/00000000-0000-4000-8000-000000000000"
    for _ in range(LINES_OF_TWO_PAGES):
        do(page, "DELETE", gone)
    page.get_by_role("link", name="打开后台").click()
    page.get_by_role("link", name="操作记录").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("结束自己的一个登录")
    page.keyboard.press("n")
    expect(rows).not_to_have_count(50)
    page.select_option("select[name=action]", "changePassword")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Zhao")
    expect(rows.first.locator(".came")).to_have_text("已完成")
    page.keyboard.press("Escape")
    expect(rows).to_have_count(50)
    page.fill("input[name=until]", "2020-01-01")
    page.locator("input[name=until]").blur()
    expect(page.locator("audit-room .wait")).to_have_text("没有符合条件的记录")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("l")
    expect(page.locator("h1")).to_have_text("Audit log")
    expect(rows.first).to_contain_text("End a login of one's own")
    page.keyboard.press("l")


def test_a_manager_reads_of_his_shop_only(house: HouseOnThread, page: Page) -> None:
    """R-000-16: what others did elsewhere is not shown to the manager of one shop."""
    log_in(house, page, "qian", "manager", 1)
    do(page, "DELETE", "/v1/shops/1/devices/987654")
    page.goto(f"{house.url}/console/#audit")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("解除设备配对")
    expect(rows.first).to_contain_text(f"{SHOP_NAME} device_id=987654")
    expect(rows.first.locator(".came")).to_have_attribute("data-as", "refused")
    expect(page.locator("select[name=shop_id] option")).to_have_text(["全部门店", SHOP_NAME])


def test_a_cashier_finds_no_room_and_a_stranger_the_login(house: HouseOnThread, page: Page) -> None:
    """Nobody is led into a room his role does not open; who is not logged in is asked to."""
    page.goto(f"{house.url}/console/")
    expect(page.locator("h1")).to_have_text("登录")
    log_in(house, page, "sun", "cashier", 1)
    expect(page.get_by_role("link", name="打开后台")).to_have_count(0)
    page.goto(f"{house.url}/console/")
    expect(page.locator("main")).to_contain_text("你的角色在后台没有可看的内容")
    expect(page.locator("audit-room")).to_have_count(0)


def test_the_shell_says_where_one_is_and_whether_the_house_answers(
    house: HouseOnThread, page: Page
) -> None:
    """R-000-10: rooms by key, shops by name in both languages, the link's health, a name in the address."""
    add_shop(house, 2, "云栖酒店 · 城东店", "Cloud Rest Hotel East")
    log_in(house, page, "li", "owner", 0)
    page.goto(f"{house.url}/console/")
    rail = page.locator(".rail .to")
    expect(page.locator(".rail .me")).to_contain_text("Li")
    expect(page.locator(".head .link")).to_have_attribute("data-link", "ok")
    page.keyboard.press(rail.last.locator(".key").inner_text())
    expect(rail.last).to_have_attribute("aria-current", "page")
    expect(page.locator("h1")).to_have_text("操作记录")
    expect(page.locator("select[name=shop_id] option")).to_have_text(
        ["全部门店", SHOP_NAME, "云栖酒店 · 城东店"]
    )
    page.keyboard.press("l")
    expect(page.locator("h1")).to_have_text("Audit log")
    expect(page.locator("select[name=shop_id] option")).to_contain_text(["All", "Cloud", "East"])
    page.keyboard.press("l")
    page.context.set_offline(True)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".head .link")).to_have_text("断线")
    page.context.set_offline(False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".head .link")).to_contain_text("已连接")
