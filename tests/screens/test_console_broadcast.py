"""The console's room of the broadcast: rules in layers, many shops at once, sentences heard as they are typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import quiet_chromium
from tests.support.desks import SHOP_NAME, add_shop, desk_page, log_in
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, fresh_house

EAST, WEST = "城东店", "城西店"
READ_POLICY = """
SELECT policy FROM broadcast_policy WHERE brand_id = 1 AND shop_id = $1 AND event = $2 AND channel = $3
"""
# What the desk plays: every recording that begins, with its length and its loudest sample; chimes are oscillators.
EAR = """
  window.heard = [];
  const clip = AudioBufferSourceNode.prototype.start, note = OscillatorNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (...given) {
    const loudest = this.buffer.getChannelData(0).reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    window.heard.push({ what: "recording", seconds: this.buffer.duration, loudest });
    return clip.apply(this, given);
  };
  OscillatorNode.prototype.start = function (...given) {
    window.heard.push({ what: "chime" });
    return note.apply(this, given);
  };
"""


@pytest.fixture(scope="module")
def house(engines: EnginePair) -> Iterator[HouseOnThread]:
    """One house for this file, with two further shops of the brand."""
    with fresh_house(engines) as made:
        add_shop(made, 2, EAST, "East")
        add_shop(made, 3, WEST, "West")
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for this file."""
    with quiet_chromium() as made:
        yield made


@pytest.fixture(scope="module")
def desk(browser: Browser, house: HouseOnThread) -> Iterator[Page]:
    """The owner at a desk that is listened to."""
    with desk_page(browser) as page:
        page.add_init_script(EAR)
        log_in(house, page, "wang", "owner", 0)
        yield page


def enter(house: HouseOnThread, page: Page, tab: str = "rules", shop_id: int = 1) -> None:
    """Go to the room as by its bookmark."""
    page.goto("about:blank")
    page.goto(f"{house.url}/console/#broadcast@{shop_id}")
    page.locator(f"button[role=tab][name={tab}]").click()
    expect(page.locator("tbody tr").first).to_be_visible()


def cell(page: Page, event: str, channel: str) -> Any:
    """Return the cell of an event at a channel."""
    return page.locator(f"tr[data-event={event}] td[data-channel={channel}] button")


def row(page: Page, field: str) -> Any:
    """Return a field's row in the form."""
    return page.locator(f".rule-row[data-field={field}]")


def save(page: Page) -> None:
    """Press the form's button and see it go."""
    page.locator("dialog.sheet form > .do button[data-kind=go]").click()
    expect(page.locator("dialog.sheet")).to_have_count(0)


def rules(house: HouseOnThread, shop_id: int, event: str, channel: str) -> dict[str, Any]:
    """Return what a shop wants otherwise, as it is stored."""
    found = house.call(house.house.pool.fetchval(READ_POLICY, shop_id, event, channel))
    return {} if found is None else dict(msgspec.json.decode(found))


def test_a_rule_is_set_for_a_shop_and_given_back(house: HouseOnThread, desk: Page) -> None:
    """R-004-33: every field of a rule; from which layer it is; the shop's own goes back to the brand's."""
    enter(house, desk)
    expect(cell(desk, "order_placed", "cashier")).to_contain_text("3 遍 · 每 15 秒")
    cell(desk, "order_placed", "cashier").click()
    expect(row(desk, "repeat_max").locator(".layer")).to_have_text("默认")
    desk.fill("dialog input[name=repeat_max]", "4")
    desk.fill("dialog input[name=interval_s]", "20")
    expect(row(desk, "interval_s").locator(".layer")).to_have_text("本店")
    desk.locator("dialog input[name=quiet]").check()
    desk.fill("dialog input[name=quiet_from]", "23:30")
    desk.locator("dialog input[name=escalate_to][value=console]").check()
    desk.fill("dialog input[name=escalate_after_rings]", "2")
    desk.fill("dialog input[name=expiry_s]", "45")
    desk.fill("dialog input[name=priority]", "1")
    desk.select_option("dialog select[name=sound]", "rush")
    save(desk)
    assert rules(house, 1, "order_placed", "cashier") == {
        "repeat_max": 4, "interval_s": 20, "quiet": {"from_minute": 1410, "to_minute": 420},
        "escalate_to": ["console"], "escalate_after_rings": 2, "expiry_s": 45, "priority": 1,
        "sound": "rush",
    }  # fmt: skip
    changed = cell(desk, "order_placed", "cashier")
    expect(changed).to_contain_text("5 遍 · 每 20 秒")
    expect(changed).to_contain_text("23:30–07:00 安静")
    expect(changed.locator(".layer")).to_have_text("本店")
    changed.click()
    for field in ("repeat_max", "quiet"):
        row(desk, field).locator("button[name=back]").click()
        expect(row(desk, field).locator(".layer")).to_have_text("默认")
    expect(desk.locator("dialog input[name=repeat_max]")).to_have_value("2")
    desk.locator("details.past summary").click()
    expect(desk.locator("details.past li")).to_contain_text("Wang")
    save(desk)
    assert "repeat_max" not in rules(house, 1, "order_placed", "cashier")
    expect(cell(desk, "order_placed", "cashier")).to_contain_text("3 遍 · 每 20 秒")


