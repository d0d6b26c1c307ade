"""◆ What every fact of the log is made of.

Refuses to know any fact.
"""

from __future__ import annotations

import msgspec


class Text(msgspec.Struct, frozen=True):
    """The same words in Chinese and English."""

    zh: str
    en: str


class Fact(msgspec.Struct, frozen=True, tag_field="kind"):
    """A line of the log; the tag is its kind."""
