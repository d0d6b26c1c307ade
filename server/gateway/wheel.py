"""◆ One timer for all connections: a wheel of slots, each holding what is due in its span.

Ten thousand heartbeats cost one wake-up per slot instead of ten thousand timers.
Refuses to read a clock or to call anybody: it is asked what is due at a moment.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Wheel(Generic[Item]):
    """Items by due time, rounded up to a slot; an item is in at most one slot."""

    __slots__ = ("_at", "_slot_of", "_slot_s", "_slots")

    def __init__(self, now_s: float, *, slot_s: float = 0.1) -> None:
        self._slot_s = slot_s
        self._at = int(now_s / slot_s)
        self._slots: dict[int, dict[Item, None]] = {}
        self._slot_of: dict[Item, int] = {}

    def __len__(self) -> int:
        return len(self._slot_of)

    def put(self, item: Item, due_s: float) -> None:
        """Let `item` be due at `due_s`, forgetting when it was due before."""
        self.drop(item)
        slot = max(int(due_s / self._slot_s) + 1, self._at + 1)
        self._slots.setdefault(slot, {})[item] = None
        self._slot_of[item] = slot

    def drop(self, item: Item) -> None:
        """Forget `item`, if it is known."""
        slot = self._slot_of.pop(item, None)
        if slot is None:
            return
        members = self._slots[slot]
        del members[item]
        if not members:
            del self._slots[slot]

    def due(self, now_s: float) -> list[Item]:
        """Take out and return what is due at `now_s`, earliest slot first."""
        until = int(now_s / self._slot_s)
        if until <= self._at:
            return []
        if until - self._at > len(self._slots):
            ready = sorted(slot for slot in self._slots if slot <= until)
        else:
            ready = [s for s in range(self._at + 1, until + 1) if s in self._slots]
        self._at = until
        taken: list[Item] = []
        for slot in ready:
            taken.extend(self._slots.pop(slot))
        for item in taken:
            del self._slot_of[item]
        return taken
