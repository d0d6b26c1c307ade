"""◆ Which events a device hears: its kind and its place make its audience.

An event carries a set of topics; a device hears it when the two sets touch. Devices with the same
audience in the same shop form a room and receive identical bytes.
Refuses to know events: which topics an event carries is decided where it is born.
"""

from __future__ import annotations

from functools import lru_cache

from server.events.view import DeviceKind

AUDIENCES_MAX = 65_536  # remembered at a time; a brand of 1,000 shops has about 40,000


@lru_cache(AUDIENCES_MAX)
def audience(kind: DeviceKind, place_id: int | None, station_id: int | None) -> frozenset[str]:
    """Return the topics shared by all devices of this kind at this place or station."""
    match kind:
        case "kitchen":
            # Every kitchen screen knows the whole kitchen and shows its own station: one room of
            # devices per kitchen, and a cook sees what a guest still waits for elsewhere.
            return frozenset({"kitchen"})
        case "waiter":
            return frozenset({"pad"})
        case "guest":
            return frozenset({"menu"} if place_id is None else {f"place:{place_id}", "menu"})
        case "cashier":
            return frozenset({"cashier", "screen"})  # it sees which numbers nobody has collected
        case "call_screen":
            return frozenset({"screen"})
        case "monitor":
            return frozenset({"monitor"})


@lru_cache(4096)
def personal(topics: frozenset[str]) -> tuple[list[int], list[int]]:
    """Return the device ids and the account ids an event names (usually none of either)."""
    devices = [int(topic[7:]) for topic in topics if topic.startswith("device:")]
    accounts = [int(topic[8:]) for topic in topics if topic.startswith("account:")]
    return devices, accounts
