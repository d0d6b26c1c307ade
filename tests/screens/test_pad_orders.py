"""Orders that did not become one, and guests who follow each other: what a pad keeps and what it forgets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread
from tests.support.pads import Pads, Wire

GREENS, RICE = 6, 24
ROOM_802 = 2


@pytest.fixture(scope="module")
def opened(engines: EnginePair) -> Iterator[Pads]:
    """One house and one browser for this file."""
    with Pads.of_a_house(engines) as pads:
        yield pads


@pytest.fixture
def pads(opened: Pads) -> Iterator[Pads]:
    """The same house with nobody in it, and rice to be had."""
    yield opened
    sell_rice(opened.house, sold_out=False)
    opened.tidy()


def sell_rice(house: HouseOnThread, *, sold_out: bool) -> None:
    """Change whether rice can be had, in a way no pad hears of."""
    change = house.house.pool.execute("UPDATE dish SET sold_out = $2 WHERE id = $1", RICE, sold_out)
    house.call(change)


def allergic(page: Page) -> None:
    """Say that this guest must not eat peanuts."""
    page.locator(".tell").click()
    page.get_by_role("button", name="花生", exact=True).click()
    page.locator("allergy-sheet button[data-kind=go]").click()
    expect(page.locator(".tell.allergen")).to_contain_text("花生")


def order_rice_in_vain(page: Page, wire: Wire, house: HouseOnThread) -> None:
    """Order rice for 802 while the pad is cut off and the rice runs out; the guest has an allergy."""
    page.keyboard.press("F4")
    page.locator(".rail button").nth(4).click()
    page.locator(f"[data-dish='{RICE}'] .step button").last.click()
    allergic(page)
    page.locator(".place-it").click()
    page.locator(f"place-sheet [data-place='{ROOM_802}']").click()
    wire.cut()
    page.locator(".place-it").click()
    expect(page.locator(".unsent")).to_be_visible()
    sell_rice(house, sold_out=True)


def test_an_order_put_back_still_says_what_the_guest_must_not_eat(pads: Pads) -> None:
    """A refused order that a waiter takes back and sends anew keeps its allergies (R-004-6)."""
    house = pads.house
    page, wire = pads.waiter("王敏")
    order_rice_in_vain(page, wire, house)
    wire.mend()
    page.get_by_role("button", name="放回去改").click()
    expect(page.locator(".tell.allergen")).to_contain_text("花生")
    sell_rice(house, sold_out=False)
    page.evaluate("chuancai.link.resync()")
    page.locator(".place-it").click()
    expect(page.locator(".slot")).to_contain_text("已下单")
    assert [order.allergens for order in house.view("waiter").orders] == [["花生"]]


def test_a_waiter_who_went_on_hears_that_an_order_was_refused(pads: Pads) -> None:
    """Ordered without a link, refused later: the line says so on any page, and the tab counts it until it is read."""
    house = pads.house
    page, wire = pads.waiter("王敏")
    order_rice_in_vain(page, wire, house)
    page.keyboard.press("F1")
    wire.mend()
    expect(page.locator(".slot .slip")).to_contain_text("802房 没有下成单：已沽清")
    tab = page.locator(".tabs b[data-refused]")
    expect(tab).to_have_text("1")
    page.keyboard.press("F4")
    page.get_by_role("button", name="知道了").click()
    expect(tab).to_have_count(0)


def test_a_refused_order_that_was_read_does_not_come_back(pads: Pads) -> None:
    """Dismissed and loaded anew, the cart is empty: what comes back would have its old answer already."""
    house = pads.house
    page, wire = pads.waiter("王敏")
    order_rice_in_vain(page, wire, house)
    wire.mend()
    page.get_by_role("button", name="知道了").click()
    expect(page.locator(".refused")).to_have_count(0)
    page.reload()
    page.wait_for_selector("waiter-pad .tabs")
    page.wait_for_function("() => window.chuancai.screen.outbox.loaded")
    page.keyboard.press("F4")
    expect(page.locator(".cart[data-empty]")).to_be_visible()


def test_the_next_guest_begins_with_nothing(pads: Pads) -> None:
    """R-004-16: a cleared room forgets what its last guest chose and must not eat."""
    house = pads.house
    page, _ = pads.guest(2)
    house.order(ROOM_802, GREENS)
    expect(page.locator(".coming .it")).to_have_count(1)
    page.locator(".rail button").nth(4).click()
    page.locator(f"[data-dish='{RICE}'] .step button").last.click()
    allergic(page)
    house.ask("waiter", "CleanPlace", place_id=ROOM_802)
    expect(page.locator(".cart[data-empty]")).to_be_visible()
    expect(page.locator(".tell.allergen")).to_have_count(0)


def test_an_order_kept_offline_is_not_the_next_guests(pads: Pads) -> None:
    """R-004-16: ordered without a link, the room is cleared and taken again: nothing is cooked, nothing is shown."""
    house = pads.house
    page, wire = pads.guest(2)
    house.order(ROOM_802, GREENS)
    expect(page.locator(".coming .it")).to_have_count(1)
    page.locator(".rail button").nth(4).click()
    page.locator(f"[data-dish='{RICE}'] .step button").last.click()
    wire.cut()
    page.locator(".place-it").click()
    expect(page.locator(".unsent")).to_be_visible()
    house.ask("waiter", "CleanPlace", place_id=ROOM_802)
    house.order(ROOM_802, GREENS)
    wire.mend()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    slip = page.locator(".slip.cleared")
    expect(slip).to_contain_text("之前的一单没有下给厨房")
    expect(slip).not_to_contain_text("米饭")  # another guest may read it
    expect(page.locator(".unsent")).to_have_count(0)
    slip.get_by_role("button", name="知道了").click()
    expect(slip).to_have_count(0)
    (order,) = house.view("waiter").orders
    assert [item.dish_id for item in order.items] == [GREENS]
    page.reload()
    page.wait_for_function("() => window.chuancai?.screen.outbox.loaded && chuancai.view()")
    expect(page.locator(".cart[data-empty]")).to_be_visible()  # nor comes it back to their cart


def choose(page: Page) -> None:
    """Put rice into the cart."""
    page.locator(".rail button").nth(4).click()
    page.locator(f"[data-dish='{RICE}'] .step button").last.click()


@pytest.mark.parametrize("reloaded", [False, True])
def test_a_pad_that_was_away_learns_that_its_room_was_cleared(
    pads: Pads, *, reloaded: bool
) -> None:
    """R-004-16: cleared while the pad had no link, or was off: cart and allergies of the last guest are gone."""
    house = pads.house
    page, wire = pads.guest(2)
    choose(page)
    allergic(page)
    wire.cut()
    house.ask("business", "CleanPlace", place_id=ROOM_802)
    wire.mend()
    if reloaded:
        page.reload()
    else:
        page.evaluate("chuancai.link.resync()")
    expect(page.locator(".cart[data-empty]")).to_be_visible()
    expect(page.locator(".tell.allergen")).to_have_count(0)


def test_an_order_that_crosses_the_clearing_is_not_lost(pads: Pads) -> None:
    """R-004-16: cleared by mistake under an order: the guest is told and puts it back, the waiters are called."""
    house = pads.house
    page, wire = pads.guest(2)
    waiter, _ = pads.waiter("王敏")
    choose(page)
    allergic(page)
    wire.cut()
    page.locator(".place-it").dblclick()
    house.ask("business", "CleanPlace", place_id=ROOM_802)
    wire.mend()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(waiter.locator(".call")).to_contain_text("客人又下了一单")
    page.get_by_role("button", name="EN").click()
    slip = page.locator(".slip.cleared")
    expect(slip).to_contain_text("the order sent before that was not taken")
    page.reload()
    expect(slip).to_be_visible()
    slip.get_by_role("button", name="It is still me").click()
    expect(page.locator(".cart li")).to_have_count(1)
    expect(page.locator(".tell.allergen")).to_be_visible()
    page.locator(".place-it").click()
    expect(page.locator(".coming .it")).to_have_count(1)
    waiter.locator(".call .come").click()
    waiter.get_by_role("button", name="办完了").click()
