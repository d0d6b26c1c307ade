"""Where the engines may live: locks, stale pid files, paths and accounts."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest
import redis

from server.engines.account import engine_account, is_private, may_enter
from server.engines.binaries import postgres_program, redis_program
from server.engines.orphans import squatters
from server.engines.place import SOCKET_PATH_MAX_BYTES
from tests.support.engine_hosts import (
    Host,
    Runner,
    kill_at_once,
    runner_as,
    server_by_hand,
    stranger,
    wait_gone,
)
from tests.support.engines import reachable_directory

UNUSED = shutil.ignore_patterns("include", "pginstall")
MARKED = "SELECT count(*) FROM marked"


@pytest.fixture
def room() -> Iterator[Path]:
    """Give a directory that every account can pass through."""
    with reachable_directory() as made:
        yield made


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """Give one room to all tests that need a data directory in use and leave it healthy."""
    with reachable_directory() as made:
        yield made


@pytest.fixture
def remove_later() -> Iterator[ExitStack]:
    """Give a stack for what must be removed whether the test passes or not."""
    with ExitStack() as stack:
        yield stack


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


async def killed_place(data: Path) -> Path:
    """Make a place with one row, kill everything in it, and return its stale pid file."""
    with Host(data) as host:
        host.started()
        await mark(host.up["database_url"])
        children = squatters(data / "postgres", ["postgres"])
        kill_at_once(host, *(one.pid for one in children))
        wait_gone(*(one.pid for one in children), host.up["redis_pid"])
    return data / "postgres/postmaster.pid"


def reuse_pid(pid_file: Path, pid: int) -> None:
    """Write another process's pid into a stale pid file, as a power cut may leave it."""
    _, *rest = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(pid), *rest, ""]))


# --- the lock -----------------------------------------------------------------------------------


def test_second_start_is_refused_and_names_the_first(used: Path) -> None:
    """A second start on the same directory is refused clearly and does the first no harm."""
    with Host(used / "data") as first:
        first.started()
        with Host(used / "data") as second:
            code, sentence = second.refusal()
        assert code == "data_dir_in_use"
        assert f"process {first.process.pid};" in sentence
        with redis.from_url(first.up["redis_url"]) as client:
            assert client.ping()


# --- stale pid files ----------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["another account's", "the engines' own account's"])
async def test_reused_pid_in_stale_pid_file_is_no_obstacle(used: Path, whose: str) -> None:
    """A pid that the system gave to somebody else meanwhile neither stops the shop nor is killed."""
    pid_file = await killed_place(used / "data")
    owner = pid_file.stat().st_uid if whose == "the engines' own account's" else os.geteuid()
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, user=owner) as bystander:
        reuse_pid(pid_file, bystander.pid)
        with Host(used / "data") as host:
            host.started()
            await assert_marked(host.up["database_url"])
        assert bystander.poll() is None
        bystander.communicate()


async def test_reused_pid_of_another_shops_postgres_is_left_alone(used: Path) -> None:
    """Two shops on one machine: a stale pid that is now the other's server must not be killed."""
    pid_file = await killed_place(used / "data")
    with Host(used / "other") as other:
        other.started()
        reuse_pid(pid_file, other.up["postgres_pid"])
        with Host(used / "data") as host:
            host.started()
            await assert_marked(host.up["database_url"])
        await mark(other.up["database_url"])
        os.kill(other.up["postgres_pid"], 0)


@pytest.mark.parametrize("text", ["", "\0\0\0\0", "not a pid\n"])
async def test_garbled_pid_file_is_no_obstacle(used: Path, text: str) -> None:
    """A power cut may leave an empty or zeroed pid file; PostgreSQL alone would refuse it."""
    pid_file = await killed_place(used / "data")
    pid_file.write_text(text)
    with Host(used / "data") as host:
        host.started()
        await assert_marked(host.up["database_url"])


async def test_foreign_server_on_our_data_is_refused_not_killed(used: Path) -> None:
    """A PostgreSQL that is not ours but runs on our data is named and left alone."""
    data = used / "data"
    with Host(data) as host:
        host.started()
        host.stop()
    program = postgres_program()
    shutil.copytree(program.executable.parents[1], used / "foreign", ignore=UNUSED)
    with (
        server_by_hand(used / "foreign/bin/postgres", data / "postgres") as foreign,
        Host(data) as host,
    ):
        code, sentence = host.refusal()
        assert (code, f"process {foreign.pid} " in sentence) == ("data_dir_in_use", True)
        assert foreign.poll() is None


# --- paths --------------------------------------------------------------------------------------


def test_long_data_path_works_with_a_short_private_socket(room: Path) -> None:
    """The length of the data path does not matter: sockets lie in a short directory, mode 0700."""
    data = room / ("a" * 100) / ("b" * 100) / "data"
    if os.geteuid() == 0:
        data.parent.mkdir(parents=True)
        data.parent.parent.chmod(0o711)
        data.parent.chmod(0o711)
    with Host(data) as host:
        host.started()
        socket = Path(host.up["redis_url"].removeprefix("unix://"))
        assert len(os.fsencode(socket)) <= SOCKET_PATH_MAX_BYTES
        owner = (data / "postgres").stat().st_uid
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert socket.parent.stat().st_uid == owner


