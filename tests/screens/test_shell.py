"""A screen that is opened while the house is away: from the device, of one version, and never an old one for long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import NamedTuple

import pytest
from playwright.async_api import Page, expect

from server.api import pages
from tests.support.browser import chromium
from tests.support.house import RunningHouse, running_house
from tests.support.links import Link, open_link
from tests.support.patience import PATIENCE_MS

KEPT = """
async () => (await caches.keys()).filter((name) => name.startsWith("shell kds "))
"""
OWN_VERSION = """
performance.getEntriesByType("navigation")[0].serverTiming.find((one) => one.name === "screens")?.description
"""
KEPT_WHOLE = """
async (version) => {
  const { files } = await (await fetch("/shell.json?app=kds")).json();
  const name = `shell kds ${version}`;
  for (;;) {
    const kept = (await caches.has(name)) ? await (await caches.open(name)).keys() : [];
    if (kept.length === files.length) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
"""
LAZY = "async () => { const file = await fetch('/link/mute.js'); return file.headers.get('x-chuancai-version'); }"
LINK_IS = "(word) => document.documentElement.dataset.link === word"
KEEP_NOW = """async () => (await import("/link/awake.js")).keepShell("kds", 0)"""


class Kitchen(NamedTuple):
    """A board behind a link that leads to one of two versions of the house."""

    page: Page
    link: Link
    old: RunningHouse
    new: RunningHouse


@pytest.fixture
async def kitchen(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Kitchen]:
    """Open a board of the old version and keep it on the device."""
    async with AsyncExitStack() as stack:
        monkeypatch.setattr(pages, "screens_version", lambda _: "old")
        old = await stack.enter_async_context(running_house(database_url, redis_url))
        monkeypatch.setattr(pages, "screens_version", lambda _: "new")
        new = await stack.enter_async_context(running_house(database_url, redis_url))
        link = await stack.enter_async_context(open_link("board", old.port))
        browser = await stack.enter_async_context(chromium())
        page = await browser.new_page()
        token = await old.pair("kitchen", "热菜", station_id=1)
        await page.goto(f"http://127.0.0.1:{link.port}/kds/#token={token}")
        await expect(page.locator("kitchen-board .head")).to_be_visible()
        await page.evaluate(KEEP_NOW)
        await page.wait_for_function("() => navigator.serviceWorker.controller")
        await page.evaluate(KEPT_WHOLE, "old")
        yield Kitchen(page, link, old, new)
        await page.close()


async def test_a_board_reloads_while_the_house_is_away_says_so_and_comes_back(
    kitchen: Kitchen,
) -> None:
    """A power cut at the server and a cook who reloads: the board stands, says it is cut off, and goes on by itself."""
    page, link = kitchen.page, kitchen.link
    link.shut()
    await page.reload()
    await expect(page.get_by_text("正在连接服务器")).to_be_visible()
    link.heal()
    await page.wait_for_function(LINK_IS, arg="ok", timeout=PATIENCE_MS)


async def test_what_the_house_has_now_is_what_opens(kitchen: Kitchen) -> None:
    """After an update the first reload is the new version, although the old one is kept on the device."""
    page, link = kitchen.page, kitchen.link
    link.shut()
    link.lead_to(kitchen.new.port)
    link.heal()
    await page.reload()
    assert await page.evaluate(OWN_VERSION) == "new"
    await page.evaluate(KEEP_NOW)
    await page.evaluate(KEPT_WHOLE, "new")
    assert await page.evaluate(KEPT) == ["shell kds new"]


async def test_an_old_board_from_the_device_makes_way_when_the_updated_house_is_back(
    kitchen: Kitchen,
) -> None:
    """Opened from the device during an update, it loads the new version by itself once nobody touches it."""
    page, link = kitchen.page, kitchen.link
    link.shut()
    await page.reload()
    await expect(page.locator("kitchen-board")).to_be_attached()
    assert await page.evaluate(OWN_VERSION) == "old"
    link.lead_to(kitchen.new.port)
    async with page.expect_navigation(timeout=PATIENCE_MS):
        link.heal()
    assert await page.evaluate(OWN_VERSION) == "new"


async def test_a_page_from_the_device_stays_of_one_version_when_its_worker_ended(
    kitchen: Kitchen,
) -> None:
    """A browser ends an idle worker: what the old board asks for later still comes from the old set."""
    page, link = kitchen.page, kitchen.link
    link.shut()
    await page.reload()
    assert await page.evaluate(OWN_VERSION) == "old"
    await page.evaluate("window.addEventListener('pointermove', () => 0)")
    cdp = await page.context.browser.new_browser_cdp_session()  # type: ignore[union-attr]
    workers = (await cdp.send("Target.getTargets"))["targetInfos"]
    [worker] = [one["targetId"] for one in workers if one["type"] == "service_worker"]
    await cdp.send("Target.closeTarget", {"targetId": worker})
    await page.keyboard.press("Shift")  # somebody is at it: no reload yet
    link.lead_to(kitchen.new.port)
    link.heal()
    assert await page.evaluate(LAZY) == "old"


async def test_a_reload_that_found_no_house_is_tried_again(kitchen: Kitchen) -> None:
    """The house went away during the reload for its new version: the old board that came up makes way later."""
    page, link = kitchen.page, kitchen.link
    link.shut()
    await page.reload()
    assert await page.evaluate(OWN_VERSION) == "old"
    await page.evaluate(
        "sessionStorage.setItem('chuancai.reloaded-for', `new ${Date.now() - 11 * 60_000}`)"
    )
    link.lead_to(kitchen.new.port)
    async with page.expect_navigation(timeout=PATIENCE_MS):
        link.heal()
    assert await page.evaluate(OWN_VERSION) == "new"
