"""Numbers that name things: sortable by time, small enough for JavaScript, unique in a shop.

Refuses to promise world-wide uniqueness: every key starts with the shop, and a clash inside one
shop fails the guarded write, which then reads and decides again with fresh numbers.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated

import msgspec

# What a caller may name: anything larger is no id of ours, and JavaScript could not say it.
Id = Annotated[int, msgspec.Meta(ge=1, le=2**53)]

# 41 bits of milliseconds last until 2093; 12 more stay within the 53 bits a JavaScript number holds.
_BIRTH_MS = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
_TAIL_BITS = 12
_TAIL_MAX = 1 << _TAIL_BITS


class IdMint:
    """Mints rising 53-bit ids for one process."""

    def __init__(self, first_tail: int | None = None) -> None:
        # A random start keeps two processes that mint in the same millisecond apart.
        self._last = 0
        self._tail = secrets.randbelow(_TAIL_MAX) if first_tail is None else first_tail

    def next_id(self, now_ms: int) -> int:
        """Return an id above every id this mint gave before, about `now_ms`."""
        self._tail = (self._tail + 1) % _TAIL_MAX
        minted = max(self._last + 1, ((now_ms - _BIRTH_MS) << _TAIL_BITS) | self._tail)
        self._last = minted
        return minted
