"""◆ What wants somebody's eye, and from how much on (R-000-16): one table, `LIMITS`.

Refuses to read a clock and to tell anybody: the watch does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from server.health.standing import Standing

AlarmKind = Literal[
    "signature_refused", "replay_refused", "address_refused", "origin_refused", "login_failed",
    "login_locked", "audit_refused", "unavailable", "broken", "rate_limited",
    "database_guard", "carrier_down", "promises_dead", "promises_late", "ledger_finding",
    "printer_down", "devices_away", "sms_low",
]  # fmt: skip

WINDOW_S = 60.0  # refusals are counted by the minute
NEW_S_MAX = 2 * WINDOW_S  # a process older than this was at work before the window began
# Kind → from how many on somebody should look; refusals within `WINDOW_S`, all processes together.
LIMITS: dict[AlarmKind, int] = {
    "signature_refused": 20,
    "replay_refused": 20,
    "address_refused": 1,
    "origin_refused": 1,
    "login_failed": 20,
    "login_locked": 3,
    "audit_refused": 1,
    "unavailable": 20,
    "broken": 1,
    "rate_limited": 600,
    "database_guard": 1,
    "carrier_down": 1,
    "promises_dead": 1,
    "promises_late": 10,
    "ledger_finding": 1,
    "printer_down": 1,
    "devices_away": 1,
    "sms_low": 1,  # so many segments fewer than the brand wants to have
}
FINDINGS_MAX = 500  # of one look


class Found(NamedTuple):
    """Something found: where (0: the house, no one shop), of what, how many."""

    brand_id: int
    shop_id: int
    kind: AlarmKind
    subject: str
    number: int


class Rises:
    """By how much counters of processes rose within a window.

    A process that began within the last windows began at nought; one that was only away counts from its return.
    """

    def __init__(self) -> None:
        self._since_s = float("-inf")
        self._before: dict[str, Mapping[str, int]] = {}

    def of(self, standings: Iterable[Standing], now_s: float) -> dict[str, int]:
        """Return refusal → how many more than at the window's beginning, over all processes."""
        known = list(standings)
        now: dict[str, Mapping[str, int]] = {one.node: one.refused for one in known}
        if self._since_s == float("-inf"):
            self._since_s, self._before = now_s, dict(now)
        for one in known:
            if one.said_ms - one.started_ms > NEW_S_MAX * 1000:
                self._before.setdefault(one.node, one.refused)
        risen: dict[str, int] = {}
        for node, refused in now.items():
            before = self._before.get(node, {})
            for kind, count in refused.items():
                risen[kind] = risen.get(kind, 0) + max(0, count - before.get(kind, 0))
        if now_s - self._since_s >= WINDOW_S:
            self._since_s, self._before = now_s, dict(now)
        return risen


def of_processes(standings: Iterable[Standing], risen: Mapping[str, int]) -> list[Found]:
    """Return what the processes say of themselves that wants somebody's eye."""
    standings = list(standings)
    found = [
        Found(0, 0, kind, "", risen.get(kind, 0))
        for kind in LIMITS
        if risen.get(kind, 0) >= LIMITS[kind]
    ]
    guarded = sum(one.guard != "closed" for one in standings)
    if guarded >= LIMITS["database_guard"]:
        found.append(Found(0, 0, "database_guard", "", guarded))
    carriers = sorted({name for one in standings for name in one.resting})
    return found + [Found(0, 0, "carrier_down", carrier, 1) for carrier in carriers]
