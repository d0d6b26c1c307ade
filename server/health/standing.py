"""◆ What a process says of itself. Refuses to judge it."""

from __future__ import annotations

from typing import Literal

import msgspec


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a process says of itself.

    `lag_ms`: how late its loop was last. `waiting`: commands in its queue. `guard`: the breaker
    before its database. `resting`: carriers its breaker lets rest. `refused`:
    refusals that want somebody's eye, by kind, since it began.
    """

    node: str
    kind: Literal["web", "worker"]
    host: str
    pid: int
    started_ms: int
    said_ms: int
    lag_ms: float
    waiting: int = 0
    devices: int = 0
    guard: Literal["closed", "open", "half_open"] = "closed"
    resting: list[str] = []
    refused: dict[str, int] = {}
