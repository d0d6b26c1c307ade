"""A kitchen's report: its sums are the log's, its times what a stopwatch would have shown."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from server.clock import from_ms
from server.demo.menu import MENU
from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Role
from server.events.log import read_log
from server.events.view import apply
from server.kds.report.figures import STAGES, By, KitchenReport, ReportRow, Span, hour_key
from server.kds.report.store import write_days
from server.kds.report.views import DAYS_MAX, Period, read_report
from tests.support.kitchen import DUMPLINGS, SHOP, Kitchen, open_kitchen

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_DAY, SECOND_DAY = date(2026, 11, 20), date(2026, 11, 21)
BOTH = Period(FIRST_DAY, SECOND_DAY)
ON_SALE = [
    dish.id
    for dish in MENU.dishes
    if not (dish.sold_out or any(group.min for group in dish.modifier_groups))
]

_event = msgspec.json.Decoder(c.Event).decode


async def report(kitchen: Kitchen, period: Period = BOTH) -> KitchenReport:
    """Return what the report says now."""
    return await read_report(kitchen.pool, SHOP, period, kitchen.clock.now())


async def test_sums_are_those_of_the_log(database_url: str) -> None:
    """Two days of everything a kitchen does, replayed from the log, come to every figure of the report."""
    async with open_kitchen(database_url) as kitchen:
        empty = await kitchen.view("kitchen")
        await live(kitchen, Random(20), steps=700)
        done: list[c.Event] = []
        seq = 0
        while page := await read_log(kitchen.pool, SHOP, seq):
            done += [_event(line.body) for line in page]
            seq = page[-1].seq
        assert len(done) > 400
        for event in done:
            if not isinstance(
                event, c.PlaceCleaned
            ):  # its order leaves the screens, not the report
                apply(empty, event)
        told = await report(kitchen)
        await _everybody_leaves(kitchen)
        kitchen.advance(seconds=timedelta(days=2).total_seconds())
        assert await write_days(kitchen.pool, kitchen.clock.now()) == 2
        assert await report(kitchen) == told, "a day written down is the day itself"
        assert await write_days(kitchen.pool, kitchen.clock.now()) == 0
        assert told.days_open == 2
        for by, keyed in _KEYS.items():
            expected = _reckoned(empty.orders, keyed)
            assert {row.key: _without_words(row) for row in told.rows(by)} == expected, by
        (total,) = _reckoned(empty.orders, lambda *_: "").values()
        assert _without_words(told.total) == total
        counts = ("waiting", "cooking", "to_ready", "pick_up", "delivery")
        assert all(total[name].dishes > 20 for name in counts), "a day in which everything happened"
        least = {name: total[name] for name in ("late", "cancelled", "dishes")}
        assert min(least.values()) > 5, least
        for by in ("day", "hour"):
            assert sum(row.orders or 0 for row in told.rows(by)) == told.total.orders
            assert told.total.orders == len(empty.orders)


async def _everybody_leaves(kitchen: Kitchen) -> None:
    for order in (await kitchen.view("waiter")).orders:
        await kitchen.ask("waiter", "CleanPlace", place_id=order.place_id)


_KEYS: dict[By, Callable[[c.Order, c.Item, datetime], str]] = {
    "day": lambda order, _item, _at: order.business_day,
    "hour": lambda _order, _item, at: hour_key(at.hour),
    "station": lambda _order, item, _at: str(item.station_id or ""),
    "dish": lambda _order, item, _at: str(item.dish_id),
}


def _without_words(row: ReportRow) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    for name in ("key", "name", "orders", "target_s", "stage_targets"):
        del fields[name]
    return fields


def _reckoned(
    orders: list[c.Order], keyed: Callable[[c.Order, c.Item, datetime], str]
) -> dict[str, dict[str, Any]]:
    """Return key → figures, reckoned one dish at a time."""
    items: dict[str, list[c.Item]] = defaultdict(list)
    for order in orders:
        for item in order.items:
            at = from_ms(item.fired_at_ms or item.placed_at_ms).astimezone(SHANGHAI)
            items[keyed(order, item, at)].append(item)
    return {key: _figures(found) for key, found in items.items()}


def _figures(items: list[c.Item]) -> dict[str, Any]:
    spans = {
        stage: [ms for item in items if (ms := _took_ms(item)[stage]) is not None]
        for stage in STAGES
    }
    kept = [item for item in items if item.state != "cancelled"]
    late = [
        i for i in items if (ms := _took_ms(i)["to_ready"]) is not None and ms >= i.target_s * 1000
    ]
    ready = len(spans["to_ready"])
    return {
        **{stage: _span(sorted(found)) for stage, found in spans.items()},
        "dishes": len({item.part_of or item.id for item in kept}),
        "portions": sum(item.quantity for item in kept),
        "cancelled": len({i.part_of or i.id for i in items if i.state == "cancelled"}),
        "late": len(late),
        "late_share": round(len(late) / ready, 4) if ready else None,
    }


def _took_ms(item: c.Item) -> dict[str, int | None]:
    begins_at_ms = item.fired_at_ms or item.placed_at_ms
    return {
        "waiting": item.started_at_ms and item.started_at_ms - begins_at_ms,
        "cooking": item.ready_at_ms and item.ready_at_ms - (item.started_at_ms or 0),
        "to_ready": item.ready_at_ms and item.ready_at_ms - begins_at_ms,
        "pick_up": item.picked_up_at_ms and item.picked_up_at_ms - (item.ready_at_ms or 0),
        "delivery": item.delivered_at_ms and item.delivered_at_ms - (item.picked_up_at_ms or 0),
    }


def _span(found: list[int]) -> Span:
    if not found:
        return Span()
    half, most = (found[math.ceil(part * len(found)) - 1] for part in (0.5, 0.9))
    return Span(len(found), sum(found), half, most)


READ_STATE = "SELECT state FROM catering_order_goods WHERE shop_id = $1 AND id = $2"
NEXT = {
    "held": "FireItems", "queued": "StartItem", "cooking": "FinishItem", "ready": "PickUpItem",
    "called": "PickUpItem", "picked_up": "DeliverItem",
}  # fmt: skip
NOW_AND_THEN = (
    "CancelItem", "CancelItem", "UndoItem", "HoldItems", "RushItems", "ChangeItem", "CleanPlace", "CallItem",
    "StartItem",
)  # fmt: skip


async def live(kitchen: Kitchen, random: Random, steps: int) -> None:
    """Let guests, waiters and cooks do what comes into their heads; what is refused is refused."""
    known: list[tuple[int, list[int]]] = []
    for step in range(steps):
        kitchen.advance(seconds=random.choice((5, 40, 90, 150)) + random.randrange(1000) / 1000)
        if step == steps // 2:  # the small hours, so that the night's last round is after 03:00
            now = kitchen.clock.now()
            night = datetime(2026, 11, 20, 18, 50, tzinfo=UTC)
            kitchen.advance(seconds=max((night - now).total_seconds(), 0))
        if not known or random.random() < 0.12:
            known.append(await _order(kitchen, random))
            continue
        order_id, items = random.choice(known[-4:])
        try:
            made = await _act(kitchen, random, order_id, random.choice(items))
        except Refusal:
            continue
        items += [made] if made not in items else []


async def _order(kitchen: Kitchen, random: Random) -> tuple[int, list[int]]:
    lines = [
        {"dish_id": dish, "quantity": random.choice((1, 1, 2, 4)), "hold": random.random() < 0.15}
        for dish in random.sample(ON_SALE, random.choice((1, 2, 4)))
    ]
    placed = await kitchen.ask(
        "waiter", "PlaceOrder", place_id=random.randrange(1, 21), lines=lines
    )
    return placed["order_id"], placed["item_ids"]


async def _act(kitchen: Kitchen, random: Random, order_id: int, item_id: int) -> int:
    state = await kitchen.pool.fetchval(READ_STATE, SHOP, item_id)
    name = random.choice((*[NEXT.get(state, "DeliverItem")] * 12, *NOW_AND_THEN))
    if name in {"FireItems", "HoldItems", "RushItems"}:
        await kitchen.ask("waiter", name, order_id=order_id, item_ids=[item_id])
        return item_id
    if name == "CleanPlace":
        await kitchen.ask("waiter", name, place_id=random.randrange(1, 21))
        return item_id
    body: dict[str, Any] = {"item_id": item_id}
    if name == "UndoItem":
        body["state"] = random.choice(("cooking", "ready", "picked_up", "delivered"))
    if name == "ChangeItem" or (name in {"StartItem", "FinishItem"} and random.random() < 0.15):
        body["quantity"] = random.choice((1, 2, 3))
    made = await kitchen.ask(
        "waiter" if name in {"ChangeItem", "CancelItem"} else "kitchen", name, **body
    )
    return int(made.get("item_id", item_id))


async def test_a_part_is_no_dish_of_its_own(database_url: str) -> None:
    """Five portions, three cooked first: one dish, five portions, and the times of both parts."""
    async with open_kitchen(database_url) as kitchen:
        lines = [{"dish_id": DUMPLINGS, "quantity": 5}]
        placed = await kitchen.ask("waiter", "PlaceOrder", place_id=1, lines=lines)
        (item,) = placed["item_ids"]
        kitchen.advance(seconds=60)
        part = (await kitchen.ask("kitchen", "StartItem", item_id=item, quantity=3))["item_id"]
        kitchen.advance(seconds=60)
        await kitchen.ask("kitchen", "StartItem", item_id=item)
        for one in (part, item):
            await kitchen.ask("kitchen", "FinishItem", item_id=one)
        total = (await report(kitchen)).total
        assert (total.dishes, total.portions, total.waiting.sum_ms) == (1, 5, 180_000)
        assert await write_days(kitchen.pool, kitchen.clock.now()) == 0, "its day is not over"
        kitchen.advance(seconds=timedelta(days=1).total_seconds())
        assert await write_days(kitchen.pool, kitchen.clock.now()) == 0, "its order is open"


async def test_a_day_that_cannot_be_written_leaves_the_others(database_url: str) -> None:
    """One day's trouble does not end the night's run; it is tried again the next night."""
    async with open_kitchen(database_url) as kitchen:
        for _ in range(2):
            await kitchen.ask(
                "waiter", "PlaceOrder", place_id=1, lines=[{"dish_id": DUMPLINGS, "quantity": 1}]
            )
            await _everybody_leaves(kitchen)
            kitchen.advance(seconds=timedelta(days=1).total_seconds())
        await kitchen.pool.execute(
            "ALTER TABLE kitchen_day ADD CONSTRAINT trouble CHECK (business_day <> date '2026-11-21')"
        )
        assert await write_days(kitchen.pool, kitchen.clock.now()) == 1
        await kitchen.pool.execute("ALTER TABLE kitchen_day DROP CONSTRAINT trouble")
        assert await write_days(kitchen.pool, kitchen.clock.now()) == 1


async def test_a_dish_on_hold_waits_from_its_fire(database_url: str) -> None:
    """Ordered on hold at 12:00, let go at 13:10, ready at 13:20: it took ten minutes, in the hour of 13."""
    async with open_kitchen(database_url) as kitchen:
        lines = [{"dish_id": DUMPLINGS, "quantity": 2, "hold": True}]
        placed = await kitchen.ask("waiter", "PlaceOrder", place_id=1, lines=lines)
        (item,) = placed["item_ids"]
        held = await report(kitchen, Period(None, None))
        assert (held.total.dishes, held.total.waiting) == (1, Span())
        steps: list[tuple[int, Role, str, dict[str, Any]]] = [
            (70, "waiter", "FireItems", {"order_id": placed["order_id"]}),
            (3, "kitchen", "StartItem", {"item_id": item}),
            (7, "kitchen", "FinishItem", {"item_id": item}),
        ]
        for minutes, role, name, body in steps:
            kitchen.advance(seconds=minutes * 60)
            await kitchen.ask(role, name, **body)
        told = await report(kitchen, Period(None, None))
        assert [(row.key, row.orders, row.dishes) for row in told.by_hour] == [
            ("12:00", 1, 0),
            ("13:00", 0, 1),
        ]
        took = [told.total.span(stage).p90_ms for stage in STAGES]
        assert took == [180_000, 420_000, 600_000, None, None]
        (dish,) = told.by_dish
        assert dish.name is not None
        assert (dish.name.en, dish.portions, dish.target_s) == ("Kung pao chicken", 2, 600)
        assert dish.late_share == 1.0, "at its target a dish is late, as on the board"


async def test_a_nights_guests_belong_to_the_day_they_came(database_url: str) -> None:
    """A round after 03:00 joins its order's day, a new order is of the next; hours begin at three (R-004-9)."""
    async with open_kitchen(database_url) as kitchen:
        kitchen.advance(seconds=timedelta(hours=14, minutes=50).total_seconds())  # 02:50
        await kitchen.order(1, DUMPLINGS)
        kitchen.advance(seconds=20 * 60)
        await kitchen.order(1, DUMPLINGS)
        await kitchen.order(2, DUMPLINGS)
        told = await report(kitchen)
        assert [(row.key, row.orders, row.dishes) for row in told.by_day] == [
            ("2026-11-20", 1, 2),
            ("2026-11-21", 1, 1),
        ]
        assert [row.key for row in told.by_hour] == ["03:00", "02:00"]


async def test_a_report_is_of_a_shops_days_and_bounded(database_url: str) -> None:
    """No shop, days that run backwards and more than a quarter are refused; an empty day is all noughts."""
    async with open_kitchen(database_url) as kitchen:
        for period in (
            Period(SECOND_DAY, FIRST_DAY),
            Period(SECOND_DAY - timedelta(DAYS_MAX), SECOND_DAY),
        ):
            with pytest.raises(Refusal, match="bad_field"):
                await report(kitchen, period)
        with pytest.raises(Refusal, match="shop_not_found"):
            await read_report(kitchen.pool, 99, BOTH, kitchen.clock.now())
        told = await report(kitchen)
        assert told.total == ReportRow("", orders=0)
        assert [told.rows(by) for by in ("day", "hour", "station", "dish")] == [[], [], [], []]
