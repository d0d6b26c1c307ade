"""The pad in a guest's room, in a real browser against a real house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from server.events.view import state_hash
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread
from tests.support.pads import LAN, Pads, cook, states

KUNGPAO, SCALLOPS, GREENS, RICE, NOODLES = 2, 5, 6, 24, 27


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


def choose_rice(page: Page, times: int = 1) -> None:
    """Put bowls of rice into the cart; rice needs no choice."""
    page.locator(".rail button").nth(4).click()
    for _ in range(times):
        page.locator(f"[data-dish='{RICE}'] .step button").last.click()


def hash_is_the_houses(page: Page, house: HouseOnThread, place_id: int) -> None:
    """Wait until the pad's picture equals the server's truth."""
    truth = state_hash(house.view("guest", place_id=place_id))
    page.wait_for_function("hash => window.chuancai.stateHash() === hash", arg=truth)


def everything_answered(page: Page) -> None:
    """Wait until no press of this pad is without its answer."""
    page.wait_for_function("() => window.chuancai.screen.outbox.waiting.length === 0")


def test_a_guest_orders_and_sees_it_come(pads: Pads, house: HouseOnThread) -> None:
    """R-004-6: choose a way of making, order, then watch each dish from 待制作 to 已送达."""
    page, _ = pads.guest()
    page.locator(f"[data-dish='{KUNGPAO}'] .step button").last.click()
    page.get_by_role("button", name="少辣").click()
    page.get_by_role("button", name="免花生").click()
    page.locator("dish-sheet button[data-kind=go]").click()
    expect(page.locator(".cart li small")).to_have_text("少辣、免花生 · ¥58")
    choose_rice(page, 2)
    expect(page.locator(".sum .price")).to_have_text("¥66")
    page.locator(".place-it").click()

    expect(page.locator(".coming .it")).to_have_count(2)
    expect(page.locator(".way [aria-current]")).to_have_text("已下单")
    order = house.view("guest", place_id=1).orders[0]
    assert [(m.id, m.allergen) for m in order.items[0].modifiers] == [
        ("heat-mild", False),
        ("no-peanuts", True),
    ]
    chicken, rice = (item.id for item in order.items)
    cook(house, chicken)
    expect(page.locator(".way [aria-current]")).to_have_text("制作中")
    expect(page.locator(f"[data-item='{chicken}'] .state")).to_have_text("已出餐")
    house.ask("waiter", "PickUpItem", item_id=chicken)
    expect(page.locator(".way [aria-current]")).to_have_text("送餐中")
    cook(house, rice)
    house.ask("waiter", "PickUpItem", item_id=rice)
    for item_id in (chicken, rice):
        house.ask("waiter", "DeliverItem", item_id=item_id)
    expect(page.locator(".coming h2")).to_contain_text("都已送达")
    hash_is_the_houses(page, house, 1)
    house.ask("waiter", "CleanPlace", place_id=1)
    expect(page.locator(".coming")).to_have_count(0)


def test_a_second_round_joins_the_same_order(pads: Pads, house: HouseOnThread) -> None:
    """R-004-8: 加菜 keeps the number and stands under its own line."""
    page, _ = pads.guest()
    for _ in range(2):
        choose_rice(page)
        page.locator(".place-it").click()
        expect(page.locator(".cart .none")).to_be_visible()
    expect(page.locator(".coming .round")).to_have_count(1)
    [order] = house.view("guest", place_id=1).orders
    expect(page.locator(".coming h2 span")).to_have_text(f"#{order.number:02}")
    assert [item.round for item in order.items] == [1, 2]


def test_a_double_tap_orders_once(pads: Pads, house: HouseOnThread) -> None:
    """Two presses on 下单 in the same moment are one order: the cart's id is minted once."""
    page, _ = pads.guest()
    choose_rice(page)
    page.locator(".place-it").evaluate("button => { button.click(); button.click(); }")
    everything_answered(page)
    assert len(house.view("guest", place_id=1).orders[0].items) == 1
    expect(page.locator(".cart .none")).to_be_visible()
    hash_is_the_houses(page, house, 1)