def test_a_wrong_value_is_refused_at_its_field(house: HouseOnThread, desk: Page) -> None:
    """R-004-33: what the house does not take is said where it was typed, and nothing is changed."""
    enter(house, desk)
    cell(desk, "order_rushed", "kitchen").click()
    desk.fill("dialog input[name=interval_s]", "1")
    desk.locator("dialog.sheet form > .do button[data-kind=go]").click()
    expect(row(desk, "interval_s").locator("[role=alert]")).to_have_text("这个值不能用")
    desk.fill("dialog input[name=interval_s]", "30")
    expect(row(desk, "interval_s").locator("[role=alert]")).to_have_count(0)
    save(desk)
    assert rules(house, 1, "order_rushed", "kitchen") == {"interval_s": 30}


def test_one_change_for_many_shops_is_said_before_it_is_done(
    house: HouseOnThread, desk: Page
) -> None:
    """R-004-33: the shops and fields are named first; what the shops had of their own stays; no is no."""
    enter(house, desk, shop_id=2)
    cell(desk, "item_ready", "cashier").click()
    desk.fill("dialog input[name=expiry_s]", "99")
    save(desk)
    enter(house, desk)
    cell(desk, "item_ready", "cashier").click()
    desk.locator("dialog input[name=on]").uncheck()
    desk.locator("dialog button[name=all_shops]").click()
    desk.locator("dialog.sheet form > .do button[data-kind=go]").click()
    asked = desk.locator("dialog.ask")
    expect(asked).to_contain_text(f"{EAST}、{WEST}（2 家门店）")
    expect(asked).to_contain_text("播报")
    asked.locator("button").first.click()
    assert rules(house, 1, "item_ready", "cashier") == {}
    desk.locator("dialog.sheet form > .do button[data-kind=go]").click()
    asked.locator("button[name=sure]").click()
    expect(desk.locator("dialog.sheet")).to_have_count(0)
    expect(desk.locator(".toasts")).to_contain_text("2 家门店已改")
    assert rules(house, 1, "item_ready", "cashier") == {"on": False}
    assert rules(house, 2, "item_ready", "cashier") == {"expiry_s": 99, "on": False}
    assert rules(house, 3, "item_ready", "cashier") == {"on": False}


def test_a_brand_sets_defaults_and_shops_follow_again(house: HouseOnThread, desk: Page) -> None:
    """R-004-33: a default holds in shops without a rule of their own; others are named, and let follow."""
    enter(house, desk, shop_id=2)
    cell(desk, "custom", "pad").click()
    desk.fill("dialog input[name=repeat_max]", "9")
    save(desk)
    desk.select_option("select[name=scope]", "brand")
    cell(desk, "custom", "pad").click()
    desk.locator("dialog input[name=until_acknowledged]").check()
    follow = desk.locator("dialog label.tick", has_text=EAST)
    expect(follow).to_contain_text("第一遍之后再响几遍")
    follow.locator("input").check()
    desk.locator("dialog.sheet form > .do button[data-kind=go]").click()
    expect(desk.locator("dialog.ask")).to_contain_text(f"让{EAST}（1 家门店）")
    desk.locator("dialog.ask button[name=sure]").click()
    expect(cell(desk, "custom", "pad")).to_contain_text("直到有人应答")
    expect(cell(desk, "custom", "pad").locator(".layer")).to_have_text("品牌")
    assert rules(house, 2, "custom", "pad") == {}
    desk.select_option("select[name=scope]", "shop")
    expect(cell(desk, "custom", "pad")).to_contain_text("直到有人应答")


