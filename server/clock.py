"""The only file that reads a clock; everything else is handed a `Clock` or a time.

Refuses to format, to schedule, or to know about time zones of shops (`orders/order.py` does).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Where the present moment comes from; a test moves its own."""

    def now(self) -> datetime:
        """Return the wall-clock moment, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place

    def monotonic_s(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that stands still until somebody moves it (simulations and tests)."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._monotonic_s = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def advance(self, *, seconds: float) -> datetime:
        """Move both hands forward and return the new moment."""
        self._now += timedelta(seconds=seconds)
        self._monotonic_s += seconds
        return self._now


def to_ms(moment: datetime) -> int:
    """Return milliseconds since 1970 for an aware moment (what frames carry)."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(at_ms: int) -> datetime:
    """Return the aware UTC moment of `at_ms` milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=at_ms)
