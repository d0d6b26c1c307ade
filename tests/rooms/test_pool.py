"""A process that starts while its database restarts waits for it."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from server.db.pool import LOST, open_patiently, open_pool
from tests.support.engines import running_pair
from tests.support.patience import PATIENCE_S


async def test_a_process_waits_for_its_database() -> None:
    """Web and worker that come up while PostgreSQL recovers from kill -9 wait instead of falling."""
    with running_pair(durable=False) as pair:
        os.kill(pair.postgres_pid, signal.SIGKILL)
        with pytest.raises(LOST):
            await open_pool(pair.database_url, 2)
        async with asyncio.timeout(PATIENCE_S):
            pool = await open_patiently(pair.database_url, 2)
        assert await pool.fetchval("SELECT 1") == 1
        await pool.close()


@pytest.mark.parametrize("url", ["postgresql://host:not-a-port/db", "mysql://host/db"])
async def test_nobody_waits_for_an_address_that_cannot_be_read(url: str) -> None:
    """A mistyped DATABASE_URL is said at once."""
    with pytest.raises(ValueError, match="invalid"):
        async with asyncio.timeout(PATIENCE_S):
            await open_patiently(url, 2)
