"""◆ What an audit line says: who, from where, what, on what. Nothing that must stay secret.

Refuses bodies of requests: only ids and words of our own tables are taken down, and no row of digits
that is long enough to be somebody's telephone or identity number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

SUBJECT_CHARS_MAX = 400
WORD_CHARS_MAX = 80

NOBODY = 0  # brand of what is done by somebody unknown
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_PERSONAL = re.compile(r"\d{7,}")  # in a text; ids are numbers, not texts


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """An action about to begin; `at` and `id` name it for its outcome."""

    at: datetime
    id: int
    brand_id: int
    shop_id: int
    who: str
    name: str
    address: str
    action: str
    subject: str
    request_id: str


class Outcome(msgspec.Struct, frozen=True):
    """What came of a line: "ok" or the code of a refusal."""

    at: datetime
    id: int
    outcome: str
    subject: str


def subject_of(facts: Mapping[str, Any]) -> str:
    """Return facts as `device_id=8 place_id=2`: numbers, truths, and short texts without numbers in.

    Anything else is left out, and what a text must not show is a dot.
    """
    words = [
        f"{name}={_word(value)}"
        for name, value in facts.items()
        if isinstance(value, (int, str)) and value != ""
    ]
    return " ".join(words)[:SUBJECT_CHARS_MAX]


def _word(value: int | str) -> str:
    if isinstance(value, int):
        return str(value).lower()  # true, false
    return _PERSONAL.sub("·", _UNPRINTABLE.sub(" ", value))[:WORD_CHARS_MAX]
