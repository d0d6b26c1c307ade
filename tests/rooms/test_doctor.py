"""`chuancai doctor` finds what is wrong with a machine and says so in plain words."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.clock import ManualClock
from server.doctor import CHECKS, Finding, Machine, print_findings, run_doctor
from server.doctor.finding import Words
from server.doctor.grounds import check_clock, check_data_dir, check_leftovers, check_port
from server.doctor.servers import check_engines, check_programs
from server.doctor.windows import check_secure_context
from server.engines import holder
from server.engines.place import ELSEWHERE, LINK
from tests.support.engine_hosts import Host
from tests.support.engines import EnginePair, reachable_directory
from tests.support.small_disk import small_disk


@pytest.fixture
def room() -> Iterator[Path]:
    """Give a directory that every account can pass through."""
    with reachable_directory() as made:
        yield made


@pytest.fixture
def free_port() -> int:
    """Give a port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def the_one(findings: list[Finding]) -> Finding:
    """Return the only finding."""
    assert len(findings) == 1, findings
    return findings[0]


def test_healthy_machine_has_nothing_failing(room: Path, free_port: int) -> None:
    """On this machine, where the product's own tests run, nothing fails and nothing is left."""
    before = set(Path("/tmp").glob("chuancai-doctor-*"))  # noqa: S108
    findings = run_doctor(room / "data", "127.0.0.1", free_port)
    assert [one for one in findings if one.level == "fail"] == []
    assert "start and answer" in str([one.says.en for one in findings])
    assert set(Path("/tmp").glob("chuancai-doctor-*")) == before  # noqa: S108
    assert not (room / "data").exists()


def test_every_finding_speaks_both_languages(room: Path, free_port: int) -> None:
    """Each sentence exists in English and Chinese, and whatever is not well has an advice."""
    for finding in run_doctor(room / "data", "0.0.0.0", free_port):  # noqa: S104
        assert all(finding.name)
        assert all(finding.says)
        assert finding.level == "ok" or all(finding.advice)


