"""Lives yesterday in the demo shop for the picture of its kitchen's report: two rushes, some dishes late.

Refuses to leave anything open: the evening of the other pictures begins in a clean house.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from server.api import store
from server.api.keys import KeyMaker
from server.auth import Signable, signed_headers
from server.clock import SystemClock, to_ms
from server.demo.menu import MENU, PLACES, SHOP
from server.events.days import business_day
from server.events.decision import Role

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from scripts.evening_scene import Evening

# Orders an hour: lunch, a quiet afternoon, dinner.
ORDERS = {10: 3, 11: 9, 12: 17, 13: 12, 14: 5, 15: 3, 16: 4, 17: 11, 18: 19, 19: 21, 20: 14, 21: 6}
SLOW = 15  # orders an hour from which everything waits
DISHES = [d for d in MENU.dishes if not (d.sold_out or any(g.min for g in d.modifier_groups))]
FORGET_PROMISES = "DELETE FROM promise"  # yesterday's rings are past
CANCELLED_SHARE = 0.03
SEED = 7
WIDTH, HEIGHT = 1180, 1230


class Step(NamedTuple):
    """What somebody does at a moment; `number` keeps equal moments in order."""

    at: datetime
    number: int
    role: Role
    name: str
    body: dict[str, Any]


async def live(evening: Evening, midnight: datetime) -> None:
    """Play a day of the shop that began at `midnight`, moment by moment."""
    random, numbers = Random(SEED), count()
    steps = [
        Step(
            midnight + timedelta(hours=hour, seconds=random.uniform(0, 3600)),
            next(numbers),
            "waiter",
            "PlaceOrder",
            {},
        )
        for hour, orders in ORDERS.items()
        for _ in range(orders)
    ]
    heapq.heapify(steps)
    free = [place.id for place in PLACES if place.kind in {"room", "table"}]
    while steps:
        step = heapq.heappop(steps)
        evening.clock.advance(seconds=(step.at - evening.clock.now()).total_seconds())
        if step.name != "PlaceOrder":
            await evening.do(step.role, step.name, **step.body)
            free += [step.body["place_id"]] if step.name == "CleanPlace" else []
            continue
        place_id = free.pop(random.randrange(len(free)))
        dishes = random.sample(DISHES, random.choice((1, 2, 2, 3, 4)))
        lines = [{"dish_id": dish.id, "quantity": random.choice((1, 1, 1, 2))} for dish in dishes]
        placed = await evening.do("waiter", "PlaceOrder", place_id=place_id, lines=lines)
        hour = int((step.at - midnight).total_seconds() // 3600)
        load = max(ORDERS.get(hour, 0) / SLOW, 0.4)
        targets = [dish.target_s for dish in dishes]
        last = step.at
        for item_id, target_s in zip(placed["item_ids"], targets, strict=True):
            for at, role, name in _life(random, step.at, target_s, load):
                heapq.heappush(steps, Step(at, next(numbers), role, name, {"item_id": item_id}))
                last = max(last, at)
        over = last + timedelta(minutes=random.uniform(2, 12))
        heapq.heappush(
            steps, Step(over, next(numbers), "waiter", "CleanPlace", {"place_id": place_id})
        )
    await evening.pool.execute(FORGET_PROMISES)


def _life(
    random: Random, at: datetime, target_s: int, load: float
) -> Iterator[tuple[datetime, Role, str]]:
    if random.random() < CANCELLED_SHARE:
        yield at + timedelta(seconds=20), "waiter", "CancelItem"
        return
    spread = random.lognormvariate(0, 0.28)
    steps: tuple[tuple[float, float, Role, str], ...] = (
        (0.2 * load * random.uniform(0.5, 1.5), 20, "kitchen", "StartItem"),
        (0.48 * spread, 10, "kitchen", "FinishItem"),
        (0.0, 150 * load, "waiter", "PickUpItem"),
        (0.0, 130, "waiter", "DeliverItem"),
    )
    for share, more_s, role, name in steps:
        at += timedelta(seconds=5 + target_s * share + random.uniform(0, more_s))
        yield at, role, name


class Read(NamedTuple):
    """A business service's key, and the day whose report it reads."""

    key_id: str
    secret: str
    day: str


async def reader(evening: Evening, midnight: datetime) -> Read:
    """Return who reads the report of the day that began at `midnight`."""
    client = store.Client(brand_id=1, id=0, name="report")
    made = await KeyMaker(evening.pool, SystemClock(), evening.sealing).make_client(client)
    day = business_day(to_ms(midnight + timedelta(hours=12)), evening.zone())
    return Read(made.key_id, made.secret, day.isoformat())


async def shoot(browser: Browser, base: str, read: Read, to: Path) -> None:
    """Take the report's pictures: the page as it opens, in Chinese and English."""
    path = f"/v1/shops/{SHOP.id}/kitchen-report"
    for language, name in (("zh", "kitchen-report"), ("en", "kitchen-report-en")):
        query = f"format=html&since={read.day}&until={read.day}&language={language}"
        request = Signable("GET", path, query, b"", "")
        headers = signed_headers(
            read.key_id, read.secret, request, int(SystemClock().now().timestamp())
        )

        context = await browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, extra_http_headers=headers
        )
        page = await context.new_page()
        answer = await page.goto(f"{base}{path}?{query}")
        assert answer is not None
        assert answer.ok, await answer.text()
        await page.screenshot(path=to / f"{name}.png")
