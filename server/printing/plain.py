"""◆ Papers as plain lines of text, and those as the bytes of a Chinese ESC/POS printer.

A Chinese character is two columns wide and stands between FS & and FS . in the printer's own code; what
the code lacks becomes a box, never another character. Refuses to draw.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from server.events.words import Text
from server.printing.port import (
    Document,
    Label,
    Language,
    Mark,
    Paper,
    PaperLine,
    PlaceKind,
    Receipt,
    Ticket,
)

INIT = b"\x1b@"
HANZI_ON, HANZI_OFF = b"\x1c&", b"\x1c."
CUT = b"\x1bd\x05\x1dV\x01"
FEED = b"\x1bd\x05"
BEEP = b"\x1bB\x02\x03"
DRAWER = b"\x1bp\x00\x32\x32"
MISSING = "□"

WORDS: dict[Language, dict[Mark, str]] = {
    "zh": {"copy": "补打", "rush": "催菜", "cancel": "退菜", "hold": "等叫", "fire": "起菜", "backup": "备用"},
    "en": {"copy": "COPY", "rush": "RUSH", "cancel": "CANCEL", "hold": "HOLD", "fire": "FIRE", "backup": "BACKUP"},
}  # fmt: skip
SIGNS = {"less": "-", "plus": "+", "change": "~"}
# A wrist tag's number is not a room's.
PLACES: dict[PlaceKind, dict[Language, str]] = {
    "room": {"zh": "{}房", "en": "Room {}"},
    "table": {"zh": "{}桌", "en": "Table {}"},
    "tag": {"zh": "手牌{}", "en": "Tag {}"},
    "takeaway": {"zh": "外带{}", "en": "Takeaway {}"},
}


def render(document: Document, paper: Paper, language: Language) -> bytes:
    """Return what a printer with this paper is sent."""
    return printed(lines_of(document, paper, language), paper)


def as_text(document: Document, paper: Paper, language: Language) -> str:
    """Return a document as people read it in a file."""
    return "".join(f"{line.text}\n" for line in lines_of(document, paper, language))


class Line(NamedTuple):
    """A line of paper: `size` 1 to 3 magnifies in both directions."""

    text: str
    size: int = 1
    bold: bool = False


def width(text: str) -> int:
    """Return the columns a text takes: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def wrapped(text: str, columns: int) -> list[str]:
    """Return a text in lines of at most so many columns."""
    lines, line, used = [], "", 0
    for one in text:
        wide = width(one)
        if used + wide > columns:
            lines.append(line)
            line, used = "", 0
        line += one
        used += wide
    return [*lines, line]


def lines_of(document: Document, paper: Paper, language: Language) -> list[Line]:
    """Return a document as lines."""
    head = _marks(document, language)
    if isinstance(document, Ticket):
        body = _ticket(document, language)
    elif isinstance(document, Receipt):
        body = _receipt(document, paper, language)
    else:
        body = _label(document, language)
    foot = [Line(f"{document.at}  {document.serial}".rstrip())]
    return [*head, *body, *foot]


def _marks(document: Document, language: Language) -> list[Line]:
    words = [WORDS[language][mark] for mark in document.marks if mark not in {"copy", "backup"}]
    if document.copy > 1:
        words.append(f"{WORDS[language]['copy']} #{document.copy}")
    if document.backup_from:
        words.append(f"{WORDS[language]['backup']} {document.backup_from}")
    return [Line(f"*** {word} ***", 2, bold=True) for word in words]


def _say(text: Text, language: Language) -> str:
    return text.zh if language == "zh" else text.en


def _place(document: Document, language: Language) -> str:
    return PLACES[document.place_kind][language].format(document.place)


def _ticket(ticket: Ticket, language: Language) -> list[Line]:
    station = _say(ticket.station, language) if ticket.station else ""
    again = f"  +{ticket.round}" if ticket.round > 1 else ""
    lines = [
        Line(_place(ticket, language), 3, bold=True),
        Line(f"#{ticket.number:02d}{again}  {station}".rstrip(), 2),
    ]
    for line in ticket.lines:
        lines += _dish(line, language)
    allergic = {"zh": "过敏", "en": "ALLERGY"}[language]
    lines += [Line(f"!! {allergic}: {one} !!", 2, bold=True) for one in ticket.allergens]
    return [*lines, *([Line(ticket.note, bold=True)] if ticket.note else [])]


def _dish(line: PaperLine, language: Language) -> list[Line]:
    held = f" [{WORDS[language]['hold']}]" if line.held else ""
    lines = [Line(f"{line.quantity} x {_say(line.name, language)}{held}", 2)]
    for one in line.modifiers:
        words = f"{SIGNS[one.sign]} {_say(one.name, language)}"
        mark = f"!! {words} !!" if one.allergen else words
        lines.append(Line(f"  {mark}", 2 if one.allergen else 1, bold=one.allergen))
    return [*lines, *([Line(f"  * {line.note}", bold=True)] if line.note else [])]


def _receipt(receipt: Receipt, paper: Paper, language: Language) -> list[Line]:
    lines = [
        Line(_say(receipt.shop, language), 2),
        Line(f"{_place(receipt, language)}  #{receipt.number:02d}"),
    ]
    for line in receipt.lines:
        price = f"￥{line.price_fen * line.quantity / 100:.2f}"
        name = f"{_say(line.name, language)} x{line.quantity}"
        gap = paper.columns - width(name) - width(price)
        lines.append(Line(f"{name}{' ' * max(1, gap)}{price}"))
    total = {"zh": "合计", "en": "Total"}[language]
    return [*lines, Line(f"{total} ￥{receipt.total_fen / 100:.2f}", 2, bold=True)]


def _label(label: Label, language: Language) -> list[Line]:
    return [
        Line(f"{_place(label, language)}  #{label.number:02d}", 2, bold=True),
        *_dish(label.line, language),
        *(Line(f"!! {one} !!", 2, bold=True) for one in label.allergens),
        Line(f"{label.position}/{label.total}"),
    ]


def printed(lines: list[Line], paper: Paper) -> bytes:
    """Return lines as bytes, cut off at the end."""
    out = [INIT]
    if paper.buzzer:
        out.append(BEEP)
    for line in lines:
        scale = line.size - 1
        out.append(b"\x1d!" + bytes([scale << 4 | scale]) + b"\x1bE" + bytes([line.bold]))
        # The same for Chinese, which has a size of its own.
        out.append(b"\x1c!" + bytes([0x0C if scale else 0]))
        out += [
            encoded(piece, paper) + b"\n"
            for piece in wrapped(line.text, paper.columns // line.size)
        ]
    return b"".join([*out, CUT if paper.cutter else FEED])


def encoded(text: str, paper: Paper) -> bytes:
    """Return a text in the printer's own code; what it lacks is a box."""
    if paper.encoding == "utf8":
        return text.encode()
    out, hanzi = [], False
    for one in text.replace("¥", "￥"):
        if (one < " " and one != "\n") or one == "\x7f":
            continue  # a note must not command the printer
        wide = one > "\x7e"
        if wide != hanzi:
            out.append(HANZI_ON if wide else HANZI_OFF)
            hanzi = wide
        out.append(_code(one, paper.encoding) if wide else one.encode("ascii"))
    return b"".join([*out, HANZI_OFF if hanzi else b""])


def _code(one: str, encoding: str) -> bytes:
    for candidate in (one, MISSING):
        try:
            code = candidate.encode(encoding)
        except UnicodeEncodeError:
            continue
        if len(code) == 2:  # noqa: PLR2004 - four bytes are printed as digits by many printers
            return code
    return b"??"
