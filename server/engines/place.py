"""Where the engines live on this machine: one data directory, one run directory, one lock.

`<data>/lock` says who has it; `<data>/postgres` and `<data>/redis` are the engines' own. When we
are root and the engines' account cannot reach `<data>` (a clone in /root), they live in
/var/lib/chuancai/<id> and `<data>/elsewhere` is a link to it. Sockets lie in a short private
directory. Refuses to open up or take over anything that is not ours.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from server.engines.account import (
    Account,
    account_of,
    engine_account,
    give_to,
    is_known,
    is_private,
    make_passable,
    may_enter,
)
from server.engines.refusal import EngineRefusal, from_os_error

# sockaddr_un holds 108 bytes, the last of them zero.
SOCKET_PATH_MAX_BYTES = 107
LONGEST_SOCKET_NAME = ".s.PGSQL.5432"
# PostgreSQL keeps paths in 1,024 bytes and appends its own file names.
DATA_PATH_MAX_BYTES = 900

LOCK_TEXT_MAX_BYTES = 1024

ELSEWHERE = Path("/var/lib/chuancai")
LINK = "elsewhere"

# A fresh cluster takes 40 MB and its first day about as much again; below the second figure
# PostgreSQL would only start to panic at its first full write-ahead segment.
FREE_FIRST_MIN_BYTES = 192 * 2**20
FREE_AGAIN_MIN_BYTES = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Place:
    """One prepared place; held until `give_back`."""

    data: Path
    home: Path
    run: Path
    account: Account
    lock_file: int

    def announce(self, *addresses: str) -> None:
        """Write where the engines listen into the lock, for `holder` to find."""
        os.ftruncate(self.lock_file, 0)
        text = "".join(f"{line}\n" for line in (os.getpid(), *addresses))
        os.pwrite(self.lock_file, text.encode(), 0)

    def engine_directory(self, name: str) -> Path:
        """Return where the engine `name` keeps its files."""
        return self.home / name


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs the engines of a data directory now; addresses are empty while they start."""

    pid: int
    database_url: str
    redis_url: str


