"""What only a scripted gateway can do to a board: lose a push, fall silent, be busy, be newer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from server.clock import SystemClock, to_ms
from server.events import catalogue as c
from tests.support.browser import chromium
from tests.support.kitchen_scene import Scene, busy
from tests.support.scripted_gateway import TOKEN, ScriptedGateway

CHICKEN = "宫保鸡丁"
SIZE = ViewportSize(width=1920, height=1080)
LAN = "kds.lan"  # a name in the shop's own network: plain http there is no secure context


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for this file; every test has a profile of its own in it."""
    async with chromium(f"--host-resolver-rules=MAP {LAN} 127.0.0.1") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def gateway() -> AsyncIterator[ScriptedGateway]:
    """A shop with one order of three dishes: ids 1, 2, 3."""
    scene = Scene(to_ms(SystemClock().now()))
    order = scene.order("room", "801", (60, [scene.dish(CHICKEN) for _ in range(3)]))
    async with ScriptedGateway(scene.view([order])) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, gateway: ScriptedGateway) -> AsyncIterator[Page]:
    """A board of that shop, whose time a test can move."""
    opened = await browser.new_page(viewport=SIZE)
    await opened.clock.install()
    await opened.goto(f"{gateway.origin}/kds-web/#token={TOKEN}")
    await opened.wait_for_selector("[data-item='1']")
    await opened.clock.run_for(1_000)
    yield opened
    await opened.close()


async def agrees(page: Page, gateway: ScriptedGateway) -> None:
    """Wait until the board's picture is the gateway's."""
    await page.wait_for_function("hash => chuancai.stateHash() === hash", arg=gateway.hash())


async def test_a_lost_push_is_found_within_a_heartbeat(
    page: Page, gateway: ScriptedGateway
) -> None:
    """An event that never came is noticed by the next ping, and a fresh picture fetched."""
    await gateway.step(1, "StartItem")
    await agrees(page, gateway)
    gateway.seq += 1  # a line for others
    item = gateway.item(2)
    lost = c.ItemStarted(order_id=item.order_id, item_id=2, at_ms=0, by="", version=2)
    await gateway.happen(lost, tell=False)
    await gateway.ping()
    await agrees(page, gateway)
    assert [hello.resume is None for hello in gateway.hellos] == [True, True]


async def test_a_cut_link_resumes_where_it_stopped(page: Page, gateway: ScriptedGateway) -> None:
    """Reconnecting names the last line, so only what was missed travels."""
    gateway.cut()
    await gateway.step(1, "StartItem")
    await page.clock.run_for(3_000)
    await gateway.until(lambda: len(gateway.hellos) > 1)
    assert gateway.hellos[1].resume is not None
    assert gateway.hellos[1].resume.seq == gateway.seq - 1
    await agrees(page, gateway)


async def test_a_silent_link_is_given_up(page: Page, gateway: ScriptedGateway) -> None:
    """No byte for twenty seconds although we ask: a new connection, one at a time."""
    gateway.silent = True
    for _ in range(9):
        await page.clock.run_for(2_500)
    gateway.silent = False
    await page.clock.run_for(6_000)
    await gateway.until(lambda: len(gateway.hellos) > 1)
    await expect(page.locator(".link[data-link=ok]")).to_be_visible()


async def test_a_busy_house_is_asked_again(page: Page, gateway: ScriptedGateway) -> None:
    """A refusal that may pass is not shown; the same command comes again under the same id."""
    gateway.forbidden["StartItem"] = "busy"
    await page.click("[data-item='1']")
    await gateway.until(lambda: len(gateway.commands) == 1)
    gateway.forbidden.clear()
    gateway.forget_replies()
    await page.clock.run_for(3_000)
    await page.wait_for_selector("[data-item='1'][data-state='cooking']")
    assert len({command.id for command in gateway.commands}) == 1
    await expect(page.locator(".refused")).to_have_count(0)


async def test_presses_on_one_dish_stay_in_order(page: Page, gateway: ScriptedGateway) -> None:
    """Finish is not sent before start was answered; another dish need not wait for it."""
    gateway.deaf_to_commands = True
    await page.click("[data-item='1']")
    await gateway.until(lambda: len(gateway.commands) == 1)
    await page.clock.run_for(1_000)
    gateway.cut()
    await page.click("[data-item='1']")  # offline: finish what was started
    await page.click("[data-item='2']")
    await page.clock.run_for(6_000)
    await gateway.until(lambda: len(gateway.commands) == 3)
    assert {command.name for command in gateway.commands} == {"StartItem"}
    gateway.deaf_to_commands = False
    await page.clock.run_for(10_000)
    await page.wait_for_selector("[data-item='1'][data-state='ready']")
    await page.wait_for_selector("[data-item='2'][data-state='cooking']")


