"""What a check looks at and what it says, in both languages.

Refuses to know what is checked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from server.clock import Clock, SystemClock

Level = Literal["ok", "warn", "fail"]

# The longest a check waits for an answer from outside.
ANSWER_MAX_S = 5.0


class Words(NamedTuple):
    """One sentence in both languages."""

    en: str
    zh: str


NOTHING = Words("", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do when it is not well."""

    name: Words
    level: Level
    says: Words
    advice: Words = NOTHING


@dataclass(frozen=True, slots=True)
class Machine:
    """What the checks look at; an empty address means the embedded engine."""

    data_dir: Path
    host: str
    port: int
    database_url: str = ""
    redis_url: str = ""
    clock: Clock = field(default_factory=SystemClock)
    tls_port: int = 0
