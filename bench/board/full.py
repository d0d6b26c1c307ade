"""A full board under fingers: `python -m bench.board.full`.

200 open tickets and 540 orders an hour; two boards side by side in a real Chromium, a finger on one of
them. From the finger to the next painted frame, to the changed row, to the changed row on the other
board; and from a device's hello to its whole snapshot.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import deque
from pathlib import Path

import asyncpg
from playwright.async_api import Page

from bench.board.house import House, first_touch, open_board, open_house
from bench.board.soak import ROWS, TAP_EVERY_S, WATCH
from bench.directory import own_directory
from server import addresses
from server.client.api import Api
from server.client.device import Device
from server.demo.menu import MENU, SHOP
from server.settings import Settings
from tests.support.browser import chromium

OPEN_TICKETS = 200
ORDERS_PER_HOUR = 540
SNAPSHOTS = 20
FIRST_PLACE = 5_000
AGAIN_S = 0.5
NEXT = {"queued": "cooking", "cooking": "ready"}
ADD_PLACES = """
INSERT INTO place (shop_id, id, kind, name, area)
SELECT $1, $2 + n, 'room', (9000 + n)::text, '{"zh": "客房", "en": "Rooms"}'
  FROM generate_series(0, $3::bigint - 1) n
"""
TAKE = """() => {
  const { painted, answered, taps, changes } = window.watched;
  return { painted, answered, taps: [...taps], changes: [...changes] };
}"""


def told(name: str, times_ms: list[float], at_most_ms: float) -> None:
    """Print the middle and the slow end of some times."""
    found = sorted(times_ms)
    p50, p95 = found[len(found) // 2], found[int(len(found) * 0.95)]
    print(
        f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, longest {found[-1]:.0f} ms"
        f" ({len(found)}; at most {at_most_ms:.0f})"
    )


class Guests:
    """Orders at places, the oldest place cleaned for the next: so many stay open."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._dice = random.Random(1)
        self._taken: deque[int] = deque()
        self._dishes = [
            dish.id
            for dish in MENU.dishes
            if not dish.sold_out and not any(group.min for group in dish.modifier_groups)
        ]

    async def order(self, place_id: int) -> None:
        """Order one to four dishes for a place."""
        lines = [
            {"dish_id": dish}
            for dish in self._dice.sample(self._dishes, self._dice.choice((1, 2, 3, 4)))
        ]
        await self._api.place_order(SHOP.id, place_id, lines)
        self._taken.append(place_id)

    async def fill(self) -> None:
        """Order at every place."""
        for place_id in range(FIRST_PLACE, FIRST_PLACE + OPEN_TICKETS):
            await self.order(place_id)

    async def come_and_go(self) -> None:
        """Let the oldest leave and the next order, 540 an hour, until cancelled."""
        while True:
            await asyncio.sleep(3600 / ORDERS_PER_HOUR)
            place_id = self._taken.popleft()
            await self._api.clean(SHOP.id, place_id)
            await self.order(place_id)


async def add_places(house: House) -> None:
    """Write the places of a large hotel, as nobody would by hand."""
    found = addresses.find(Settings(data_dir=house.directory))
    assert found.database_url is not None
    connection = await asyncpg.connect(found.database_url)
    try:
        await connection.execute(ADD_PLACES, SHOP.id, FIRST_PLACE, OPEN_TICKETS)
    finally:
        await connection.close()


async def tap(page: Page, seconds: float) -> None:
    """Tap a dish of the first page now and then."""
    dice = random.Random(2)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rows = await page.evaluate(ROWS)
        if rows:
            await page.mouse.click(*dice.choice(rows))
        await asyncio.sleep(TAP_EVERY_S)


async def snapshots(house: House, api: Api) -> list[float]:
    """Open a board again and again; return the ms from connecting to the whole picture."""
    paired = await api.pair(SHOP.id, "kitchen", "快照")
    took: list[float] = []
    for _ in range(SNAPSHOTS):
        began = time.perf_counter()
        async with Device(house.url, paired.token) as device:
            await device.until(lambda d: d.replica.whole)
            took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(AGAIN_S)
    return took


def crossed(here: dict[str, float], there: dict[str, float]) -> list[float]:
    """Return the ms from a finger on one board until the other showed what it did."""
    found = []
    for pressed, at_ms in here.items():
        item, state = pressed.split(" ")
        seen_ms = there.get(f"{item} {NEXT.get(state)}")
        if seen_ms is not None:
            found.append(seen_ms - at_ms)
    return found


async def measure(directory: Path, seconds: float) -> None:
    """Fill the board, tap it, print."""
    async with open_house(directory) as (house, api), chromium() as browser:
        await add_places(house)
        guests = Guests(api)
        await guests.fill()
        page, _ = await open_board(browser, house, api, "手指屏", WATCH)
        other, _ = await open_board(browser, house, api, "对面屏", WATCH)
        for board in (page, other):
            await first_touch(board)
        life = asyncio.create_task(guests.come_and_go())
        took = await snapshots(house, api)
        await tap(page, seconds)
        life.cancel()
        here, there = await page.evaluate(TAKE), await other.evaluate(TAKE)
    print(
        f"{OPEN_TICKETS} open tickets, {ORDERS_PER_HOUR} orders an hour, {len(here['taps'])} taps in {seconds:.0f} s"
    )
    told("finger → next painted frame", here["painted"], 100)
    told("finger → its row changed", here["answered"], 100)
    told(
        "finger → the other board's row changed",
        crossed(dict(here["taps"]), dict(there["changes"])),
        500,
    )
    told("connecting → whole snapshot at a device", took, 100)


def main() -> None:
    """Measure in a directory of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=150.0, help="how long the board is tapped")
    given = parser.parse_args()
    with own_directory() as directory:
        asyncio.run(measure(directory, given.seconds))


if __name__ == "__main__":
    main()
