"""What the kitchen's decisions read."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import msgspec

from server.events import catalogue as c
from server.events.facts import CallRow, ShopRules
from server.events.menu import Dish, StationView
from server.events.words import Text
from server.kds.commands import ItemFacts
from server.kds.display import OrderOnScreens
from server.kds.menu import MenuFacts, PutDish, PutStation, StationFacts
from server.kds.pace import OrderFacts
from server.kds.sale import DishFacts

# One row per dish with all a decision needs: one round trip for a whole batch.
READ_ITEMS = """
SELECT g.shop_id, g.id, item_view(g) AS item, coalesce(d.sold_out, true) AS sold_out,
       o.number, o.place_id, o.place_kind, o.place_name, o.state = 'open' AS order_open,
       s.timezone, s.call_after_finish_s, s.call_interval_s, s.call_rings_max, shop_prints(s.id) AS prints,
       (SELECT json_agg(call_row(k)) FROM im_call k
         WHERE k.shop_id = g.shop_id AND k.item_id = g.id AND k.state <> 'ended') AS calls
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN catering_order_goods g ON g.shop_id = u.shop_id AND g.id = u.id
  JOIN catering_order o ON o.shop_id = g.shop_id AND o.id = g.order_id
  LEFT JOIN dish d ON d.shop_id = g.shop_id AND d.id = g.dish_id
  JOIN shop s ON s.id = g.shop_id
"""

# One row per order with its dishes, for what is asked of several at once.
READ_ORDERS = """
SELECT o.shop_id, o.id, order_view(o) AS view, o.state = 'open' AS order_open,
       s.timezone, s.call_after_finish_s, s.call_interval_s, s.call_rings_max, shop_prints(s.id) AS prints
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN catering_order o ON o.shop_id = u.shop_id AND o.id = u.id
  JOIN shop s ON s.id = o.shop_id
"""

READ_DISHES = """
SELECT d.shop_id, d.id, d.sold_out, d.version,
       (SELECT count(*) FROM catering_order o
          JOIN catering_order_goods g ON g.shop_id = o.shop_id AND g.order_id = o.id
         WHERE o.shop_id = d.shop_id AND o.state = 'open' AND g.dish_id = d.id
           AND g.state IN ('held', 'queued', 'cooking')) AS waiting
  FROM unnest($1::bigint[], $2::bigint[]) AS u(shop_id, id)
  JOIN dish d ON d.shop_id = u.shop_id AND d.id = u.id
"""

# An order by its id, or that of one of its dishes: what screens showed, or should have.
READ_ON_SCREENS = """
WITH wanted AS (
    SELECT DISTINCT u.shop_id, coalesce(u.order_id, g.order_id) AS order_id
      FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS u(shop_id, order_id, item_id)
      LEFT JOIN catering_order_goods g ON g.shop_id = u.shop_id AND g.id = u.item_id
)
SELECT o.shop_id, o.id, order_view(o) AS "order", o.state = 'open' AS order_open,
       (SELECT json_object_agg(t.id, t.name) FROM station t WHERE t.shop_id = o.shop_id) AS stations,
       (SELECT json_agg(DISTINCT d.station_id) FROM device d
         WHERE d.shop_id = o.shop_id AND d.kind = 'kitchen' AND d.paired_at IS NOT NULL AND d.revoked_at IS NULL
           AND d.settings ->> 'mode' IS DISTINCT FROM 'expo') AS boards,
       (SELECT json_agg(t.id) FROM station t
         WHERE t.shop_id = o.shop_id
           AND EXISTS (SELECT FROM printer p WHERE p.shop_id = o.shop_id AND p.enabled AND p.documents ? 'ticket'
                          AND (p.stations = '[]' OR p.stations @> to_jsonb(t.id)))) AS printed,
       EXISTS (SELECT FROM printer p WHERE p.shop_id = o.shop_id AND p.enabled AND p.documents ? 'ticket'
                  AND p.stations = '[]') AS printed_unrouted
  FROM wanted w
  JOIN catering_order o ON o.shop_id = w.shop_id AND o.id = w.order_id
 ORDER BY o.shop_id, o.id
"""

READ_MENUS = """
SELECT CASE WHEN d.id IS NOT NULL THEN dish_view(d) END AS dish, coalesce(d.version, 0) AS version,
       (SELECT coalesce(max(x.id), 0) + 1 FROM dish x WHERE x.shop_id = u.shop_id) AS next_id,
       (SELECT count(*) FROM dish x WHERE x.shop_id = u.shop_id) AS dishes,
       ARRAY(SELECT m.id FROM menu_category m WHERE m.shop_id = u.shop_id) AS categories,
       ARRAY(SELECT t.id FROM station t WHERE t.shop_id = u.shop_id) AS stations
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS u(shop_id, id, position)
  LEFT JOIN dish d ON d.shop_id = u.shop_id AND d.id = u.id
 ORDER BY u.position
