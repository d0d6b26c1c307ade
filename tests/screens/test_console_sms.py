"""The console's room of texts, as whoever keeps a brand uses it in a real browser."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.billing.teller import Teller
from server.clock import SystemClock
from server.sms.accepting import Ask
from server.sms.costcentre import CostCentre
from server.sms.message import Text
from server.sms.packages import Packages, Purchase
from server.sms.phones import normalised
from tests.support.browser import quiet_chromium
from tests.support.desks import desk_page, log_in
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, house_on_thread

NUMBER = uuid.UUID("3f0c9a52-6f3e-4d2b-9a35-0c1de1a5b7aa")


@pytest.fixture(scope="module")
def house(engines: EnginePair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HouseOnThread]:
    """One house for this file, whose brand bought two packages and spent of the first."""
    url, data_dir = engines.fresh_database(), tmp_path_factory.mktemp("house")
    try:
        with house_on_thread(
            url, engines.empty_redis(), data_dir=data_dir, sms_carriers="paper"
        ) as made:
            made.call(_trade(made))
            yield made
    finally:
        engines.drop(url)


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


async def _trade(made: HouseOnThread) -> None:
    """Buy, freeze, pay, let one payment fail."""
    pool, clock = made.house.pool, SystemClock()
    centre = CostCentre(pool, Teller(pool, clock), clock)
    packages = Packages(pool, centre, clock)
    for order_no, name, price, days in (("M-1", "", 45_00, 365), ("M-2", "春节包", 88_00, None)):
        await packages.buy(
            1, Purchase(order_no=order_no, segments=1_000, price_fen=price, name=name, validity_days=days)
        )  # fmt: skip
    await centre.pre_pay(1, NUMBER, 30)
    for count in range(60):
        number = uuid.UUID(int=0x4000_8000_0000_0000_0000 + count + (1 << 90))
        await centre.pre_pay(1, number, 1, expires_s=600)
    paid = await centre.pay(1, uuid.uuid4(), NUMBER, 5)
    await centre.settle(1, paid.payment, "failed")
    await centre.pay(1, uuid.uuid4(), NUMBER, 12)


def enter(house: HouseOnThread, desk: Page, language: str = "zh") -> Page:
    """Go to the room as by its bookmark."""
    desk.goto("about:blank")
    desk.goto(f"{house.url}/console/?lang={language}#sms")
    expect(desk.locator("[data-tile=available]")).to_be_visible()
    return desk


def test_what_there_is_and_which_packages(house: HouseOnThread, desk: Page) -> None:
    """R-004-17, R-004-18: what can be sent, is frozen, expires; packages with price and rest, in both languages."""
    enter(house, desk)
    expect(desk.locator("[data-tile=available] b")).to_have_text("1,915")
    expect(desk.locator("[data-tile=held] b")).to_have_text("73")
    rows = desk.locator("tr[data-package]")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("M-1")
    expect(rows.first).to_contain_text("¥45.00")
    expect(rows.first).to_contain_text("988")
    expect(rows.first).to_contain_text("先用这个")
    expect(rows.nth(1)).to_contain_text("不过期")
    desk.select_option("select[name=which]", "all")
    expect(rows.first).to_contain_text("春节包")
    desk.keyboard.press("Escape")
    desk.locator("h1").click()
    desk.keyboard.press("l")
    expect(rows.first).to_contain_text("never")
    expect(desk.locator("h1")).to_have_text("Texts")
    desk.keyboard.press("l")


def test_the_statement_is_narrowed_followed_and_taken_away(
    house: HouseOnThread, desk: Page
) -> None:
    """R-004-37: line by line, further back, by kind, what belongs to one freeze; the file has the same lines."""
    enter(house, desk)
    desk.locator("button[name=statement]").focus()
    desk.keyboard.press("Enter")
    rows = desk.locator("tr[data-line]")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("发送扣除")
    desk.locator("button[name=more]").click()
    expect(rows).to_have_count(66)
    desk.select_option("select[name=kind]", "refund")
    expect(rows).to_have_count(1)
    expect(rows.first.locator("[data-way='+']")).to_have_text("+5")
    desk.select_option("select[name=kind]", "payment")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("没有发出")
    with desk.expect_download() as caught:
        desk.locator("a[name=csv]").click()
    kept = Path(caught.value.path()).read_bytes().decode("utf-8-sig")
    assert [row[3] for row in csv.reader(io.StringIO(kept))] == ["条数变动", "-12", "-5"]
    desk.select_option("select[name=kind]", "")
    rows.first.locator("button[name=about]").click()
    expect(rows).to_have_count(3)  # the freeze and its two payments
    desk.locator(".asked button[name=about]").click()
    expect(rows).to_have_count(50)
    desk.fill("input[name=until]", "2020-01-01")
    desk.locator("input[name=until]").blur()
    expect(desk.locator("sms-room .wait")).to_have_text("没有这样的明细")


def test_the_limit_is_set_by_keyboard_and_warns(house: HouseOnThread, desk: Page) -> None:
    """R-004-17: below what one wants to have the room says so; the change is written down."""
    enter(house, desk)
    expect(desk.locator("[data-tile=warn] b")).to_have_text("不提醒")
    desk.locator("button[name=limit]").focus()
    desk.keyboard.press("Enter")
    desk.fill("dialog input[name=warn_below]", "2000")
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog.sheet")).to_have_count(0)
    expect(desk.locator("sms-room .told")).to_contain_text("可用 1,915 条，低于提醒线 2,000 条")
    expect(desk.locator("[data-tile=available] b")).to_have_attribute("data-as", "refused")
    desk.goto(f"{house.url}/console/#audit")
    desk.select_option("select[name=action]", "setSmsRules")
    expect(desk.locator("tbody tr")).to_have_count(1)
    expect(desk.locator("tbody tr")).to_contain_text("warn_below=2000")


def test_a_message_is_followed_to_each_number_masked(house: HouseOnThread, desk: Page) -> None:
    """R-004-24, R-004-29: what became of it telephone by telephone; no number is whole, no text is shown."""
    house.call(_send(house))
    enter(house, desk)
    desk.locator("button[name=messages]").click()
    row = desk.locator("tr[data-message]")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("验证码")
    expect(row).to_contain_text("2 个号码")
    row.locator("button[name=open]").click()
    sheet = desk.locator("dialog.sheet")
    expect(sheet.locator("tbody tr")).to_have_count(2)
    expect(sheet).to_contain_text("138****8000")
    expect(sheet).to_contain_text("139****9000")
    assert "13800138000" not in desk.content()
    assert "4711" not in desk.content()
    desk.locator("dialog button[name=paid]").click()
    expect(desk.locator("tr[data-line]")).to_have_count(1)
    expect(desk.locator("tr[data-line]")).to_contain_text("冻结")
    enter(house, desk, "en")
    desk.locator("button[name=messages]").click()
    desk.select_option("select[name=state]", "failed")
    expect(desk.locator("sms-room .wait")).to_have_text("There is no such text")


async def _send(made: HouseOnThread) -> None:
    """Let a service send a code to two numbers; nobody carries it here."""
    parts = await made.house.front.outgoing.parts()
    phones = (normalised("13800138000"), normalised("13900139000"))
    text = Text(phones, "【传菜】您的验证码是 4711")
    await parts.acceptance.accept(Ask(1, uuid.uuid4(), "verification", [text], None))


def test_who_keeps_one_shop_does_not_see_the_brands_texts(
    house: HouseOnThread, browser: Browser
) -> None:
    """R-004-17: a manager of one shop has no such room; one of all shops has."""
    with desk_page(browser) as page:
        log_in(house, page, "qian", "manager", 1)
        page.goto(f"{house.url}/console/")
        expect(page.locator(".rail .to", has_text="运行状况")).to_be_visible()
        expect(page.locator(".rail .to", has_text="短信")).to_have_count(0)
    with desk_page(browser) as page:
        log_in(house, page, "chen", "manager", 0)
        page.goto(f"{house.url}/console/#sms")
        expect(page.locator("h1")).to_have_text("短信")
