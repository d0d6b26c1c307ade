"""The waiter's pad, in a real browser against a real house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from server.events.view import state_hash
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread
from tests.support.pads import NOTES_PER_RING, Pads, call, cook, states

GREENS, PORK, SOUP, RICE = 6, 12, 4, 24
ROOM_801, ROOM_802, TAG_23 = 1, 2, 123
CHIMED = "from => performance.now() - from > 1000"  # what rings sooner is heard in the same chime


@pytest.fixture(scope="module")
def opened(engines: EnginePair) -> Iterator[Pads]:
    """One house and one browser for this file."""
    with Pads.of_a_house(engines) as pads:
        yield pads


@pytest.fixture
def pads(opened: Pads) -> Iterator[Pads]:
    """The same house with nobody in it."""
    yield opened
    opened.tidy()


@pytest.fixture
def house(pads: Pads) -> HouseOnThread:
    """The house the pads belong to."""
    return pads.house


def equals_the_house(page: Page, house: HouseOnThread) -> None:
    """Wait until the pad's picture equals the server's truth."""
    truth = state_hash(house.view("waiter"))
    page.wait_for_function("hash => window.chuancai.stateHash() === hash", arg=truth)


def notes(page: Page) -> int:
    """Return how many notes the pad has played."""
    return int(page.evaluate("window.notes"))


def test_one_order_from_the_ring_to_the_clean_room(pads: Pads, house: HouseOnThread) -> None:
    """R-004-13…16: ring, 我来取, 已取餐, 已送达, 清房完成, each with one press for the whole order."""
    page, _ = pads.waiter("王敏")
    ids = house.order(ROOM_801, PORK, SOUP)["item_ids"]
    call(house, *ids)
    expect(page.locator(".call .dishes-called li")).to_have_count(2)
    expect(page.locator(".call .place")).to_contain_text("801")
    page.locator(".call .come").click()
    expect(page.locator(".ringing")).to_have_count(0)
    assert {one.claimed_by for one in house.view("waiter").calls} == {"王敏"}
    page.locator(".mine .btn").click()
    expect(page.locator(".slot")).to_contain_text("801房 糖醋里脊 1 · 西湖牛肉羹 1 已取餐")
    assert set(states(house.view("waiter")).values()) == {"picked_up"}
    page.locator(".mine .btn", has_text="已送达").click()
    expect(page.locator(".line", has_text="2 道已送达")).to_be_visible()
    assert set(states(house.view("waiter")).values()) == {"delivered"}
    page.get_by_role("button", name="清房完成").click()
    expect(page.locator(".all-calm")).to_be_visible()
    assert house.view("waiter").orders == []
    equals_the_house(page, house)


def test_a_claim_silences_the_other_pads(pads: Pads, house: HouseOnThread) -> None:
    """Both pads ring; one press stops the other and says who goes."""
    mine, _ = pads.waiter("王敏")
    other, _ = pads.waiter("李强")
    call(house, *house.order(ROOM_801, PORK)["item_ids"])
    expect(other.locator(".call .come")).to_be_visible()
    assert notes(other) == NOTES_PER_RING
    mine.locator(".call .come").click()
    expect(other.locator(".ringing")).to_have_count(0)
    expect(other.locator(".line .who")).to_have_text("王敏去取")
    assert notes(other) == NOTES_PER_RING


def test_a_call_is_given_back_and_the_others_ring(pads: Pads, house: HouseOnThread) -> None:
    """R-004-13, R-004-36: 去不了，交回 by key or press; the other pad rings at once, the own one does not."""
    mine, _ = pads.waiter("王敏")
    other, _ = pads.waiter("李强")
    call(house, *house.order(ROOM_801, PORK)["item_ids"])
    expect(other.locator(".call .come")).to_be_visible()
    for give_back in ("key", "press"):
        mine.locator(".call .come").click()
        expect(other.locator(".line .who")).to_have_text("王敏去取")
        other.wait_for_function(CHIMED, arg=other.evaluate("performance.now()"))
        before, here = notes(other), notes(mine)
        if give_back == "key":
            mine.keyboard.press("b")
        else:
            mine.get_by_role("button", name="去不了，交回").click()
        other.wait_for_function("before => window.notes > before", arg=before)
        assert notes(mine) == here
        expect(other.locator(".call .come")).to_be_visible()
        expect(mine.locator(".slot")).to_contain_text("801房 糖醋里脊 1 已交回，正在叫其他人")
        expect(mine.locator(".mine")).to_have_count(0)
        equals_the_house(mine, house)
    other.locator(".call .come").click()
    expect(mine.locator(".line .who")).to_have_text("李强去取")
    equals_the_house(other, house)


def test_what_rang_before_the_pad_was_opened_makes_no_sound(
    pads: Pads, house: HouseOnThread
) -> None:
    """A call that is shown on load or after catching up is silent: only live rings are heard."""
    first, second = house.order(ROOM_801, PORK, SOUP)["item_ids"]
    call(house, first)
    page, wire = pads.waiter("王敏")
    expect(page.locator(".call .come")).to_be_visible()
    wire.cut()
    call(house, second)
    wire.mend()
    expect(page.locator(".call .dishes-called li")).to_have_count(2)
    assert notes(page) == 0


def test_two_claims_have_one_owner(pads: Pads, house: HouseOnThread) -> None:
    """A pad that had not heard of the claim presses too: it is told politely who was first."""
    mine, _ = pads.waiter("王敏")
    other, wire = pads.waiter("李强")
    call(house, *house.order(ROOM_801, PORK)["item_ids"])
    expect(other.locator(".call .come")).to_be_visible()
    wire.deafen()
    mine.locator(".call .come").click()
    expect(mine.locator(".mine")).to_be_visible()
    other.locator(".call .come").click()
    expect(other.locator(".call .come")).to_contain_text("待送出")
    wire.mend()
    expect(other.locator(".slot")).to_contain_text("801房 王敏已接")
    expect(other.locator(".line .who")).to_have_text("王敏去取")
    assert [one.claimed_by for one in house.view("waiter").calls] == ["王敏"]


def test_a_call_that_slips_under_the_finger_cannot_be_answered_yet(
    pads: Pads, house: HouseOnThread
) -> None:
    """A double tap on 我来取 answers one call: the next one cannot be pressed for a moment."""
    page, _ = pads.waiter("王敏")
    first, second = (
        house.order(place, dish)["item_ids"][0]
        for place, dish in ((ROOM_801, PORK), (ROOM_802, SOUP))
    )
    call(house, first, second)
    expect(page.locator(".also .place")).to_contain_text("802")
    page.evaluate(
        """() => {
          window.seen = new Promise((tell) => new MutationObserver(() => {
            const call = document.querySelector(".call");
            if (call?.textContent.includes("802")) tell(call.querySelector(".come").disabled);
          }).observe(document.body, { childList: true, subtree: true, characterData: true }));
        }"""
    )
    page.locator(".call .come").click()
    assert page.evaluate("window.seen") is True
    expect(page.locator(".call .come")).to_be_enabled()
    assert {one.item_id for one in house.view("waiter").calls if one.state == "claimed"} == {first}


def test_a_wrong_pick_up_can_be_taken_back(pads: Pads, house: HouseOnThread) -> None:
    """取走 pressed on the wrong line: 撤销 within five seconds puts the dish back on the pass."""
    page, _ = pads.waiter("王敏")
    [item] = house.order(ROOM_801, GREENS)["item_ids"]
    cook(house, item)
    page.get_by_role("button", name="取走").click()
    expect(page.locator(".mine")).to_be_visible()
    page.locator(".slot .btn").click()
    expect(page.locator(".mine")).to_have_count(0)
    assert states(house.view("waiter"))[item] == "ready"


def test_a_wrong_delivery_can_be_taken_back_by_key(pads: Pads, house: HouseOnThread) -> None:
    """0 is undo on every screen."""
    page, _ = pads.waiter("王敏")
    [item] = house.order(ROOM_801, GREENS)["item_ids"]
    cook(house, item)
    page.get_by_role("button", name="取走").click()
    page.locator(".mine .btn", has_text="已送达").click()
    expect(page.locator(".slot")).to_contain_text("已送达")
    page.keyboard.press("0")
    expect(page.locator(".mine .btn")).to_contain_text("已送达")
    assert states(house.view("waiter"))[item] == "picked_up"


def test_the_undo_is_gone_after_five_seconds(pads: Pads, house: HouseOnThread) -> None:
    """The slot empties itself and nothing moves: its height stays."""
    page, _ = pads.waiter("王敏")
    cook(house, *house.order(ROOM_801, GREENS)["item_ids"])
    page.get_by_role("button", name="取走").click()
    expect(page.locator(".slot .btn")).to_be_visible()
    before = page.locator(".tabs").bounding_box()
    expect(page.locator(".slot .btn")).to_have_count(0)
    assert page.locator(".tabs").bounding_box() == before


def test_what_a_colleague_did_first_is_said_politely(pads: Pads, house: HouseOnThread) -> None:
    """Pressed offline, done meanwhile by somebody else: one event, and "已由李强取走"."""
    page, wire = pads.waiter("王敏")
    other, _ = pads.waiter("李强")
    [item] = house.order(ROOM_801, GREENS)["item_ids"]
    cook(house, item)
    expect(page.get_by_role("button", name="取走")).to_be_visible()
    wire.cut()
    page.get_by_role("button", name="取走").click()
    expect(page.locator(".line .btn")).to_have_text("待送出")
    other.get_by_role("button", name="取走").click()
    expect(other.locator(".mine")).to_be_visible()
    wire.mend()
    expect(page.locator(".slot")).to_contain_text("清炒时蔬 1 已由李强取走")
    expect(page.locator(".line .who")).to_have_text("李强在送")
    equals_the_house(page, house)


def test_two_pads_of_one_name_carry_their_own(pads: Pads, house: HouseOnThread) -> None:
    """R-004-14: what one pad carries is a colleague's on its namesake, live and after a reload."""
    mine, _ = pads.waiter("王敏")
    other, _ = pads.waiter("王敏")
    cook(house, *house.order(ROOM_801, GREENS)["item_ids"])
    mine.get_by_role("button", name="取走").click()
    expect(mine.locator(".mine .btn")).to_contain_text("已送达")
    expect(other.locator(".line .who")).to_have_text("王敏在送")
    expect(other.locator(".mine")).to_have_count(0)
    for page in (mine, other):
        page.reload()
        page.wait_for_selector("waiter-pad .tabs")
    expect(mine.locator(".mine .btn")).to_contain_text("已送达")
    expect(other.locator(".line .who")).to_have_text("王敏在送")
    expect(other.locator(".mine")).to_have_count(0)


