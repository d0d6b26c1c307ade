"""Where tickets lie and what they count: the board's pure files, run in a browser as they are."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Page

from server.events.catalogue import ItemState
from server.events.view import View
from tests.support.browser import chromium
from tests.support.kitchen_scene import COLD, WOK, Scene, busy
from tests.support.scripted_gateway import ScriptedGateway

NOW_MS = 1_795_147_200_000
COLUMNS, ROWS = 4, 2
PER_PAGE = COLUMNS * ROWS

SEAT = """
async ({tickets, kept, grid, page}) => {
  const {seat} = await import('/kds-web/cells.js');
  const parts = tickets.map(([id, count]) =>
    [...Array(count).keys()].map((index) => ({key: `${id}/${index}`, ticket: {id}, index})));
  return Object.fromEntries(seat(parts, new Map(Object.entries(kept)), grid, page));
}
"""
SPLIT = """
async ({heights, top, room}) => {
  const {split} = await import('/kds-web/cells.js');
  const units = heights.map((height, id) => ({kind: height === 46 ? 'round' : 'row', height, item: {id}}));
  const items = units.filter((u) => u.kind === 'row');
  return split({id: 1, items}, units, top, room).map((p) => ({
    units: p.units.map((u) => [u.kind, u.height]), from: p.from, to: p.to, more: p.moreCount}));
}
"""
TICKETS = """
async ({view, now}) => {
  const {ticketsOf, countsOf, batchesOf, workOf} = await import('/kds-web/tickets.js');
  const {open, finished} = ticketsOf(view, now);
  return {open: open.map((t) => t.id), finished: finished.map((t) => t.id),
          counts: countsOf(open, finished, now, 80),
          batches: batchesOf(open).map((b) => [b.item.name.zh, b.quantity]),
          work: workOf(open).map((w) => [w.item.name.zh, w.state, w.quantity, w.parts.map((p) => p.item.id)])};
}
"""


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page() -> AsyncIterator[Page]:
    """A page that can import the board's modules; pure files leave nothing behind in it."""
    async with ScriptedGateway(busy(NOW_MS, "2026-11-20")) as gateway, chromium() as browser:
        opened = await browser.new_page()
        await opened.goto(f"{gateway.origin}/link/tokens.css")
        yield opened


@pytest.mark.parametrize("seed", range(6))
async def test_no_ticket_slides_and_no_free_cell_is_wasted(page: Page, seed: int) -> None:
    """A rush hour of tickets that come, grow and go, with the cook turning pages."""
    chance = random.Random(seed)
    tickets: list[list[int]] = []
    kept: dict[str, int] = {}
    looked, next_id = 0, 1
    for _ in range(60):
        if chance.random() < 0.6 or not tickets:
            tickets.append([next_id, chance.choice([1, 1, 1, 2, 3])])
            next_id += 1
        elif chance.random() < 0.3:
            chance.choice(tickets)[1] += 1
        else:
            tickets.remove(chance.choice(tickets))
        looked = chance.choice([0, 0, 0, 1])
        given = {"columns": COLUMNS, "rows": ROWS}
        seats = await page.evaluate(
            SEAT, {"tickets": tickets, "kept": kept, "grid": given, "page": looked}
        )
        _check(tickets, kept, seats, looked)
        kept = seats


def _check(
    tickets: list[list[int]], kept: dict[str, int], seats: dict[str, int], looked: int
) -> None:
    keys = {f"{id_}/{index}" for id_, count in tickets for index in range(count)}
    assert set(seats) == keys
    assert len(set(seats.values())) == len(seats)
    for key in keys & set(kept):
        if looked > 0 or kept[key] < PER_PAGE:
            assert seats[key] == kept[key], key
    waiting = [key for key, cell in seats.items() if cell >= PER_PAGE]
    free = PER_PAGE - sum(cell < PER_PAGE for cell in seats.values())
    assert looked > 0 or not waiting or not free


async def test_who_waits_longest_gets_the_free_cell(page: Page) -> None:
    """FIFO by first send; a long ticket takes neighbouring cells where there are such."""
    grid = {"columns": COLUMNS, "rows": ROWS}
    first = await page.evaluate(
        SEAT, {"tickets": [[n, 1] for n in range(1, 11)], "kept": {}, "grid": grid, "page": 0}
    )
    assert [first[f"{n}/0"] for n in range(1, 11)] == list(range(10))
    left = [[n, 1] for n in range(1, 11) if n != 3]
    after = await page.evaluate(SEAT, {"tickets": left, "kept": first, "grid": grid, "page": 0})
    assert after["9/0"] == first["3/0"]
    long = [[1, 1], [2, 1], [3, 1], [4, 2], [5, 1]]
    seats = await page.evaluate(SEAT, {"tickets": long, "kept": {}, "grid": grid, "page": 0})
    assert [seats["4/0"], seats["4/1"], seats["5/0"]] == [4, 5, 3]


