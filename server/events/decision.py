"""◆ What a command comes to: the values that go through the write door.

A room decides; the desk writes. Refuses to know SQL, sockets or clocks.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from server.errors import Refusal
from server.events.catalogue import Event
from server.ids import IdMint

Role = Literal[
    "kitchen",
    "waiter",
    "guest",
    "cashier",
    "call_screen",
    "monitor",
    "manager",
    "business",
    "money",
    "system",
]


class Actor(msgspec.Struct, frozen=True):
    """Who speaks: a device, a business service, a manager or the house itself."""

    role: Role
    id: str
    name: str
    shop_id: int
    device_id: int | None = None
    place_id: int | None = None
    station_id: int | None = None
    account_id: int | None = None


class Context(msgspec.Struct, frozen=True):
    """The moment of a decision; `now_ms` is whole milliseconds, as everything stored is."""

    actor: Actor
    now_ms: int
    mint: IdMint

    def new_id(self) -> int:
        """Return a fresh id."""
        return self.mint.next_id(self.now_ms)


class Said(msgspec.Struct, frozen=True):
    """An event and the topics that hear it."""

    event: Event
    topics: frozenset[str]


# Rings are so many that they go through the door as columns, not as JSON (`log.write`).
END_RANG = "call.end_rang"
CARD_RANG = "call.card_rang"
END_SAID = "call.end_said"


class Row(msgspec.Struct, frozen=True):
    """One changed row for the write door; `kind` is a key that `write_commands` knows.

    `call.ring` is a part of the kind `call`: rows of all parts are told apart by the same key.
    """

    kind: str
    values: dict[str, Any]

    @property
    def key(self) -> tuple[str, Any]:
        """Return what tells this row from the shop's other rows of its kind.

        Rows known by neither an id nor a day are taken for one and the same.
        """
        kind = self.kind.partition(".")[0]
        return kind, self.values.get("id", self.values.get("business_day"))


class Promise(msgspec.Struct, frozen=True):
    """A durable intention for `due_ms`."""

    kind: str
    payload: dict[str, Any]
    due_ms: int


class Decision(msgspec.Struct):
    """A command's outcome; without rows and events it only answers.

    With a `refusal` it was not done, and what it writes says so to somebody else.
    """

    result: dict[str, Any]
    rows: list[Row] = []
    said: list[Said] = []
    promises: list[Promise] = []
    refusal: Refusal | None = None


class Written(NamedTuple):
    """One committed event, ready to be told."""

    seq: int
    at_ms: int
    topics: frozenset[str]
    body: bytes


class Armed(NamedTuple):
    """A committed promise, ready for the alarm clock."""

    shop_id: int
    id: int
    due_ms: int


class Telling(Protocol):
    """Who hears of a commit."""

    def publish(self, shop_id: int, events: Sequence[Written]) -> None:
        """Tell the devices; must not fail and must not wait."""
        ...

    def arm(self, promises: Sequence[Armed]) -> None:
        """Set the alarm clock; must not fail and must not wait."""
        ...


class Due(NamedTuple):
    """A promise whose time has come, as read; `attempt` is the fence."""

    shop_id: int
    id: int
    kind: str
    payload: str
    attempt: int


class Write(msgspec.Struct):
    """A decision on its way through the door, with what it remembers and which promise it keeps."""

    shop_id: int
    decision: Decision
    command_id: uuid.UUID | None = None
    digest: bytes = b""
    reply: bytes = b""
    kept: tuple[int, int] | None = None  # promise id, attempt as read


def independent(writes: Sequence[Write]) -> list[bool]:
    """Say of each write whether it changes only rows that none before it changes.

    Lanes bring one command per shop; promises come as they are due.
    """
    if len({w.shop_id for w in writes}) == len(writes):
        return [True] * len(writes)
    changed: set[tuple[int, str, Any]] = set()
    taken = []
    for write in writes:
        rows = {(write.shop_id, *row.key) for row in write.decision.rows}
        taken.append(changed.isdisjoint(rows))
        if taken[-1]:
            changed |= rows
    return taken