def test_a_refused_press_stays_on_paper(pads: Pads, house: HouseOnThread) -> None:
    """Cancelled offline while the cook began: 未执行 with the reason, until somebody read it."""
    page, wire = pads.waiter("王敏")
    [item] = house.order(ROOM_801, GREENS)["item_ids"]
    page.keyboard.press("F3")
    page.locator(f"[data-place='{ROOM_801}']").click()
    wire.cut()
    page.locator(f"order-sheet [data-item='{item}']").get_by_role("button", name="退菜").click()
    page.locator("confirm-sheet button[data-kind=slip]").click()
    expect(page.locator(f"order-sheet [data-item='{item}'] .btn")).to_have_text("待送出")
    page.keyboard.press("Escape")
    house.ask("kitchen", "StartItem", item_id=item)
    wire.mend()
    slip = page.locator(".slot .slip")
    expect(slip).to_contain_text("801房 清炒时蔬 1 未执行：已开始制作，不能退")
    slip.get_by_role("button", name="知道了").click()
    expect(slip).to_have_count(0)


def test_a_waiter_orders_for_a_wrist_tag(pads: Pads, house: HouseOnThread) -> None:
    """点单: choose, say where to, 下单; the number comes back as a line."""
    page, _ = pads.waiter("王敏")
    page.keyboard.press("F4")
    page.locator(f"[data-dish='{GREENS}'] .step button").click()
    page.locator("dish-sheet button[data-kind=go]").click()
    expect(page.locator(".place-it")).to_have_text("先选送到哪里")
    page.locator(".place-it").click()
    page.locator(f"place-sheet [data-place='{TAG_23}']").click()
    page.locator(".place-it").click()
    expect(page.locator(".slot")).to_contain_text("手牌 23 已下单，#")
    [order] = house.view("waiter").orders
    expect(page.locator(".slot")).to_contain_text(f"#{order.number:02}")
    assert (order.place_kind, order.place_name, order.source) == ("tag", "23", "tag")
    expect(page.locator(".cart[data-empty]")).to_be_visible()