def holder(data: Path) -> Holder | None:
    """Return who holds `data` now, None when nobody does or it is not ours to know."""
    try:
        lock_file = os.open(data / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(lock_file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        words = os.read(lock_file, LOCK_TEXT_MAX_BYTES).decode(errors="replace").split("\n")
        pid, database_url, redis_url = (*words, "", "")[:3]
        return Holder(int(pid), database_url, redis_url) if pid.isdigit() else None
    finally:
        os.close(lock_file)
    return None


def take(data: Path, run_base: Path | None = None) -> Place:
    """Prepare and lock `data` and a run directory for its sockets; the way in for all refusals."""
    data = data.absolute()
    check_data_path(data)
    try:
        _make_data(data)
        lock_file = _lock(data)
    except OSError as error:
        raise _from_data_error(error, data) from error
    try:
        account, home = _settle(data)
        _check_free(home)
        run = _run_directory(data, account, run_base)
    except OSError as error:
        os.close(lock_file)
        raise from_os_error(error, data) from error
    except EngineRefusal:
        os.close(lock_file)
        raise
    return Place(data, home, run, account, lock_file)


def give_back(place: Place) -> None:
    """Remove the run directory and unlock; the engines must have ended."""
    shutil.rmtree(place.run, ignore_errors=True)
    os.ftruncate(place.lock_file, 0)
    os.close(place.lock_file)


def _make_data(data: Path) -> None:
    """Make the directory; root lets the engines' account pass through what it makes itself."""
    make_passable(data, 0o711 if os.geteuid() == 0 else 0o700)


def _from_data_error(error: OSError, data: Path) -> EngineRefusal:
    if isinstance(error, PermissionError) and data.exists():
        owner = data.stat().st_uid
        if owner != os.geteuid():
            return EngineRefusal(
                "wrong_owner",
                f"{data} belongs to user id {owner}, this was started as user id"
                f" {os.geteuid()}; start as its owner or as root, or choose another directory.",
            )
    return from_os_error(error, data)


def check_data_path(data: Path) -> None:
    """Refuse a path that PostgreSQL would cut off; the sockets' paths do not depend on it."""
    length_bytes = len(os.fsencode(data))
    if length_bytes > DATA_PATH_MAX_BYTES:
        raise EngineRefusal(
            "path_too_long",
            f"The data directory's path takes {length_bytes} bytes and {DATA_PATH_MAX_BYTES} are"
            " allowed; choose a shorter one.",
        )


def _lock(data: Path) -> int:
    """Take the lock; it ends with this process however that dies, so it is never stale."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    lock_file = os.open(data / "lock", flags, 0o600)
    try:
        fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock_file, 0)
        os.pwrite(lock_file, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        words = os.read(lock_file, LOCK_TEXT_MAX_BYTES).decode(errors="replace").split()
        os.close(lock_file)
        raise EngineRefusal(
            "data_dir_in_use",
            f"{data} is in use by the process {words[0] if words else '?'}; stop that one first,"
            " or choose another directory.",
        ) from None
    except OSError:
        os.close(lock_file)
        raise
    return lock_file


def _settle(data: Path) -> tuple[Account, Path]:
    """Choose who runs the engines and where they live; what exists decides for itself."""
    link = data / LINK
    home = link.resolve() if link.is_symlink() else data
    existing = home / "postgres"
    if existing.is_dir():
        return _account_of_existing(existing), home
    account = engine_account()
    make_passable(home, 0o711)
    if may_enter(account, home):
        return account, home
    return account, _move_out(data)


def _account_of_existing(cluster: Path) -> Account:
    owner = cluster.stat().st_uid
    me = os.geteuid()
    if me not in (0, owner):
        raise EngineRefusal(
            "wrong_owner",
            f"{cluster} belongs to user id {owner}, this was started as user id {me};"
            " start as its owner or as root, or choose another directory.",
        )
    # Root's own or nobody's: a restored backup, or a disk from another machine.
    adopted = me == 0 and (owner == 0 or not is_known(owner))
    account = engine_account() if adopted else account_of(owner)
    if not may_enter(account, cluster.parent):
        raise EngineRefusal(
            "data_dir_unreachable",
            f"The account {account.name}, which owns {cluster}, cannot enter the directories above"
            f" it; allow it to pass (chmod o+x), or move the data to where it can.",
        )
    if adopted:
        give_to(account, cluster)
    return account


def _move_out(data: Path) -> Path:
    """Make a home that the engines' account can reach, and link to it from `data`."""
    home = ELSEWHERE / secrets.token_hex(4)
    make_passable(ELSEWHERE, 0o755)
    make_passable(home, 0o711)
    (home / "belongs-to").write_text(f"{data}\n")
    link = data / LINK
    if link.is_symlink():
        link.unlink()
    link.symlink_to(home)
    return home


def _check_free(home: Path) -> None:
    found = os.statvfs(home)
    free_bytes = found.f_bavail * found.f_frsize
    first = not (home / "postgres").is_dir()
    needed_bytes = FREE_FIRST_MIN_BYTES if first else FREE_AGAIN_MIN_BYTES
    if found.f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(home))
    if free_bytes < needed_bytes:
        raise EngineRefusal(
            "disk_full",
            f"The disk of {home} has {free_bytes >> 20} MB free and {needed_bytes >> 20} MB are"
            " needed to start safely; free some space and start again; nothing was lost.",
        )


def _run_bases(account: Account, run_base: Path | None) -> list[Path]:
    if run_base is not None:
        return [run_base.absolute()]
    if os.geteuid() == 0:
        return [Path("/run"), Path("/tmp")]  # noqa: S108 - made 0700 and verified
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    bases = [Path(session)] if session.startswith("/") else []
    return [*(base for base in bases if _is_own(base, account)), Path("/tmp")]  # noqa: S108


def _is_own(base: Path, account: Account) -> bool:
    return base.is_dir() and is_private(base, account)


def _run_directory(data: Path, account: Account, run_base: Path | None) -> Path:
    """Make the private directory of the sockets in the first place that takes it."""
    digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:10]
    name = f"chuancai-{account.uid}-{digest}"
    last: EngineRefusal | None = None
    for base in _run_bases(account, run_base):
        run = base / name
        try:
            _check_length(run)
            return _private(run, account)
        except EngineRefusal as refusal:
            last = refusal
        except OSError as error:
            last = from_os_error(error, run)
    assert last is not None
    raise last


def _check_length(run: Path) -> None:
    length_bytes = len(os.fsencode(run / LONGEST_SOCKET_NAME))
    if length_bytes > SOCKET_PATH_MAX_BYTES:
        raise EngineRefusal(
            "path_too_long",
            f"The socket path in {run} would take {length_bytes} bytes and the system allows"
            f" {SOCKET_PATH_MAX_BYTES}; choose a shorter run directory.",
        )


def _private(run: Path, account: Account) -> Path:
    """Make `run` empty, 0700 and the account's own; a stranger's directory is refused."""
    if run.is_symlink() or (run.exists() and run.stat().st_uid not in (account.uid, os.geteuid())):
        raise EngineRefusal(
            "run_dir_unsafe",
            f"{run} exists and belongs to somebody else; remove it, because whoever owns it could"
            " pose as the database.",
        )
    # We hold the lock of the data directory, so whatever lies here was left by a killed start.
    if run.exists():
        shutil.rmtree(run)
    run.mkdir(mode=0o700)
    os.chown(run, account.uid, account.gid)
    assert is_private(run, account), run
    return run
