"""The engines after kill -9 of ours, of theirs and of everything: no committed row is lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from server.engines.account import account_of
from server.engines.binaries import postgres_program, reachable
from server.engines.orphans import squatters
from tests.support.engine_hosts import WAIT_MAX_S, Host, kill_at_once, server_by_hand, wait_gone
from tests.support.engines import reachable_directory

ROWS_BEFORE_KILL = 50

# The internal one is what asyncpg raises when the server says goodbye between two statements.
CONNECTION_LOST = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """Give one data directory to all these tests: it must outlive every one of them."""
    with reachable_directory() as made:
        yield made / "data"


@pytest.fixture
def new_data() -> Iterator[Path]:
    """Give a data directory in which nothing was started yet."""
    with reachable_directory() as made:
        yield made / "data"


class Writer:
    """Commits numbers one by one and remembers which commits were acknowledged."""

    def __init__(self, url: str) -> None:
        self.acknowledged: list[int] = []
        self.enough = asyncio.Event()
        self._url = url

    async def run(self) -> None:
        """Write until the database is gone."""
        connection = await asyncpg.connect(self._url)
        with contextlib.suppress(*CONNECTION_LOST):
            await connection.execute("DROP TABLE IF EXISTS written")
            await connection.execute("CREATE TABLE written (number bigint)")
            while True:
                number = len(self.acknowledged) + 1
                await connection.execute("INSERT INTO written VALUES ($1)", number)
                self.acknowledged.append(number)
                if number == ROWS_BEFORE_KILL:
                    self.enough.set()
        connection.terminate()


async def write_until(url: str, kill: Any) -> list[int]:
    """Write, call `kill` in the middle of it, and return what had been acknowledged."""
    writer = Writer(url)
    task = asyncio.create_task(writer.run())
    async with asyncio.timeout(WAIT_MAX_S):
        await writer.enough.wait()
        kill()
        await task
    return writer.acknowledged


async def read(url: str) -> list[int]:
    """Return what the database holds."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT number FROM written ORDER BY number")
    finally:
        await connection.close()
    return [row["number"] for row in rows]


def assert_kept(found: list[int], acknowledged: list[int]) -> None:
    """Every acknowledged row is there; one more may have committed as the answer was cut off."""
    assert found[: len(acknowledged)] == acknowledged
    assert len(found) <= len(acknowledged) + 1


def remember(url: str, count: int) -> None:
    """Write `count` keys to an empty Redis, each acknowledged."""
    with redis.from_url(url) as client:
        client.flushall()
        for number in range(count):
            client.set(f"key:{number}", number)


def remembered(url: str) -> int:
    """Return how many keys Redis holds."""
    with redis.from_url(url) as client:
        return int(client.dbsize())


async def test_killed_supervisor_takes_its_engines_along_and_loses_nothing(data: Path) -> None:
    """After kill -9 of our process no engine is left running and the next start has every row."""
    with Host(data) as host:
        host.started()
        remember(host.up["redis_url"], 100)
        acknowledged = await write_until(host.up["database_url"], host.kill)
        wait_gone(host.up["postgres_pid"], host.up["redis_pid"])
    with Host(data) as host:
        host.started()
        assert_kept(await read(host.up["database_url"]), acknowledged)
        assert remembered(host.up["redis_url"]) == 100


async def test_killed_postgres_comes_back_with_every_row(data: Path) -> None:
    """After kill -9 of the database server it is up again by itself, twice in a row."""
    with Host(data) as host:
        host.started()
        pid, acknowledged = host.up["postgres_pid"], []
        for life in (2, 3):
            acknowledged = await write_until(
                host.up["database_url"], lambda pid=pid: os.kill(pid, signal.SIGKILL)
            )
            pid = host.wait_for("engine_ready", engine="postgres", starts=life)["pid"]
            assert_kept(await read(host.up["database_url"]), acknowledged)


async def test_killed_backend_restarts_the_server_inside_and_loses_nothing(data: Path) -> None:
    """After kill -9 of one connection's process the server recovers without a restart by us."""
    with Host(data) as host:
        host.started()
        acknowledged = await write_until(
            host.up["database_url"], lambda: kill_a_backend(host.up["postgres_pid"])
        )
        host.wait_for(
            "engine_said",
            engine="postgres",
            line="LOG:  database system is ready to accept connections",
        )
        assert_kept(await read(host.up["database_url"]), acknowledged)
        os.kill(host.up["postgres_pid"], 0)


