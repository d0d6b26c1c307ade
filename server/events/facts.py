"""◆ What decisions of several rooms need to know about a shop and its open calls."""

from __future__ import annotations

from typing import Any

import msgspec

from server.events import catalogue as c

HOUSE = "house"
PAD_CALL: c.MsgType = 4


class CallRow(msgspec.Struct):
    """A call as stored: what people see, how it is told, the version the next write must name."""

    call: c.Call
    version: int
    msg_type: c.MsgType = 4
    channels: list[c.Channel] = msgspec.field(default_factory=lambda: ["pad"])
    params: dict[str, str] = {}
    template_id: int | None = None
    place_id: int | None = None
    technician_id: str | None = None
    source: str = HOUSE
    client_id: int | None = None  # whose webhook hears of its stages
    expires_at_ms: int | None = None
    reminders: int = 0
    ended_reason: c.CallEnd | None = None

    @property
    def is_card(self) -> bool:
        """Whether pads show it: the house's call for a dish, or a business service's pad call."""
        return self.msg_type == PAD_CALL

    @property
    def is_dish_card(self) -> bool:
        """Whether this is the house's own call for a finished dish."""
        return self.is_card and self.source == HOUSE


class ShopRules(msgspec.Struct, frozen=True):
    """What a shop has decided about its day."""

    timezone: str
    call_after_finish_s: int | None
    call_interval_s: int
    call_rings_max: int
    prints: bool = False  # there is a printer

    @classmethod
    def of(cls, row: Any) -> ShopRules:
        """Return the rules from a database row that carries a shop's columns."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})
