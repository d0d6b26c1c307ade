"""The console's room of live health, as whoever keeps a shop looks at it in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest
from playwright.sync_api import Page, Route, expect
from redis.asyncio import Redis

from server.clock import SystemClock, to_ms
from server.health.roll import Roll
from server.health.standing import Standing
from tests.support.browser import quiet_chromium
from tests.support.desks import SHOP_NAME, add_shop, desk_page, log_in
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, house_on_thread

ADD_DEAD = """
INSERT INTO promise (shop_id, id, kind, payload, due_at, state, attempt, last_error)
VALUES (1, $1, $2, $3, $4::timestamptz, 'dead', 30, 'no route to host')
"""
ADD_ALARM = """
INSERT INTO house_alarm (brand_id, shop_id, kind, subject, count, began_at, raised_at, seen_at)
VALUES (1, 1, 'devices_away', 'kitchen', 2, $1::timestamptz, $1, $1::timestamptz + interval '1 hour')
"""
ADD_PRINTER = """
INSERT INTO printer (shop_id, id, name, kind, address, language, paper, documents, stations, answers,
                     expires_after_s, enabled, condition, condition_at, version)
VALUES (1, 900, '热菜打印机', 'network', '192.0.2.1', 'zh', '{}', '[]', '[]', true, 900, true, 'not_private', $1, 1)
"""
# A call that is over is ended without a word; words to nobody fail at every attempt.
OF_NO_CALL, TO_NOBODY = '{"call_id": 1}', "{}"
LAST_ATTEMPT = "UPDATE promise SET state = 'dead', last_error = 'connection refused' WHERE id = 802"
FORGET = "DELETE FROM promise WHERE id BETWEEN 800 AND 899"
OTHER_BRAND = """
INSERT INTO brand (id, name) VALUES (2, '{"zh": "别家", "en": "Others"}');
INSERT INTO shop (id, brand_id, name) VALUES (7, 2, '{"zh": "别家", "en": "Others"}');
"""


@pytest.fixture(scope="module")
def house(engines: EnginePair) -> Iterator[HouseOnThread]:
    """One house for this file, with a worker on its roll."""
    database_url, redis_url = engines.fresh_database(), engines.empty_redis()
    try:
        with house_on_thread(database_url, redis_url) as made:
            add_shop(made, 2, "城东店", "East")
            made.call(_enrol(redis_url))
            yield made
    finally:
        engines.drop(database_url)


@pytest.fixture(scope="module")
def desk(house: HouseOnThread) -> Iterator[Page]:
    """The owner at a desk, logged in once."""
    with quiet_chromium() as browser, desk_page(browser) as page:
        log_in(house, page, "wang", "owner", 0)
        yield page


async def _enrol(redis_url: str) -> None:
    """Put on the roll for an hour what `chuancai run` has beside this process."""
    clock = SystemClock()
    now_ms = to_ms(clock.now()) + 3_600_000
    async with Redis.from_url(redis_url) as redis:
        kinds: tuple[tuple[Literal["web", "worker"], float], ...] = (
            ("web", 3.0),
            ("worker", 412.0),
        )
        for kind, lag_ms in kinds:
            one = Standing(
                node=f"test-{kind}", kind=kind, host="till", pid=7, started_ms=now_ms - 7_200_000,
                said_ms=now_ms, lag_ms=lag_ms, waiting=2, devices=12,
            )  # fmt: skip
            await Roll(redis, clock).say(one)


def enter(house: HouseOnThread, desk: Page, language: str = "zh") -> Page:
    """Go to the room as by its bookmark."""
    desk.goto("about:blank")
    desk.goto(f"{house.url}/console/?lang={language}#health")
    expect(desk.locator(".verdict")).to_be_visible()
    return desk


def give_up(house: HouseOnThread, number: int, kind: str, payload: str) -> None:
    """Let the house have given something up a minute ago."""
    due = SystemClock().now() - timedelta(seconds=60)
    house.call(house.house.pool.execute(ADD_DEAD, number, kind, payload, due))


def test_what_is_wrong_is_said_with_what_to_do(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: a slow process, a printer with a wrong address, boards that are off: what it is, where, what to do."""
    enter(house, desk)
    expect(desk.locator(".verdict")).to_have_attribute("data-as", "soon")
    expect(desk.locator("[data-tile=lag] b")).to_contain_text("412 ms")
    expect(desk.locator("[data-process]", has_text="till")).to_have_count(2)
    now = SystemClock().now()
    house.call(house.house.pool.execute(ADD_ALARM, now))
    house.call(house.house.pool.execute(ADD_PRINTER, now))
    alarm = desk.locator("[data-alarm=devices_away]")  # seen without a press: it looks by itself
    expect(alarm).to_contain_text("厨房屏")
    expect(alarm).to_contain_text(SHOP_NAME)
    expect(alarm).to_contain_text("看屏幕的电源和网络")
    expect(desk.locator(".verdict")).to_have_attribute("data-as", "refused")
    printer = desk.locator("[data-printer='900']")
    expect(printer).to_contain_text("在打印机设置里填内网地址")
    desk.keyboard.press("l")
    expect(alarm).to_contain_text("kitchen boards")
    expect(desk.locator("h1")).to_have_text("Live health")
    desk.keyboard.press("l")
    printer.locator("a").click()
    expect(desk.locator("h1")).to_have_text("打印机")
    house.call(house.house.pool.execute("DELETE FROM house_alarm"))
    house.call(house.house.pool.execute("UPDATE printer SET enabled = false"))


