"""◆ Who shares bytes with whom: shops, their rooms, and the devices in them.

A room is an audience of one shop in one encoding; all its devices get identical bytes.
Refuses to send anything: when what goes out is `outgoing.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from server.gateway.ring import Line, Ring
from server.gateway.topics import personal

ROUTES_MAX = 1024

Send = Callable[[bytes], int]


class Pipe(Protocol):
    """A device's connection as this file needs it."""

    def write(self, data: bytes | memoryview) -> None:
        """Hand bytes to the transport, which says `held` when it could not send them all."""
        ...

    def cut(self, code: int) -> None:
        """Close with this code; 1006 when the socket is broken."""
        ...


class Member:
    """One device in a room."""

    __slots__ = (
        "account_id", "cursor", "device_id", "first", "last", "last_bytes", "paused", "pipe",
        "room", "send",
    )  # fmt: skip

    def __init__(self, device_id: int, account_id: int | None, send: Send, pipe: Pipe) -> None:
        self.device_id = device_id
        self.account_id = account_id
        self.send = send
        self.pipe = pipe
        self.room: Room | None = None
        self.cursor = 0
        self.paused = False  # the transport holds bytes; `drained` ends it
        self.first: list[bytes] = []  # before the ring: what was replayed from the log
        self.last: list[bytes] = []  # after it: replies and pings
        self.last_bytes = 0

    def hears(self, line: Line, audience: frozenset[str]) -> bool:
        """Tell whether this line is for this device, in a room of that audience."""
        if not audience.isdisjoint(line.topics):
            return True
        devices, accounts = personal(line.topics)
        return self.device_id in devices or self.account_id in accounts


class Flight:
    """A write to a large room, under way in chunks."""

    __slots__ = ("at", "base", "began_s", "data", "targets", "top")

    def __init__(
        self, data: bytes, span: tuple[int, int], targets: list[Send], began_s: float
    ) -> None:
        self.data = data
        self.began_s = began_s
        self.base, self.top = span  # every target has what it hears up to `base`
        self.targets = targets
        self.at = 0


class Room:
    """The devices of one audience, and what they have not been sent yet."""

    __slots__ = (
        "audience", "dirty", "fast", "flight", "packed", "pending", "settled", "shop", "slow",
    )  # fmt: skip

    def __init__(self, shop: ShopRooms, audience: frozenset[str], *, packed: bool) -> None:
        self.shop = shop
        self.audience = audience
        self.packed = packed
        self.fast: dict[Send, Member] = {}
        self.slow: dict[Member, None] = {}
        self.pending: list[Line] = []
        self.flight: Flight | None = None
        self.settled = 0  # the last line of this room that every fast device has
        self.dirty = False


class ShopRooms:
    """A shop's ring and rooms."""

    __slots__ = ("members", "ring", "rooms", "routes")

    def __init__(self, ring: Ring) -> None:
        self.ring = ring
        self.rooms: dict[tuple[frozenset[str], bool], Room] = {}
        self.members: dict[int, Member] = {}  # by device
        self.routes: dict[frozenset[str], tuple[list[Room], bool]] = {}

    def route(self, topics: frozenset[str]) -> tuple[list[Room], bool]:
        """Return the rooms that hear these topics, and whether a topic names somebody."""
        known = self.routes.get(topics)
        if known is None:
            if len(self.routes) >= ROUTES_MAX:
                self.routes.clear()
            rooms = [r for r in self.rooms.values() if not r.audience.isdisjoint(topics)]
            known = self.routes[topics] = (rooms, personal(topics) != ([], []))
        return known

    def room(self, audience: frozenset[str], *, packed: bool) -> Room:
        """Return the room of this audience, opening it for its first device."""
        room = self.rooms.get((audience, packed))
        if room is None:
            room = self.rooms[audience, packed] = Room(self, audience, packed=packed)
            self.routes.clear()
        return room

    def forget(self, room: Room) -> None:
        """Close a room that nobody is in."""
        if not room.fast and not room.slow:
            del self.rooms[room.audience, room.packed]
            self.routes.clear()