def test_rooms_show_what_matters_first(pads: Pads, house: HouseOnThread) -> None:
    """房间: each place with its state in a word, opened it can be ordered for and cleared."""
    page, _ = pads.waiter("王敏")
    house.order(ROOM_801, RICE)
    cook(house, *house.order(ROOM_802, GREENS)["item_ids"])
    page.locator(".tabs button").nth(2).click()
    expect(page.locator("[data-place='1'] .state")).to_have_text("待制作")
    expect(page.locator("[data-place='2'] .state")).to_have_text("已出餐")
    expect(page.locator("[data-place='3'] .state")).to_have_text("空")
    page.locator("[data-place='2']").click()
    page.get_by_role("button", name="清房完成，仍有 1 道未送达").click()
    expect(page.locator("[data-place='2'] .state")).to_have_text("空")
    assert [order.place_id for order in house.view("waiter").orders] == [ROOM_801]


def test_answering_by_key_alone(pads: Pads, house: HouseOnThread) -> None:
    """Enter answers the call under the thumb; F-keys turn the pages."""
    page, _ = pads.waiter("王敏")
    call(house, *house.order(ROOM_801, PORK)["item_ids"])
    expect(page.locator(".call .come")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(page.locator(".mine")).to_be_visible()
    page.keyboard.press("F2")
    expect(page.locator(".tabs [aria-current]")).to_contain_text("待取")


def test_a_pad_without_sound_says_so_until_touched(pads: Pads, house: HouseOnThread) -> None:
    """Browsers block sound before the first touch: a gate covers the pad, one touch opens it."""
    with pads.before_a_touch() as untouched:
        page, _ = untouched.waiter("王敏")
        expect(page.locator(".gate")).to_contain_text("没有声音，就听不到呼叫")
        page.mouse.click(400, 600)
        expect(page.locator(".gate")).to_have_count(0)
        expect(page.locator(".head")).to_contain_text("声音开")
        call(house, *house.order(ROOM_801, PORK)["item_ids"])
        expect(page.locator(".call .come")).to_be_visible()
        page.wait_for_function("notes => window.notes === notes", arg=NOTES_PER_RING)


def test_nothing_to_do_is_a_page_too(pads: Pads) -> None:
    """Empty lists say that all is well, in both languages."""
    page, _ = pads.waiter("王敏")
    expect(page.locator(".all-calm b")).to_have_text("现在没有要跑的")
    page.get_by_role("button", name="EN").click()
    expect(page.locator(".all-calm b")).to_have_text("Nothing to run now")
