"""What a command costs the database in a batch of 10, 100 and 1,000: no more as the batch grows."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from bench.commands.store import make_shops
from server.clock import ManualClock
from server.db.pool import open_pool
from server.demo.seed import seed
from server.events.decision import Actor
from server.settings import Settings
from tests.support.engines import EnginePair, running_pair
from tests.support.kitchen import NOON, Kitchen

SHOPS = range(1001, 2001)
# How many shops at once, and how many such batches make a fair sample.
BATCHES = {10: 15, 100: 3, 1000: 1}
FEW, SOME, MANY = BATCHES
COMMANDS = ("PlaceOrder", "StartItem", "FinishItem")
# The best of the rounds counts: it has least of what else the machine was doing. A calm machine needs two.
ROUNDS_MAX = 20
# More shops mean more distinct blocks; a statement that reads a whole table means hundreds more.
BLOCKS_RATIO_MAX = 1.6
# From 100 to 1,000 a row gets a quarter cheaper. One quadratic join makes it a quarter dearer.
TIME_RATIO_MAX = 1.1
READ_BLOCKS = """
SELECT sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::float8
  FROM pg_statio_user_tables
"""


class Meter:
    """Tells how long the processor worked for our connection, whatever else the machine does."""

    def __init__(self, pid: int) -> None:
        self._file = Path(f"/proc/{pid}/schedstat")

    def seconds(self) -> float:
        """Return the seconds since the connection began."""
        return int(self._file.read_text("ascii").split()[0]) / 1e9


@asynccontextmanager
async def _one_lane(database_url: str) -> AsyncIterator[tuple[Kitchen, Meter]]:
    """Open a desk with one connection, whose statements are metered: what waits is one batch."""
    await seed(database_url)
    await make_shops(database_url, SHOPS[0], SHOPS[-1])
    pool = await open_pool(database_url, 1)
    try:
        settings = Settings(lanes=1, batch_commands_max=MANY)
        meter = Meter(await pool.fetchval("SELECT pg_backend_pid()"))
        yield Kitchen(pool, ManualClock(NOON), settings), meter
    finally:
        await pool.close()


def _batches(size: int) -> Iterator[range]:
    for number in range(BATCHES[size]):
        yield SHOPS[number * size : (number + 1) * size]


async def _ask(kitchen: Kitchen, shop: int, name: str, body: dict[str, Any]) -> dict[str, Any]:
    actor = Actor(role="business", id="api", name="api", shop_id=shop)
    return await kitchen.desk.execute(actor, uuid.uuid4(), name, msgspec.json.encode(body))


async def _round(kitchen: Kitchen, meter: Meter, size: int) -> dict[str, float]:
    """Place, start and finish a dish in `size` shops at once; return seconds per command of each."""
    spent = dict.fromkeys(COMMANDS, 0.0)
    for shops in _batches(size):
        order = {"place_id": 1, "lines": [{"dish_id": 1}]}
        bodies: list[dict[str, Any]] = [order] * len(shops)
        for name in COMMANDS:
            before = meter.seconds()
            answers = await asyncio.gather(
                *(_ask(kitchen, s, name, b) for s, b in zip(shops, bodies, strict=True))
            )
            spent[name] += (meter.seconds() - before) / size / BATCHES[size]
            if name == "PlaceOrder":
                bodies = [{"item_id": answer["item_ids"][0]} for answer in answers]
    return spent


async def _blocks(pool: asyncpg.Pool) -> float:
    """Return how many blocks of tables and indexes this database touched so far."""
    async with pool.acquire() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        return float(await connection.fetchval(READ_BLOCKS))


@pytest.fixture
def near_database_url(engines: EnginePair) -> Iterator[str]:
    """Give a database of a server on this machine, whose processor time can be read."""
    with ExitStack() as stack:
        pair = engines if engines.engines else stack.enter_context(running_pair(durable=False))
        url = pair.fresh_database()
        yield url
        pair.drop(url)


async def test_a_command_costs_no_more_in_a_larger_batch(near_database_url: str) -> None:
    """Per command neither the blocks nor the time of the database rise with the batch."""
    blocks: dict[int, float] = {}
    seconds: dict[tuple[int, str], float] = {}

    def dearer() -> list[str]:
        """Name the commands that cost more among many, as far as measured."""
        return [n for n in COMMANDS if seconds[MANY, n] > seconds[SOME, n] * TIME_RATIO_MAX]

    async with _one_lane(near_database_url) as (kitchen, meter):
        await _round(kitchen, meter, FEW)  # so that statements have their generic plans
        await kitchen.pool.execute("VACUUM ANALYZE")
        for number in range(ROUNDS_MAX):
            for size, batches in BATCHES.items():
                before = await _blocks(kitchen.pool)
                spent = await _round(kitchen, meter, size)
                touched = (await _blocks(kitchen.pool) - before) / size / batches
                blocks[size] = min(blocks.get(size, touched), touched)
                for name, took in spent.items():
                    seconds[size, name] = min(seconds.get((size, name), took), took)
            if number and not dearer():
                break
    assert blocks[MANY] <= blocks[FEW] * BLOCKS_RATIO_MAX, blocks
    assert dearer() == [], seconds
