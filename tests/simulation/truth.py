"""Reads, after the day, what PostgreSQL says happened. Refuses to judge: the checker does."""

from __future__ import annotations

from typing import Any, NamedTuple

import asyncpg
import msgspec

from server.clock import SystemClock, to_ms
from server.events.view import DeviceView, View, state_hash
from server.kds.views import snapshot
from tests.simulation.cast import SHOP
from tests.simulation.checker import Line, decode_event
from tests.simulation.screens import Screen


class Truth(NamedTuple):
    """The end of the day in the database."""

    log: list[Line]
    head: int
    items: dict[int, tuple[str, int]]  # id → state, version
    remembered: dict[str, dict[str, Any]]
    promises: dict[str, int]  # state → how many


async def read_truth(pool: asyncpg.Pool) -> Truth:
    """Read everything the checker needs."""
    log = [
        Line(row["seq"], to_ms(row["at"]), frozenset(row["topics"]), decode_event(row["body"]))
        for row in await pool.fetch(
            "SELECT seq, at, topics, body FROM event WHERE shop_id = $1 ORDER BY seq", SHOP
        )
    ]
    items = await pool.fetch(
        "SELECT id, state, version FROM catering_order_goods WHERE shop_id = $1", SHOP
    )
    commands = await pool.fetch("SELECT id, reply FROM command WHERE shop_id = $1", SHOP)
    promises = await pool.fetch(
        "SELECT state, count(*) FROM promise WHERE shop_id = $1 GROUP BY state", SHOP
    )
    return Truth(
        log=log,
        head=await pool.fetchval("SELECT seq FROM shop_head WHERE shop_id = $1", SHOP),
        items={row["id"]: (row["state"], row["version"]) for row in items},
        remembered={str(row["id"]): msgspec.json.decode(row["reply"]) for row in commands},
        promises={row["state"]: row["count"] for row in promises},
    )


async def fresh_view(pool: asyncpg.Pool, screen: Screen) -> View:
    """Return what the server would show this screen now."""
    device = DeviceView(screen.device_id, screen.kind, screen.name, "", screen.place_id)
    found = await snapshot(pool, SystemClock(), SHOP, device)
    assert found is not None
    return found.view


async def fresh_hash(pool: asyncpg.Pool, screen: Screen) -> str:
    """Return the state hash the server would give this screen now."""
    return state_hash(await fresh_view(pool, screen))


async def is_calm(pool: asyncpg.Pool) -> bool:
    """Tell whether nothing is promised any more."""
    waiting: int = await pool.fetchval("SELECT count(*) FROM promise WHERE state = 'waiting'")
    return waiting == 0
