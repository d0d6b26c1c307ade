"""What is read for a kitchen's report: days that are over as they were written down, the others dish by dish.

Refuses to change anything; these reads may go to a replica (R-000-14).
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg
import msgspec

from server.errors import Refusal
from server.events.menu import StageTargets
from server.events.words import Text
from server.kds.report import days as d
from server.kds.report.figures import STAGES, KitchenReport, ReportRow, hour_key, hour_place

DAYS_MAX = 92  # a quarter
ROWS_MAX = 5_000  # dishes left off are those that were ordered least
REPORT_S_MAX = 60.0

READ_SHOP = """
SELECT s.name, s.timezone, business_day($2::timestamptz, s.timezone) AS today,
       (SELECT json_object_agg(t.id, t.name) FROM station t WHERE t.shop_id = s.id) AS stations
  FROM shop s
 WHERE s.id = $1
"""

# What the menu says now; a dish keeps its own target_s from when it was ordered, and none of these.
READ_STAGE_TARGETS = """
SELECT id, stage_targets FROM dish WHERE shop_id = $1 AND stage_targets <> '{}'
"""

READ_WRITTEN = """
SELECT business_day, figures FROM kitchen_day
 WHERE shop_id = $1 AND business_day BETWEEN $2::date AND $3::date AND format = $4
"""

# One statement is one moment for all days that are not over. What is held or cancelled has no times; a dish that
# was let go waits from then on.
READ_LINES = """
WITH opened AS (
    SELECT o.id, o.business_day, extract(hour FROM o.opened_at AT TIME ZONE $5::text)::integer AS hour
      FROM catering_order o
     WHERE o.shop_id = $1 AND o.business_day BETWEEN $2::date AND $3::date
       AND NOT o.business_day = ANY ($4::date[])
), line AS (
    SELECT o.business_day, o.id AS opened_id, o.hour AS opened_hour, g.*,
           coalesce(g.fired_at, g.placed_at) AS begins_at
      FROM opened o
      LEFT JOIN catering_order_goods g ON g.shop_id = $1 AND g.order_id = o.id
)
SELECT business_day, opened_id, opened_hour, id, part_of,
       extract(hour FROM begins_at AT TIME ZONE $5::text)::integer AS hour, station_id, dish_id, quantity, target_s,
       state = 'cancelled' AS cancelled, name::text AS name,
       to_ms(started_at) - to_ms(begins_at) AS waiting, to_ms(ready_at) - to_ms(started_at) AS cooking,
       to_ms(ready_at) - to_ms(begins_at) AS to_ready, to_ms(picked_up_at) - to_ms(ready_at) AS pick_up,
       to_ms(delivered_at) - to_ms(picked_up_at) AS delivery
  FROM line
 ORDER BY id
"""

_text = msgspec.json.Decoder(Text).decode
_targets = msgspec.json.Decoder(StageTargets).decode
_stations = msgspec.json.Decoder(dict[str, Text]).decode


class Period(NamedTuple):
    """From one business day to another, both included; none is today."""

    since: date | None
    until: date | None


class Named(NamedTuple):
    """What a shop calls its stations, and wants of its dishes' stages; by their keys in a report."""

    stations: dict[str, Text]
    targets: dict[str, StageTargets]


async def read_report(
    pool: asyncpg.Pool, shop_id: int, period: Period, now: datetime
) -> KitchenReport:
    """Return how a shop's kitchen did. Raises `shop_not_found`, `bad_field`."""
    shop = await pool.fetchrow(READ_SHOP, shop_id, now)
    if shop is None:
        raise Refusal("shop_not_found", shop_id=shop_id)
    until = period.until or shop["today"]
    since = period.since or until
    if not 0 <= (until - since).days < DAYS_MAX:
        raise Refusal("bad_field", f"From 1 to {DAYS_MAX} days, please.", field="until")
    days = await read_days(pool, shop_id, since, until, shop["timezone"])
    stations = _stations(shop["stations"]) if shop["stations"] else {}
    shell = KitchenReport(
        shop=_text(shop["name"]), since=since.isoformat(), until=until.isoformat(),
        days_open=0, total=ReportRow(""), by_day=[], by_hour=[], by_station=[], by_dish=[],
    )  # fmt: skip
    targets = {
        str(row["id"]): _targets(row["stage_targets"])
        for row in await pool.fetch(READ_STAGE_TARGETS, shop_id)
    }
    named = Named(stations, targets)
    return await asyncio.to_thread(_report, shell, days, named)  # a quarter is half a second


async def read_days(
    pool: asyncpg.Pool, shop_id: int, since: date, until: date, timezone: str
) -> dict[date, d.Day]:
    """Return the days on which anything was ordered."""
    written = await pool.fetch(READ_WRITTEN, shop_id, since, until, d.FORMAT)
    known = {row["business_day"]: row["figures"] for row in written}
    rows = await pool.fetch(
        READ_LINES, shop_id, since, until, list(known), timezone, timeout=REPORT_S_MAX
    )
    return await asyncio.to_thread(_days, known, rows)


def _days(known: dict[date, bytes], rows: Sequence[asyncpg.Record]) -> dict[date, d.Day]:
    lines: dict[date, list[d.Line]] = defaultdict(list)
    for row in rows:
        day, *rest = row
        lines[day].append(d.Line._make((*rest[: -len(STAGES)], tuple(rest[-len(STAGES) :]))))
    found = {day: d.unpack(figures) for day, figures in known.items()}
    return found | {day: d.reckoned(of_day) for day, of_day in lines.items()}


def _report(shell: KitchenReport, days: dict[date, d.Day], named: Named) -> KitchenReport:
    sums = d.summed(days)
    by_day = Counter({day.isoformat(): sum(one.orders.values()) for day, one in days.items()})
    by_hour = Counter[str]()
    for one in days.values():
        by_hour.update({hour_key(hour): orders for hour, orders in one.orders.items()})
    by_dish = [
        msgspec.structs.replace(
            row,
            name=sums.words[int(row.key)].name,
            target_s=sums.words[int(row.key)].target_s,
            stage_targets=named.targets.get(row.key),
        )
        for row in sums.by["dish"]
    ]
    by_station = [
        msgspec.structs.replace(row, name=named.stations.get(row.key)) for row in sums.by["station"]
    ]
    return msgspec.structs.replace(
        shell,
        days_open=len(days),
        total=msgspec.structs.replace(sums.total, orders=by_day.total()),
        by_day=sorted(_with_orders(sums.by["day"], by_day), key=lambda row: row.key),
        by_hour=sorted(_with_orders(sums.by["hour"], by_hour), key=lambda row: hour_place(row.key)),
        by_station=sorted(by_station, key=_most_first),
        by_dish=sorted(by_dish, key=_most_first)[:ROWS_MAX],
    )


def _most_first(row: ReportRow) -> tuple[int, int]:
    return -row.dishes, int(row.key or 0)


def _with_orders(rows: list[ReportRow], orders: Counter[str]) -> list[ReportRow]:
    """Return rows with their orders, and a row for what was opened when no dish's waiting began."""
    known = {row.key: row for row in rows}
    return [
        msgspec.structs.replace(known.get(key) or ReportRow(key), orders=orders[key])
        for key in known.keys() | orders.keys()
    ]
