"""A directory of a measurement's own, gone afterwards. Refuses to keep what was measured in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def own_directory() -> Iterator[Path]:
    """Make it for the length of the block; the engines' own user may pass through it."""
    directory = Path(tempfile.mkdtemp(prefix="chuancai-bench-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