@pytest.mark.parametrize(("level", "exit_code"), [("ok", 0), ("warn", 0), ("fail", 1)])
def test_exit_code_tells_scripts_whether_something_fails(
    level: str, exit_code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script may rely on the exit code; a person reads the advice under the finding."""
    words = Words("english", "中文")
    finding = Finding(words, level, words, words)  # type: ignore[arg-type]
    assert print_findings([finding]) == exit_code
    assert "→ english" in capsys.readouterr().out
    assert print_findings([finding], "zh") == exit_code
    assert "→ 中文" in capsys.readouterr().out


def test_taken_port_is_named(room: Path) -> None:
    """Somebody else on our port is a failure that names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        finding = the_one(check_port(Machine(room / "data", "127.0.0.1", port)))
    assert finding.level == "fail"
    assert str(port) in finding.says.en
    assert "--port" in finding.advice.en


def test_running_product_is_recognised(room: Path) -> None:
    """While the product runs, its own port is no failure and its own engines are asked."""
    with Host(room / "data") as host, socket.create_server(("127.0.0.1", 0)) as server:
        host.started()
        machine = Machine(room / "data", "127.0.0.1", server.getsockname()[1])
        port = the_one(check_port(machine))
        assert (port.level, f"process {host.process.pid}" in port.says.en) == ("ok", True)
        answers = [finding.says.en for finding in check_engines(machine)]
        assert answers[0].startswith("PostgreSQL 18")
        assert answers[1].startswith("Redis 6.2")
        running = holder(room / "data")
        assert running is not None
        assert running.database_url == host.up["database_url"]
        host.stop()
    assert holder(room / "data") is None


def test_unreachable_servers_are_named_without_their_password(room: Path, free_port: int) -> None:
    """A wrong DATABASE_URL or REDIS_URL fails with the address but never prints a password."""
    machine = Machine(
        room / "data",
        "127.0.0.1",
        free_port,
        f"postgresql://cook:secret@127.0.0.1:{free_port}/shop",
        f"redis://:secret@127.0.0.1:{free_port}/0",
    )
    database, cache = check_engines(machine)
    for finding, variable in ((database, "DATABASE_URL"), (cache, "REDIS_URL")):
        assert finding.level == "fail"
        assert variable in finding.advice.en
        assert "127.0.0.1" in finding.says.en
        assert "secret" not in finding.says.en
    assert check_programs(machine) == []
    assert check_data_dir(machine) == []


def test_wrong_clock_is_found(room: Path, engines: EnginePair) -> None:
    """A machine whose battery died, or that disagrees with its database, is told to keep time."""
    asleep = ManualClock(datetime(2020, 1, 1, tzinfo=UTC))
    slow = Machine(room, "127.0.0.1", 1, engines.database_url, engines.redis_url, asleep)
    assert the_one(check_clock(slow)).level == "fail"
    database, cache = check_engines(slow)
    assert (database.level, "clock" in database.says.en) == ("warn", True)
    assert cache.level == "ok"


def test_read_only_and_full_disks_are_found(room: Path) -> None:
    """A data directory that cannot be written, or has no room, fails before the engines do."""
    with small_disk(room / "disk", size_mb=60) as disk:
        machine = Machine(disk.path / "data", "127.0.0.1", 1)
        full = the_one(check_data_dir(machine))
        assert (full.level, "MB free" in full.says.en) == ("fail", True)
        with disk.read_only():
            closed = the_one(check_data_dir(machine))
        assert (closed.level, "cannot be written" in closed.says.en) == ("fail", True)


def test_a_disk_that_fills_while_it_runs_is_found(room: Path, engines: EnginePair) -> None:
    """The addresses of running engines are known, and the disk below them is looked at all the same."""
    with small_disk(room / "disk", size_mb=60) as disk:
        data = disk.path / "data"
        running = Machine(data, "127.0.0.1", 1, engines.database_url, engines.redis_url)
        assert check_data_dir(running) == []
        data.mkdir()
        disk.fill()
        assert the_one(check_data_dir(running)).level == "fail"


def test_too_long_data_path_is_found(room: Path) -> None:
    """A path that PostgreSQL would cut off is found before it is used."""
    machine = Machine(room / "/".join(["d" * 200] * 5), "127.0.0.1", 1)
    assert the_one(check_data_dir(machine)).level == "fail"


def test_plain_http_on_the_lan_is_explained() -> None:
    """Whoever opens the screens from other machines learns what browsers withhold there."""
    assert the_one(check_secure_context(Machine(Path(), "127.0.0.1", 8080))).level == "ok"
    finding = the_one(check_secure_context(Machine(Path(), "192.168.1.5", 8080)))
    assert (finding.level, "wake lock" in finding.says.en) == ("warn", True)


def test_forgotten_data_is_named(room: Path) -> None:
    """Data that lived elsewhere for a directory that is gone is named, never removed."""
    if not os.access(ELSEWHERE.parent, os.W_OK):
        # Only root's starts ever put data elsewhere; an ordinary user has nothing to forget.
        assert check_leftovers(Machine(room, "127.0.0.1", 1)) == []
        return
    home = ELSEWHERE / f"test-{os.getpid()}"
    home.mkdir(parents=True)
    try:
        (home / "belongs-to").write_text(f"{room / 'data'}\n")
        named = [one for one in check_leftovers(Machine(room, "", 1)) if str(home) in one.says.en]
        assert f"rm -rf {home}" in the_one(named).advice.en
        (room / "data").mkdir()
        (room / "data" / LINK).symlink_to(home)
        named = [one for one in check_leftovers(Machine(room, "", 1)) if str(home) in one.says.en]
        assert named == []
    finally:
        shutil.rmtree(home)


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_says_what_it_is_for(check: Callable[[Machine], list[Finding]]) -> None:
    """A person who reads the list of checks learns what each promises."""
    assert check.__doc__
