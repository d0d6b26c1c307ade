"""Engines that outlived whoever started them: found, told to stop, waited for.

A process is one of ours when its program is ours and it works inside our data directory; a pid in
a file proves nothing, because the system gives pids out again. Refuses to signal anything else.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class Squatter:
    """A living process inside one of our directories."""

    pid: int
    executable: str


def squatters(directory: Path, program_names: Iterable[str]) -> list[Squatter]:
    """Return the processes of these programs that work in `directory`, lowest pid first."""
    names = frozenset(program_names)
    where = os.path.realpath(directory)
    found = (_squatter(entry, where, names) for entry in _pids())
    return sorted((one for one in found if one), key=lambda one: one.pid)


def _pids() -> list[int]:
    if not PROC.is_dir():
        return []
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def _squatter(pid: int, where: str, names: frozenset[str]) -> Squatter | None:
    try:
        executable = str((PROC / str(pid) / "exe").readlink()).removesuffix(DELETED)
        if Path(executable).name not in names:
            return None
        inside = str((PROC / str(pid) / "cwd").readlink()).removesuffix(DELETED)
    except OSError:
        # Gone meanwhile, a kernel thread, or another user's: none of those is ours.
        return None
    return Squatter(pid, executable) if inside == where else None


def is_alive(pid: int) -> bool:
    """Tell whether any process has this pid now."""
    return (PROC / str(pid)).is_dir()


async def send_away(pids: Sequence[int], steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """Signal and wait, harder step by step (signal, wait in seconds); tell whether all are gone."""
    handles = [handle for handle in map(_handle, pids) if handle is not None]
    try:
        for number, wait_s in steps:
            for handle in handles:
                _signal(handle, number)
            if await _all_gone(handles, wait_s):
                return True
        return False
    finally:
        for handle in handles:
            os.close(handle)


def _handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _signal(handle: int, number: signal.Signals) -> None:
    try:
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        # It ended by itself, which is what the signal was for.
        return


async def _all_gone(handles: Sequence[int], wait_s: float) -> bool:
    try:
        async with asyncio.timeout(wait_s):
            for handle in handles:
                await _gone(handle)
    except TimeoutError:
        return False
    return True


async def _gone(handle: int) -> None:
    """Wait until the process behind `handle` has ended; the kernel makes it readable then."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(handle, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(handle)
