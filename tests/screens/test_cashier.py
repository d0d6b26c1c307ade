"""The cash desk: what needs somebody, wrist-tag orders, what was said and heard, and silence with a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, expect

from server.clock import SystemClock, to_ms
from server.events import catalogue as c
from tests.support.desk_scene import UNFETCHED, UNSERVED, evening
from tests.support.scripted_gateway import TOKEN, ScriptedGateway
from tests.support.voices import EAR, announce, heard, stages, told

TAG_SENTENCE = 4  # of the scene: 手牌四一
DESK = ["cashier"]
SIZES = [ViewportSize(width=1920, height=1080), ViewportSize(width=1280, height=800)]

pytestmark = pytest.mark.asyncio(loop_scope="module")

SILENT = "() => chuancai.screen.speaker.queue.lines.length === 0"


@pytest_asyncio.fixture(loop_scope="module")
async def gateway() -> AsyncIterator[ScriptedGateway]:
    """A busy evening at the desk."""
    now = SystemClock().now()
    async with ScriptedGateway(evening(to_ms(now), f"{now + timedelta(hours=5):%Y-%m-%d}")) as one:
        yield one


async def desk(browser: Browser, gateway: ScriptedGateway, *, clock: bool = False) -> Page:
    """Open a cash desk; with `clock` a test moves its time."""
    page = await browser.new_page(viewport=SIZES[1])
    if clock:
        await page.clock.install()
    await page.goto(f"{gateway.origin}/cashier/#token={TOKEN}")
    await page.wait_for_selector(".log li")
    if clock:
        await page.clock.run_for(1_000)
    await page.wait_for_function("() => chuancai.screen.speaker.voice.state === 'on'")
    return page


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, gateway: ScriptedGateway) -> AsyncIterator[Page]:
    """The only cash desk of the shop: it speaks."""
    opened = await desk(browser, gateway)
    yield opened
    await opened.close()


async def test_what_nobody_answered_is_answered_here_by_keys(
    page: Page, gateway: ScriptedGateway
) -> None:
    """R-004-32: an unanswered call is large; 1 claims it, then says it is done; without a mouse."""
    first = page.locator(f".alarm[data-call='{UNFETCHED}']")
    await expect(first.locator(".what")).to_have_text("809 房的菜没人取")
    await expect(first.locator(".why")).to_have_text("小炒黄牛肉 1。已响 3 次，没有人接")
    await page.keyboard.press("1")
    await expect(first).to_have_attribute("data-level", "warn")
    await expect(first.locator(".what")).to_have_text("收银台 1 在安排")
    await expect(page.locator(".alarm").nth(0)).to_have_attribute("data-call", str(UNSERVED))
    await page.keyboard.press("2")
    assert len(gateway.commands) == 1, "what has just moved under a key is not meant by it"
    moved_ms = await page.evaluate("performance.now()")
    await page.wait_for_function("from => performance.now() - from > 650", arg=moved_ms)
    await page.keyboard.press("2")
    await expect(first).to_have_count(0)
    sent = [(one.name, msgspec.json.decode(one.body)["call_id"]) for one in gateway.commands]
    assert sent == [("ClaimCall", UNFETCHED), ("CloseCall", UNFETCHED)]


async def test_a_new_escalation_appears_and_rings(page: Page, gateway: ScriptedGateway) -> None:
    """R-004-32: a call that nobody answered reaches the desk while it is open, and is heard."""
    await page.wait_for_function(SILENT)  # what stood there when it opened has rung
    await page.evaluate(EAR)
    call = msgspec.structs.replace(gateway.view.calls[0], id=90, place_name="815")
    await gateway.happen(c.CallUnanswered(call=call))
    await expect(page.locator(".alarm[data-call='90'] .what")).to_have_text("815 房的菜没人取")
    chime, *_ = await heard(page, 1)
    assert chime.stage == "played"
    await gateway.happen(c.CallEnded(call_id=90, reason="picked_up", at_ms=gateway.now_ms()))
    await expect(page.locator(".alarm[data-call='90']")).to_have_count(0)


async def test_who_said_coming_and_never_came(page: Page, gateway: ScriptedGateway) -> None:
    """R-004-32: the desk hears of it and reads who said so how long ago, as of something late."""
    await page.wait_for_function(SILENT)
    await page.evaluate(EAR)
    call = msgspec.structs.replace(
        gateway.view.calls[0], id=91, place_name="816", state="claimed", claimed_by="王敏",
        claimed_at_ms=gateway.now_ms() - 270_000,
    )  # fmt: skip
    await gateway.happen(c.CallUnanswered(call=call))
    alarm = page.locator(".alarm[data-call='91']")
    await expect(alarm.locator(".what")).to_have_text("王敏 4 分钟前说来，还没办完")
    await expect(alarm).to_have_attribute("data-level", "late")
    chime, *_ = await heard(page, 1)
    assert chime.stage == "played"
    await gateway.happen(c.CallEnded(call_id=91, reason="served", at_ms=gateway.now_ms()))
    await expect(alarm).to_have_count(0)


async def test_wrist_tag_orders_with_dishes_and_states(
    page: Page, gateway: ScriptedGateway
) -> None:
    """R-004-10: open wrist-tag orders, newest first; 收到 ends the sentence that still rings for one."""
    rows = page.locator(".tag")
    assert [await row.locator(".place b").inner_text() for row in await rows.all()] == [
        "41", "36", "23", "08",
    ]  # fmt: skip
    await expect(rows.nth(0)).to_contain_text("蒜蓉粉丝蒸扇贝 6、水饺 2、清蒸鲈鱼 1")
    await expect(rows.nth(1).locator("s")).to_have_text("水饺 1")
    await expect(rows.nth(1).locator(".state")).to_have_text("已叫")
    await rows.nth(0).get_by_role("button", name="收到").click()
    await expect(rows.nth(0).locator(".state")).to_have_text("待制作")
    assert msgspec.json.decode(gateway.commands[-1].body) == {"call_id": TAG_SENTENCE}


async def test_what_was_said_and_where_it_was_heard(page: Page, gateway: ScriptedGateway) -> None:
    """R-004-33: newest first; every screen with what became of it; without any word back it says so."""
    rows = page.locator(".log li")
    await expect(rows.nth(0)).to_contain_text("6 号技师请到 805 房")
    await expect(rows.nth(0)).to_contain_text("平板：等回报")
    await expect(rows.nth(1).locator(".heard span")).to_have_text(
        ["服务员平板 3 已应答", "服务员平板 4 已显示"]
    )
    await expect(rows.nth(2)).to_contain_text("厨房：没有回报")
    await expect(rows.nth(4).locator("[data-as=blocked]")).to_have_text("面点档 声音被浏览器拦住")
    told_now = c.Heard(
        call_id=5, ring=1, device_id=2, device_name="热菜档", stage="played", at_ms=gateway.now_ms()
    )
    await gateway.happen(c.CallHeard(heard=[told_now]))
    await expect(rows.nth(2).locator("[data-as=played]")).to_have_text("热菜档")
    elsewhere = c.Heard(
        call_id=5, ring=1, device_id=9, device_name="服务员平板 9", stage="played",
        at_ms=gateway.now_ms(), channel="pad",
    )  # fmt: skip
    here = msgspec.structs.replace(elsewhere, device_id=3, device_name="面点档", channel="kitchen")
    await gateway.happen(c.CallHeard(heard=[elsewhere, here]))
    await expect(rows.nth(2).locator(".heard span")).to_have_text(["热菜档", "面点档"])


async def test_it_speaks_what_is_for_the_desk_and_only_lists_the_rest(
    page: Page, gateway: ScriptedGateway
) -> None:
    """A sentence for the kitchen is listed; one for the desk is said, large, with what waits behind it."""
    await page.evaluate(EAR)
    await announce(gateway, 101, channels=["kitchen"], text="给厨房的话")
    await announce(gateway, 102, channels=DESK, seconds=1, rings_max=2, text="您有新的手牌订单")
    await announce(gateway, 103, channels=DESK, text="等在后面的话")
    await expect(page.locator(".now .say")).to_have_text("您有新的手牌订单")
    await expect(page.locator(".now .at")).to_contain_text("第 1 遍，共 2 遍")
    await expect(page.locator(".queue li")).to_contain_text("等在后面的话")
    await told(gateway, 103, "played")
    said = [one.call_id for one in await heard(page, 2)]  # and the alarm of what nobody answered
    assert [call for call in said if call] == [102, 103]
    await expect(page.locator(".now .say")).to_have_text("现在没有播报")
    await expect(page.locator(".log li", has_text="给厨房的话")).to_be_visible()
    assert stages(gateway, 101) == []


async def test_a_mute_silences_this_desk_for_a_time_and_hides_nothing(
    browser: Browser, gateway: ScriptedGateway
) -> None:
    """M: silent for 15 minutes with a reason, told as muted, text as ever; over a reload; ends by itself."""
    page = await desk(browser, gateway, clock=True)
    await page.get_by_role("button", name="前台活动").click()
    await announce(gateway, 101, channels=DESK, seconds=30, text="说到一半的话")
    await page.wait_for_function("() => chuancai.screen.speaker.saying?.playing?.durationS > 29")
    await page.keyboard.press("m")
    await told(gateway, 101, "muted")
    await expect(page.locator(".mute .help")).to_contain_text("前台活动")
    await announce(gateway, 102, channels=DESK, text="静音时的话")
    await page.clock.run_for(300)
    await told(gateway, 102, "muted")
    await expect(page.locator(".now .say")).to_have_text("静音时的话")
    await expect(page.locator(".log li", has_text="静音时的话")).to_be_visible()
    await page.reload()
    await expect(page.locator(".mute[data-muted]")).to_be_visible()
    await page.clock.run_for(1_000)
    await page.clock.fast_forward("14:30")
    await expect(page.locator(".mute[data-muted]")).to_be_visible()
    await page.clock.fast_forward("01:30")
    await expect(page.locator(".mute[data-muted]")).to_have_count(0)
    assert "played" not in stages(gateway, 101) + stages(gateway, 102)
    await page.close()


async def test_a_refused_press_says_why(page: Page, gateway: ScriptedGateway) -> None:
    """Somebody else was quicker: the reason stays until 0."""
    gateway.forbidden["ClaimCall"] = "call_already_claimed"
    await page.keyboard.press("1")
    await expect(page.locator(".refused")).to_contain_text("未执行：同事已接")
    await page.keyboard.press("0")
    await expect(page.locator(".refused")).to_have_count(0)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_nothing_is_cut_at_either_size(
    browser: Browser, gateway: ScriptedGateway, size: ViewportSize, lang: str
) -> None:
    """Both languages fit 1920 × 1080 and 1280 × 800: no word wider than its place, nothing beyond the screen."""
    page = await browser.new_page(viewport=size)
    await page.goto(f"{gateway.origin}/cashier/?lang={lang}#token={TOKEN}")
    await page.wait_for_selector(".log li")
    cut = await page.evaluate(
        """() => [...document.querySelectorAll(
            "h1, h2, .btn, .what, .why, .state, .pick button, .kindtag, .heard span, .again, .head > *")]
          .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth
            || e.getBoundingClientRect().right > innerWidth + 1)
          .map((e) => e.className + ": " + e.textContent.trim())"""
    )
    assert cut == []
    await page.close()


async def test_a_lost_link_takes_the_head(browser: Browser, gateway: ScriptedGateway) -> None:
    """As on the board: seconds, from when the picture is, a red frame."""
    page = await desk(browser, gateway, clock=True)
    gateway.silent = True
    await page.clock.run_for(17_000)
    await expect(page.locator(".head.lost h1")).to_contain_text("断线 1")
    await page.close()


async def test_an_unpaired_desk_asks_for_a_code(browser: Browser, gateway: ScriptedGateway) -> None:
    """R-004-30: /cashier/ without a token is the pairing page of a cash desk."""
    page = await browser.new_page(viewport=SIZES[1])
    await page.goto(f"{gateway.origin}/cashier/")
    await expect(page.locator("pairing-page")).to_be_visible()
    assert await page.evaluate("document.querySelector('pairing-page').kind") == "cashier"
    await page.close()
