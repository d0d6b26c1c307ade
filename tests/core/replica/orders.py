"""Recorded sequences of orders: rounds, pace, portions, changes, and the end."""

from __future__ import annotations

from server.events import catalogue as c
from server.events import pace
from tests.core.replica.cast import (
    NOON_MS,
    Scenes,
    call,
    item,
    marks,
    order,
    portions,
    step,
    undone,
    view,
)


def rounds() -> Scenes:
    """Return orders that grow, lose a dish, and are over."""
    return {
        "rounds": (
            view(order(1, item(1), note="先上汤", allergens=("花生",))),
            [
                step(c.ItemStarted, 1, 2),
                c.OrderPlaced(order(1, item(2, round_=2), allergens=("花生", "鱼类")), 2),
                c.OrderPlaced(order(2, item(9, 2)), 1),
                c.OrderPlaced(order(1, item(1), item(2), item(4, round_=3), note="快一点"), 3),
                c.OrderPlaced(order(1, item(4, round_=3), note="快一点"), 3),
            ],
        ),
        "cancelled": (
            view(order(1, item(1), item(2))),
            [
                step(c.ItemCancelled, 1, 2, reason="不要了"),
                step(c.ItemStarted, 2, 2),
                step(c.ItemCancelled, 2, 3, reason=""),
            ],
        ),
        "cleaned": (
            view(order(1, item(1)), order(2, item(2, 2)), calls=(call(1), call(2, 2, 2))),
            [
                c.PlaceCleaned(2, 2, NOON_MS, "王敏"),
                c.PlaceCleaned(3, None, NOON_MS, "王敏"),
                c.PlaceCleaned(4, 44, NOON_MS, "王敏"),
                c.PlaceCleaned(1, None, NOON_MS, "王敏", 2),
                step(c.ItemStarted, 2, 2, order_id=2),
                c.OrderPlaced(order(3, item(3, 3)), 1),
            ],
        ),
    }


def paces() -> Scenes:
    """Return dishes that wait, are rushed, split and changed."""
    return {
        "pace": (
            view(order(1, *(item(n) for n in range(1, 5))), order(2, item(9, 2))),
            [
                pace.ItemsHeld(1, marks((1, 2), (2, 2), (99, 2)), NOON_MS + 1_000, "李强"),
                step(c.ItemStarted, 3, 2, 2),
                pace.ItemsRushed(1, marks((1, 3), (3, 3), (4, 2)), NOON_MS + 3_000, "李强"),
                pace.ItemsRushed(1, marks((1, 3), (3, 4)), NOON_MS + 200_000, "前台"),
                pace.ItemsFired(1, marks((2, 3)), NOON_MS + 210_000, "李强"),
                step(c.ItemStarted, 2, 4, 220),
                undone(2, 5, "queued"),
                pace.ItemsHeld(1, marks((2, 6), (4, 3)), NOON_MS + 230_000, "李强"),
                step(c.ItemCancelled, 4, 4, 240, reason="太久"),
            ],
        ),
        "portions": (
            view(order(1, item(2), item(5)), order(2, item(9, 2))),
            [
                portions(2, 2, 1, item(7, quantity=2)),
                step(c.ItemStarted, 7, 2, 1),
                portions(2, 2, 1, item(7, quantity=2)),
                step(c.ItemStarted, 2, 3, 2),
                portions(7, 3, 1, item(8, quantity=1, state="cooking", started_at_ms=NOON_MS)),
                step(c.ItemFinished, 8, 2, 3),
                portions(99, 3, 1, item(10, quantity=1)),
                portions(99, 3, 1, item(11, 44, quantity=1), order_id=44),
            ],
        ),
        "changed": (
            view(order(1, item(1), item(2))),
            [
                step(c.ItemChanged, 1, 2, 1, quantity=5, quantity_was=2),
                step(c.ItemChanged, 1, 3, 2, quantity=4, quantity_was=2),
                step(c.ItemChanged, 1, 3, 3, quantity=9, quantity_was=2),
                step(c.ItemConfirmed, 1, 4, 4),
                step(c.ItemStarted, 1, 5, 5),
                step(c.ItemChanged, 2, 2, 6, quantity=1, quantity_was=3),
                step(c.ItemCancelled, 2, 3, 7, reason=""),
                step(c.ItemConfirmed, 2, 4, 8),
            ],
        ),
    }
