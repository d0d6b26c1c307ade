"""The kitchen's report in a real browser: a manager logs in, reads it, chooses days, takes it away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from server.staff.member import Grant, Member
from tests.support.browser import quiet_chromium
from tests.support.engines import EnginePair
from tests.support.house import SHOP, HouseOnThread, fresh_house

PASSWORD = "three blind mice on tuesday"
REPORT = f"/v1/shops/{SHOP}/kitchen-report?format=html"
KUNG_PAO = 2


@pytest.fixture
def house(engines: EnginePair) -> Iterator[HouseOnThread]:
    """Give a running house."""
    with fresh_house(engines) as made:
        yield made


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Give a browser."""
    with quiet_chromium() as made:
        yield made


def logged_in(browser: Browser, house: HouseOnThread) -> Page:
    """Return the page of a manager with a session."""
    new = Member(brand_id=1, id=0, login="wang", name="王店长", grants=(Grant("manager", SHOP),))
    _, first = house.call(house.house.front.staff.add(None, new))
    page = browser.new_page(base_url=house.url, viewport={"width": 1180, "height": 1000})
    for path, body in (
        ("login", {"login": "wang", "password": first}),
        ("password", {"old": first, "new": PASSWORD}),
    ):
        answer = page.request.post(f"/v1/staff/{path}", data=body, headers={"Origin": house.url})
        assert answer.ok, answer.text()
    return page


def test_a_manager_reads_it_and_takes_it_away(house: HouseOnThread, browser: Browser) -> None:
    """R-000-20: figures, charts and tables in both languages, other days, a workbook; nothing is blocked."""
    item_id = house.order(1, KUNG_PAO)["item_ids"][0]
    for step in ("StartItem", "FinishItem", "PickUpItem"):
        house.ask("kitchen", step, item_id=item_id)
    page = logged_in(browser, house)
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", note)
    page.goto(REPORT)
    expect(page.locator("h2")).to_contain_text("出品时效报告")
    expect(page.locator("svg")).to_have_count(6)
    expect(page.locator("svg").last).to_contain_text("宫保鸡丁")
    half = page.locator("svg rect.half").first.evaluate("bar => getComputedStyle(bar).fill")
    assert half == "rgb(27, 76, 156)", "the stylesheet is let in"
    page.get_by_text("English").click()
    expect(page.locator("table").last).to_contain_text("Kung pao chicken")
    with page.expect_download() as download:
        page.get_by_text("Workbook").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page.fill("input[name=since]", "2026-01-05")
    page.fill("input[name=until]", "2026-01-05")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("h2")).to_contain_text("2026-01-05")
    expect(page.locator(".nothing")).to_have_text("No orders in these days.")
    page.emulate_media(media="print")
    expect(page.locator("nav")).to_be_hidden()
    assert complaints == []


def test_the_console_leads_to_it(house: HouseOnThread, browser: Browser) -> None:
    """R-000-20: by key K a manager sees the days' figures, by dish and hour, and takes page and CSV from there."""
    item_id = house.order(1, KUNG_PAO)["item_ids"][0]
    for step in ("StartItem", "FinishItem"):
        house.ask("kitchen", step, item_id=item_id)
    page = logged_in(browser, house)
    page.goto("/console/")
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator("h1")).to_have_text("厨房报表")
    expect(page.locator("[data-tile=orders] b")).to_have_text("1")
    expect(page.locator("[data-tile=late] b")).to_have_text("0.0%")
    page.click("button[name=dish]")
    expect(page.locator(f"tr[data-key='{KUNG_PAO}']")).to_contain_text("宫保鸡丁")
    written = page.request.get(str(page.get_attribute("a[name=csv]", "href")))
    assert "宫保鸡丁" in written.body().decode("utf-8-sig")
    page.fill("input[name=until]", "2026-01-02")
    page.locator("input[name=until]").blur()
    expect(page.locator("main .wait")).to_have_text("这几天没有订单")
    assert page.input_value("input[name=since]") == "2026-01-02", (
        "a day, not its end before its beginning"
    )
    page.click("button[name=today]")
    expect(page.locator("[data-tile=orders] b")).to_have_text("1")
    with page.expect_popup() as opened:
        page.click("a[name=page]")
    expect(opened.value.locator("svg").first).to_be_visible()
