"""Real PostgreSQL and Redis for tests: one pair for the suite, or one of a test's own to kill."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import redis
import structlog

from server.engines import Engines, start_engines

T = TypeVar("T")

START_MAX_S = 120
CALL_MAX_S = 120
REDIS_DATABASES = 15


@contextmanager
def reachable_directory() -> Iterator[Path]:
    """Give a fresh directory that the engines' account can pass through, unlike pytest's own."""
    made = Path(tempfile.mkdtemp(prefix="chuancai-test-"))
    if os.geteuid() == 0:
        made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


class LoopThread:
    """An event loop on a thread of its own, for what must outlive a single test's loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="engines", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(CALL_MAX_S)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on that loop and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(CALL_MAX_S)


class EnginePair:
    """A running pair, its addresses, and databases made from a template."""

    def __init__(self, thread: LoopThread, database_url: str, redis_url: str) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self.engines: Engines | None = None
        self._thread = thread
        self._numbers = itertools.count(1)
        self._prefix = f"test_{os.getpid()}"
        self._template: str | None = None
        self._made: list[str] = []

    @property
    def postgres_pid(self) -> int:
        """Return the pid to kill; only a pair of one's own has one."""
        assert self.engines is not None
        assert self.engines.postgres_pid is not None
        return self.engines.postgres_pid

    @property
    def redis_pid(self) -> int:
        """Return the pid to kill; only a pair of one's own has one."""
        assert self.engines is not None
        assert self.engines.redis_pid is not None
        return self.engines.redis_pid

    def named(self, database: str) -> str:
        """Return the address of another database on the same server."""
        return urlunsplit(urlsplit(self.database_url)._replace(path=f"/{database}"))

    def statement(self, sql: str) -> None:
        """Run one statement outside of any test's database."""
        self._thread.call(_execute(self.named("postgres"), sql))

    def empty_database(self) -> str:
        """Make a database without any table and return its address."""
        name = f"{self._prefix}_{next(self._numbers)}"
        self.statement(f"CREATE DATABASE {name}")
        self._made.append(name)
        return self.named(name)

    def fresh_database(self) -> str:
        """Make a migrated database by copying the suite's template and return its address."""
        if self._template is None:
            self._template = self._migrated_template()
        name = f"{self._prefix}_{next(self._numbers)}"
        self.statement(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        self._made.append(name)
        return self.named(name)

    def drop(self, url: str) -> None:
        """Remove a database made here, whoever is still connected to it."""
        name = urlsplit(url).path.removeprefix("/")
        self.statement(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._made.remove(name)

    def drop_all(self) -> None:
        """Remove what tests left and the template."""
        for name in [*self._made, *([self._template] if self._template else [])]:
            self.statement(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._made.clear()
        self._template = None

    def _migrated_template(self) -> str:
        # Imported late, so that the engines' own tests need no schema.
        from server.db.migrate import migrate  # noqa: PLC0415

        name = f"{self._prefix}_template"
        self.statement(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.statement(f"CREATE DATABASE {name}")
        self._thread.call(migrate(self.named(name)))
        return name

    def empty_redis(self) -> str:
        """Empty one of Redis's numbered databases and return its address; they take turns."""
        number = 1 + next(self._numbers) % REDIS_DATABASES
        parts = urlsplit(self.redis_url)
        url = (
            f"{self.redis_url}?db={number}"
            if parts.scheme == "unix"
            else urlunsplit(parts._replace(path=f"/{number}"))
        )
        with redis.from_url(url) as client:
            client.flushdb()
        return url


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@contextmanager
def running_pair(directory: Path | None = None, *, durable: bool = True) -> Iterator[EnginePair]:
    """Run a pair of one's own; `durable=False` leaves out fsync, which only a power cut notices."""
    with LoopThread() as thread, reachable_directory() as made:
        stop = asyncio.Event()
        started: Future[Engines] = Future()
        running = asyncio.run_coroutine_threadsafe(
            _run(directory or made / "data", durable, started, stop), thread.loop
        )
        running.add_done_callback(lambda ended: _pass_on(ended, started))
        engines = started.result(START_MAX_S)
        assert engines.database_url is not None
        assert engines.redis_url is not None
        pair = EnginePair(thread, engines.database_url, engines.redis_url)
        pair.engines = engines
        try:
            yield pair
        finally:
            thread.loop.call_soon_threadsafe(stop.set)
            running.result(START_MAX_S)


def _pass_on(ended: Future[None], started: Future[Engines]) -> None:
    if not started.done():
        error = ended.exception()
        started.set_exception(error or RuntimeError("the engines ended before they started"))


async def _run(data: Path, durable: bool, started: Future[Engines], stop: asyncio.Event) -> None:
    settings = {} if durable else {"fsync": "off"}
    log = structlog.get_logger("engines")
    async with start_engines(data, log=log, postgres_settings=settings) as engines:
        started.set_result(engines)
        await stop.wait()


@contextmanager
def suite_pair() -> Iterator[EnginePair]:
    """Give the suite's pair: the servers of DATABASE_URL and REDIS_URL, else embedded ones."""
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database_url and redis_url:
        with LoopThread() as thread:
            pair = EnginePair(thread, database_url, redis_url)
            try:
                yield pair
            finally:
                pair.drop_all()
        return
    with running_pair(durable=False) as pair:
        pair.database_url = database_url or pair.database_url
        pair.redis_url = redis_url or pair.redis_url
        try:
            yield pair
        finally:
            if database_url:
                pair.drop_all()
