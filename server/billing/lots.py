"""◆ Lots: what was bought or earned together, is used in order, and may expire.

A lot of lower priority goes first. Among equals the oldest goes first, or, where the account says so,
the one that expires first. Refuses to know balances: whoever takes has looked.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


class Use(NamedTuple):
    """What a posting took from one lot; below zero: gave back."""

    lot: UUID
    amount: int


class Lot(msgspec.Struct):
    """One package, top-up or earning."""

    id: UUID
    seq: int
    priority: int
    turn: datetime
    expires: datetime | None
    quantity: int
    remaining: int

    @property
    def place(self) -> tuple[int, datetime, int]:
        """Return what its account's lots are ordered by."""
        return self.priority, self.turn, self.seq


def turn_of(expires: datetime | None, *, expiry_first: bool) -> datetime:
    """Return a lot's place among lots of one priority; seq settles ties."""
    return (expires or LATEST) if expiry_first else EARLIEST


class Lots:
    """The lots of one account."""

    def __init__(self) -> None:
        self.by_id: dict[UUID, Lot] = {}
        self.open: list[Lot] = []  # in the order they are used

    def add(self, lot: Lot) -> None:
        """Take in a new lot."""
        self.by_id[lot.id] = lot
        self._open(lot)

    def _open(self, lot: Lot) -> None:
        insort(self.open, lot, key=lambda one: one.place)

    def burn(self, amount: int) -> list[Use]:
        """Take `amount` from the lots in their order; there is enough."""
        uses = []
        while amount > 0:
            lot = self.open[0]
            took = min(amount, lot.remaining)
            uses.append(Use(lot.id, took))
            self.take(lot.id, took)
            amount -= took
        return uses

    def take(self, lot_id: UUID, amount: int) -> None:
        """Take from a lot that is open."""
        lot = self.by_id[lot_id]
        lot.remaining -= amount
        if lot.remaining == 0:
            del self.open[bisect_left(self.open, lot.place, key=lambda one: one.place)]

    def put(self, use: Use, at: datetime, grace_s: int) -> None:
        """Give back into a lot; one that has expired may be used for `grace_s` more."""
        lot = self.by_id[use.lot]
        if lot.remaining == 0:
            self._open(lot)
        lot.remaining += use.amount
        if lot.expires is not None and lot.expires <= at:
            lot.expires = at + timedelta(seconds=grace_s)


def back(uses: Sequence[Use], given_before: int, amount: int) -> list[Use]:
    """Return into which lots `amount` of a posting goes back: the last used first.

    `given_before` is what earlier refunds of the same posting gave back.
    """
    found = []
    for use in reversed(uses):
        here = min(amount, max(use.amount - given_before, 0))
        given_before = max(given_before - use.amount, 0)
        if here:
            found.append(Use(use.lot, here))
        amount -= here
    return found
