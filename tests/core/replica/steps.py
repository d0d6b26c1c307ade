"""Recorded sequences of a dish's steps: forwards, back, and about what is not there."""

from __future__ import annotations

from server.events import catalogue as c
from server.events.view import STAMPS_AFTER
from tests.core.replica.cast import NOON_MS, WALK, Scenes, call, item, order, step, undone, view


def walks() -> Scenes:
    """Return dishes that go their way, and steps taken back."""
    return {
        "whole_story": (
            view(),
            [
                c.OrderPlaced(order(1, item(1), item(2)), 1),
                *(step(kind, 1, n, n) for n, kind in enumerate(WALK[:3], start=2)),
                c.CallRaised(call(1)),
                c.CallRang(1, 2, NOON_MS + 15_000),
                c.OrderPlaced(order(1, item(3, round_=2)), 2),
                c.CallClaimed(1, "李强", 9, NOON_MS + 16_000),
                step(c.ItemPickedUp, 1, 5, 20),
                c.CallEnded(1, "picked_up", NOON_MS + 20_000),
                step(c.ItemDelivered, 1, 6, 60),
                step(c.ItemStarted, 3, 2, 61),
            ],
        ),
        "every_step": (
            view(order(1, item(1))),
            [step(k, 1, n, n * 7) for n, k in enumerate(WALK, start=2)],
        ),
        "undo": (
            view(order(1, *(item(n) for n in range(1, 6)))),
            [
                event
                for n in range(1, 6)
                for event in (
                    *(step(kind, n, v, v) for v, kind in enumerate(WALK[:n], start=2)),
                    undone(n, n + 2, ("queued", "cooking", "cooking", "ready", "picked_up")[n - 1]),
                )
            ],
        ),
        "undo_to_everything": (
            view(order(1, *(item(n) for n in range(1, 6)))),
            [
                event
                for n, state in enumerate(STAMPS_AFTER, start=1)
                for event in (
                    *(step(kind, n, v, v) for v, kind in enumerate(WALK, start=2)),
                    undone(n, 7, state),  # type: ignore[arg-type]
                )
            ],
        ),
    }


def astray() -> Scenes:
    """Return steps of unknown dishes, and steps that come late or twice."""
    return {
        "unknown_ids": (
            view(order(1, item(1))),
            [
                step(c.ItemStarted, 99, 2),
                undone(99, 2, "queued"),
                step(c.ItemStarted, 1, 2, order_id=99),
                c.CallRang(9, 2, NOON_MS),
                c.CallClaimed(9, "x", None, NOON_MS),
                c.CallEnded(9, "cleaned", NOON_MS),
                c.PlaceCleaned(9, 9, NOON_MS, "x"),
            ],
        ),
        "stale_versions": (
            view(order(1, item(1))),
            [
                step(c.ItemStarted, 1, 2, 1),
                step(c.ItemStarted, 1, 2, 5),
                step(c.ItemFinished, 1, 4, 9),
                undone(1, 3, "queued"),
                step(c.ItemCalled, 1, 1, 30),
                undone(1, 4, "queued"),
                undone(1, 7, "cooking"),
            ],
        ),
    }
