"""A desk with a browser: people who log in and look at the console, in tests of its rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, expect

from server.demo.menu import SHOP
from server.staff.member import Grant, Member, StaffRole
from tests.support.house import HouseOnThread
from tests.support.patience import PATIENCE_MS

PASSWORD = "three blind mice on tuesday"
SHOP_NAME = SHOP.name.zh

ADD_SHOP = """
INSERT INTO shop (id, brand_id, name) VALUES ($1, 1, jsonb_build_object('zh', $2::text, 'en', $3::text))
"""
ADD_HEAD = "INSERT INTO shop_head (shop_id) VALUES ($1)"


@contextmanager
def desk_page(browser: Browser, **context_settings: Any) -> Iterator[Page]:
    """Open a desk's page; it may complain about nothing."""
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, **context_settings)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
    context.close()


def log_in(
    house: HouseOnThread, page: Page, login: str, role: StaffRole = "owner", shop_id: int = 0
) -> None:
    """Take somebody on, and let him log in with a password of his own."""
    new = Member(brand_id=1, id=0, login=login, name=login.title(), grants=(Grant(role, shop_id),))
    _, first = house.call(house.house.front.staff.add(None, new))
    page.goto(f"{house.url}/login/")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", str(first))
    page.keyboard.press("Enter")
    for name, words in (("old", str(first)), ("fresh", PASSWORD), ("again", PASSWORD)):
        page.fill(f"input[name={name}]", words)
    page.keyboard.press("Enter")
    # Three passwords are hashed on the way, slowly on purpose.
    expect(page.locator("h1")).to_have_text(login.title())


def add_shop(house: HouseOnThread, shop_id: int, zh: str, en: str) -> None:
    """Open a further, empty shop of the demo's brand."""
    house.call(house.house.pool.execute(ADD_SHOP, shop_id, zh, en))
    house.call(house.house.pool.execute(ADD_HEAD, shop_id))
