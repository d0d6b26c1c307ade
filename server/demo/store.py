"""Writes a shop with its menu, places and devices; used by the demo, by benches and by tests.

Refuses to touch a shop that exists: a second start keeps the data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import asyncpg
import msgspec

from server.events.menu import Menu, StationView
from server.events.view import PlaceView, ShopView
from server.printing.printer import Printer

ADD_BRAND = "INSERT INTO brand (id, name) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING"
ADD_SHOP = """
INSERT INTO shop (id, brand_id, name, timezone, call_after_finish_s)
VALUES ($1, $2, $3::jsonb, $4, $5)
ON CONFLICT DO NOTHING
RETURNING id
"""
ADD_HEAD = "INSERT INTO shop_head (shop_id) VALUES ($1)"
ADD_STATION = "INSERT INTO station (shop_id, id, name) VALUES ($1, $2, $3::jsonb)"
ADD_PLACE = "INSERT INTO place (shop_id, id, kind, name, area) VALUES ($1, $2, $3, $4, $5::jsonb)"
ADD_CATEGORY = (
    "INSERT INTO menu_category (shop_id, id, position, name) VALUES ($1, $2, $3, $4::jsonb)"
)
ADD_DISH = """
INSERT INTO dish (shop_id, id, position, category, name, about, price_fen, station_id, target_s,
                  modifier_groups, allergens, picture, spicy, sold_out)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8, $9, $10::jsonb, $11::jsonb, $12, $13, $14)
"""
ADD_ACCOUNT = "INSERT INTO account (shop_id, id, kind, name) VALUES ($1, $2, $3, $4)"
ADD_DEVICE = """
INSERT INTO device (shop_id, id, kind, name, account_id, place_id, station_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
ADD_PRINTER = """
INSERT INTO printer (shop_id, id, name, kind, address, language, paper, documents, stations, answers,
                     expires_after_s, enabled, version)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb, $9::jsonb, $10, $11, true, 1)
ON CONFLICT DO NOTHING
"""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def add_shop(
    connection: asyncpg.Connection,
    brand_id: int,
    shop: ShopView,
    stations: Iterable[StationView],
    places: Iterable[PlaceView],
    menu: Menu,
) -> bool:
    """Write a shop that can take orders; False when it exists already. One transaction."""
    async with connection.transaction():
        await connection.execute(ADD_BRAND, brand_id, _json(shop.name))
        added = await connection.fetchval(
            ADD_SHOP, shop.id, brand_id, _json(shop.name), shop.timezone, shop.call_after_finish_s
        )
        if added is None:
            return False
        await connection.execute(ADD_HEAD, shop.id)
        await connection.executemany(
            ADD_STATION, [(shop.id, s.id, _json(s.name)) for s in stations]
        )
        await connection.executemany(
            ADD_PLACE, [(shop.id, p.id, p.kind, p.name, _json(p.area)) for p in places]
        )
        await connection.executemany(
            ADD_CATEGORY,
            [(shop.id, c.id, n, _json(c.name)) for n, c in enumerate(menu.categories, 1)],
        )
        await connection.executemany(
            ADD_DISH,
            [
                (
                    shop.id, d.id, n, d.category, _json(d.name), _json(d.about), d.price_fen,
                    d.station_id, d.target_s, _json(d.modifier_groups), _json(d.allergens),
                    d.picture, d.spicy, d.sold_out,
                )
                for n, d in enumerate(menu.dishes, 1)
            ],
        )  # fmt: skip
    return True


async def add_printer(
    connection: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy,
    shop_id: int,
    printer: Printer,
) -> None:
    """Write a printer; a shop that has this one keeps it."""
    plain = msgspec.structs.asdict(printer)
    jsons = {name: _json(plain[name]) for name in ("paper", "documents", "stations")}
    await connection.execute(
        ADD_PRINTER, shop_id, printer.id, printer.name, printer.kind, printer.address,
        printer.language, jsons["paper"], jsons["documents"], jsons["stations"],
        printer.answers, printer.expires_after_s,
    )  # fmt: skip


async def add_devices(
    connection: asyncpg.Connection,
    shop_id: int,
    accounts: Iterable[tuple[int, str, str]],
    devices: Iterable[tuple[int, str, str, int, int | None, int | None]],
) -> None:
    """Write accounts (id, kind, name) and unpaired devices (id, kind, name, account, place, station)."""
    async with connection.transaction():
        await connection.executemany(ADD_ACCOUNT, [(shop_id, *a) for a in accounts])
        await connection.executemany(ADD_DEVICE, [(shop_id, *d) for d in devices])