def test_only_what_nobody_began_can_be_cancelled(pads: Pads, house: HouseOnThread) -> None:
    """R-004-15: the cross stands on waiting dishes only, and asks before it cancels."""
    page, _ = pads.guest()
    first, second = house.order(1, RICE, GREENS)["item_ids"]
    house.ask("kitchen", "StartItem", item_id=second)
    expect(page.locator(f"[data-item='{second}'] .state")).to_have_text("制作中")
    expect(page.locator(f"[data-item='{second}'] .off")).to_have_count(0)
    page.locator(f"[data-item='{first}'] .off").click()
    page.get_by_role("button", name="不取消").click()
    assert states(house.view("guest", place_id=1))[first] == "queued"
    page.locator(f"[data-item='{first}'] .off").click()
    page.locator("confirm-sheet button[data-kind=slip]").click()
    expect(page.locator(f"[data-item='{first}'] .state")).to_have_text("已取消")
    assert states(house.view("guest", place_id=1))[first] == "cancelled"


def test_a_sold_out_dish_cannot_be_chosen(pads: Pads) -> None:
    """沽清: the card says so in words and offers no button."""
    page, _ = pads.guest()
    card = page.locator(f"[data-dish='{SCALLOPS}']")
    expect(card).to_contain_text("今日售罄")
    expect(card.locator(".step")).to_have_count(0)
    expect(card.locator(".open")).to_be_disabled()


def test_a_required_choice_is_asked_for(pads: Pads, house: HouseOnThread) -> None:
    """Noodles need their width: the button names what is missing until it is chosen."""
    page, _ = pads.guest()
    page.keyboard.press("5")
    page.locator(f"[data-dish='{NOODLES}'] .step button").click()
    add = page.locator("dish-sheet button[data-kind=go]")
    expect(add).to_be_disabled()
    expect(add).to_contain_text("请先选面型")
    page.get_by_role("button", name="韭叶").click()
    page.get_by_role("button", name="细面").click()
    add.click()
    expect(page.locator(".cart li small")).to_have_text("细面 · ¥36")
    page.locator(".place-it").click()
    expect(page.locator(".coming .it")).to_have_count(1)
    assert house.view("guest", place_id=1).orders[0].items[0].modifiers[0].id == "noodle-thin"


def test_an_allergy_reaches_the_kitchen(pads: Pads, house: HouseOnThread) -> None:
    """What the guest must not eat is on the order, and marks the dishes that contain it."""
    page, _ = pads.guest()
    page.locator(".tell").click()
    page.get_by_role("button", name="花生", exact=True).click()
    page.locator("allergy-sheet textarea").fill("先上米饭")
    page.locator("allergy-sheet button[data-kind=go]").click()
    expect(page.locator(".tell.allergen")).to_contain_text("过敏：花生")
    expect(page.locator(f"[data-dish='{KUNGPAO}'] [data-mine]")).to_have_text("含花生")
    choose_rice(page)
    page.locator(".place-it").click()
    expect(page.locator(".coming .it")).to_have_count(1)
    order = house.view("kitchen").orders[0]
    assert (order.allergens, order.note) == (["花生"], "先上米饭")


def test_an_order_made_without_network_is_sent_once(pads: Pads, house: HouseOnThread) -> None:
    """Offline: marked 待送出, kept over a reload, applied once after the network is back."""
    page, wire = pads.guest()
    wire.cut()
    choose_rice(page, 3)
    page.locator(".place-it").evaluate("button => { button.click(); button.click(); }")
    expect(page.locator(".unsent")).to_contain_text("待送出 3 道")
    assert house.view("guest", place_id=1).orders == []
    wire.mend()
    page.reload()
    expect(page.locator(".coming .it")).to_have_count(1)
    expect(page.locator(".unsent")).to_have_count(0)
    everything_answered(page)
    hash_is_the_houses(page, house, 1)
    assert [i.quantity for i in house.view("guest", place_id=1).orders[0].items] == [3]


def test_a_refused_order_says_why_and_comes_back(pads: Pads, house: HouseOnThread) -> None:
    """Sold out while the pad was away: the order is refused on paper, and can be changed."""
    page, wire = pads.guest()
    wire.cut()
    choose_rice(page)
    page.locator(".place-it").click()
    expect(page.locator(".unsent")).to_be_visible()
    house.call(house.house.pool.execute("UPDATE dish SET sold_out = true WHERE id = $1", RICE))
    wire.mend()
    expect(page.locator(".refused")).to_contain_text("没有下成单：已沽清")
    page.get_by_role("button", name="放回去改").click()
    expect(page.locator(".cart li[data-gone]")).to_contain_text("今日售罄")
    expect(page.locator(".place-it")).to_be_disabled()
    page.locator(".cart li .step button").first.click()
    expect(page.locator(".cart li")).to_have_count(0)
    house.call(house.house.pool.execute("UPDATE dish SET sold_out = false WHERE id = $1", RICE))
    expect(page.locator(".refused")).to_have_count(0)


