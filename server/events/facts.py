"""◆ What decisions of several rooms need to know about a shop and its open calls."""

from __future__ import annotations

from typing import Any

import msgspec

from server.events import catalogue as c


class CallRow(msgspec.Struct):
    """A call as stored: what people see, and the version the next write must name."""

    call: c.Call
    version: int


class ShopRules(msgspec.Struct, frozen=True):
    """What a shop has decided about its day."""

    timezone: str
    call_after_finish_s: int | None
    call_interval_s: int
    call_rings_max: int

    @classmethod
    def of(cls, row: Any) -> ShopRules:
        """Return the rules from a database row that carries a shop's columns."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})