def test_too_long_socket_path_is_refused(room: Path) -> None:
    """A run directory whose sockets would exceed the system's 107 bytes is refused clearly."""
    with Host(room / "data", run_base=room / ("r" * 90)) as host:
        code, sentence = host.refusal()
    assert code == "path_too_long"
    assert "107" in sentence


@pytest.mark.parametrize("path", ["n" * 300, "/".join(["d" * 200] * 5)])
def test_too_long_data_path_is_refused(room: Path, path: str) -> None:
    """A data path that the file system or PostgreSQL cannot hold is refused clearly."""
    with Host(room / path) as host:
        assert host.refusal()[0] == "path_too_long"


def test_somebody_elses_run_directory_is_refused(used: Path) -> None:
    """A run directory that another user made first is not trusted with the database's socket."""
    with Host(used / "data") as host:
        host.started()
        name = Path(host.up["redis_url"].removeprefix("unix://")).parent.name
        host.stop()
    (used / "elsewhere").mkdir()
    (used / "run").mkdir()
    (used / "run" / name).symlink_to(used / "elsewhere")
    with Host(used / "data", run_base=used / "run") as host:
        assert host.refusal()[0] == "run_dir_unsafe"


# --- accounts -----------------------------------------------------------------------------------


async def test_engines_run_unprivileged_and_off_the_network(used: Path) -> None:
    """No engine runs as root, and none listens on a network address."""
    with Host(used / "data") as host:
        host.started()
        for pid in (host.up["postgres_pid"], host.up["redis_pid"]):
            assert Path(f"/proc/{pid}").stat().st_uid == engine_account().uid != 0
        connection = await asyncpg.connect(host.up["database_url"])
        assert await connection.fetchval("SHOW listen_addresses") == ""
        assert await connection.fetchval("SHOW is_superuser") == "off"
        await connection.close()
        with redis.from_url(host.up["redis_url"]) as client:
            assert client.config_get("port") == {"port": "0"}
            assert client.config_get("appendonly") == {"appendonly": "yes"}


def test_strangers_on_the_machine_cannot_reach_the_sockets(used: Path) -> None:
    """Another local user cannot even see the database's socket."""
    with Host(used / "data") as host:
        host.started()
        socket = Path(host.up["redis_url"].removeprefix("unix://"))
        assert socket.exists()
        assert is_private(socket.parent, engine_account())
        assert not may_enter(stranger(), socket.parent)


async def test_directory_in_roots_home_just_works(room: Path, remove_later: ExitStack) -> None:
    """A clone in /root (0700, umask 077), wheels included, starts as root and keeps its data."""
    closed = room / "closed"
    closed.mkdir(mode=0o700)
    runner = Runner(packages=(_wheels_in(closed / "site"),), umask=0o077)
    link = closed / "clone/.chuancai/elsewhere"
    remove_later.callback(lambda: shutil.rmtree(link.resolve()))
    for visit in ("first", "second"):
        with Host(link.parent, runner=runner) as host:
            host.started()
            await (mark if visit == "first" else assert_marked)(host.up["database_url"])
            program = Path(f"/proc/{host.up['postgres_pid']}/exe").readlink()
            assert "/closed/" not in str(program)
            host.stop()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert link.resolve() == Path(host.up["home"])


def _wheels_in(site: Path) -> Path:
    """Copy what the wheels bring into a directory that only its owner can enter."""
    for program in (postgres_program(), redis_program()):
        for top in {part.partition("/")[0] for part in program.parts}:
            shutil.copytree(program.site / top, site / top, symlinks=True, ignore=UNUSED)
    return site


async def test_ordinary_user_runs_everything_as_himself(room: Path) -> None:
    """Without root the engines run as the caller, in his own directory, and keep their data."""
    account = stranger()
    own = room / "own"
    own.mkdir()
    os.chown(own, account.uid, account.gid)
    runner = runner_as(account, room)
    with Host(own / "data", runner=runner) as host:
        host.started()
        assert Path(f"/proc/{host.up['postgres_pid']}").stat().st_uid == account.uid
        assert Path(f"/proc/{host.up['redis_pid']}").stat().st_uid == account.uid
        host.kill()
        wait_gone(host.up["postgres_pid"], host.up["redis_pid"])
    with Host(own / "data", runner=runner) as host:
        host.started()
        host.stop()
    # Root may come later: it runs the engines as their owner and changes nothing.
    with Host(own / "data") as host:
        host.started()
        await mark(host.up["database_url"])
        host.stop()
    assert (own / "data/postgres").stat().st_uid == account.uid
    with Host(own / "data", runner=runner) as host:
        host.started()


def test_somebody_elses_data_is_refused(used: Path) -> None:
    """An ordinary user who starts on root's data is told whose it is."""
    with Host(used / "data") as host:
        host.started()
        host.stop()
    with Host(used / "data", runner=runner_as(stranger(), used)) as host:
        code, sentence = host.refusal()
    assert code == "wrong_owner"
    assert "user id 0" in sentence
