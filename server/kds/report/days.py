"""◆ A business day of a kitchen as cells with all their times, and the report that days come to.

A day is reckoned from its dishes, or read as it was written down when its last order was over; the report is the
same. A part that was split off is no dish of its own, but has times of its own. Refuses to know where days are kept.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import msgspec

from server.events.words import Text
from server.kds.report.figures import STAGES, By, ReportRow, Span, Stage, hour_key, share

FORMAT = 1  # of what is written down; another number is reckoned anew


class Line(NamedTuple):
    """A dish of a day, or a part of one; times in ms, null when its end was not pressed."""

    order_id: int
    opened_hour: int
    id: int | None  # null: an order without dishes
    part_of: int | None
    hour: int | None
    station_id: int | None
    dish_id: int
    quantity: int
    target_s: int
    cancelled: bool
    name: str  # JSON
    times: tuple[int | None, ...]  # as STAGES


class Cell(msgspec.Struct, array_like=True):
    """What dishes came to whose waiting began in one hour, or of one kind and station.

    `times`: of each stage all of them in ms, rising, eight bytes each: a month has 300,000, and most are
    only put together.
    """

    hour: int | None
    station_id: int | None
    dish_id: int | None
    dishes: int = 0
    portions: int = 0
    cancelled: int = 0
    late: int = 0
    times: list[bytes] = []


class DishWords(msgspec.Struct, array_like=True):
    """How a dish was called, and its target, when it was ordered last."""

    line_id: int
    name: Text
    target_s: int


class Day(msgspec.Struct, array_like=True):
    """One business day, twice: by hour, and by station and dish."""

    orders: dict[int, int]  # hour → orders opened
    hours: list[Cell]
    dishes: list[Cell]
    words: dict[int, DishWords]


NO_DAY = Day({}, [], [], {})

_text = msgspec.json.Decoder(Text).decode
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(Day).decode
_TO_READY = STAGES.index("to_ready")


class _Heap:
    """Dishes or cells together; their times are put in order once, when all are there."""

    __slots__ = ("cancelled", "dishes", "late", "pieces", "portions", "times")

    def __init__(self) -> None:
        self.dishes = self.portions = self.cancelled = self.late = 0
        self.times: list[list[int]] = [[] for _ in STAGES]
        self.pieces: list[list[bytes]] = [[] for _ in STAGES]

    def count(self, line: Line, *, is_first: bool) -> None:
        """Take in a dish; `is_first`: no part of the same line was counted before."""
        if line.cancelled:
            self.cancelled += is_first
        else:
            self.dishes += is_first
            self.portions += line.quantity
        for times, took in zip(self.times, line.times, strict=True):
            if took is not None:
                times.append(took)
        to_ready = line.times[_TO_READY]
        if to_ready is not None and line.target_s and to_ready >= line.target_s * 1000:
            self.late += 1

    def add(self, cell: Cell) -> None:
        """Take in a cell."""
        self.dishes += cell.dishes
        self.portions += cell.portions
        self.cancelled += cell.cancelled
        self.late += cell.late
        for pieces, times in zip(self.pieces, cell.times, strict=True):
            pieces.append(times)

    def cell(
        self, hour: int | None = None, station_id: int | None = None, dish_id: int | None = None
    ) -> Cell:
        """Return the whole as a cell."""
        times = [array("q", sorted(one)).tobytes() for one in self.times]
        counts = self.dishes, self.portions, self.cancelled, self.late
        return Cell(hour, station_id, dish_id, *counts, times)

    def row(self, key: str) -> ReportRow:
        """Return the whole as a row of a report."""
        spans: dict[Stage, Any] = {
            stage: _span(pieces) for stage, pieces in zip(STAGES, self.pieces, strict=True)
        }
        return ReportRow(
            key=key,
            dishes=self.dishes,
            portions=self.portions,
            cancelled=self.cancelled,
            late=self.late,
            late_share=share(self.late, spans["to_ready"].dishes),
            **spans,
        )


def _span(pieces: list[bytes]) -> Span:
    times = array("q", b"".join(pieces)).tolist()
    if not times:
        return Span()
    times.sort()  # of pieces that rise already
    half, most = (times[math.ceil(part * len(times)) - 1] for part in (0.5, 0.9))
    return Span(len(times), sum(times), half, most)


def reckoned(lines: Iterable[Line]) -> Day:
    """Return a day of its lines; they come in the order of their ids."""
    orders: dict[int, int] = {}
    hours: dict[int, _Heap] = defaultdict(_Heap)
    dishes: dict[tuple[int | None, int], _Heap] = defaultdict(_Heap)
    latest: dict[int, Line] = {}
    counted: set[tuple[int, bool]] = set()
    for line in lines:
        orders[line.order_id] = line.opened_hour
        if line.id is None or line.hour is None:
            continue
        latest[line.dish_id] = line
        whole = line.part_of or line.id, line.cancelled
        for heap in (hours[line.hour], dishes[line.station_id, line.dish_id]):
            heap.count(line, is_first=whole not in counted)
        counted.add(whole)
    return Day(
        dict(Counter(orders.values())),
        [heap.cell(hour=hour) for hour, heap in hours.items()],
        [heap.cell(station_id=station, dish_id=dish) for (station, dish), heap in dishes.items()],
        {
            dish: DishWords(line.id or 0, _text(line.name), line.target_s)
            for dish, line in latest.items()
        },
    )


class Sums(NamedTuple):
    """A report's rows; `by` has no words yet."""

    total: ReportRow
    by: dict[By, list[ReportRow]]
    words: dict[int, DishWords]


def summed(days: dict[date, Day]) -> Sums:
    """Return what days come to: the whole, and by day, hour, station and dish."""
    heaps: dict[By, dict[str, _Heap]] = {
        by: defaultdict(_Heap) for by in ("day", "hour", "station", "dish")
    }
    whole = _Heap()
    words: dict[int, DishWords] = {}
    for day, figures in days.items():
        for cell in figures.hours:
            heaps["day"][day.isoformat()].add(cell)
            heaps["hour"][hour_key(cell.hour or 0)].add(cell)
        for cell in figures.dishes:
            station = "" if cell.station_id is None else str(cell.station_id)
            heaps["station"][station].add(cell)
            heaps["dish"][str(cell.dish_id)].add(cell)
        for cell in figures.hours:
            whole.add(cell)
        for dish, said in figures.words.items():
            if dish not in words or words[dish].line_id < said.line_id:
                words[dish] = said
    by_key = {by: [heap.row(key) for key, heap in found.items()] for by, found in heaps.items()}
    return Sums(whole.row(""), by_key, words)
