"""What a kitchen board says of what is announced: one thing after the other, and what it tells of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from server.clock import SystemClock, to_ms
from server.events import catalogue as c
from server.gateway import frames as f
from tests.support.browser import CHROMIUM, QUIET
from tests.support.kitchen_scene import Scene
from tests.support.pads import LISTEN
from tests.support.scripted_gateway import TOKEN, ScriptedGateway
from tests.support.voices import EAR, announce, heard, no_overlap, stages, told

NEW_CHIME_NOTES = 3

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def gateway() -> AsyncIterator[ScriptedGateway]:
    """A kitchen with one order."""
    scene = Scene(to_ms(SystemClock().now()))
    order = scene.order("room", "801", (60, [scene.dish("宫保鸡丁")]))
    async with ScriptedGateway(scene.view([order])) as opened:
        yield opened


async def board(browser: Browser, gateway: ScriptedGateway) -> Page:
    """Open a board, and an ear on it."""
    page = await browser.new_page(viewport={"width": 1920, "height": 1080})
    await page.add_init_script(LISTEN)
    await page.goto(f"{gateway.origin}/kds-web/#token={TOKEN}")
    await page.wait_for_selector("[data-item]")
    await page.wait_for_function("chuancai.screen.speaker.voice.state === 'on'")
    await page.evaluate(EAR)
    return page


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, gateway: ScriptedGateway) -> AsyncIterator[Page]:
    """The only board of the kitchen: it speaks."""
    opened = await board(browser, gateway)
    yield opened
    await opened.close()


async def test_the_most_urgent_is_said_next_and_nothing_overlaps(
    page: Page, gateway: ScriptedGateway
) -> None:
    """R-004-31: what is being said is said to its end; then the most urgent, then the oldest."""
    for call, urgency in ((1, 4), (2, 4), (3, 3), (4, 0), (5, 1), (6, 0)):
        await announce(gateway, call, priority=urgency, sound="notice")
    spoken = await heard(page, 6)
    assert [one.call_id for one in spoken] == [1, 4, 6, 5, 3, 2]
    assert no_overlap(spoken)
    assert {one.stage for one in spoken} == {"played"}
    await told(gateway, 2, "played")


async def test_what_is_late_is_never_said(page: Page, gateway: ScriptedGateway) -> None:
    """A line whose time is over when it comes, or is over before its turn, is told as failed."""
    await announce(gateway, 1, seconds=1.2)
    await announce(gateway, 2, lasts_ms=400)
    await announce(gateway, 3, lasts_ms=-1)
    await announce(gateway, 4)
    assert [one.call_id for one in await heard(page, 2)] == [1, 4]
    for call in (2, 3):
        await told(gateway, call, "failed")
        assert stages(gateway, call) == ["failed"]


async def test_a_ring_that_comes_twice_is_said_once(page: Page, gateway: ScriptedGateway) -> None:
    """The same call and ring again is the same ring; the next ring is the server's repeat, and said."""
    await announce(gateway, 1)
    await announce(gateway, 1)
    await announce(gateway, 1, ring=2)
    await announce(gateway, 2)
    assert [one.call_id for one in await heard(page, 3)] == [1, 1, 2]


@pytest.mark.parametrize("answered", [True, False])
async def test_a_call_that_is_over_falls_silent_at_once(
    page: Page, gateway: ScriptedGateway, *, answered: bool
) -> None:
    """R-004-15: undone, cancelled or answered: dropped from the queue, and stopped in mid-sentence."""
    await announce(gateway, 1, seconds=20)
    await announce(gateway, 2)
    await announce(gateway, 3)
    await page.wait_for_function("chuancai.screen.speaker.saying?.playing?.durationS > 19")
    for call in (2, 1):
        event: c.Event = c.CallEnded(call_id=call, reason="undone", at_ms=gateway.now_ms())
        if answered:
            event = c.CallClaimed(call_id=call, by="王敏", device_id=7, at_ms=gateway.now_ms())
        await gateway.happen(event)
    first, second = await heard(page, 2)
    assert (first.call_id, first.stage) == (1, None)
    assert first.ended_s - first.began_s < 10
    assert second.call_id == 3
    await told(gateway, 3, "played")
    assert stages(gateway, 1) == stages(gateway, 2) == []


async def test_nothing_from_before_is_said(browser: Browser, gateway: ScriptedGateway) -> None:
    """A board that opens, or comes back after a cut, says nothing of what was announced meanwhile."""
    await announce(gateway, 1)
    page = await board(browser, gateway)
    gateway.closed_door = True
    gateway.cut()
    await gateway.until(lambda: gateway.connections == 0)
    await announce(gateway, 2)
    gateway.closed_door = False
    await page.wait_for_function(
        "seq => chuancai.link.state === 'open' && chuancai.link.seq === seq", arg=gateway.seq
    )
    await announce(gateway, 3)
    assert [one.call_id for one in await heard(page, 1)] == [3]
    await page.close()