"""

READ_STATIONS = """
SELECT CASE WHEN t.id IS NOT NULL THEN json_build_object('id', t.id, 'name', t.name) END AS station,
       (SELECT coalesce(max(x.id), 0) + 1 FROM station x WHERE x.shop_id = u.shop_id) AS next_id,
       (SELECT count(*) FROM station x WHERE x.shop_id = u.shop_id) AS stations
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS u(shop_id, id, position)
  LEFT JOIN station t ON t.shop_id = u.shop_id AND t.id = u.id
 ORDER BY u.position
"""

_decode_dish = msgspec.json.Decoder(Dish).decode
_decode_station = msgspec.json.Decoder(StationView).decode
_decode_order = msgspec.json.Decoder(c.Order).decode
_decode_stations = msgspec.json.Decoder(dict[int, Text]).decode
_decode_item = msgspec.json.Decoder(c.Item).decode
_decode_calls = msgspec.json.Decoder(list[CallRow]).decode


async def read_items(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], ItemFacts]:
    """Return (shop, item id) → facts for the dishes that exist."""
    rows = await connection.fetch(READ_ITEMS, [k[0] for k in keys], [k[1] for k in keys])
    return {(row["shop_id"], row["id"]): _facts(row) for row in rows}


def _facts(row: asyncpg.Record) -> ItemFacts:
    return ItemFacts(
        rules=ShopRules.of(row),
        item=_decode_item(row["item"]),
        number=row["number"],
        place_id=row["place_id"],
        place_kind=row["place_kind"],
        place_name=row["place_name"],
        order_open=row["order_open"],
        sold_out=row["sold_out"],
        calls=_decode_calls(row["calls"]) if row["calls"] else [],
    )


async def read_orders(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], OrderFacts]:
    """Return (shop, order id) → facts for the orders that exist."""
    rows = await connection.fetch(READ_ORDERS, [k[0] for k in keys], [k[1] for k in keys])
    return {
        (row["shop_id"], row["id"]): OrderFacts(
            ShopRules.of(row), _decode_order(row["view"]), row["order_open"]
        )
        for row in rows
    }


async def read_on_screens(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int | None, int | None]]
) -> dict[tuple[int, int], OrderOnScreens]:
    """Return (shop, order id) → order and screens, for (shop, order id, dish id): either of the two."""
    columns = zip(*keys, strict=True) if keys else ((), (), ())
    rows = await connection.fetch(READ_ON_SCREENS, *(list(column) for column in columns))
    return {
        (row["shop_id"], row["id"]): OrderOnScreens(
            order=_decode_order(row["order"]),
            order_open=row["order_open"],
            stations=_decode_stations(row["stations"]) if row["stations"] else {},
            boards=msgspec.json.decode(row["boards"]) if row["boards"] else [],
            printed=msgspec.json.decode(row["printed"]) if row["printed"] else [],
            printed_unrouted=row["printed_unrouted"],
        )
        for row in rows
    }


async def read_dishes(
    connection: asyncpg.Connection, keys: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], DishFacts]:
    """Return (shop, dish id) → facts for the dishes that are on the menu."""
    rows = await connection.fetch(READ_DISHES, [k[0] for k in keys], [k[1] for k in keys])
    return {
        (row["shop_id"], row["id"]): DishFacts(
            row["id"], row["sold_out"], row["version"], row["waiting"]
        )
        for row in rows
    }


async def read_menus(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, PutDish]]
) -> list[MenuFacts]:
    """Return what is known of each asked dish and its menu, in the order asked."""
    columns = [shop for shop, _ in asked], [command.dish_id for _, command in asked]
    return [
        MenuFacts(
            _decode_dish(row["dish"]) if row["dish"] else None,
            row["version"], row["next_id"], row["dishes"], row["categories"], row["stations"],
        )
        for row in await connection.fetch(READ_MENUS, *columns)
    ]  # fmt: skip


async def read_stations(
    connection: asyncpg.Connection, asked: Sequence[tuple[int, PutStation]]
) -> list[StationFacts]:
    """Return what is known of each asked station, in the order asked."""
    columns = [shop for shop, _ in asked], [command.station_id for _, command in asked]
    return [
        StationFacts(
            _decode_station(row["station"]) if row["station"] else None,
            row["next_id"], row["stations"],
        )
        for row in await connection.fetch(READ_STATIONS, *columns)
    ]  # fmt: skip
