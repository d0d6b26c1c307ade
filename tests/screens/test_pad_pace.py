"""等叫, 起菜, 催菜 on the pads, in a real browser against a real house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.boards import KUNGPAO
from tests.support.engines import EnginePair
from tests.support.pads import Pads


@pytest.fixture(scope="module")
def opened(engines: EnginePair) -> Iterator[Pads]:
    """One house and one browser for the pads of this file."""
    with Pads.of_a_house(engines) as pads:
        yield pads


@pytest.fixture
def pads(opened: Pads) -> Iterator[Pads]:
    """Pads that leave a clean house behind."""
    yield opened
    opened.tidy()


def test_a_guest_asks_after_his_dishes_once(pads: Pads) -> None:
    """催一下: one press tells the kitchen; the button gives way to the answer."""
    house = pads.house
    page, _ = pads.guest()
    house.order(1, KUNGPAO)
    page.locator(".pace button").dblclick()
    expect(page.locator(".pace .asked")).to_have_text("已催，厨房知道了")
    assert house.view("guest", place_id=1).orders[0].items[0].rushes == 1


def test_a_guest_orders_on_hold_and_says_when(pads: Pads) -> None:
    """等叫 is chosen with the dish; 起菜 lets it go."""
    house = pads.house
    page, _ = pads.guest()
    page.locator(f"[data-dish='{KUNGPAO}'] .open").click()
    page.locator("dish-sheet .hold").click()
    page.locator("dish-sheet button[data-kind=go]").click()
    expect(page.locator(".cart li small")).to_contain_text("等叫")
    page.locator(".place-it").click()
    expect(page.locator(".coming .it .state")).to_have_text("等叫")
    page.get_by_role("button", name="起菜 1 道").click()
    expect(page.locator(".coming .it .state")).to_have_text("待制作")
    assert house.view("kitchen").orders[0].items[0].fired_at_ms is not None


def test_a_waiter_holds_fires_and_rushes(pads: Pads) -> None:
    """On the room's sheet: each dish on hold or fired, the order rushed, and the pad says what was done."""
    house = pads.house
    page, _ = pads.waiter("王敏")
    (item,) = house.order(1, KUNGPAO)["item_ids"]
    page.keyboard.press("F3")
    page.locator("[data-place='1']").click()
    line = page.locator(f".order-lines [data-item='{item}']")
    line.get_by_role("button", name="等叫").click()
    expect(line.locator(".state")).to_have_text("等叫")
    line.get_by_role("button", name="起菜").click()
    expect(line.locator(".state")).to_have_text("待制作")
    line.get_by_role("button", name="加一份").click()
    expect(page.locator(".slot")).to_contain_text("801房 宫保鸡丁 1 → 2，厨房会确认")
    assert house.view("kitchen").orders[0].items[0].quantity_was == 1
    page.get_by_role("button", name="催菜").click()
    expect(page.locator(".slot")).to_contain_text("801房 已催菜")
    expect(page.get_by_role("button", name="催菜")).to_have_count(0)
    assert house.view("kitchen").orders[0].items[0].rushes == 1
