"""What commands cost in a database with many shops: rows found by key, changed in place."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import asyncpg
import msgspec

from bench.commands.store import make_shops
from server.events.decision import Actor, Role
from tests.support.kitchen import Kitchen, open_kitchen

SHOPS = range(1001, 1401)
READ = "SELECT relname, seq_tup_read, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"


async def _all(kitchen: Kitchen, role: Role, name: str, bodies: list[dict[str, Any]]) -> Any:
    """Ask the same of every shop at once, as a busy evening does."""
    return await asyncio.gather(
        *(
            kitchen.desk.execute(
                Actor(role=role, id=role, name=role, shop_id=shop),
                uuid.uuid4(), name, msgspec.json.encode(body),
            )
            for shop, body in zip(SHOPS, bodies, strict=True)
        )
    )  # fmt: skip


async def _counted(pool: asyncpg.Pool) -> dict[str, asyncpg.Record]:
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for connection in connections:
        await connection.execute("SELECT pg_stat_force_next_flush()")
    for connection in connections:
        await pool.release(connection)
    return {row["relname"]: row for row in await pool.fetch(READ)}


async def test_commands_read_by_key_and_change_in_place(database_url: str) -> None:
    """With 400 shops no command reads a whole table, and heads and dishes stay HOT (field notes)."""
    async with open_kitchen(database_url) as kitchen:
        await make_shops(database_url, SHOPS[0], SHOPS[-1])
        order = [{"place_id": 2, "lines": [{"dish_id": 1}, {"dish_id": 2}]}] * len(SHOPS)
        await _all(kitchen, "waiter", "PlaceOrder", order)
        await kitchen.pool.execute("VACUUM ANALYZE")  # from here on the planner knows the sizes
        before = await _counted(kitchen.pool)
        placed = await _all(kitchen, "waiter", "PlaceOrder", order)
        items = [{"item_id": answer["item_ids"][0]} for answer in placed]
        for name in ("StartItem", "FinishItem", "CallItem", "PickUpItem", "DeliverItem"):
            await _all(kitchen, "business", name, items)
        await _all(kitchen, "waiter", "CleanPlace", [{"place_id": 2}] * len(SHOPS))
        after = await _counted(kitchen.pool)
    whole = {
        name: after[name]["seq_tup_read"] - before[name]["seq_tup_read"]
        for name in ("shop", "place", "dish", "catering_order", "catering_order_goods", "im_call",
                     "promise", "command", "shop_head", "shop_day")
    }  # fmt: skip
    assert {name: rows for name, rows in whole.items() if rows} == {}
    for name in ("shop_head", "catering_order_goods"):
        changed = after[name]["n_tup_upd"] - before[name]["n_tup_upd"]
        in_place = after[name]["n_tup_hot_upd"] - before[name]["n_tup_hot_upd"]
        assert changed >= 5 * len(SHOPS)
        assert in_place / changed > 0.6, name
