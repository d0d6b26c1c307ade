"""The call screen: which numbers stand where, large and flashing, page by page, and honest about its link."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count, pairwise
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from server.clock import SystemClock, to_ms
from server.events import catalogue as c
from tests.support.kitchen_scene import Scene
from tests.support.scripted_gateway import TOKEN, ScriptedGateway
from tests.support.voices import announce, told

AIR_PX = 40
TEXT_BOXES = """(where) => [...document.querySelectorAll(where)].map((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  const { left, right } = range.getBoundingClientRect();
  return [left, right];
})"""
COOKING, READY = ".cooking .numbers li", ".ready .numbers li"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def gateway() -> AsyncIterator[ScriptedGateway]:
    """A hall: 01 called (more of it cooking), 02 to 15 cooking (their dish ready), 16 a wrist tag's, 17 fetched."""
    now = SystemClock().now()
    today = (
        f"{now + timedelta(hours=8 - 3):%Y-%m-%d}"  # the shop's, which begins at 03:00 in Shanghai
    )
    scene = Scene(to_ms(now), business_day=today)
    scene.numbers = count(1)
    dish = scene.dish
    orders = [
        scene.order(
            "room", "801", (900, [dish("水饺", "called")]), (60, [dish("红烧肉", "cooking")])
        )
    ]
    orders += [
        scene.order("table", f"A{n}", (800 - n, [dish("宫保鸡丁", "ready")])) for n in range(14)
    ]
    orders.append(scene.order("tag", "23", (60, [dish("水饺", "called")])))
    orders.append(scene.order("room", "802", (990, [dish("水饺", "picked_up")])))
    view = scene.view(orders)
    view.device.kind, view.device.name, view.device.station_id = "call_screen", "一楼取餐口", None
    async with ScriptedGateway(view) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, gateway: ScriptedGateway) -> AsyncIterator[Page]:
    """A call screen on a television, whose time a test can move."""
    opened = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await opened.clock.install()
    await opened.goto(f"{gateway.origin}/call-screen/#token={TOKEN}")
    await opened.wait_for_selector(COOKING)
    await opened.clock.run_for(1_000)
    yield opened
    await opened.close()


def dish_of(gateway: ScriptedGateway, number: int) -> int:
    """Return the first dish of a queue number."""
    return next(o.items[0].id for o in gateway.view.orders if o.number == number)


async def numbers(page: Page, where: str) -> list[str]:
    """Return the numbers that stand somewhere, in their order."""
    return await page.locator(where).all_inner_texts()


async def test_twelve_numbers_a_page_and_no_names(page: Page) -> None:
    """R-004-10: what waits for a cook, oldest first, twelve a page; pages turn every 8 s; no room is named."""
    cooking = page.locator(COOKING)  # whichever page it began with
    await expect(cooking).to_have_text([f"{n:02d}" for n in range(2, 14)])
    await expect(page.locator(".cooking footer")).to_contain_text("第 1 页，共 2 页")
    await expect(cooking).to_have_text(["14", "15"])
    assert await numbers(page, READY) == ["01"]  # a wrist tag is the cash desk's, 17 was fetched
    text = await page.inner_text("call-screen")
    assert not any(place in text for place in ("801", "A1", "手牌"))


async def test_a_number_waits_for_all_that_is_collected_with_it(browser: Browser) -> None:
    """R-004-13: called while another dish of its round cooks, it is being prepared; then it stands large, once."""
    now = SystemClock().now()
    scene = Scene(to_ms(now), business_day=f"{now + timedelta(hours=8 - 3):%Y-%m-%d}")
    scene.numbers = count(1)
    dishes = [scene.dish("水饺", "ready"), scene.dish("红烧肉", "cooking")]
    view = scene.view([scene.order("table", "A1", (300, dishes))])
    view.device.kind, view.device.name, view.device.station_id = "call_screen", "取餐口", None
    async with ScriptedGateway(view) as opened:
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(f"{opened.origin}/call-screen/#token={TOKEN}")
        await expect(page.locator(COOKING)).to_have_text(["01"])
        await opened.step(dishes[0].id, "CallItem")
        await opened.step(dishes[1].id, "FinishItem")
        await expect(page.locator(COOKING)).to_have_text(["01"])
        assert await page.locator(".called").count() == 0
        await opened.step(dishes[1].id, "CallItem")
        await expect(page.locator(".called b")).to_have_text("01")
        await expect(page.locator(COOKING)).to_have_count(0)
        await page.close()


async def test_a_called_number_stands_large_and_flashes_for_twelve_seconds(
    page: Page, gateway: ScriptedGateway
) -> None:
    """Called just now: large, 330 px, flashing; after 12 s it stands with the others."""
    await gateway.step(dish_of(gateway, 5), "CallItem")
    large = page.locator(".called article")
    await expect(large).to_contain_text("请 05 号顾客取餐")
    seen = await large.evaluate(
        "e => ({ move: getComputedStyle(e).animationName, px: getComputedStyle(e.querySelector('b')).fontSize })"
    )
    assert seen == {"move": "call", "px": "330px"}
    await page.clock.run_for(10_000)
    await expect(large).to_have_count(1)
    await page.clock.run_for(3_000)
    await expect(large).to_have_count(0)
    assert await numbers(page, READY) == ["05", "01"]


async def test_less_motion_is_a_steady_frame(page: Page, gateway: ScriptedGateway) -> None:
    """Who asked for less motion sees a frame that does not move."""
    await page.emulate_media(reduced_motion="reduce")
    await gateway.step(dish_of(gateway, 5), "CallItem")
    large = page.locator(".called article")
    assert await large.evaluate("e => getComputedStyle(e).animationName") == "none"
    assert "16px" in await large.evaluate("e => getComputedStyle(e).boxShadow")


