"""◆ Proof of display: which dishes a screen of their station has really shown, and which none did in time.

Refuses to hold behaviour, as the catalogue does; how a cash desk's list follows stands here because both the view
and nobody else needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from server.events.pace import ItemMark
from server.events.words import Fact, Text

UNSEEN_MAX = 100


class UnseenDish(msgspec.Struct, frozen=True):
    """A dish no screen showed in time."""

    item_id: int
    name: Text
    quantity: int
    station: Text | None


class Unseen(msgspec.Struct, frozen=True):
    """A round's dishes that no screen showed in time. `printed`: their tickets came out on paper."""

    order_id: int
    number: int
    place_kind: str
    place_name: str
    dishes: list[UnseenDish]
    printed: bool
    at_ms: int


class ItemsShown(Fact, frozen=True, tag=True):
    """A screen of their station painted these dishes; `by` is its name."""

    order_id: int
    items: list[ItemMark]
    at_ms: int
    by: str
    device_id: int


class ItemsUnseen(Fact, frozen=True, tag=True):
    """No screen showed these dishes in time: the cash desk is told."""

    items: list[ItemMark]
    unseen: Unseen


DisplayFact = ItemsShown | ItemsUnseen


def stamp(item: Any, event: DisplayFact) -> None:
    """Write on a dish what is said of it."""
    if isinstance(event, ItemsShown):
        item.shown_at_ms, item.shown_on = event.at_ms, event.by
    else:
        item.unseen_at_ms, item.unseen_printed = event.unseen.at_ms, event.unseen.printed


def carried(cards: list[Unseen], event: DisplayFact) -> list[Unseen]:
    """Return a cash desk's list after `event`, the newest `UNSEEN_MAX`."""
    if isinstance(event, ItemsShown):
        return without(cards, [mark.item_id for mark in event.items])
    return [*cards, event.unseen][-UNSEEN_MAX:]


def without(cards: list[Unseen], item_ids: Iterable[int]) -> list[Unseen]:
    """Return a cash desk's list without dishes somebody knows of; an empty card is gone."""
    known = set(item_ids)
    left = [
        msgspec.structs.replace(
            card, dishes=[dish for dish in card.dishes if dish.item_id not in known]
        )
        for card in cards
    ]
    return [card for card in left if card.dishes]
