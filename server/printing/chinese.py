"""◆ Chinese in a printer's own bytes, and how wide it gets on paper.

Two columns each, between FS & and FS ., in two bytes: what the printer's code lacks, or has only in four
bytes, which many printers print as digits, becomes what people read the same (a letter without its accent)
or a box. What would command the printer is left out. Refuses to lay out.
"""

from __future__ import annotations

import re
import unicodedata

from server.printing.port import Encoding

HANZI_ON, HANZI_OFF = b"\x1c&", b"\x1c."
MISSING = "□"
CODE_BYTES = 2

# Printers have ￥ (A3A4 in GB) where people write ¥, for which GB18030 has four bytes only.
_SAME = {"¥": "￥", "\u00a0": " ", "\t": " ", "–": "—", "•": "·", "‾": "￣"}
# Where a code lacks the one, it has the other: Big5 knows one sign for yen and yuan, and no round zero.
_STANDS_IN = {"￥": "¥", "\u3007": "○"}
_TO_FULL_WIDTH = 0xFEE0
_WORDS = re.compile(r"[\x21-\x7e]+|.", re.DOTALL)


def printable(text: str) -> str:
    """Return a text without what has no place on paper: controls, joiners, marks that stand on others."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        _SAME.get(one, one)
        for one in composed
        if one in _SAME or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Co", "Mn", "Me"}
    )


def columns_of(text: str) -> int:
    """Return the columns a printable text takes: one for ASCII, two for whatever else.

    Printers draw all of a Chinese code at full width, é and … included.
    """
    return sum(1 if one.isascii() else 2 for one in text)


def columns_at(text: str, size: int) -> int:
    """Return the columns a printable text takes, magnified so many times."""
    return columns_of(text) * size


def words_of(text: str) -> list[str]:
    """Return where a line may break: around every Chinese character, between words of Latin letters."""
    return _WORDS.findall(text)


def encoded(text: str, encoding: Encoding) -> bytes:
    """Return a text in the printer's own code."""
    text = printable(text)
    if encoding == "utf8":
        return text.encode()
    out, hanzi = [], False
    for one in text:
        if one.isascii() == hanzi:
            hanzi = not hanzi
            out.append(HANZI_ON if hanzi else HANZI_OFF)
        out.append(_code(one, encoding))
    return b"".join([*out, HANZI_OFF if hanzi else b""])


def _code(one: str, encoding: Encoding) -> bytes:
    if one.isascii():
        return one.encode()
    for candidate in (one, _stand_in(one), MISSING):
        try:
            code = candidate.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(code) == CODE_BYTES:
            return code
    return b"??"


def _stand_in(one: str) -> str:
    """Return what is as wide and reads the same: an accented letter without its accent, or itself."""
    letter = unicodedata.normalize("NFD", one)[0]
    if letter.isascii() and letter.isalpha():
        return chr(ord(letter) + _TO_FULL_WIDTH)
    return _STANDS_IN.get(one, one)