async def test_what_it_has_is_acknowledged(page: Page, gateway: ScriptedGateway) -> None:
    """The gateway learns how far the screen is, soon after each burst."""
    await gateway.step(1, "StartItem")
    await gateway.step(2, "StartItem")
    await agrees(page, gateway)
    await page.clock.run_for(500)
    await gateway.until(lambda: gateway.acks and gateway.acks[-1].up_to == gateway.seq)
    gateway.epoch, gateway.seq = 2, 10  # the house was restored: its log begins anew
    gateway.cut()
    await page.clock.run_for(3_000)
    await gateway.until(lambda: len(gateway.hellos) > 1)
    await gateway.step(2, "FinishItem")
    await agrees(page, gateway)
    await page.clock.run_for(500)
    await gateway.until(lambda: any(a.up_to == gateway.seq and not a.shown for a in gateway.acks))


async def test_a_newer_server_brings_newer_pages(page: Page, gateway: ScriptedGateway) -> None:
    """After an update the board loads itself anew in a quiet moment, never under a finger."""
    await page.evaluate("window.mine = true")
    gateway.version = "2"
    gateway.cut()
    await page.clock.run_for(20_000)
    await page.wait_for_function("() => window.mine === undefined")
    await page.wait_for_selector("[data-item='1']")


async def test_a_replaced_board_leaves_an_update_to_the_other(
    page: Page, gateway: ScriptedGateway
) -> None:
    """A forgotten tab that another screen replaced does not load itself anew: it would take the place back."""
    await page.evaluate("window.mine = true")
    await gateway.close(4409)
    await page.wait_for_selector(".stopped")
    gateway.version = "2"
    hellos = len(gateway.hellos)
    await page.clock.run_for(30 * 60_000)
    await page.evaluate(
        "fetch(location.pathname, { method: 'HEAD' })"
    )  # any question of its own is answered
    assert await page.evaluate("window.mine") is True
    assert len(gateway.hellos) == hellos


async def test_nothing_is_left_behind_by_many_cuts(page: Page, gateway: ScriptedGateway) -> None:
    """Days of uptime: reconnecting leaves no second socket and no listener behind."""
    for _ in range(20):
        count = len(gateway.hellos)
        gateway.cut()
        await page.evaluate("window.dispatchEvent(new Event('online'))")
        await page.clock.run_for(6_000)
        await gateway.until(lambda count=count: len(gateway.hellos) > count)
    await agrees(page, gateway)
    before = len(gateway.commands)
    await page.click("[data-item='1']")
    await page.wait_for_selector("[data-item='1'][data-state='cooking']")
    assert len(gateway.commands) == before + 1
    assert gateway.connections == 1


async def test_plain_http_is_enough(browser: Browser, gateway: ScriptedGateway) -> None:
    """Without randomUUID, crypto.subtle, wake lock or service worker a dish is still cooked."""
    page = await browser.new_page(viewport=SIZE)
    port = gateway.origin.rsplit(":", 1)[1]
    await page.goto(f"http://{LAN}:{port}/kds-web/#token={TOKEN}")
    await page.wait_for_selector("[data-item='1']")
    assert await page.evaluate("[isSecureContext, typeof crypto.randomUUID]") == [
        False,
        "undefined",
    ]
    await agrees(page, gateway)
    now = await page.evaluate("performance.now()")
    await page.wait_for_function("from => performance.now() - from > 650", arg=now)
    await page.click("[data-item='1']")
    await page.wait_for_selector("[data-item='1'][data-state='cooking']")
    shelf = await page.evaluate(
        "async () => (await (await import('/link/storage.js')).openShelf('probe')).kind"
    )
    assert shelf == "indexeddb"
    await page.close()


async def test_yesterdays_ticket_says_so_and_the_pages_turn(browser: Browser) -> None:
    """A ticket left open over 03:00 carries 昨日; ten tickets take two pages, the rest is counted."""
    now_ms = to_ms(SystemClock().now())
    view = busy(now_ms, business_day="2020-01-01")
    async with ScriptedGateway(view) as gateway:
        page = await browser.new_page(viewport=SIZE)
        await page.goto(f"{gateway.origin}/kds-web/?lang=en#token={TOKEN}")
        await expect(page.locator("article[data-part='0'] .meta").first).to_contain_text(
            "Yesterday"
        )
        await expect(page.locator(".more")).to_contain_text("more")
        await agrees(page, gateway)
        await page.close()
