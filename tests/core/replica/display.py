"""Recorded sequences of proof of display: what screens showed, and what none did in time."""

from __future__ import annotations

from server.events import catalogue as c
from server.events.display import ItemsShown, ItemsUnseen, Unseen, UnseenDish
from server.events.pace import ItemMark
from tests.core.replica.cast import NOON_MS, Scenes, cash_desk, item, order, step, view


def proofs() -> Scenes:
    """Return what a kitchen hears of its screens, and more than a cash desk lists."""
    return {
        "display": (
            view(order(1, item(1), item(2)), order(2, item(3, 2))),
            [
                ItemsShown(1, [ItemMark(1, 2)], NOON_MS + 900, "热菜 1 号屏", 7),
                ItemsUnseen([ItemMark(2, 2)], not_shown(1, 2)),
                ItemsUnseen([ItemMark(3, 2), ItemMark(9, 2)], not_shown(2, 3)),
                ItemsShown(2, [ItemMark(3, 1)], NOON_MS + 11_000, "热菜 1 号屏", 7),
                ItemsShown(2, [ItemMark(3, 3)], NOON_MS + 12_000, "热菜 2 号屏", 8),
                step(c.ItemStarted, 2, 3),
            ],
        ),
        "display_desk": (
            cash_desk(),
            [
                *(ItemsUnseen([ItemMark(n, 2)], not_shown(n, n)) for n in range(1, 104)),
                ItemsUnseen([ItemMark(7, 2)], not_shown(200, 201, 202)),
                ItemsShown(200, [ItemMark(201, 3)], NOON_MS, "热菜 1 号屏", 7),
                step(c.ItemStarted, 50, 3, order_id=50),
                c.PlaceCleaned(60, 60, NOON_MS, "王敏"),
            ],
        ),
    }


def not_shown(order_id: int, *item_ids: int) -> Unseen:
    """Return what a cash desk is told of dishes no screen showed."""
    dishes = [
        UnseenDish(one, c.Text("水饺", "Dumplings"), 2, c.Text("热菜档", "Wok")) for one in item_ids
    ]
    return Unseen(order_id, 12, "room", "801", dishes, printed=True, at_ms=NOON_MS + 10_000)