async def test_without_any_voice_the_words_stand_in_large_letters(
    page: Page, gateway: ScriptedGateway
) -> None:
    """No recording, and a browser without a voice: a chime, the text over the head, told as shown."""
    await announce(gateway, 1, seconds=0, text="八零三房催菜，水煮牛肉一份", sound="rush")
    await expect(page.locator(".spoken")).to_have_text("八零三房催菜，水煮牛肉一份")
    [said] = await heard(page, 1)
    assert said.stage == "shown"
    assert await page.evaluate("notes") == NEW_CHIME_NOTES
    await expect(page.locator(".spoken")).to_have_count(0)
    await told(gateway, 1, "shown")


async def test_a_recording_that_cannot_be_had_is_not_waited_for(
    page: Page, gateway: ScriptedGateway
) -> None:
    """The file is gone: text instead, told as shown, and the queue goes on."""
    await announce(gateway, 1, audio={"zh": "/audio/gone.wav"}, text="找不到录音的话")
    await announce(gateway, 2)
    first, second = await heard(page, 2)
    assert (first.stage, second.stage) == ("shown", "played")
    await told(gateway, 2, "played")


async def test_refresh_is_silent_and_notify_is_not_spoken(
    page: Page, gateway: ScriptedGateway
) -> None:
    """R-004-31: MsgType 2 only redraws; 3 is a chime and a line of text."""
    await announce(gateway, 1, msg_type=2, text="", sound="ring")
    await told(gateway, 1, "shown")
    assert await page.evaluate("notes") == 0
    await announce(gateway, 2, msg_type=3, text="空调师傅已到", sound="new")
    await expect(page.locator(".spoken")).to_have_text("空调师傅已到")
    await told(gateway, 2, "shown")
    assert await page.evaluate("notes") == NEW_CHIME_NOTES
    assert await page.evaluate("chuancai.screen.speaker.saying") is None


async def test_an_order_chimes_once(page: Page, gateway: ScriptedGateway) -> None:
    """The board's own chime for a new order stands for that of the sentence about it."""
    scene = Scene(gateway.now_ms())
    scene.ids = count(900)
    order = scene.order("room", "805", (0, [scene.dish("水饺")]))
    await gateway.happen(c.OrderPlaced(order=order, round=1))
    await announce(gateway, 1, event="order_placed", sound="new", priority=3)
    chime, sentence = await heard(page, 2)
    assert (chime.call_id, sentence.call_id) == (0, 1)
    assert no_overlap([chime, sentence])
    assert await page.evaluate("notes") == NEW_CHIME_NOTES


async def test_a_board_is_silent_in_quiet_hours(page: Page, gateway: ScriptedGateway) -> None:
    """R-004-33: told that new orders are quiet, the board shows one without a chime; then it chimes."""
    scene = Scene(gateway.now_ms())
    scene.ids = count(900)
    await gateway.tell(f.Quiet(["order_placed"]))
    for notes, name in ((0, "805"), (NEW_CHIME_NOTES, "806")):
        order = scene.order("room", name, (0, [scene.dish("水饺")]))
        await gateway.happen(c.OrderPlaced(order=order, round=1))
        await expect(page.locator(f"article[data-order='{order.id}']")).to_be_visible()
        await page.wait_for_function("chuancai.screen.speaker.saying === null")
        assert await page.evaluate("notes") == notes
        await gateway.tell(f.Quiet([]))


async def test_what_never_ends_is_given_up(browser: Browser, gateway: ScriptedGateway) -> None:
    """The watchdog: a sound that does not end two seconds after its time is failed, and the next is said."""
    page = await browser.new_page()
    await page.add_init_script(
        """
        const start = AudioBufferSourceNode.prototype.start;
        let hung = false;
        AudioBufferSourceNode.prototype.start = function () {
          if (hung) return start.call(this);
          hung = true;
        };
        """
    )
    await page.goto(f"{gateway.origin}/kds-web/#token={TOKEN}")
    await page.wait_for_selector("[data-item]")
    await page.evaluate(EAR)
    await announce(gateway, 1)
    await announce(gateway, 2)
    first, second = await heard(page, 2)
    assert (first.stage, second.stage) == ("failed", "played")
    await told(gateway, 1, "failed")
    await page.close()