def test_a_cancellation_that_came_too_late_is_refused(pads: Pads, house: HouseOnThread) -> None:
    """Cancelled offline while the cook began: the pad says 未执行 and shows the server's state."""
    page, wire = pads.guest()
    [item] = house.order(1, GREENS)["item_ids"]
    expect(page.locator(f"[data-item='{item}']")).to_be_visible()
    wire.cut()
    page.locator(f"[data-item='{item}'] .off").click()
    page.locator("confirm-sheet button[data-kind=slip]").click()
    expect(page.locator(f"[data-item='{item}'] .pending")).to_have_text("待送出")
    house.ask("kitchen", "StartItem", item_id=item)
    wire.mend()
    expect(page.locator(".refused")).to_contain_text("未执行：已开始制作，不能退")
    expect(page.locator(f"[data-item='{item}'] .state")).to_have_text("制作中")
    page.get_by_role("button", name="知道了").click()
    expect(page.locator(".refused")).to_have_count(0)


def test_the_pad_says_how_old_its_picture_is(pads: Pads) -> None:
    """Silence: amber after 5 s, the red frame and a sentence after 15 s, gone when it is back."""
    page, wire = pads.guest()
    link = page.locator("link-health .link")
    expect(link).to_have_attribute("data-link", "ok")
    wire.silence()
    expect(link).to_have_attribute("data-link", "slow")
    expect(page.locator(".lost-frame")).to_be_hidden()
    expect(page.locator(".lost-frame")).to_be_visible()
    expect(page.locator(".lost-say")).to_contain_text("网络断了")
    wire.mend()
    expect(page.locator(".lost-frame")).to_be_hidden()


def test_the_whole_way_by_keys(pads: Pads, house: HouseOnThread) -> None:
    """No finger: a digit for the category, Tab and Enter for the rest; the focus can be seen."""
    page, _ = pads.guest()
    page.keyboard.press("5")
    page.locator(f"[data-dish='{RICE}'] .step button").focus()
    page.keyboard.press("Enter")
    ring = page.evaluate("getComputedStyle(document.activeElement).boxShadow")
    assert ring != "none"
    for _ in range(30):
        if page.evaluate("document.activeElement.classList.contains('place-it')"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator(".coming .it")).to_have_count(1)
    assert len(house.view("guest", place_id=1).orders) == 1


def test_english_on_a_press(pads: Pads) -> None:
    """EN turns menu, sheet and states over, and the choice survives a reload."""
    page, _ = pads.guest()
    page.get_by_role("button", name="EN").click()
    expect(page.locator(".menu h1")).to_have_text("Signature")
    expect(page.locator(f"[data-dish='{KUNGPAO}'] h2")).to_have_text("Kung pao chicken")
    page.reload()
    expect(page.locator(".place-it")).to_have_text("Place order")


def test_plain_http_in_the_shops_network_is_enough(pads: Pads, house: HouseOnThread) -> None:
    """No secure context (no randomUUID, no service worker): ordering, reload and offline still work."""
    token = house.pair("guest", "801", place_id=1)
    page, wire = pads.open(token, size=(1280, 800), host=LAN)
    assert page.evaluate("() => [isSecureContext, 'randomUUID' in crypto]") == [False, False]
    wire.cut()
    choose_rice(page)
    page.locator(".place-it").click()
    expect(page.locator(".unsent")).to_be_visible()
    wire.mend()
    page.reload()
    expect(page.locator(".coming .it")).to_have_count(1)
    everything_answered(page)
    assert len(house.view("guest", place_id=1).orders[0].items) == 1


def test_another_rooms_order_is_not_shown(pads: Pads, house: HouseOnThread) -> None:
    """A guest sees their own room only."""
    page, _ = pads.guest(2)
    house.order(1, RICE)
    house.order(2, GREENS)
    expect(page.locator(".coming .it")).to_have_count(1)
    expect(page.locator(".coming .it")).to_contain_text("清炒时蔬")