def test_a_sentence_is_heard_while_it_is_typed(house: HouseOnThread, desk: Page) -> None:
    """R-004-35: chips, types, live preview in both languages, refusals in place, the real recording; then a version."""
    enter(house, desk, "templates")
    desk.locator("button[name=add]").click()
    desk.fill("dialog input[name=name]", "加钟")
    zh, shown = desk.locator("textarea[name=zh]"), desk.locator(".said .shown")
    zh.press_sequentially("{roomName}房间还有{minutes}分钟")
    expect(desk.locator("dialog label", has=zh).locator("[role=alert]")).to_contain_text(
        "{roomName}"
    )
    for _ in range(2):
        desk.locator("button[name=make_parameter]").first.click()
    desk.select_option("li[data-parameter=minutes] select", "number")
    desk.select_option("li[data-parameter=roomName] select", "room")
    expect(shown).to_have_text(["801房间还有30分钟"])
    expect(desk.locator(".said .line")).to_contain_text("八零一房间还有三十分钟")
    desk.fill("textarea[name=en]", "Room {roomName}: {minutes")
    wrong = desk.locator("dialog label", has=desk.locator("textarea[name=en]")).locator(
        "[role=alert]"
    )
    expect(wrong).to_contain_text("第 18 个字")
    expect(desk.locator("textarea[name=en]")).to_have_attribute("aria-invalid", "true")
    desk.fill("textarea[name=en]", "Room {roomName}: minutes left: ")
    desk.locator("textarea[name=en]").press("End")
    desk.locator("li[data-parameter=minutes] button[name=put_in]").click()
    desk.fill("input[name=try_minutes]", "5")
    expect(shown).to_have_text(["801房间还有5分钟", "Room 801: minutes left: 5"])
    with desk.expect_response(lambda answer: "/audio/" in answer.url) as fetched:
        desk.locator("button[name=say_zh]").click()
    assert fetched.value.headers["content-type"] == "audio/wav"
    expect(desk.locator(".said [role=status]")).to_contain_text("和收银台的一样")
    heard = desk.evaluate("window.heard")
    assert heard[0]["what"] == "chime"
    recording = heard[-1]
    assert recording["what"] == "recording"
    assert recording["seconds"] > 1
    assert recording["loudest"] > 0.1
    save(desk)
    written = desk.locator("tr", has_text="加钟")
    expect(written).to_contain_text("{minutes} 数字")
    written.locator("button[name=edit]").click()
    zh.fill("{roomName}房间快到时间了")
    expect(shown.first).to_have_text("801房间快到时间了")
    save(desk)
    expect(written).to_contain_text("第 2 版")
    written.locator("button[name=edit]").click()
    desk.locator("details.past summary").click()
    desk.locator("li[data-version='1'] button[name=take]").click()
    expect(zh).to_have_value("{roomName}房间还有{minutes}分钟")
    save(desk)
    expect(written).to_contain_text("第 3 版")


def test_a_voice_that_is_away_is_not_said_to_be_heard(house: HouseOnThread, desk: Page) -> None:
    """R-004-33: without a recording and without a browser's voice the desk says that nothing was heard."""
    enter(house, desk)
    cell(desk, "item_ready", "pad").click()
    desk.route("**/audio/**", lambda route: route.fulfill(status=503))
    desk.evaluate("speechSynthesis.getVoices = () => []")
    desk.locator("button[name=say_zh]").click()
    expect(desk.locator(".said [role=status]")).to_contain_text("没有声音")
    desk.unroute("**/audio/**")
    desk.evaluate("window.heard = []")
    desk.locator("button[name=chime]").click()
    desk.wait_for_function("() => window.heard.length > 0")
    desk.keyboard.press("Escape")


