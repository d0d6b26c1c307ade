"""◆ Who hears what is said about an order.

Room and table orders go to the kitchen and the call screen, wrist-tag orders to the cash desk and
the kitchen (R-004-10); the guest's own place and the waiters always hear.
"""

from __future__ import annotations

from collections.abc import Iterable


def order_topics(
    place_id: int, place_kind: str, station_ids: Iterable[int | None]
) -> frozenset[str]:
    """Return the topics of an event about dishes of these stations at this place."""
    stations = {"unrouted" if s is None else f"station:{s}" for s in station_ids}
    front = "cashier" if place_kind == "tag" else "screen"
    return frozenset({"kitchen", "pad", f"place:{place_id}", front} | stations)


def call_topics(*, escalated: bool) -> frozenset[str]:
    """Return the topics of a call: the pads, and the cash desk once nobody came."""
    return frozenset({"pad", "cashier"} if escalated else {"pad"})


def device_topics(device_id: int) -> frozenset[str]:
    """Return the topics of an event about one device."""
    return frozenset({f"device:{device_id}", "console"})
