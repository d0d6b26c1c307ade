"""The cash desk's list of numbers that were called and that nobody has collected."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from server.clock import SystemClock, to_ms
from tests.support.desk_scene import evening
from tests.support.scripted_gateway import TOKEN, ScriptedGateway

CALM = "from => performance.now() - from > 650"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def gateway() -> AsyncIterator[ScriptedGateway]:
    """A busy evening: 15 and 16 are called, the latter with two dishes; 17 is being prepared."""
    now = SystemClock().now()
    async with ScriptedGateway(evening(to_ms(now), f"{now + timedelta(hours=5):%Y-%m-%d}")) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, gateway: ScriptedGateway) -> AsyncIterator[Page]:
    """A cash desk on a small screen."""
    opened = await browser.new_page(viewport={"width": 1024, "height": 768})
    await opened.goto(f"{gateway.origin}/cashier/#token={TOKEN}")
    await opened.wait_for_selector(".number")
    yield opened
    await opened.close()


def sent(gateway: ScriptedGateway) -> list[tuple[str, int]]:
    """Return what was asked for, and of which dish."""
    return [(one.name, msgspec.json.decode(one.body)["item_id"]) for one in gateway.commands]


def called(gateway: ScriptedGateway, number: int) -> list[int]:
    """Return the dishes of a number, the newest call first."""
    (order,) = (one for one in gateway.view.orders if one.number == number)
    return [item.id for item in sorted(order.items, key=lambda item: -(item.called_at_ms or 0))]


async def test_the_longest_wait_stands_first_and_is_marked(page: Page) -> None:
    """R-004-13: what waits to be collected, how long, and no wrist tag; the marked row says its keys."""
    rows = page.locator(".number")
    await expect(rows.locator("> b")).to_have_text(["15", "16"])
    await expect(rows.nth(0).locator(".wait")).to_have_text(re.compile("等了 4:"))
    await expect(rows.nth(0)).to_have_attribute("aria-current", "true")
    await expect(rows.nth(0).locator("key-cap")).to_have_count(2)
    await expect(rows.nth(1).locator("key-cap")).to_have_count(0)


async def test_a_number_is_said_again_and_collected_by_key(
    page: Page, gateway: ScriptedGateway
) -> None:
    """R-004-13, R-004-14: R says it again once, by its newest dish; C collects all of it, and no more than it."""
    await page.keyboard.press("ArrowDown")
    await expect(page.locator(".number").nth(1)).to_have_attribute("aria-current", "true")
    await page.keyboard.press("r")
    newest, other = called(gateway, 16)
    waits = (
        page.locator(".number").nth(1).locator(".wait").first
    )  # beside it stands whether it was sent
    await expect(waits).to_have_text(re.compile("等了 0:"))
    assert sent(gateway) == [("CallItem", newest)]
    await page.keyboard.press("c")
    await expect(page.locator(".number > b")).to_have_text(["15"])
    assert sorted(sent(gateway)[1:]) == sorted([("PickUpItem", newest), ("PickUpItem", other)])
    await page.keyboard.press("c")
    assert len(gateway.commands) == 3, "the second half of a double press means no other number"
    moved_ms = await page.evaluate("performance.now()")
    await page.wait_for_function(CALM, arg=moved_ms)
    await page.keyboard.press("c")
    await expect(page.locator(".numbers .none")).to_be_visible()


async def test_a_number_is_said_again_and_collected_by_touch(
    page: Page, gateway: ScriptedGateway
) -> None:
    """R-004-13, R-004-14: each row has both buttons; a new number joins the list by itself."""
    (dish,) = called(gateway, 17)
    await gateway.step(dish, "FinishItem")
    await gateway.step(dish, "CallItem")
    row = page.locator(".number").nth(2)
    await expect(row.locator("> b")).to_have_text("17")
    await row.get_by_role("button", name="再叫").click()
    await row.get_by_role("button", name="取走").click()
    await expect(row).to_have_count(0)
    assert sent(gateway) == [("CallItem", dish), ("PickUpItem", dish)]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [(1920, 1080), (1024, 768)], ids=lambda size: str(size[0]))
async def test_no_word_of_the_list_is_cut(
    browser: Browser, gateway: ScriptedGateway, size: tuple[int, int], lang: str
) -> None:
    """Both languages fit a large and a small desk: nothing wider than its place, both rows to be seen."""
    page = await browser.new_page(viewport={"width": size[0], "height": size[1]})
    await page.goto(f"{gateway.origin}/cashier/?lang={lang}#token={TOKEN}")
    await page.wait_for_selector(".number")
    cut = await page.evaluate(
        """() => [...document.querySelectorAll(".number .btn, .number .wait, .number > b")]
          .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map((e) => e.textContent.trim())"""
    )
    assert cut == []
    await expect(page.locator(".number").nth(1)).to_be_in_viewport(ratio=0.9)
    await page.close()
