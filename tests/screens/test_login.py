"""/login/: people log in, choose a password of their own, see and end their logins; in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from server.staff.member import Grant, Member
from tests.support.browser import quiet_chromium
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, fresh_house
from tests.support.patience import PATIENCE_MS

PASSWORD = "three blind mice on tuesday"


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


class Desk:
    """Somebody at a browser of his own."""

    def __init__(self, browser: Browser, house: HouseOnThread, size: tuple[int, int]) -> None:
        width, height = size
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{house.url}/login/")

    def type(self, **fields: str) -> None:
        """Fill in fields by their names and press Enter in the last."""
        for name, words in fields.items():
            self.page.fill(f"input[name={name}]", words)
        self.page.keyboard.press("Enter")


@pytest.fixture
def desk(browser: Browser, house: HouseOnThread) -> Iterator[Desk]:
    """A desk whose page complains about nothing."""
    made = Desk(browser, house, (1280, 800))
    yield made
    assert made.errors == []
    made.context.close()


def taken_on(house: HouseOnThread, login: str) -> str:
    """Take a manager on; return the password that is given out."""
    new = Member(brand_id=1, id=0, login=login, name="王店长", grants=(Grant("manager", 1),))
    _, first = house.call(house.house.front.staff.add(None, new))
    return str(first)


def test_the_first_login_asks_for_a_password_of_ones_own(
    house: HouseOnThread, desk: Desk, browser: Browser
) -> None:
    """R-000-16: a password that was given works once; a weak one and a slip are told; another login is ended."""
    first = taken_on(house, "wang")
    desk.type(login="wang", password="not this one either")
    expect(desk.page.locator("[role=alert]")).to_have_text("登录名或密码不正确")
    desk.type(login="wang", password=first)
    expect(desk.page.locator("h1")).to_have_text("请先设自己的密码")
    desk.type(old=first, fresh="password1234", again="password1234")
    expect(desk.page.locator("[role=alert]")).to_be_visible()
    desk.type(old=first, fresh=PASSWORD, again=f"{PASSWORD}s")
    expect(desk.page.locator("[role=alert]")).to_have_text("两次输入不一样")
    desk.type(old=first, fresh=PASSWORD, again=PASSWORD)
    expect(desk.page.locator("h1")).to_have_text("王店长")
    expect(desk.page.locator(".roles")).to_contain_text("店长1 号店")
    other = Desk(browser, house, (390, 844))
    other.type(login="wang", password=PASSWORD)
    expect(other.page.locator("h1")).to_have_text("王店长")
    desk.page.reload()
    rows = desk.page.locator(".sessions li")
    expect(rows).to_have_count(2)
    desk.page.get_by_role("button", name="退出它").click()
    expect(rows).to_have_count(1)
    other.page.reload()
    expect(other.page.locator("h1")).to_have_text("登录")
    desk.page.get_by_role("button", name="English").click()
    expect(desk.page.locator(".tag-slip")).to_have_text("this one")
    desk.page.get_by_role("button", name="Log out").click()
    expect(desk.page.locator("h1")).to_have_text("Log in")
    desk.page.get_by_role("button", name="中文").click()
    other.context.close()


def test_two_presses_log_in_once(house: HouseOnThread, desk: Desk) -> None:
    """An impatient thumb makes one session."""
    first = taken_on(house, "li")
    desk.page.fill("input[name=login]", "li")
    desk.page.fill("input[name=password]", first)
    desk.page.locator("button[data-kind=go]").evaluate("b => { b.click(); b.click(); }")
    expect(desk.page.locator("h1")).to_have_text("请先设自己的密码")
    made = house.call(
        house.house.pool.fetchval(
            "SELECT count(*) FROM staff_session s JOIN staff m ON m.id = s.staff_id"
            " WHERE m.login = 'li'"
        )
    )
    assert made == 1
