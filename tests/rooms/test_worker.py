"""The worker process whole: it keeps promises whatever becomes of Redis."""

from __future__ import annotations

import asyncio
import uuid

import asyncpg

from server.clock import SystemClock
from server.settings import Settings
from server.worker import run_worker
from tests.support.kitchen import open_kitchen
from tests.support.patience import PATIENCE_S

NOBODY = "redis://127.0.0.1:1/0"
HEADS = "SELECT seq FROM shop_head WHERE shop_id = 1"


async def _said(database_url: str, above: int) -> None:
    """Wait until the shop's log has grown past `above`."""
    connection = await asyncpg.connect(database_url)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while await connection.fetchval(HEADS) <= above:
                pass
    finally:
        await connection.close()


async def test_a_worker_without_redis_keeps_promises(database_url: str) -> None:
    """Redis is away from the start and stays away: pads ring, and the worker lives on (belief 4)."""
    async with open_kitchen(database_url, SystemClock()) as kitchen:
        await kitchen.pool.execute("UPDATE shop SET call_after_finish_s = 0, call_interval_s = 3")
        settings = Settings(database_url=database_url, redis_url=NOBODY)
        working = asyncio.create_task(run_worker(settings))
        item = (await kitchen.order(2, 1))["item_ids"][0]
        await kitchen.ask("kitchen", "StartItem", item_id=item)
        await kitchen.ask("kitchen", "FinishItem", uuid.uuid4(), item_id=item)
        for above in (3, 5):  # called, then rung again: longer than arq takes to give up
            said = asyncio.create_task(_said(database_url, above))
            await asyncio.wait({said, working}, return_when=asyncio.FIRST_COMPLETED)
            assert not working.done(), "the worker gave up with Redis"
            await said
        working.cancel()
        await asyncio.wait({working})
        assert working.cancelled()
