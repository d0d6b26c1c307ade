"""Why the engines would not start: a stable code and a plain sentence that says what to do.

Refuses to guess: words nobody here knows become `engine_failed`, with the engine's own last line.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

REFUSAL_CODES = frozenset(
    {
        "binaries_missing",
        "data_dir_in_use",
        "data_dir_read_only",
        "data_dir_unreachable",
        "disk_full",
        "engine_failed",
        "no_account",
        "path_too_long",
        "run_dir_unsafe",
        "start_too_slow",
        "wrong_owner",
        "wrong_version",
    }
)


class EngineRefusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The engines cannot run here; `code` is stable, `sentence` is for people."""

    def __init__(self, code: str, sentence: str) -> None:
        assert code in REFUSAL_CODES, code
        self.code = code
        self.sentence = sentence
        super().__init__(f"{code}: {sentence}")


# What an engine or the kernel says -> our code. First match wins, so the narrow ones come first.
SPOKEN: tuple[tuple[str, str], ...] = (
    ("No space left on device", "disk_full"),
    ("Disk quota exceeded", "disk_full"),
    ("Read-only file system", "data_dir_read_only"),
    ("database files are incompatible with server", "wrong_version"),
    ("not compatible with this version", "wrong_version"),
    ("has wrong ownership", "wrong_owner"),
    ("could not look up effective user ID", "no_account"),
    ("is too long (maximum", "path_too_long"),
    ("Is another postmaster", "data_dir_in_use"),
    ("is still in use", "data_dir_in_use"),
    ("Permission denied", "data_dir_unreachable"),
)

LAST_WORDS = 3

ADVICE = {
    "disk_full": "free some space on that disk and start again; nothing was lost",
    "data_dir_read_only": "make the directory writable, or choose another with --data-dir",
    "data_dir_unreachable": "give the account that runs the engines access, or choose another"
    " directory with --data-dir",
    "wrong_version": "it was written by another version; install the one that wrote it, or dump"
    " there and load here",
    "wrong_owner": "start as the owner of the directory, or as root",
    "no_account": "give this user an entry in /etc/passwd, or start as another user",
    "path_too_long": "choose a shorter directory",
    "data_dir_in_use": "stop the other one first",
    "engine_failed": "`chuancai doctor` looks at the usual causes",
}


def from_words(engine: str, directory: Path, words: Sequence[str]) -> EngineRefusal:
    """Turn the last lines an engine wrote into a refusal about `directory`."""
    for needle, code in SPOKEN:
        for line in reversed(words):
            if needle in line:
                return EngineRefusal(
                    code, f"{engine} cannot use {directory}: {line.strip()}; {ADVICE[code]}."
                )
    last = " / ".join(word.strip() for word in words[-LAST_WORDS:]) or "it ended without a word"
    return EngineRefusal("engine_failed", f"{engine} did not start in {directory}: {last}")


def from_os_error(error: OSError, path: Path) -> EngineRefusal:
    """Turn what the kernel said about `path` into a refusal."""
    code = {
        errno.ENOSPC: "disk_full",
        errno.EDQUOT: "disk_full",
        errno.EROFS: "data_dir_read_only",
        errno.EACCES: "data_dir_read_only",
        errno.EPERM: "data_dir_unreachable",
        errno.ENAMETOOLONG: "path_too_long",
    }.get(error.errno or 0, "engine_failed")
    said = error.strerror or type(error).__name__
    return EngineRefusal(code, f"{path} cannot be used: {said}; {ADVICE[code]}.")