async def test_a_full_queue_loses_the_least_urgent_of_those_the_oldest(page: Page) -> None:
    """Fifty wait; the fifty-first costs the oldest of the least urgent; a thousand rings are remembered."""
    found = await page.evaluate(
        """async () => {
          const { SpeechQueue, QUEUED_MAX, REMEMBERED_MAX } = await import("/link/speech-queue.js");
          const line = (call, priority) => ({ call_id: call, ring: 1, priority, at_ms: call, expires_at_ms: 1e9 });
          const queue = new SpeechQueue();
          for (let call = 1; call <= QUEUED_MAX; call += 1) queue.add(line(call, call % 5));
          const lost = [queue.add(line(100, 0)), queue.add(line(101, 4)), queue.add(line(102, 9))];
          const known = new SpeechQueue();
          for (let call = 1; call <= REMEMBERED_MAX + 1; call += 1) known.isNew(line(call, 0));
          return { length: queue.lines.length, lost: lost.map(({ call_id }) => call_id),
                   forgot: known.isNew(line(1, 0)), knows: known.isNew(line(9, 0)) };
        }"""
    )
    assert found == {"length": 50, "lost": [4, 9, 102], "forgot": True, "knows": False}


async def test_a_test_of_the_sound_says_what_it_heard(page: Page) -> None:
    """T: a chime is heard on the way out, and the board says that it has no voice here."""
    await page.keyboard.press("t")
    await expect(page.locator(".spoken")).to_have_text("正在试声音")
    await expect(page.locator(".spoken")).to_have_text("只有提示音，没有语音，句子会显示成大字")
    level = await page.evaluate("chuancai.screen.speaker.soundTest.found.level")
    assert 0.1 < level <= 1


async def test_until_a_touch_the_gate_stands_and_is_told(gateway: ScriptedGateway) -> None:
    """A browser that blocks sound: told as blocked, a gate over the whole screen; a touch opens it, and it is said.

    The gateway hears of both, so that another screen speaks meanwhile.
    """
    async with async_playwright() as playwright:
        untouched = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = await untouched.new_page(viewport={"width": 1920, "height": 1080})
        await page.goto(f"{gateway.origin}/kds-web/#token={TOKEN}")
        await gateway.until(lambda: gateway.connections == 1)
        await announce(gateway, 1, seconds=0.2)
        await told(gateway, 1, "blocked")  # looking into the page would count as a touch
        await page.mouse.click(960, 540)
        await told(gateway, 1, "played")
        await expect(page.locator(".gate")).to_have_count(0)
        assert stages(gateway, 1) == ["blocked", "played"]
        assert [one.audible for one in gateway.acks if one.audible is not None] == [False, True]
        await untouched.close()


async def test_twenty_events_on_three_screens_of_one_kitchen(
    browser: Browser, gateway: ScriptedGateway
) -> None:
    """Twenty in 5 s, which the server puts into eight sentences: one screen speaks, urgent first, within 30 s."""
    pages = [await board(browser, gateway) for _ in range(3)]
    await pages[0].wait_for_function("chuancai.screen.speaker.speaks")
    for one in pages[1:]:
        await one.wait_for_function("!chuancai.screen.speaker.speaks")
    urgency = [3, 3, 2, 3, 1, 2, 0, 4]
    for call, priority in enumerate(urgency, start=1):
        await announce(
            gateway, call, priority=priority, seconds=2.4, sound="notice", lasts_ms=30_000
        )
    spoken = await heard(pages[0], len(urgency))
    order = [one.call_id for one in spoken]
    assert order == [1, 7, 5, 3, 6, 2, 4, 8]
    assert no_overlap(spoken)
    assert {one.stage for one in spoken} == {"played"}
    assert spoken[-1].ended_s - spoken[0].began_s < 30
    for one in pages[1:]:
        assert await one.evaluate("window.spoken") == []
    for one in pages:
        await one.close()


async def test_when_the_speaking_screen_goes_another_speaks(
    browser: Browser, gateway: ScriptedGateway
) -> None:
    """The first of two boards is closed: the second is told, and says the next line."""
    first, second = [await board(browser, gateway) for _ in range(2)]
    await second.wait_for_function("!chuancai.screen.speaker.speaks")
    await announce(gateway, 1)
    await heard(first, 1)
    await first.close()
    await second.wait_for_function("chuancai.screen.speaker.speaks")
    await announce(gateway, 2)
    assert [one.call_id for one in await heard(second, 1)] == [2]
    await second.close()


async def test_what_comes_while_the_voice_is_being_chosen_is_said(
    browser: Browser, gateway: ScriptedGateway
) -> None:
    """R-004-31: the only board opens, an order comes before it is told that it speaks: it is heard."""
    gateway.undecided = True
    page = await board(browser, gateway)
    before = await page.evaluate("chuancai.screen.link.seq")
    await announce(gateway, 1)
    await page.wait_for_function("seq => chuancai.screen.link.seq > seq", arg=before)
    gateway.undecided = False
    await gateway.choose_speaker()
    assert [one.call_id for one in await heard(page, 1)] == [1]
    await page.close()