def test_what_was_given_up_is_tried_again_by_keyboard(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: asked first, then followed to its end: done, or given up again and why."""
    give_up(house, 801, "ExpireCall", OF_NO_CALL)
    give_up(house, 802, "PostWebhook", TO_NOBODY)
    enter(house, desk)
    done, again = desk.locator("[data-promise='801']"), desk.locator("[data-promise='802']")
    expect(again).to_contain_text("通知对接的系统")
    expect(again).to_contain_text("no route to host")
    done.locator("button[name=revive]").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("dialog.ask")).to_contain_text("结束过期的呼叫")
    desk.keyboard.press("Escape")
    expect(desk.locator("dialog.ask")).to_have_count(0)
    for row in (done, again):
        row.locator("button[name=revive]").focus()
        desk.keyboard.press("Enter")
        expect(desk.locator("dialog.ask")).to_be_visible()
        desk.keyboard.press("Tab")
        desk.keyboard.press("Enter")
        expect(desk.locator(".toasts").last).to_contain_text("已安排再试")
        expect(desk.locator("dialog.ask")).to_have_count(0)
    expect(done.locator(".came")).to_have_text("做成了")
    expect(done.locator("button[name=revive]")).to_have_count(0)
    expect(again.locator(".came")).to_have_attribute("data-as", "soon")  # tried, and tried again
    house.call(house.house.pool.execute(LAST_ATTEMPT))
    expect(again.locator(".came")).to_contain_text("又没做成")
    expect(again.locator("button[name=revive]")).to_have_count(1)
    expect(desk.locator("[data-tile=dead] b")).to_have_text("1")
    house.call(house.house.pool.execute(FORGET))


def test_all_that_was_given_up_is_tried_again_together(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: said how many before it is done, told how many after; each is written down by itself."""
    for number in (811, 812, 813):
        give_up(house, number, "ExpireCall", OF_NO_CALL)
    enter(house, desk, "en")
    desk.locator("button[name=revive_all]").click()
    expect(desk.locator("dialog.ask")).to_contain_text("Try all 3 once more?")
    desk.locator("dialog.ask button[name=sure]").click()
    expect(desk.locator(".toasts")).to_contain_text("3 will be tried again")
    desk.goto(f"{house.url}/console/?lang=zh#audit")
    desk.select_option("select[name=action]", "revivePromise")
    expect(desk.locator("tbody tr", has_text="promise_id=81")).to_have_count(3)
    house.call(house.house.pool.execute(FORGET))


def test_a_house_that_does_not_answer_does_not_look_well(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: what stands there says its age; after four looks without an answer it is called old."""
    desk.clock.install()
    enter(house, desk)
    expect(desk.locator(".age")).to_contain_text("0 秒前")
    desk.context.set_offline(True)
    desk.clock.run_for(5_000)
    expect(desk.locator(".age")).to_contain_text("5 秒前")
    expect(desk.locator(".title + .told")).to_contain_text("服务器没有回答")
    desk.clock.run_for(9_000)
    expect(desk.locator(".verdict")).to_contain_text("下面是之前的情况")
    desk.context.set_offline(False)
    desk.clock.run_for(4_000)
    expect(desk.locator(".verdict")).not_to_contain_text("下面是之前的情况")


def test_an_answer_that_takes_long_still_counts(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: in a house so slow that each answer outlasts a look, what it says is shown when it comes."""
    desk.clock.install()
    enter(house, desk)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    desk.route("**/v1/ops/health", hold)
    desk.clock.run_for(4_000)
    expect(desk.locator(".age")).to_contain_text("4 秒前")
    desk.clock.run_for(5_000)
    expect(desk.locator(".age")).to_contain_text("9 秒前")
    [asked] = held
    asked.continue_()
    expect(desk.locator(".age")).to_contain_text("0 秒前")
    desk.unroute("**/v1/ops/health")


def test_beside_another_brand_no_machine_is_named(house: HouseOnThread, desk: Page) -> None:
    """R-000-16: a brand that shares the house sees how it works, not its processes."""
    house.call(house.house.pool.execute(OTHER_BRAND))
    enter(house, desk)
    expect(desk.locator("main")).to_contain_text("这台服务器上还有别的品牌")
    expect(desk.locator("[data-process]")).to_have_count(0)
    expect(desk.locator("[data-tile=lag] b")).to_contain_text("412 ms")
    expect(desk.locator("main")).not_to_contain_text("till")
