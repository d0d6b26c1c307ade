"""A real disk that is small enough to fill and can be made read-only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LEFT_BYTES = 2 * 2**20
BLOCK_BYTES = 2**20


@dataclass(frozen=True)
class SmallDisk:
    """A mounted tmpfs."""

    path: Path

    def fill(self) -> None:
        """Take nearly all the space there is."""
        found = os.statvfs(self.path)
        take_bytes = found.f_bavail * found.f_frsize - LEFT_BYTES
        with (self.path / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, max(take_bytes, BLOCK_BYTES))

    def make_room(self) -> None:
        """Give the space back."""
        (self.path / "filler").unlink()

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let nobody write, root included."""
        _run("mount", "-o", "remount,ro", str(self.path))
        try:
            yield
        finally:
            _run("mount", "-o", "remount,rw", str(self.path))


@contextmanager
def small_disk(path: Path, *, size_mb: int) -> Iterator[SmallDisk]:
    """Mount a disk of that size at `path`."""
    path.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=0755", "none", str(path))
    try:
        yield SmallDisk(path)
    finally:
        _run("umount", "--lazy", str(path))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
