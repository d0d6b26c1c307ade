"""◆ What is said about the pace of a table: dishes on hold (等叫), let go (起菜), waited for (催菜).

One fact for all dishes that were meant, so that the kitchen hears one sentence. Refuses to hold behaviour,
as the catalogue does.
"""

from __future__ import annotations

import msgspec

from server.events.words import Fact


class ItemMark(msgspec.Struct, frozen=True):
    """One of several dishes that something happened to, and its row's version after it."""

    item_id: int
    version: int


class _ItemsPaced(Fact, frozen=True):
    """Somebody asked for another pace of these dishes of an order."""

    order_id: int
    items: list[ItemMark]
    at_ms: int
    by: str


class ItemsHeld(_ItemsPaced, frozen=True, tag=True):
    """They are not to be begun yet (等叫)."""


class ItemsFired(_ItemsPaced, frozen=True, tag=True):
    """They are to be begun now (起菜)."""


class ItemsRushed(_ItemsPaced, frozen=True, tag=True):
    """Somebody waits for them (催菜); what was on hold is to be begun."""


PaceFact = ItemsHeld | ItemsFired | ItemsRushed
