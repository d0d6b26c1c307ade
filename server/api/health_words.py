"""◆ How the house is, in the words of its doors. Refuses to judge: `health.py` does."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from server.health.alarms import AlarmKind
from server.health.standing import Standing
from server.ids import Id

Level = Literal["well", "slow", "trouble"]
PromiseState = Literal["waiting", "done", "cancelled", "dead"]


class HealthWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which shop; 0: of all that the person leads."""

    shop_id: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class EngineHealth(msgspec.Struct, frozen=True):
    """Whether an engine answers, and within how many milliseconds."""

    name: Literal["postgresql", "redis"]
    up: bool
    took_ms: float


class WorkHealth(msgspec.Struct, frozen=True):
    """How many processes serve (`webs`) and keep promises (`workers`), and the worst of them.

    `lag_ms`: how late a loop was; `waiting`: commands in one process' queue.
    """

    webs: int
    workers: int
    lag_ms: float
    waiting: int


class DeadPromiseLine(msgspec.Struct, frozen=True):
    """A promise that had all its attempts, and what the last one met."""

    shop_id: int
    id: int
    kind: str
    due_at_ms: int
    attempts: int
    why: str


class PrinterLine(msgspec.Struct, frozen=True):
    """A printer that does not print, why, since when, and how many papers wait for it."""

    shop_id: int
    id: int
    name: str
    condition: str
    since_ms: int | None
    waiting: int


class AlarmLine(msgspec.Struct, frozen=True):
    """Something that wants somebody's eye now.

    `shop_id` 0: of the house; `subject`: which carrier, which kind of device; `count` 0: in a house that
    several brands share, how many of all brands is not told.
    """

    kind: AlarmKind
    shop_id: int
    subject: str
    count: int
    began_at_ms: int
    seen_at_ms: int


class HealthAnswer(msgspec.Struct, frozen=True):
    """How the house is. `level`: well; slow: works, late or without Redis; trouble: somebody must look.

    `shared`: other brands are in the house; then `processes` is empty and of the house's alarms those are told
    that everybody feels. `late`: promises overdue by more than 5 s (at most 1,000 are counted), `oldest_late_ms`
    by how much the oldest is. `dead`: at most 100, the latest first. `printers`: at most 50 of the troubled ones.
    Counts of papers stop at 1,000 as well.
    """

    level: Level
    at_ms: int
    shared: bool
    engines: list[EngineHealth]
    work: WorkHealth
    processes: list[Standing]
    late: int
    oldest_late_ms: int
    dead: list[DeadPromiseLine]
    printers_troubled: int
    printers: list[PrinterLine]
    papers_waiting: int
    papers_undecided: int
    alarms: list[AlarmLine]


class PromisePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which promise, of which shop."""

    promise_id: Id
    shop_id: Id


class RevivedAnswer(msgspec.Struct, frozen=True):
    """The promise is due now."""

    id: int
    kind: str


class PromiseAnswer(msgspec.Struct, frozen=True):
    """How a promise stands; `why`: what its last attempt met."""

    id: int
    kind: str
    state: PromiseState
    attempts: int
    due_at_ms: int
    why: str
