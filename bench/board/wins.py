"""How soon the screens of one shop agree: `python -m bench.board.wins`.

What a person feels of the twelve wins, in a real Chromium: a cable pulled and put back, a claimed call, a
cancelled dish, a dish sold out. Each time includes what it takes to look (a frame, and Playwright's way there).
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from bench.board.full import told
from bench.board.house import House, first_touch, open_board, open_house
from bench.directory import own_directory
from server.client.api import Api
from server.demo.menu import SHOP
from tests.support.browser import chromium
from tests.support.links import Link, open_link

ROUNDS = 20
AWAY_ORDERS = 3
PLACES = range(1, 11)
DISH, SOLD = 3, 7
LINK_IS = "state => document.documentElement.dataset.link === state"
ITEM_IS = """([id, state]) =>
  chuancai.view().orders.some(order => order.items.some(item => item.id === id && item.state === state))"""
COOKED = ("start", "finish", "call")
CALM_S = 0.7  # longer than a press on what has just appeared is held for a slip


async def since(began_s: float, seen: Awaitable[Any]) -> float:
    """Wait until it is seen; return the ms since it began."""
    await seen
    return (time.perf_counter() - began_s) * 1000


async def shows(page: Page, condition: str, arg: object = None) -> None:
    """Wait, frame by frame, until the page is so."""
    await page.wait_for_function(condition, arg=arg, polling="raf", timeout=60_000)


async def open_pad(browser: Browser, house: House, api: Api, name: str) -> Page:
    """Pair and open a waiter's pad."""
    paired = await api.pair(SHOP.id, "waiter", name)
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(f"{house.url}/pad/#token={paired.token}")
    await shows(page, "() => window.chuancai?.view()")
    await page.mouse.click(640, 6)
    return page


async def pulled(api: Api, link: Link, page: Page, beside: Page) -> list[float]:
    """Win 1: ms from a link's return until the board has what happened meanwhile."""
    took = []
    for turn in range(ROUNDS):
        link.shut()
        for n in range(AWAY_ORDERS):
            place_id = PLACES[(turn * AWAY_ORDERS + n) % len(PLACES)]
            await api.clean(SHOP.id, place_id)
            placed = await api.place_order(
                SHOP.id, place_id, [{"dish_id": DISH}, {"dish_id": SOLD}]
            )
            await api.step(SHOP.id, placed["item_ids"][0], "start")
        newest = [placed["item_ids"][0], "cooking"]  # the log has no gaps: who has this has all
        await shows(beside, ITEM_IS, newest)
        link.heal()
        began_s = time.perf_counter()
        await page.evaluate("dispatchEvent(new Event('online'))")  # as a browser says it
        took.append(await since(began_s, shows(page, ITEM_IS, newest)))
    return took


async def silent(link: Link, page: Page) -> tuple[list[float], list[float]]:
    """Win 3: ms from a pulled cable (nothing said, nothing closed) until amber and until red."""
    await shows(page, LINK_IS, "ok")
    began_s = time.perf_counter()
    hole = asyncio.create_task(link.suffer("blackhole", 25.0))
    slow = await since(began_s, shows(page, LINK_IS, "slow"))
    lost = await since(began_s, shows(page, LINK_IS, "lost"))
    await hole
    return [slow], [lost]


async def claimed(api: Api, mine: Page, other: Page) -> list[float]:
    """Win 5: ms from "coming" on one pad until the other is silent."""
    took = []
    for turn in range(ROUNDS):
        await api.clean(SHOP.id, PLACES[turn % len(PLACES)])
        placed = await api.place_order(SHOP.id, PLACES[turn % len(PLACES)], [{"dish_id": DISH}])
        for verb in COOKED:
            await api.step(SHOP.id, placed["item_ids"][0], verb)
        come = mine.locator(".call .come").first
        await come.wait_for()
        await shows(other, "() => document.querySelector('.ringing')")
        await asyncio.sleep(CALM_S)
        began_s = time.perf_counter()
        await come.click()
        took.append(await since(began_s, shows(other, "() => !document.querySelector('.ringing')")))
    return took


async def cancelled(api: Api, page: Page) -> list[float]:
    """Win 7: ms from a cancel until the dish is struck through and out of the counts."""
    took = []
    for turn in range(ROUNDS):
        await api.clean(SHOP.id, PLACES[turn % len(PLACES)])
        placed = await api.place_order(SHOP.id, PLACES[turn % len(PLACES)], [{"dish_id": DISH}])
        (item_id,) = placed["item_ids"]
        await shows(page, ITEM_IS, [item_id, "queued"])
        counts = await page.locator(".allday").inner_text()
        began_s = time.perf_counter()
        cancel = asyncio.create_task(api.step(SHOP.id, item_id, "cancel"))
        gone = "counts => document.querySelector('.allday').innerText !== counts"
        took.append(await since(began_s, shows(page, gone, counts)))
        await cancel
    return took


async def sold_out(api: Api, *pages: Page) -> list[float]:
    """Win 12: ms from one press until every ordering client knows that a dish is gone, or back."""
    took = []
    known = "gone => chuancai.view().menu.dishes.some(dish => dish.id === %d && !!dish.sold_out === gone)"
    for turn in range(ROUNDS):
        gone = turn % 2 == 0
        body = {"shop_id": SHOP.id, "sold_out": gone}
        began_s = time.perf_counter()
        say = asyncio.create_task(api.call("POST", f"/v1/dishes/{SOLD}/sale", body))
        heard = asyncio.gather(*(shows(page, known % SOLD, gone) for page in pages))
        took.append(await since(began_s, heard))
        await say
    return took


async def measure(directory: Path) -> None:
    """Run a shop, pull its cables, print."""
    async with (
        open_house(directory) as (house, api),
        chromium() as browser,
        open_link("board", house.port) as link,
    ):
        beside, _ = await open_board(browser, house, api, "旁边的屏", "")
        page, _ = await open_board(browser, house, api, "拔线的屏", "", port=link.port)
        for board in (page, beside):
            await first_touch(board)
        pads = [await open_pad(browser, house, api, name) for name in ("王敏", "李强")]
        told("link back → all of it is there", await pulled(api, link, page, beside), 2_000)
        told("coming → the other pad is silent", await claimed(api, *pads), 1_000)
        told("cancelled → out of the counts", await cancelled(api, beside), 1_000)
        told("sold out → both pads know", await sold_out(api, *pads), 1_000)
        slow, lost = await silent(link, page)
        told("cable pulled → amber", slow, 6_000)
        told("cable pulled → red", lost, 16_000)


def main() -> None:
    """Measure in a directory of its own."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with own_directory() as directory:
        asyncio.run(measure(directory))


if __name__ == "__main__":
    main()