async def test_an_undone_call_takes_the_number_away(page: Page, gateway: ScriptedGateway) -> None:
    """The cook's mistake: taken back, the number is gone from 请取餐 at once; fetched, it is gone altogether."""
    item = gateway.item(dish_of(gateway, 5))
    await gateway.step(item.id, "CallItem")
    await expect(page.locator(".called")).to_have_count(1)
    undone = c.ItemUndone(
        order_id=item.order_id, item_id=item.id, at_ms=gateway.now_ms(), by="张师傅",
        version=gateway.item(item.id).version + 1, state="ready",
    )  # fmt: skip
    await gateway.happen(undone)
    await expect(page.locator(".called")).to_have_count(0)
    assert await numbers(page, READY) == ["01"]
    first = gateway.item(dish_of(gateway, 1))
    await gateway.happen(
        c.ItemPickedUp(
            order_id=first.order_id, item_id=first.id, at_ms=gateway.now_ms(), by="王敏",
            version=first.version + 1,
        )
    )  # fmt: skip
    await expect(page.locator(".ready .none")).to_have_text("做好的号码会出现在这里")


async def test_what_was_called_before_does_not_flash(
    browser: Browser, gateway: ScriptedGateway
) -> None:
    """A screen that is switched on shows what is to be fetched, and flashes nothing."""
    await gateway.step(dish_of(gateway, 5), "CallItem")
    page = await browser.new_page()
    await page.goto(f"{gateway.origin}/call-screen/#token={TOKEN}")
    await expect(page.locator(READY)).to_have_count(2)
    await expect(page.locator(".called")).to_have_count(0)
    await page.close()


async def test_the_servers_sentence_is_said(browser: Browser, gateway: ScriptedGateway) -> None:
    """R-004-31: 请零五号顾客取餐, as often as the server says it; the number itself is its large text."""
    page = await browser.new_page()
    await page.goto(f"{gateway.origin}/call-screen/#token={TOKEN}")
    await page.wait_for_selector(COOKING)
    words = {"event": "item_ready", "channels": ["call_screen"], "text": "请零五号顾客取餐"}
    await announce(gateway, 1, **words)
    await announce(gateway, 1, ring=2, **words)
    await gateway.until(
        lambda: [r.ring for a in gateway.acks for r in a.rings if r.stage == "played"] == [1, 2]
    )
    await announce(gateway, 2, channels=["kitchen"])
    await announce(gateway, 3, channels=["call_screen"], seconds=0, text="取餐口移到二楼")
    await expect(page.locator(".spoken")).to_have_text("取餐口移到二楼")
    await told(gateway, 3, "shown")
    assert not [r for a in gateway.acks for r in a.rings if r.call_id == 2]
    await page.close()


async def test_a_number_said_again_stands_large_again(page: Page, gateway: ScriptedGateway) -> None:
    """再叫 at a desk: large for twelve seconds anew; the second saying of a call does not keep it there."""
    item_id = dish_of(gateway, 5)
    await gateway.step(item_id, "CallItem")
    large = page.locator(".called article")
    await expect(large).to_have_count(1)
    words: dict[str, Any] = {
        "event": "item_ready", "channels": ["call_screen"], "item_id": item_id, "seconds": 0,
    }  # fmt: skip
    await page.clock.run_for(8_000)
    await announce(gateway, 1, ring=2, **words)
    await page.clock.run_for(5_000)
    await expect(large).to_have_count(0)
    await announce(gateway, 1, ring=3, **words | {"channels": ["pad"]})
    await announce(gateway, 1, ring=4, **words)
    await expect(large).to_contain_text("05")
    await page.clock.run_for(13_000)
    await expect(large).to_have_count(0)


async def test_a_lost_link_is_shown(page: Page, gateway: ScriptedGateway) -> None:
    """The numbers stay, with a red frame and the time they are from."""
    gateway.silent = True
    await page.clock.run_for(17_000)
    await expect(page.locator(".lost")).to_contain_text("断线 1")
    await expect(page.locator(READY)).to_have_count(1)
    frame = await page.evaluate("getComputedStyle(document.body, '::after').borderTopWidth")
    assert frame == "14px"


async def test_both_languages_by_key(page: Page) -> None:
    """L changes the language, for a screen that has nothing but a keyboard."""
    await expect(page.locator(".ready h1")).to_contain_text("请取餐")
    await page.keyboard.press("l")
    await expect(page.locator(".ready h1")).to_contain_text("Please collect")
    await expect(page.locator(".cooking h1")).to_contain_text("Preparing")


async def test_three_digits_keep_their_distance(browser: Browser) -> None:
    """After number 99 a hall still tells one number from the next (R-004-10)."""
    now = SystemClock().now()
    scene = Scene(to_ms(now), business_day=f"{now + timedelta(hours=8 - 3):%Y-%m-%d}")
    scene.numbers = count(115)
    orders = [
        scene.order("table", f"A{n}", (300 - n, [scene.dish("宫保鸡丁", "cooking")]))
        for n in range(6)
    ]
    view = scene.view(orders)
    view.device.kind, view.device.name, view.device.station_id = "call_screen", "取餐口", None
    async with ScriptedGateway(view) as opened:
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(f"{opened.origin}/call-screen/#token={TOKEN}")
        await expect(page.locator(COOKING)).to_have_count(6)
        boxes = await page.evaluate(TEXT_BOXES, COOKING)
        assert all(right - left > AIR_PX for (_, left), (right, _) in pairwise(boxes[:3]))
        await page.close()
