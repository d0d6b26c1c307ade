"""Supervising processes that a test may start, kill with -9, or run as another user."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import queue
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from server.engines.account import Account, may_execute

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("engine_host.py")
WAIT_MAX_S = 40.0


@dataclass(frozen=True)
class Runner:
    """Who runs a host, and with which interpreter and packages."""

    python: str = sys.executable
    packages: tuple[Path, ...] = ()
    script: Path = SCRIPT
    account: Account | None = None
    umask: int = 0o022


class Host:
    """One supervising process on `data`; use as a context manager."""

    def __init__(
        self, data: Path, *, runner: Runner | None = None, run_base: Path | None = None
    ) -> None:
        runner = runner or Runner()
        path = os.pathsep.join(map(str, (*runner.packages, REPOSITORY)))
        user: dict[str, Any] = {}
        if runner.account is not None:
            user = {"user": runner.account.uid, "group": runner.account.gid, "extra_groups": []}
        self.process = subprocess.Popen(
            [runner.python, "-W", "error", str(runner.script), str(data)]
            + ([str(run_base)] if run_base else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            umask=runner.umask,
            cwd="/",
            env={"PYTHONPATH": path, "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
            **user,
        )
        self.up: Mapping[str, Any] = {}
        self.heard: list[Mapping[str, Any]] = []
        self._lines: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put({"event": "silent"})

    def wait_for(self, event: str, **fields: object) -> Mapping[str, Any]:
        """Return the next event of that name and with these fields; fails when the host ends."""
        while True:
            line = self._lines.get(timeout=WAIT_MAX_S)
            self.heard.append(line)
            if line["event"] == event and all(line[key] == fields[key] for key in fields):
                return line
            assert line["event"] != "silent", self.heard[-10:]

    def started(self) -> Host:
        """Return when both engines answer."""
        self.up = self.wait_for("up")
        return self

    def refusal(self) -> tuple[str, str]:
        """Return code and sentence of the refusal that this host ends with."""
        line = self.wait_for("refused")
        assert self.process.wait(WAIT_MAX_S) == 0
        return line["code"], line["sentence"]

    def kill(self) -> None:
        """Kill the supervising process with -9, and nothing else."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(WAIT_MAX_S)

    def stop(self) -> None:
        """Ask for a clean end and wait for it."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(WAIT_MAX_S) == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(WAIT_MAX_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._reading.join(WAIT_MAX_S)
        self.process.stdout.close()


def kill_at_once(host: Host, *pids: int) -> None:
    """Kill a host and these processes with -9 so that none can react to another's end."""
    host.process.send_signal(signal.SIGSTOP)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            # The server's children end by themselves when its first process is gone.
            os.kill(pid, signal.SIGKILL)
    host.kill()


def wait_gone(*pids: int) -> None:
    """Return when none of these processes is left; fails after a bounded time."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            _wait_readable(handle, pid)
        finally:
            os.close(handle)


def _wait_readable(handle: int, pid: int) -> None:
    assert select.select([handle], [], [], WAIT_MAX_S)[0], f"process {pid} lives on"


@contextmanager
def server_by_hand(executable: Path, cluster: Path) -> Iterator[subprocess.Popen[str]]:
    """Run PostgreSQL on `cluster` as its owner, the way an administrator would, until the end."""
    owner = cluster.stat()
    account: dict[str, Any] = {
        "user": owner.st_uid, "group": owner.st_gid, "extra_groups": [],
    }  # fmt: skip
    sockets = Path(tempfile.mkdtemp(prefix="chuancai-hand-"))
    os.chown(sockets, owner.st_uid, owner.st_gid)
    command = [executable, "-D", cluster, "-c", "listen_addresses=",
               "-c", f"unix_socket_directories={sockets}"]  # fmt: skip
    try:
        with subprocess.Popen(
            list(map(str, command)), stderr=subprocess.PIPE, text=True, **account
        ) as process:
            try:
                assert process.stderr is not None
                assert any("ready to accept connections" in line for line in process.stderr)
                yield process
            finally:
                process.terminate()
    finally:
        shutil.rmtree(sockets)


def stranger() -> Account:
    """Return an ordinary account that is neither root nor the engines' own."""
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def runner_as(account: Account, scratch: Path) -> Runner:
    """Return a runner that works for `account`: its Python and packages are ones it can reach."""
    packages = tuple(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
    script = SCRIPT
    if not all(may_execute(account, entry) for entry in (*packages, REPOSITORY)):
        copied = scratch / "packages"
        for entry in packages:
            shutil.copytree(entry, copied, symlinks=True, dirs_exist_ok=True)
        shutil.copytree(REPOSITORY / "server", copied / "server", dirs_exist_ok=True)
        script = Path(shutil.copy(SCRIPT, copied))
        packages = (copied,)
    return Runner(_python_for(account, scratch), packages, script, account)


def _python_for(account: Account, scratch: Path) -> str:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for candidate in (Path(sys.executable).resolve(), Path("/usr/bin") / version):
        if candidate.exists() and may_execute(account, candidate):
            return str(candidate)
    # A Python somewhere in /root: take a copy of it to where the account can run it.
    whole = scratch / "python"
    shutil.copytree(
        sys.base_prefix,
        whole,
        symlinks=True,
        ignore=shutil.ignore_patterns("site-packages", "test", "__pycache__", "*.a"),
    )
    return str(whole / "bin" / version)
