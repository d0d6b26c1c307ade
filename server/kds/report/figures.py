"""◆ The figures of a kitchen's report, and what is reckoned from them.

Five times of a dish, each from one stamp to another: waiting (ordered or fired → begun), cooking (begun →
ready), `to_ready` (both together, what a dish's target is for), pick-up (ready → taken), delivery (taken → with
the guest). A dish counts on the business day its order was opened and in the hour its waiting began.
Refuses to estimate: a time whose end nobody pressed is not counted.
"""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

from server.events.menu import StageTargets
from server.events.words import Text

By = Literal["day", "hour", "station", "dish"]
Stage = Literal["waiting", "cooking", "to_ready", "pick_up", "delivery"]

STAGES: tuple[Stage, ...] = get_args(Stage)
TARGETED: tuple[Stage, ...] = (
    "waiting",
    "cooking",
    "pick_up",
)  # a menu may say how long these take
HOURS_OF_DAY = 24
DAY_START_HOUR = 3  # a business day's first hour comes first (R-004-9)


class Span(msgspec.Struct, frozen=True):
    """How many dishes went through a stage, and how long it took.

    `sum_ms` is all their time together; half of them were within `p50_ms`, nine of ten within `p90_ms`, which are
    times some dish took; null when there was none.
    """

    dishes: int = 0
    sum_ms: int = 0
    p50_ms: int | None = None
    p90_ms: int | None = None


NOTHING = Span()


class ReportRow(msgspec.Struct, frozen=True):
    """A day, an hour, a station or a dish.

    `orders`: opened then; null for stations and dishes, which share them. `dishes` and `portions` without what
    was cancelled. `late`: of the dishes that are ready, how many were not within their target; `late_share` from
    0 to 1, null when none is ready. `target_s`: of a dish, as it was ordered last; lateness is measured by it alone.
    `stage_targets`: what the menu says now of a dish's stages; nothing is counted late by them.
    """

    key: str
    name: Text | None = None
    orders: int | None = None
    dishes: int = 0
    portions: int = 0
    cancelled: int = 0
    waiting: Span = NOTHING
    cooking: Span = NOTHING
    to_ready: Span = NOTHING
    pick_up: Span = NOTHING
    delivery: Span = NOTHING
    late: int = 0
    late_share: float | None = None
    target_s: int | None = None
    stage_targets: StageTargets | None = None

    def target_ms(self, stage: Stage) -> int | None:
        """Return within what a dish is to be through a stage, where somebody said so."""
        said = self.stage_targets or StageTargets()
        of_stage: dict[Stage, int | None] = {
            "waiting": said.waiting_s, "cooking": said.cooking_s, "to_ready": self.target_s,
            "pick_up": said.pick_up_s,
        }  # fmt: skip
        target_s = of_stage.get(stage)
        return target_s * 1000 if target_s else None

    def span(self, stage: Stage) -> Span:
        """Return how long a stage took."""
        found: Span = getattr(self, stage)
        return found


class KitchenReport(msgspec.Struct, frozen=True):
    """How a shop's kitchen did from one business day to another, both included.

    `days_open`: days with an order. Hours are the shop's own, from 03:00 on. Each list comes to `total`, which
    is reckoned from the dishes themselves, not from the rows.
    """

    shop: Text
    since: str
    until: str
    days_open: int
    total: ReportRow
    by_day: list[ReportRow]
    by_hour: list[ReportRow]
    by_station: list[ReportRow]
    by_dish: list[ReportRow]

    def rows(self, by: By) -> list[ReportRow]:
        """Return one of the lists."""
        found: list[ReportRow] = getattr(self, f"by_{by}")
        return found


def share(part: int, whole: int) -> float | None:
    """Return a part of a whole from 0 to 1, in ten thousandths; None of nothing."""
    return round(part / whole, 4) if whole else None


def hour_key(hour: int) -> str:
    """Return how an hour of the day is named."""
    return f"{hour:02}:00"


def hour_place(key: str) -> int:
    """Return the place of an hour in a business day, 0 for 03:00."""
    return (int(key[:2]) - DAY_START_HOUR) % HOURS_OF_DAY


def worst(rows: list[ReportRow], rows_max: int) -> list[ReportRow]:
    """Return the dishes that were late most often; as often, the slower first."""
    timed = [row for row in rows if row.to_ready.p90_ms is not None]
    timed.sort(key=lambda row: (-row.late, -(row.to_ready.p90_ms or 0), row.key))
    return timed[:rows_max]


def busiest(report: KitchenReport) -> ReportRow | None:
    """Return the hour with the most orders."""
    return max(report.by_hour, key=lambda row: row.orders or 0, default=None)
