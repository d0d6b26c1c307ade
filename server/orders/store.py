"""What placing and cleaning read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
import msgspec

from server.clock import from_ms
from server.events import catalogue as c
from server.events.facts import CallRow, ShopRules
from server.events.menu import Dish
from server.orders.commands import OpenOrder, PlaceFacts

# One row per place: its session, the day's counter, the dishes asked for, the calls that ring.
# A shop's business day is UTC's day or a neighbour of it, wherever the shop and whatever its clock.
READ_PLACES = """
SELECT p.shop_id, p.id, p.kind, p.name, p.version, p.stay, to_ms(p.cleared_at) AS cleared_at_ms,
       s.timezone, s.call_after_finish_s, s.call_interval_s, s.call_rings_max, shop_prints(s.id) AS prints,
       CASE WHEN o.id IS NOT NULL THEN json_build_object(
           'id', o.id, 'number', o.number, 'business_day', o.business_day, 'source', o.source,
           'opened_at_ms', to_ms(o.opened_at), 'note', o.note, 'allergens', o.allergens,
           'rounds', o.rounds, 'version', o.version,
           'items', (SELECT count(*) FROM catering_order_goods g
                      WHERE g.shop_id = o.shop_id AND g.order_id = o.id),
           'undelivered', (SELECT count(*) FROM catering_order_goods g
                            WHERE g.shop_id = o.shop_id AND g.order_id = o.id
                              AND g.state NOT IN ('delivered', 'cancelled'))) END AS open_order,
       (SELECT json_agg(dish_view(d)) FROM dish d
         WHERE d.shop_id = p.shop_id AND d.id = ANY (string_to_array(u.dishes, ' ')::bigint[])) AS dishes,
       (SELECT json_agg(json_build_array(d.business_day, d.last_number, d.version))
          FROM shop_day d
         WHERE d.shop_id = p.shop_id AND d.business_day BETWEEN $4::date - 1 AND $4::date + 1) AS days,
       (SELECT json_agg(DISTINCT g.station_id) FROM catering_order_goods g
         WHERE g.shop_id = p.shop_id AND g.order_id = p.open_order_id) AS stations,
       (SELECT json_agg(call_row(k)) FROM im_call k
         WHERE k.shop_id = p.shop_id AND k.order_id = p.open_order_id AND k.state <> 'ended') AS calls
  FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS u(shop_id, id, dishes)
  JOIN place p ON p.shop_id = u.shop_id AND p.id = u.id
  JOIN shop s ON s.id = p.shop_id
  LEFT JOIN catering_order o ON o.shop_id = p.shop_id AND o.id = p.open_order_id
"""

_open_order = msgspec.json.Decoder(OpenOrder).decode
_dishes = msgspec.json.Decoder(list[Dish]).decode
_days = msgspec.json.Decoder(list[tuple[date, int, int]]).decode
_stations = msgspec.json.Decoder(list[int | None]).decode
_calls = msgspec.json.Decoder(list[CallRow]).decode


async def read_places(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int, Sequence[int]]], now_ms: int
) -> dict[tuple[int, int], PlaceFacts]:
    """Return (shop, place id) → facts; each key also names the dishes to read."""
    rows = await connection.fetch(
        READ_PLACES,
        [key[0] for key in keys],
        [key[1] for key in keys],
        [" ".join(map(str, key[2])) for key in keys],
        from_ms(now_ms).date(),
    )
    return {(row["shop_id"], row["id"]): _facts(row) for row in rows}


def _facts(row: asyncpg.Record) -> PlaceFacts:
    def read(decode: Any, column: str, empty: Any) -> Any:
        return decode(row[column]) if row[column] else empty

    return PlaceFacts(
        rules=ShopRules.of(row),
        place_id=row["id"],
        kind=_place_kind(row["kind"]),
        name=row["name"],
        version=row["version"],
        stay=row["stay"],
        cleared_at_ms=row["cleared_at_ms"],
        open_order=read(_open_order, "open_order", None),
        dishes={dish.id: dish for dish in read(_dishes, "dishes", [])},
        days={day: (number, version) for day, number, version in read(_days, "days", [])},
        stations=read(_stations, "stations", []),
        calls=read(_calls, "calls", []),
    )


def _place_kind(kind: str) -> c.PlaceKind:
    known: c.PlaceKind = msgspec.convert(kind, c.PlaceKind)
    return known
