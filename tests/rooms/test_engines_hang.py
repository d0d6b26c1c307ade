"""Engines that are alive and silent: noticed, ended, started again, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal

import asyncpg
import pytest
from redis.asyncio import Redis

from server.engines import Health, start_engines
from tests.support.engines import reachable_directory

AGAIN_S_MAX = 60.0


class Ears:
    """A log that lets a test wait for what is said."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []
        self._came = asyncio.Event()

    def debug(self, event: str, **fields: object) -> None:
        """Hear a line; all levels are one."""
        self.lines.append((event, fields))
        self._came.set()

    info = warning = error = debug

    async def until(self, times: int, event: str, words: str = "", **fields: object) -> None:
        """Wait until a line came so often."""
        async with asyncio.timeout(AGAIN_S_MAX):
            while times > sum(
                name == event and words in str(said.get("line")) and fields.items() <= said.items()
                for name, said in self.lines
            ):
                self._came.clear()
                await self._came.wait()


QUICK = Health(every_s=0.2, answer_s_max=1.0, misses_max=2)

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning"
)  # a connection's end nobody hears


async def test_a_hung_engine_is_started_again() -> None:
    """SIGSTOP leaves PostgreSQL and Redis alive and mute; both answer again with what was committed."""
    with reachable_directory() as directory:
        ears = Ears()
        async with start_engines(directory / "data", log=ears, health=QUICK) as engines:
            assert engines.database_url
            assert engines.redis_url
            connection = await asyncpg.connect(engines.database_url)
            await connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
            await connection.close()
            for pid in (engines.postgres_pid, engines.redis_pid):
                assert pid
                os.kill(pid, signal.SIGSTOP)
            for name in ("postgres", "redis"):
                await ears.until(1, "engine_hangs", engine=name)
                await ears.until(1, "engine_ready", engine=name, starts=2)
            connection = await asyncpg.connect(engines.database_url)
            assert await connection.fetchval("SELECT n FROM kept") == 7
            await connection.close()
            redis = Redis.from_url(engines.redis_url)
            assert await redis.ping()
            await redis.aclose()


async def test_an_engine_that_only_says_no_is_left_alone() -> None:
    """A PostgreSQL whose connections are all taken answers with a refusal: it is well."""
    with reachable_directory() as directory:
        ears = Ears()
        async with start_engines(
            directory / "data", log=ears, redis=False, health=QUICK,
            postgres_settings={"max_connections": "8", "superuser_reserved_connections": "0"},
        ) as engines:  # fmt: skip
            assert engines.database_url
            pid = engines.postgres_pid
            taken = []
            try:
                while True:
                    taken.append(await asyncpg.connect(engines.database_url))
            except asyncpg.TooManyConnectionsError:
                pass
            refused = sum("too many clients" in str(said.get("line")) for _, said in ears.lines)
            await ears.until(refused + QUICK.misses_max + 2, "engine_said", "too many clients")
            assert engines.postgres_pid == pid
            for connection in taken:
                await connection.close()