async def test_a_ticket_is_cut_where_it_fits(page: Page) -> None:
    """Every dish once, in order; no part higher than its cell; a round's line never ends a part."""
    chance = random.Random(7)
    room = {"first": 336, "next": 376, "footer": 44, "gap": 6}
    for _ in range(200):
        heights = [chance.choice([62, 62, 100, 140]) for _ in range(chance.randint(1, 14))]
        for at in sorted(chance.sample(range(1, len(heights) + 1), chance.randint(0, 1))):
            if at < len(heights):
                heights.insert(at, 46)
        top = chance.choice([0, 0, 50])
        parts = await page.evaluate(SPLIT, {"heights": heights, "top": top, "room": room})
        assert [h for p in parts for _, h in p["units"]] == heights
        for index, part in enumerate(parts):
            used = sum(h + 6 for _, h in part["units"]) - 6
            free = room["next"] if index else room["first"] - top
            last = index == len(parts) - 1
            assert used <= free - (0 if last else 44) or len(part["units"]) <= 2
            assert part["units"][-1][0] == "row"
        dishes = sum(h != 46 for h in heights)
        assert parts[-1]["to"] == dishes
        assert all(p["more"] == dishes - p["to"] for p in parts)


def _plain(view: View) -> Any:
    return msgspec.to_builtins(view)


async def test_counts_always_equal_the_open_dishes(page: Page) -> None:
    """并菜 and the head agree with the view for any mix of states, stations and confirmed cancels."""
    chance = random.Random(11)
    states: list[ItemState] = [
        "held", "queued", "cooking", "ready", "called", "picked_up", "delivered", "cancelled",
    ]  # fmt: skip
    for _ in range(60):
        scene = Scene(NOW_MS)
        orders = [
            scene.order(
                "room", str(800 + n),
                (chance.randint(1, 2000), [
                    scene.dish(
                        chance.choice(["宫保鸡丁", "水饺", "红烧肉"]), chance.choice(states),
                        chance.randint(1, 4), station_id=chance.choice([WOK, COLD, None]),
                    )
                    for _ in range(chance.randint(1, 4))
                ]),
            )
            for n in range(chance.randint(0, 6))
        ]  # fmt: skip
        station = chance.choice([WOK, None])
        view = scene.view(orders, station)
        mine = [
            i for o in orders for i in o.items
            if station is None or i.station_id in (station, None)
        ]  # fmt: skip
        for item in mine:
            if item.state == "cancelled" and chance.random() < 0.5:
                item.confirmed_at_ms = NOW_MS
        got = await page.evaluate(TICKETS, {"view": _plain(view), "now": NOW_MS})
        portions: Counter[str] = Counter()
        for item in mine:
            if item.state in ("queued", "cooking"):
                portions[item.name.zh] += item.quantity
        assert dict(got["batches"]) == dict(portions)
        for name, state, quantity, ids in got["work"]:
            same = [i for i in mine if (i.name.zh, i.state) == (name, state)]
            assert quantity == sum(i.quantity for i in same)
            assert set(ids) == {i.id for i in same}
            ages = [i.placed_at_ms for wanted in ids for i in same if i.id == wanted]
            assert ages == sorted(ages)  # the oldest is begun first
        assert sum(row[2] for row in got["work"]) == portions.total()
        assert got["counts"]["queued"] == sum(i.state == "queued" for i in mine)
        assert got["counts"]["cooking"] == sum(i.state == "cooking" for i in mine)
        assert got["counts"]["ready"] == sum(i.state in ("ready", "called") for i in mine)
        shown = {i.order_id for i in mine if i.confirmed_at_ms is None}
        assert set(got["open"]) | set(got["finished"]) == shown
        assert not set(got["open"]) & set(got["finished"])


async def test_a_rush_pins_within_reason(page: Page) -> None:
    """催菜 goes first, the oldest four of them; what is late without a word comes before the fifth and all others."""
    scene = Scene(NOW_MS)
    ages_s = [900, 800, 130, 120, 110, 100, 90, 50]
    orders = [
        scene.order("room", str(800 + n), (age, [scene.dish("水饺", "queued", 1, target_s=600)]))
        for n, age in enumerate(ages_s)
    ]
    for order in orders[2:7]:
        order.items[0].rushes, order.items[0].rushed_at_ms = 1, NOW_MS
    got = await page.evaluate(TICKETS, {"view": _plain(scene.view(orders, None)), "now": NOW_MS})
    late, rushed = [one.id for one in orders[:2]], [one.id for one in orders[2:7]]
    assert got["open"] == [*rushed[:4], *late, rushed[4], orders[7].id]
