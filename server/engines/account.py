"""Which account runs the engines, and which places that account can reach.

PostgreSQL refuses to run as root, rightly: a root start lends it the account `chuancai`.
Refuses to change the rights of directories that are not ours.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.engines.refusal import EngineRefusal

ACCOUNT = "chuancai"
# Debian's slim images have useradd, Alpine has adduser; where neither is, `nobody` must do.
LAST_RESORT = "nobody"
MAKERS = (
    ("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
     "--shell", "/usr/sbin/nologin", ACCOUNT),
    ("adduser", "-S", "-D", "-H", "-s", "/sbin/nologin", ACCOUNT),
)  # fmt: skip
MAKE_ACCOUNT_MAX_S = 20


@dataclass(frozen=True, slots=True)
class Account:
    """A system account by its numbers; `name` is what PostgreSQL's peer check calls it."""

    name: str
    uid: int
    gid: int


def account_of(uid: int) -> Account:
    """Return the account with this uid; refuses `no_account` when the system does not know it."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EngineRefusal(
            "no_account",
            f"The user id {uid} has no entry in /etc/passwd, and PostgreSQL needs one;"
            " add it, or start as another user.",
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def engine_account() -> Account:
    """Return who runs new engines: ourselves, or the account `chuancai` when we are root."""
    if os.geteuid() != 0:
        return account_of(os.geteuid())
    for name in (ACCOUNT, LAST_RESORT):
        if (name == ACCOUNT and _ensure(name)) or _known(name):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EngineRefusal(
        "no_account",
        f"PostgreSQL may not run as root and the account {ACCOUNT} could not be made;"
        f" make it (useradd --system {ACCOUNT}), or start as an ordinary user.",
    )


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _ensure(name: str) -> bool:
    for program, *arguments in MAKERS:
        if _known(name):
            break
        path = shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")
        if path is not None:
            # Its exit code says less than the account's presence: another start may have won.
            subprocess.run(
                [path, *arguments],
                check=False,
                capture_output=True,
                timeout=MAKE_ACCOUNT_MAX_S,
            )
    return _known(name)


def is_known(uid: int) -> bool:
    """Tell whether this system has an account with that uid."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def give_to(account: Account, directory: Path) -> None:
    """Make the account own `directory` and everything in it; only root may."""
    for path in (directory, *directory.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def make_passable(directory: Path, mode: int) -> None:
    """Make `directory` and what is missing above it with this mode, whatever the umask says."""
    for step in reversed([directory, *directory.parents]):
        if not step.exists():
            step.mkdir(mode=mode, exist_ok=True)
            step.chmod(mode)


def _allows(account: Account, path: Path, bits: int) -> bool:
    """Tell whether the mode of `path` grants `bits` (r=4, w=2, x=1) to the account."""
    found = path.stat()
    if account.uid == 0:
        return True
    if found.st_uid == account.uid:
        granted = found.st_mode >> 6
    elif found.st_gid == account.gid:
        granted = found.st_mode >> 3
    else:
        granted = found.st_mode
    return granted & bits == bits


def may_enter(account: Account, directory: Path) -> bool:
    """Tell whether the account can pass through `directory` and everything above it."""
    whole = directory.resolve()
    return all(_allows(account, step, 1) for step in (whole, *whole.parents) if step.exists())


def may_execute(account: Account, path: Path) -> bool:
    """Tell whether the account can read and run `path` (file or directory) where it lies."""
    whole = path.resolve()
    return whole.exists() and may_enter(account, whole.parent) and _allows(account, whole, 5)


def is_private(directory: Path, account: Account) -> bool:
    """Tell whether `directory` is a real directory of that account that nobody else enters."""
    found = directory.lstat()
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == account.uid
        and stat.S_IMODE(found.st_mode) == 0o700  # noqa: PLR2004
    )