def test_a_sentence_is_said_on_the_shops_devices(house: HouseOnThread, desk: Page) -> None:
    """R-004-31: after a question; a cash desk that is there announces it, and where there is none that is said."""
    enter(house, desk)
    # Who is there is asked at most once a second: first where somebody is.
    till = desk.context.browser.new_context().new_page()  # type: ignore[union-attr]
    till.goto(f"{house.url}/cashier/?lang=zh#token={house.pair('cashier', '前台')}")
    till.wait_for_function("() => window.chuancai && window.chuancai.stateHash() !== ''")
    cell(desk, "order_rushed", "cashier").click()
    desk.locator("button[name=there]").click()
    expect(desk.locator("dialog.ask")).to_contain_text(f"“{SHOP_NAME}”的收银台")
    desk.locator("dialog.ask button[name=sure]").click()
    expect(desk.locator(".toasts")).to_contain_text("已在收银台播：1 台设备，1 台在线")
    expect(till.locator("body")).to_contain_text("801房间催菜,请尽快")
    till.context.close()
    desk.keyboard.press("Escape")
    cell(desk, "item_ready", "call_screen").click()
    desk.locator("button[name=there]").click()
    desk.locator("dialog.ask button[name=sure]").click()
    expect(desk.locator(".toasts")).to_contain_text("没有已配对的叫号屏设备")
    desk.keyboard.press("Escape")


def test_somebody_was_quicker(house: HouseOnThread, desk: Page) -> None:
    """R-004-33: a rule that was changed meanwhile is not overwritten; opened again, it is the newer one."""
    enter(house, desk)
    cell(desk, "item_unseen", "cashier").click()
    put = """async () => (await fetch("/v1/im/rules/item_unseen?shop_id=1", {
      method: "PUT", headers: { "content-type": "application/json" },
      body: JSON.stringify({ channel: "cashier", version: 0, change: { repeat_max: 7 } }),
    })).status"""
    assert desk.evaluate(put) == 200
    desk.fill("dialog input[name=interval_s]", "44")
    desk.locator("dialog.sheet form > .do button[data-kind=go]").click()
    expect(desk.locator(".toasts p[data-as=refused]").last).to_contain_text("已被他人修改")
    desk.keyboard.press("Escape")
    expect(cell(desk, "item_unseen", "cashier")).to_contain_text("8 遍")
    cell(desk, "item_unseen", "cashier").click()
    desk.fill("dialog input[name=interval_s]", "44")
    save(desk)
    assert rules(house, 1, "item_unseen", "cashier") == {"repeat_max": 7, "interval_s": 44}


def test_a_manager_of_one_shop_keeps_its_rules_by_keyboard(
    house: HouseOnThread, browser: Browser
) -> None:
    """R-004-33: no brand's default and no foreign shop for him; in English, without a mouse."""
    with desk_page(browser) as page:
        log_in(house, page, "ma", "manager", 1)
        page.goto(f"{house.url}/console/?lang=en#broadcast@1")
        expect(page.locator("h1")).to_have_text("Broadcast")
        expect(page.locator("select[name=scope]")).to_have_count(0)
        expect(page.locator("select[name=at_shop] option")).to_have_count(1)
        rushed = cell(page, "order_rushed", "kitchen")
        rushed.focus()
        page.keyboard.press("Enter")
        expect(page.locator("dialog h2")).to_contain_text("Rush · Kitchen")
        expect(page.locator("dialog input[name=shops]")).to_have_count(0)
        page.locator("dialog input[name=repeat_max]").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("1")
        page.keyboard.press("Enter")
        expect(page.locator("dialog.sheet")).to_have_count(0)
        expect(
            page.get_by_role("button", name=re.compile("^Rush, Kitchen: 2 times · every"))
        ).to_be_visible()
        page.locator("button[role=tab][name=templates]").focus()
        page.keyboard.press("Enter")
        expect(page.locator("button[name=add]")).to_have_count(0)
        page.locator("button[name=edit]").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("textarea[name=zh]")).to_have_attribute("readonly", "")
        expect(page.locator("dialog.sheet form > .do button")).to_have_count(0)
        page.keyboard.press("Escape")
        page.locator("h1").click()
        page.keyboard.press("l")
        expect(page.locator("h1")).to_have_text("播报")
        expect(page.get_by_text(SHOP_NAME).first).to_be_attached()