def kill_a_backend(postmaster: int) -> None:
    """Kill the process that serves a connection."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    titles = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in children}
    victims = [pid for pid, title in titles.items() if "chuancai chuancai [local]" in title]
    assert victims, titles
    os.kill(int(victims[0]), signal.SIGKILL)


def test_killed_redis_comes_back_with_its_keys(data: Path) -> None:
    """After kill -9 of Redis it is up again by itself and has what it had acknowledged."""
    with Host(data) as host:
        host.started()
        remember(host.up["redis_url"], 1000)
        os.kill(host.up["redis_pid"], signal.SIGKILL)
        host.wait_for("engine_ready", engine="redis", starts=2)
        assert remembered(host.up["redis_url"]) == 1000


async def test_everything_killed_at_once_loses_nothing(data: Path) -> None:
    """After kill -9 of our process and of every engine process the next start has every row."""

    def kill_all() -> None:
        engines = [host.up["redis_pid"], *(one.pid for one in squatters(cluster, ["postgres"]))]
        kill_at_once(host, *engines)

    cluster = data / "postgres"
    with Host(data) as host:
        host.started()
        remember(host.up["redis_url"], 100)
        memory = shared_memory_id(cluster)
        assert memory in shared_memory_ids()
        acknowledged = await write_until(host.up["database_url"], kill_all)
        wait_gone(host.up["postgres_pid"], host.up["redis_pid"])
    with Host(data) as host:
        host.started()
        assert_kept(await read(host.up["database_url"]), acknowledged)
        assert remembered(host.up["redis_url"]) == 100
        assert memory not in shared_memory_ids()


def shared_memory_id(cluster: Path) -> str:
    """Return the id of the System V segment that the running server holds."""
    return (cluster / "postmaster.pid").read_text().splitlines()[6].split()[1]


def shared_memory_ids() -> set[str]:
    """Return the ids of all System V segments of the machine."""
    return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]}


def test_clean_stop_leaves_nothing_behind(data: Path) -> None:
    """After a clean stop no process, socket or directory of sockets is left."""
    with Host(data) as host:
        host.started()
        run = Path(host.up["redis_url"].removeprefix("unix://")).parent
        assert run.is_dir()
        host.stop()
        assert not run.exists()
        assert squatters(data / "postgres", ["postgres"]) == []
        assert squatters(data / "redis", ["redis-server"]) == []
        assert not (data / "postgres/postmaster.pid").exists()


def test_ctrl_c_reaches_the_engines_only_through_us(data: Path) -> None:
    """Ctrl-C goes to a terminal's whole session: the engines must not end before their users."""
    with Host(data) as host:
        host.started()
        ours = os.getsid(host.process.pid)
        assert ours not in {os.getsid(host.up["postgres_pid"]), os.getsid(host.up["redis_pid"])}


def test_killed_initdb_is_done_again(new_data: Path) -> None:
    """A first start killed half way through initdb is no obstacle to the second."""
    with Host(new_data) as host:
        half_way = new_data / "postgres.unfinished/base"
        while not half_way.exists():
            assert host.process.poll() is None
            assert not (new_data / "postgres").exists()
            os.sched_yield()
        host.kill()
        assert not (new_data / "postgres").exists()
    with Host(new_data) as host:
        host.started()
        assert not (new_data / "postgres.unfinished").exists()


async def test_engine_that_cannot_start_is_tried_until_it_can(data: Path) -> None:
    """When the cause is repaired the shop goes on by itself, with growing pauses until then."""
    with Host(data) as host:
        host.started()
        control = data / "postgres/global/pg_control"
        aside = control.rename(control.with_name("aside"))
        os.kill(host.up["postgres_pid"], signal.SIGKILL)
        first = host.wait_for("engine_start_failed", engine="postgres")
        second = host.wait_for("engine_start_failed", engine="postgres")
        assert second["again_in_s"] == 2 * first["again_in_s"]
        aside.rename(control)
        host.wait_for("engine_ready", engine="postgres", starts=2)


def test_damaged_redis_file_is_put_aside(data: Path) -> None:
    """A Redis file that cannot be read does not keep the shop closed: Redis is never the truth."""
    with Host(data) as host:
        host.started()
        remember(host.up["redis_url"], 100)
        host.stop()
    file = data / "redis/appendonly.aof"
    good = file.read_bytes()
    file.write_bytes(damaged := good.replace(b"*3\r\n", b"\0\0\0\0"))
    with Host(data) as host:
        host.wait_for("engine_mended", engine="redis")
        host.started()
        assert (data / "redis/damaged-1.aof").read_bytes() == damaged
        assert remembered(host.up["redis_url"]) == 0


async def test_server_that_outlived_its_keeper_is_ended_first(data: Path) -> None:
    """A PostgreSQL left over by somebody else's start on our data is stopped, not fought."""
    with Host(data) as host:
        host.started()
        acknowledged = await write_until(host.up["database_url"], host.stop)
        executable = host_executable(host)
    with server_by_hand(executable, data / "postgres") as orphan, Host(data) as host:
        host.started()
        assert orphan.wait(WAIT_MAX_S) == 0
        assert_kept(await read(host.up["database_url"]), acknowledged)


def host_executable(host: Host) -> Path:
    """Return the PostgreSQL program that a host ran."""
    owner = Path(host.up["home"], "postgres").stat().st_uid
    return reachable(postgres_program(), account_of(owner)).executable
