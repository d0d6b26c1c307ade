"""What is read of cards for people: a card's statement, and what a shop's days, dishes and hours came to.

Refuses to change anything; these reads may go to a replica (R-000-14). A consumption counts on the day it
was made, a refund on the day it was given; every table comes to the same sum, which is the ledger's.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, NamedTuple

import asyncpg
import msgspec

from server.errors import Refusal
from server.events.cards import Trade
from server.events.words import Text

STATEMENT_TRADES_MAX = 1_000
DAYS_MAX = 400
ROWS_MAX = 5_000
REPORT_S_MAX = 60.0

By = Literal["day", "dish", "hour"]

READ_SHOP = "SELECT name, business_day($2::timestamptz, timezone) AS today FROM shop WHERE id = $1"

READ_STATEMENT = """
SELECT card_trade_view(t) AS trade
  FROM card_trade t JOIN shop s ON s.id = $1 AND s.brand_id = t.brand_id
 WHERE t.card_id = $2 AND t.business_day BETWEEN $3::date AND $4::date AND t.id < $5::bigint
 ORDER BY t.id DESC
 LIMIT $6
"""

READ_BY_DAY = """
SELECT t.business_day AS key, NULL AS name,
       count(*) FILTER (WHERE t.kind = 'consume') AS sold,
       coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'consume'), 0)::bigint AS consumed_fen,
       count(*) FILTER (WHERE t.kind = 'refund') AS refunds,
       coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'refund'), 0)::bigint AS refunded_fen,
       coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'top_up'), 0)::bigint AS top_up_fen,
       coalesce(sum(t.bonus_fen) FILTER (WHERE t.kind = 'top_up'), 0)::bigint AS bonus_fen,
       coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'close'), 0)::bigint AS paid_out_fen
  FROM card_trade t
 WHERE t.shop_id = $1 AND t.business_day BETWEEN $2::date AND $3::date
 GROUP BY t.business_day
 ORDER BY t.business_day
 LIMIT $4
"""

READ_BY_HOUR = """
SELECT lpad(extract(hour FROM t.at AT TIME ZONE s.timezone)::text, 2, '0') || ':00' AS key, NULL AS name,
       count(*) FILTER (WHERE t.kind = 'consume') AS sold,
       coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'consume'), 0)::bigint AS consumed_fen,
       count(*) FILTER (WHERE t.kind = 'refund') AS refunds,
       coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'refund'), 0)::bigint AS refunded_fen,
       coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'top_up'), 0)::bigint AS top_up_fen,
       coalesce(sum(t.bonus_fen) FILTER (WHERE t.kind = 'top_up'), 0)::bigint AS bonus_fen,
       coalesce(sum(t.amount_fen) FILTER (WHERE t.kind = 'close'), 0)::bigint AS paid_out_fen
  FROM card_trade t JOIN shop s ON s.id = t.shop_id
 WHERE t.shop_id = $1 AND t.business_day BETWEEN $2::date AND $3::date
 GROUP BY 1
 ORDER BY 1
 LIMIT $4
"""

# A trade without lines, and a refund of a part, is nobody's dish: the row without a name.
READ_BY_DISH = """
SELECT coalesce(l.dish_id::text, '') AS key, l.name::text AS name,
       coalesce(sum(l.quantity) FILTER (WHERE t.kind = 'consume'), 0)::bigint AS sold,
       coalesce(sum(l.amount_fen) FILTER (WHERE t.kind = 'consume'), 0)::bigint AS consumed_fen,
       coalesce(sum(l.quantity) FILTER (WHERE t.kind = 'refund'), 0)::bigint AS refunds,
       coalesce(sum(l.amount_fen) FILTER (WHERE t.kind = 'refund'), 0)::bigint AS refunded_fen,
       0::bigint AS top_up_fen, 0::bigint AS bonus_fen, 0::bigint AS paid_out_fen
  FROM card_trade t
 CROSS JOIN LATERAL (
       SELECT r.dish_id, r.name, r.quantity, r.amount_fen
         FROM jsonb_to_recordset(t.lines) AS r(dish_id bigint, name jsonb, quantity bigint, amount_fen bigint)
        UNION ALL
       SELECT NULL, NULL, 1, t.amount_fen WHERE t.lines = '[]') l
 WHERE t.shop_id = $1 AND t.business_day BETWEEN $2::date AND $3::date AND t.kind IN ('consume', 'refund')
 GROUP BY 1, 2
 ORDER BY consumed_fen DESC, 1, 2
 LIMIT $4
"""

_READ: dict[By, str] = {"day": READ_BY_DAY, "dish": READ_BY_DISH, "hour": READ_BY_HOUR}


class ReportRow(msgspec.Struct, frozen=True):
    """A day, an hour or a dish. `sold`: consumptions, of a dish portions."""

    key: str
    name: Text | None
    sold: int
    consumed_fen: int
    refunds: int
    refunded_fen: int
    net_fen: int
    top_up_fen: int = 0
    bonus_fen: int = 0
    paid_out_fen: int = 0


class Report(msgspec.Struct, frozen=True):
    """What a shop's cards came to from one business day to another, both included."""

    shop: Text
    since: str
    until: str
    by: By
    rows: list[ReportRow]
    total: ReportRow


_text = msgspec.json.Decoder(Text).decode
_trade = msgspec.json.Decoder(Trade).decode


async def read_statement(
    pool: asyncpg.Pool, shop_id: int, card_id: int, days: tuple[date, date], before: int
) -> list[Trade]:
    """Return a card's trades in all shops of the brand, the newest first, one page of them."""
    rows = await pool.fetch(
        READ_STATEMENT, shop_id, card_id, *days, before, STATEMENT_TRADES_MAX, timeout=REPORT_S_MAX
    )
    return [_trade(row["trade"]) for row in rows]


class Period(NamedTuple):
    """From one business day to another, both included; none is today."""

    since: date | None
    until: date | None


async def read_report(
    pool: asyncpg.Pool, shop_id: int, period: Period, by: By, now: datetime
) -> Report:
    """Return a shop's statistics (R-000-3, R-000-20). Raises `shop_not_found`, `bad_field`."""
    shop = await pool.fetchrow(READ_SHOP, shop_id, now)
    if shop is None:
        raise Refusal("shop_not_found", shop_id=shop_id)
    until = period.until or shop["today"]
    since = period.since or until
    if not 0 <= (until - since).days < DAYS_MAX:
        raise Refusal("bad_field", f"From 1 to {DAYS_MAX} days, please.", field="until")
    found = await pool.fetch(_READ[by], shop_id, since, until, ROWS_MAX, timeout=REPORT_S_MAX)
    rows = [_row(one) for one in found]
    return Report(_text(shop["name"]), since.isoformat(), until.isoformat(), by, rows, _total(rows))


def _row(one: asyncpg.Record) -> ReportRow:
    counts = {key: one[key] for key in one.keys() if key not in {"key", "name"}}  # noqa: SIM118
    return ReportRow(
        key=str(one["key"]),
        name=_text(one["name"]) if one["name"] else None,
        net_fen=one["consumed_fen"] - one["refunded_fen"],
        **counts,
    )


def _total(rows: list[ReportRow]) -> ReportRow:
    summed = {
        name: sum(getattr(row, name) for row in rows)
        for name in ReportRow.__struct_fields__
        if name not in {"key", "name"}
    }
    return ReportRow(key="", name=None, **summed)
