"""◆ What a brand is told of a house it shares: whether it works, not whose it is (R-000-16).

Alone in the house it is told everything. Beside others it is told what every brand in the house feels, without
counts, because those are of all brands; machines, processes and attempts at others' doors are told at the
machine (`chuancai doctor`, `/metrics`). Refuses to know who else there is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from server.health.alarms import AlarmKind
from server.health.standing import Standing

# Of the house's own alarms: what stops or slows the work of whoever is in it. Wrong passwords, forged signatures
# and refused addresses may be another brand's, and a finding of the ledger is for whoever keeps the machine.
FELT_BY_ALL: frozenset[AlarmKind] = frozenset(
    {"audit_refused", "unavailable", "broken", "database_guard", "carrier_down"}
)


class Work(NamedTuple):
    """How the house works, as everybody in it feels it: the worst of its processes.

    `lag_ms`: how late a loop was; `waiting`: commands in one queue.
    """

    webs: int
    workers: int
    lag_ms: float
    waiting: int


def work_of(standings: Sequence[Standing]) -> Work:
    """Return how processes work, all together."""
    workers = sum(one.kind == "worker" for one in standings)
    return Work(
        webs=len(standings) - workers,
        workers=workers,
        lag_ms=max((one.lag_ms for one in standings), default=0.0),
        waiting=max((one.waiting for one in standings), default=0),
    )


def is_felt(kind: AlarmKind, subject: str, carriers: Collection[str]) -> bool:
    """Return whether a brand beside others is told an alarm of the house; `carriers`: its texts go by these."""
    return kind in FELT_BY_ALL and (kind != "carrier_down" or subject in carriers)
