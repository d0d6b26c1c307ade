"""PostgreSQL and Redis of our own, so that one command on a fresh machine is a whole product.

The front door is `start_engines`; `holder` tells another process where they listen. Refuses to be
a database administrator: no backups, no upgrades, no replicas; a shop that needs those brings
servers of its own (DATABASE_URL, REDIS_URL).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from server.engines.binaries import postgres_program, reachable, redis_program
from server.engines.place import Holder, Place, give_back, holder, take
from server.engines.postgres import Postgres
from server.engines.redis import Redis
from server.engines.refusal import EngineRefusal
from server.engines.supervise import Health, Keeper, Log

__all__ = ["EngineRefusal", "Engines", "Health", "Holder", "holder", "start_engines"]


class Engines:
    """Running engines; an address is None when that engine was not asked for."""

    def __init__(
        self,
        place: Place,
        postgres: tuple[Postgres, Keeper] | None,
        redis: tuple[Redis, Keeper] | None,
    ) -> None:
        self.home = place.home
        self.database_url = postgres and postgres[0].url
        self.redis_url = redis and redis[0].url
        self._postgres = postgres and postgres[1]
        self._redis = redis and redis[1]

    @property
    def postgres_pid(self) -> int | None:
        """Return the pid of PostgreSQL, None while it is down."""
        return self._postgres.pid if self._postgres else None

    @property
    def redis_pid(self) -> int | None:
        """Return the pid of Redis, None while it is down."""
        return self._redis.pid if self._redis else None


@asynccontextmanager
async def start_engines(
    data_dir: Path,
    *,
    log: Log,
    postgres: bool = True,
    redis: bool = True,
    postgres_settings: Mapping[str, str] | None = None,
    run_base: Path | None = None,
    health: Health | None = None,
) -> AsyncIterator[Engines]:
    """Run the engines in `data_dir` for the length of the block; refuses with `EngineRefusal`.

    Call it on a thread that lives as long as the block: the engines die with that thread.
    """
    async with AsyncExitStack() as stack:
        place = take(data_dir, run_base)
        stack.callback(give_back, place)
        if place.home != place.data:
            log.info("engines_live_elsewhere", data_dir=str(place.data), home=str(place.home))
        database, cache = None, None
        if postgres:
            program = reachable(postgres_program(), place.account)
            server = Postgres(place, program, postgres_settings)
            database = server, Keeper(server, log, health)
            stack.push_async_callback(database[1].stop)
        if redis:
            alarm = Redis(place, reachable(redis_program(), place.account))
            cache = alarm, Keeper(alarm, log, health)
            stack.push_async_callback(cache[1].stop)
        await _start_together([pair for pair in (database, cache) if pair is not None])
        engines = Engines(place, database, cache)
        place.announce(engines.database_url or "", engines.redis_url or "")
        yield engines


async def _start_together(pairs: list[tuple[Postgres, Keeper] | tuple[Redis, Keeper]]) -> None:
    """Start all at once; the first refusal is the answer, after the others have come to rest."""

    async def start(engine: Postgres | Redis, keeper: Keeper) -> None:
        await engine.prepare()
        await keeper.start()

    tasks = [asyncio.create_task(start(*pair)) for pair in pairs]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise
