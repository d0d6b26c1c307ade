"""What is read of dishes' stamps for a kitchen's report: one statement, so that all its lists agree.

Refuses to change anything; these reads may go to a replica (R-000-14).
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from server.errors import Refusal
from server.events.words import Text
from server.kds.report.figures import (
    STAGES,
    By,
    KitchenReport,
    ReportRow,
    Span,
    hour_key,
    hour_place,
    share,
)

DAYS_MAX = 92  # a quarter
ROWS_MAX = 5_000  # dishes left off are those that were ordered least
REPORT_S_MAX = 60.0

READ_SHOP = "SELECT name, timezone, business_day($2::timestamptz, timezone) AS today FROM shop WHERE id = $1"

# Sums, percentiles and orders are of one moment. What is held or cancelled has no times; a dish that was let go
# waits from then on. The word of a dish is that of its latest line.
READ_REPORT = """
WITH opened AS (
    SELECT o.id, o.business_day AS day, extract(hour FROM o.opened_at AT TIME ZONE $4::text)::integer AS hour
      FROM catering_order o
     WHERE o.shop_id = $1 AND o.business_day BETWEEN $2::date AND $3::date
), begun AS (
    SELECT o.day, g.id, g.station_id, g.dish_id, g.quantity, g.target_s, g.state = 'cancelled' AS cancelled,
           coalesce(g.fired_at, g.placed_at) AS begins_at, g.started_at, g.ready_at, g.picked_up_at, g.delivered_at
      FROM opened o JOIN catering_order_goods g ON g.shop_id = $1 AND g.order_id = o.id
), line AS (
    SELECT day, extract(hour FROM begins_at AT TIME ZONE $4::text)::integer AS hour, station_id, dish_id,
           id, quantity, target_s, cancelled,
           to_ms(started_at) - to_ms(begins_at) AS waiting, to_ms(ready_at) - to_ms(started_at) AS cooking,
           to_ms(ready_at) - to_ms(begins_at) AS to_ready, to_ms(picked_up_at) - to_ms(ready_at) AS pick_up,
           to_ms(delivered_at) - to_ms(picked_up_at) AS delivery
      FROM begun
), figure AS (
    SELECT grouping(day, hour, station_id, dish_id) AS level, day, hour, station_id, dish_id, max(id) AS last_id,
           count(*) FILTER (WHERE NOT cancelled) AS dishes,
           coalesce(sum(quantity) FILTER (WHERE NOT cancelled), 0)::bigint AS portions,
           count(*) FILTER (WHERE cancelled) AS cancelled,
           count(*) FILTER (WHERE target_s > 0 AND to_ready >= target_s * 1000) AS late,
           count(waiting) AS waiting, coalesce(sum(waiting), 0)::bigint AS waiting_sum,
           percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY waiting) AS waiting_at,
           count(cooking) AS cooking, coalesce(sum(cooking), 0)::bigint AS cooking_sum,
           percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY cooking) AS cooking_at,
           count(to_ready) AS to_ready, coalesce(sum(to_ready), 0)::bigint AS to_ready_sum,
           percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY to_ready) AS to_ready_at,
           count(pick_up) AS pick_up, coalesce(sum(pick_up), 0)::bigint AS pick_up_sum,
           percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY pick_up) AS pick_up_at,
           count(delivery) AS delivery, coalesce(sum(delivery), 0)::bigint AS delivery_sum,
           percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY delivery) AS delivery_at
      FROM line
     GROUP BY GROUPING SETS ((), (day), (hour), (station_id), (dish_id))
)
SELECT f.*, CASE f.level WHEN 13 THEN t.name WHEN 14 THEN g.name END AS name,
       CASE f.level WHEN 14 THEN g.target_s END AS target_s,
       CASE f.level WHEN 15 THEN (SELECT json_agg(json_build_array(c.day, c.hour, c.orders))
                                    FROM (SELECT day, hour, count(*) AS orders FROM opened GROUP BY day, hour) c)
       END AS orders
  FROM figure f
  LEFT JOIN station t ON t.shop_id = $1 AND t.id = f.station_id
  LEFT JOIN catering_order_goods g ON g.shop_id = $1 AND g.id = f.last_id
 ORDER BY f.level = 14, f.dishes DESC, f.day, f.station_id, f.dish_id
 LIMIT $5
"""

_LEVELS: dict[int, By] = {7: "day", 11: "hour", 13: "station", 14: "dish"}
_TOTAL = 15

_text = msgspec.json.Decoder(Text).decode
_orders = msgspec.json.Decoder(list[tuple[str, int, int]]).decode


class Period(NamedTuple):
    """From one business day to another, both included; none is today."""

    since: date | None
    until: date | None


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
    found = await pool.fetch(
        READ_REPORT, shop_id, since, until, shop["timezone"], ROWS_MAX, timeout=REPORT_S_MAX
    )
    total = next(one for one in found if one["level"] == _TOTAL)
    opened = _orders(total["orders"]) if total["orders"] else []
    rows = {by: _rows(found, level, by) for level, by in _LEVELS.items()}
    days = Counter[str]()
    hours = Counter[str]()
    for day, hour, orders in opened:
        days[day] += orders
        hours[hour_key(hour)] += orders
    return KitchenReport(
        shop=_text(shop["name"]),
        since=since.isoformat(),
        until=until.isoformat(),
        days_open=len(days),
        total=_row(total, "", orders=days.total()),
        by_day=sorted(_with_orders(rows["day"], days), key=lambda row: row.key),
        by_hour=sorted(_with_orders(rows["hour"], hours), key=lambda row: hour_place(row.key)),
        by_station=rows["station"],
        by_dish=rows["dish"],
    )


def _rows(found: list[asyncpg.Record], level: int, by: By) -> list[ReportRow]:
    return [_row(one, _key(one, by)) for one in found if one["level"] == level]


def _key(one: asyncpg.Record, by: By) -> str:
    if by == "day":
        return str(one["day"].isoformat())
    if by == "hour":
        return hour_key(one["hour"])
    value = one[f"{by}_id"]
    return "" if value is None else str(value)


def _row(one: asyncpg.Record, key: str, orders: int | None = None) -> ReportRow:
    spans: dict[str, Any] = {stage: _span(one, stage) for stage in STAGES}
    return ReportRow(
        key=key,
        name=_text(one["name"]) if one["name"] else None,
        orders=orders,
        dishes=one["dishes"],
        portions=one["portions"],
        cancelled=one["cancelled"],
        late=one["late"],
        late_share=share(one["late"], one["to_ready"]),
        target_s=one["target_s"],
        **spans,
    )


def _span(one: asyncpg.Record, stage: str) -> Span:
    half, most = one[f"{stage}_at"] or (None, None)
    return Span(one[stage], one[f"{stage}_sum"], half, most)


def _with_orders(rows: list[ReportRow], orders: Counter[str]) -> list[ReportRow]:
    """Return rows with their orders, and a row for what was opened when no dish's waiting began."""
    known = {row.key: row for row in rows}
    return [
        msgspec.structs.replace(known.get(key) or ReportRow(key), orders=orders[key])
        for key in known.keys() | orders.keys()
    ]
