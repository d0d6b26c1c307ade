"""Quiet hours on pads and cash desk: nothing sounds, the words stand there, and the morning is loud."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import SOUND_ALLOWED, quiet_chromium
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, JumpingClock, house_on_thread
from tests.support.pads import LISTEN, NOTES_PER_RING, call
from tests.support.patience import PATIENCE_MS

KUNGPAO = 2
ROOM_801, TAG_23 = 1, 123
NIGHT = '{"quiet": {"from_minute": 1380, "to_minute": 420}}'  # 23:00 to 07:00, over midnight
RULE = """
INSERT INTO broadcast_policy VALUES (1, 1, $1, $2, $3, 1, now(), 'test')
ON CONFLICT (brand_id, shop_id, event, channel) DO UPDATE SET policy = excluded.policy
"""
ENDS = (("item_ready", "pad"), ("item_ready", "cashier"), ("order_placed", "cashier"))
TOLD = "event => chuancai.screen.speaker.quiet.holds(event)"
RANG_ON = "n => { const [call] = chuancai.view().calls; return call.rings > n || call.state === 'unanswered'; }"
RINGS_MAX = 6


class Night:
    """A house by a clock that can be set ahead, and a browser."""

    def __init__(self, house: HouseOnThread, clock: JumpingClock, browser: Browser) -> None:
        self.house, self.clock, self.browser = house, clock, browser
        self.errors: list[str] = []

    def until(self, hour: int, minute: int) -> None:
        """Set the house's clock ahead to this time of the shop's day."""
        now = self.clock.now().astimezone(ZoneInfo("Asia/Shanghai"))
        then = now.replace(hour=hour, minute=minute, second=0)
        if then <= now:
            then += timedelta(days=1)
        self.clock.jump(seconds=(then - now).total_seconds())

    def open(self, kind: Any, path: str) -> Page:
        """Open a screen whose notes are counted."""
        token = self.house.pair(kind, f"{kind} 屏")
        page = self.browser.new_page(viewport={"width": 1366, "height": 768})
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(LISTEN)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(f"{self.house.url}/{path}/#token={token}")
        page.wait_for_function("() => window.chuancai?.view()")
        page.wait_for_function("() => chuancai.screen.speaker.voice.state === 'on'")
        return page


@pytest.fixture
def night(engines: EnginePair) -> Iterator[Night]:
    """A house at half past eleven at night, with quiet hours."""
    url, clock = engines.fresh_database(), JumpingClock()
    try:
        with (
            house_on_thread(url, engines.empty_redis(), clock=clock) as house,
            quiet_chromium(SOUND_ALLOWED) as browser,
        ):
            opened = Night(house, clock, browser)
            for event, channel in ENDS:
                house.call(house.house.pool.execute(RULE, event, channel, NIGHT))
            opened.until(23, 30)
            yield opened
            assert opened.errors == []
    finally:
        engines.drop(url)


def notes(page: Page) -> int:
    """Return how many notes a page has played."""
    return int(page.evaluate("window.notes"))


def test_the_night_is_seen_and_not_heard(night: Night) -> None:
    """R-004-33: at night calls, orders and what nobody answered are shown without a note; at seven they ring."""
    house = night.house
    pad, desk = night.open("waiter", "pad"), night.open("cashier", "cashier")
    pad.wait_for_function(TOLD, arg="item_ready")
    desk.wait_for_function(TOLD, arg="order_placed")
    _, (dish,) = placed(house, ROOM_801)
    call(house, dish)
    expect(pad.locator(".call .place")).to_contain_text("801")
    placed(house, TAG_23)
    expect(desk.locator(".tag")).to_contain_text("宫保鸡丁")
    for ring in range(1, RINGS_MAX + 1):  # until nobody came
        night.clock.jump(seconds=20)
        pad.wait_for_function(RANG_ON, arg=ring)
        if pad.evaluate("chuancai.view().calls[0].state") == "unanswered":
            break
    expect(desk.locator(".alarm .what")).to_contain_text("801")
    expect(pad.locator(".ringing")).to_be_visible()
    night.until(6, 59)
    house.call(house.house.gateway.hush.look([1]))
    assert (notes(pad), notes(desk)) == (0, 0)
    assert house.view("cashier").announced == []
    night.until(7, 0)
    desk.wait_for_function("() => window.notes > 0")  # what nobody answered rings now
    _, (late,) = placed(house, ROOM_801)
    call(house, late)
    pad.wait_for_function("count => window.notes >= count", arg=NOTES_PER_RING)


def placed(house: HouseOnThread, place_id: int) -> tuple[int, list[int]]:
    """Order a dish for a place."""
    found = house.order(place_id, KUNGPAO)
    return found["order_id"], found["item_ids"]
