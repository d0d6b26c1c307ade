"""The console read in another city: times and days are the shop's, and it says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import quiet_chromium
from tests.support.desks import SHOP_NAME, desk_page, log_in
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, fresh_house

ADD_LINE = """
INSERT INTO audit (at, id, brand_id, shop_id, who, name, address, action, subject, request_id)
SELECT $1, $2, 1, 1, 'staff:1:99', $3, '10.0.0.9', 'setScreen', '', ''
"""
# Half past midnight in Shanghai is noon the day before in New York.
JUST_AFTER = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
JUST_BEFORE = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def house(engines: EnginePair) -> Iterator[HouseOnThread]:
    """One house in Shanghai, in whose log stand two lines around a midnight there."""
    with fresh_house(engines) as made:
        for number, (at, who) in enumerate([(JUST_BEFORE, "周五"), (JUST_AFTER, "周六")]):
            made.call(made.house.pool.execute(ADD_LINE, at, number + 1, who))
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for this file."""
    with quiet_chromium() as made:
        yield made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A desk in New York."""
    with desk_page(browser, timezone_id="America/New_York") as made:
        yield made


def test_times_and_days_are_the_shops(house: HouseOnThread, page: Page) -> None:
    """R-004-6: who reads from New York sees Shanghai's clock, finds Shanghai's day, and is told whose it is."""
    log_in(house, page, "zhao", "owner", 0)
    page.goto(f"{house.url}/console/#audit")
    expect(page.locator(".head .zone")).to_have_text(f"时间：{SHOP_NAME}当地（GMT+8）")
    assert page.evaluate("new Date(2026, 10, 20).getTimezoneOffset()") == 300
    rows = page.locator("tbody tr")
    page.fill("input[name=since]", "2026-11-21")
    page.fill("input[name=until]", "2026-11-21")
    page.locator("input[name=until]").blur()
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("周六")
    expect(rows.first.locator("time")).to_have_text("2026年11月21日 00:30:00")
    page.fill("input[name=since]", "2026-11-20")
    page.fill("input[name=until]", "2026-11-20")
    page.locator("input[name=until]").blur()
    expect(rows.first).to_contain_text("周五")
    expect(rows.first.locator("time")).to_have_text("2026年11月20日 23:30:00")
    page.locator("h1").click()
    page.keyboard.press("l")
    expect(page.locator(".head .zone")).to_contain_text("(GMT+8)")
    expect(rows.first.locator("time")).to_have_text("20 Nov 2026, 23:30:00")


def test_a_day_begins_at_midnight_there_whatever_the_clocks_do(
    house: HouseOnThread, page: Page
) -> None:
    """R-004-6: days of 23 and 25 hours begin and end at midnight; a zone nobody knows is the desk's own."""
    page.goto(f"{house.url}/login/")
    read = """async ([zone, days]) => {
      const { readTimesIn, dayMs } = await import("/console/zone.js");
      const known = readTimesIn(zone);
      return [known, ...days.map((day) => new Date(dayMs(day, 0)).toISOString().slice(0, 16))];
    }"""
    asked = {
        "Asia/Shanghai": ["2026-11-26"], "Europe/Berlin": ["2026-03-29", "2026-03-30", "2026-10-26"],
        "America/St_Johns": ["2026-11-01", "2026-11-02"], "Mars/Olympus": ["2026-11-26"],
    }  # fmt: skip
    begins = {zone: page.evaluate(read, [zone, days]) for zone, days in asked.items()}
    assert begins == {
        "Asia/Shanghai": [True, "2026-11-25T16:00"],
        "Europe/Berlin": [True, "2026-03-28T23:00", "2026-03-29T22:00", "2026-10-25T23:00"],
        "America/St_Johns": [True, "2026-11-01T02:30", "2026-11-02T03:30"],
        "Mars/Olympus": [False, "2026-11-26T05:00"],
    }
