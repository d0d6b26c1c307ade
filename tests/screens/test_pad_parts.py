"""The pads' pure parts, run where they run: in a browser, without a house."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Page

from server.demo.menu import MENU, PLACES, SHOP, STATIONS
from server.events.view import DeviceView, View
from tests.support.browser import chromium
from tests.support.scripted_gateway import ScriptedGateway

PLAIN_MENU: dict[str, Any] = msgspec.to_builtins(MENU)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Page]:
    """A page that can import the pads' modules; pure files leave nothing behind in it."""
    device = DeviceView(id=1, kind="guest", name="801", account="801", place_id=1)
    view = View(SHOP, device, STATIONS, PLACES, MENU, orders=[], calls=[])
    async with ScriptedGateway(view) as gateway, chromium() as browser:
        opened = await browser.new_page()
        await opened.goto(f"{gateway.origin}/pad/")
        yield opened


async def run(page: Page, module: str, body: str, **given: Any) -> Any:
    """Import a module of the pad and return what `body` makes of it."""
    return await page.evaluate(
        f"async (given) => {{ const m = await import('/pad/{module}'); {body} }}", given
    )


async def test_every_dish_of_the_demo_has_a_drawing(page: Page) -> None:
    """No plate of the demo menu is empty, and every drawing is sound SVG."""
    names = [dish.picture for dish in MENU.dishes]
    broken = await run(
        page,
        "drawings.js",
        """return given.names.filter((name) => {
          const xml = `<svg xmlns="http://www.w3.org/2000/svg">${m.drawing(name)}</svg>`;
          const read = new DOMParser().parseFromString(xml, "image/svg+xml");
          return !m.drawingNames.includes(name) || read.querySelector("parsererror");
        });""",
        names=names,
    )
    assert broken == []


STAGES = [
    ("placed", ["queued", "queued"]),
    ("cooking", ["queued", "cooking"]),
    ("cooking", ["queued", "ready"]),
    ("cooking", ["called", "cancelled"]),
    ("on_the_way", ["queued", "picked_up"]),
    ("placed", ["queued", "delivered"]),
    ("delivered", ["delivered", "cancelled"]),
]


async def test_an_order_is_as_far_as_its_farthest_open_dish(page: Page) -> None:
    """The guest's four steps, folded over the dishes that have not arrived."""
    orders = [{"items": [{"state": state} for state in states]} for _, states in STAGES]
    found = await run(
        page, "progress.js", "return given.orders.map((o) => m.STAGES[m.stage(o)])", orders=orders
    )
    assert found == [stage for stage, _ in STAGES]


async def test_equal_wishes_are_one_line_and_cost_their_extras(page: Page) -> None:
    """Noodles with egg twice, in another order of pressing, are one line of two."""
    cart, fen = await run(
        page,
        "cart.js",
        """const line = (ids) => ({ dish_id: 27, quantity: 1, modifier_ids: ids, note: "" });
        let cart = m.newCart("id");
        cart = m.withLine(cart, line(["noodle-thin", "plus-egg"]));
        cart = m.withLine(cart, line(["plus-egg", "noodle-thin"]));
        cart = m.withLine(cart, line(["noodle-wide"]));
        return [cart, m.totalFen(given.menu, cart)];""",
        menu=PLAIN_MENU,
    )
    assert [line["quantity"] for line in cart["lines"]] == [2, 1]
    assert fen == 2 * (3600 + 400) + 3600


async def test_a_group_of_one_replaces_and_a_full_group_refuses(page: Page) -> None:
    """辣度 takes one choice, the last; 忌口 takes three and no fourth."""
    found = await run(
        page,
        "cart.js",
        """const dish = given.menu.dishes.find((one) => one.id === 2);
        let ids = [];
        for (const [group, choice] of given.presses) ids = m.pick(dish, ids, group, choice);
        return ids;""",
        menu=PLAIN_MENU,
        presses=[["heat", "heat-mild"], ["heat", "heat-hot"], ["nuts", "no-peanuts"]],
    )
    assert found == ["heat-hot", "no-peanuts"]


async def test_a_broken_kept_cart_is_no_cart(page: Page) -> None:
    """What an older version left in the browser's storage does not stop the pad."""
    found = await run(page, "cart.js", "return ['{', '7', '{\"id\": 1}'].map(m.readCart)")
    assert found == [None, None, None]
