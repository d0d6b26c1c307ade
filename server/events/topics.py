"""◆ Who hears what is said about an order.

Room and table orders go to the kitchen and the call screen, wrist-tag orders to the cash desk and
the kitchen (R-004-10); the guest's own place and the waiters always hear.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from server.events.catalogue import Channel


def order_topics(
    place_id: int, place_kind: str, station_ids: Iterable[int | None]
) -> frozenset[str]:
    """Return the topics of an event about dishes of these stations at this place."""
    stations = {"unrouted" if s is None else f"station:{s}" for s in station_ids}
    front = "cashier" if place_kind == "tag" else "screen"
    return frozenset({"kitchen", "pad", f"place:{place_id}", front} | stations)


_TOPICS: dict[Channel, str] = {
    "kitchen": "kitchen",
    "pad": "pad",
    "cashier": "cashier",
    "call_screen": "screen",
    "console": "console",
}
CARDS = frozenset({"cashier", "monitor"})  # the tills, and who watches over every trade (R-000-3)
LISTENING = frozenset({"cashier", "console"})  # they list every announcement
SEEN = LISTENING | {"kitchen"}  # what one board has seen need not stand on the others


def channel_topics(channels: Iterable[Channel], place_id: int | None) -> frozenset[str]:
    """Return the topics of ends; the channel `room` is the place, and nobody without one."""
    topics = {_TOPICS[one] for one in channels if one != "room"}
    if "room" in channels and place_id is not None:
        topics.add(f"place:{place_id}")
    return frozenset(topics)


def account_topics(accounts: Iterable[int]) -> frozenset[str]:
    """Return the topics of designated accounts."""
    return frozenset(f"account:{one}" for one in accounts)


@lru_cache(4096)
def heard_by(
    channels: tuple[Channel, ...], accounts: tuple[int, ...], place_id: int | None
) -> frozenset[str]:
    """Return the topics of what is said to ends: theirs, and of who lists every announcement."""
    return channel_topics(channels, place_id) | account_topics(accounts) | LISTENING


def call_topics(accounts: Iterable[int] = (), *, escalated: bool) -> frozenset[str]:
    """Return the topics of a card: the pads or who is meant, and the cash desk once nobody came."""
    meant = account_topics(accounts) or frozenset({"pad"})
    return meant | LISTENING if escalated else meant


def device_topics(device_id: int) -> frozenset[str]:
    """Return the topics of an event about one device."""
    return frozenset({f"device:{device_id}", "console"})
