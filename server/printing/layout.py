"""◆ What papers look like: documents as rows, rules and codes, the same for every printer and the preview.

The place is the largest; an allergen and a changed order stand white on black and in words, so that they
are seen on printers that cannot do the one. Refuses to measure: how wide a text is, its caller knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from server.events.words import Text
from server.printing.chinese import printable, words_of
from server.printing.port import Document, Label, Language, Mark, PaperLine, Receipt, Ticket

WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "copy": "补打", "rush": "加急 催菜", "cancel": "退菜", "change": "改数量", "hold": "等叫", "fire": "起菜",
        "backup": "代打", "allergy": "过敏",
        "round": "加菜 第{}轮", "void": "退", "note": "备注", "total": "合计", "takeaway": "外带{}",
        "tag": "手牌{}", "room": "{}房", "table": "{}桌",
    },
    "en": {
        "copy": "COPY", "rush": "RUSH", "cancel": "CANCEL", "change": "CHANGED", "hold": "HOLD", "fire": "FIRE NOW",
        "backup": "BACKUP FOR", "allergy": "ALLERGY",
        "round": "ROUND {}", "void": "VOID", "note": "Note", "total": "Total",
        "takeaway": "Takeaway {}", "tag": "Tag {}", "room": "Room {}", "table": "Table {}",
    },
}  # fmt: skip
SIGNS = {"less": "-", "plus": "+", "change": "~"}  # the name says it in words


class Row(NamedTuple):
    """A line of text, broken where it must be; `size` 1 to 3 magnifies both ways."""

    text: str
    right: str = ""
    size: int = 1
    bold: bool = False
    inverse: bool = False
    center: bool = False
    hanging: int = 0  # spaces before what did not fit
    shrinks: bool = False  # a smaller size before it is broken


class Rule(NamedTuple):
    """A line across the paper."""

    heavy: bool = False


class Code(NamedTuple):
    """A QR code."""

    data: str


Block = Row | Rule | Code
Measure = Callable[[str, int], int]


def laid_out(document: Document, language: Language) -> list[Block]:
    """Return a document as blocks, marks first."""
    words = WORDS[language]
    head = _marks(document, words)
    if isinstance(document, Ticket):
        return [*head, *_ticket(document, language)]
    if isinstance(document, Receipt):
        return [*head, *_receipt(document, language)]
    return [*head, *_label(document, language)]


def broken(row: Row, limit: int, measure: Measure) -> list[Row]:
    """Return a row as rows that fit; `measure` says how much of `limit` a text takes at a size."""
    row = row._replace(text=printable(row.text), right=printable(row.right))
    while row.shrinks and row.size > 1 and measure(row.text, row.size) > limit:
        row = row._replace(size=row.size - 1)
    room = limit - measure(f" {row.right}", row.size) if row.right else limit
    lines, line, margin = [], "", " " * row.hanging
    for word in _pieces(row.text, room - measure(margin, row.size), row.size, measure):
        if line.strip() and measure(line + word, row.size) > room:
            lines.append(line.rstrip())
            line = margin + word.lstrip()
        else:
            line += word
    lines.append(line.rstrip())
    first = row._replace(text=lines[0])
    return [first, *(row._replace(text=one, right="") for one in lines[1:])]


def _pieces(text: str, room: int, size: int, measure: Measure) -> list[str]:
    """Return what is not broken any further; a word wider than a line is, anywhere."""
    pieces = []
    for word in words_of(text):
        pieces += [word] if measure(word, size) <= room else list(word)
    return pieces


def _say(text: Text, language: Language) -> str:
    return (text.zh if language == "zh" else text.en) or text.zh or text.en


def _marks(document: Document, words: dict[str, str]) -> list[Block]:
    said = [words[mark] for mark in document.marks if mark not in {"copy", "backup"}]
    if document.copy > 1 or "copy" in document.marks:
        said.append(f"{words['copy']} #{document.copy}")
    if document.backup_from:
        said.append(f"{words['backup']} {document.backup_from}")
    return [Row(f"** {one} **", size=2, bold=True, inverse=True, center=True) for one in said]


def _place(document: Document, words: dict[str, str]) -> str:
    """Return where a paper belongs; a wrist tag's number is not a room's."""
    named = words[document.place_kind]
    kind = named.replace("{}", "").strip()
    return document.place if kind in document.place else named.format(document.place)


def _ticket(ticket: Ticket, language: Language) -> list[Block]:
    words = WORDS[language]
    again = words["round"].format(ticket.round) if ticket.round > 1 else ""
    station = _say(ticket.station, language) if ticket.station else ""
    blocks: list[Block] = [
        Row(_place(ticket, words), size=3, bold=True, shrinks=True),
        Row(f"#{ticket.number:02d}", again, size=2, bold=True),
        Row(station, ticket.at, size=2),
        *_allergens(ticket.allergens, words),
        Rule(heavy=True),
    ]
    for position, line in enumerate(ticket.lines):
        blocks += [Rule()] if position else []
        blocks += _dish(line, language, ticket.marks)
    blocks.append(Rule(heavy=True))
    if ticket.note:
        blocks.append(Row(f"{words['note']}: {ticket.note}", size=2, bold=True))
    return [*blocks, Row(_say(ticket.shop, language), ticket.serial)]


def _dish(line: PaperLine, language: Language, marks: list[Mark]) -> list[Block]:
    words = WORDS[language]
    void = f"{words['void']} " if "cancel" in marks else ""
    count = f"{void}{line.quantity} x "
    blocks: list[Block] = [
        Row(
            f"{count}{_say(line.name, language)}",
            size=2,
            bold=True,
            hanging=len(str(line.quantity)) + 3,
        )
    ]
    if line.held:
        blocks.append(Row(f"    [{words['hold']}]", size=2, bold=True))
    for one in line.modifiers:
        said = f"{SIGNS[one.sign]} {_say(one.name, language)}"
        if one.allergen:
            blocks.append(Row(f" !! {said}", size=2, bold=True, inverse=True, hanging=4))
        else:
            blocks.append(Row(f"  {said}", size=2, hanging=4))
    return [
        *blocks,
        *([Row(f"  * {line.note}", size=2, bold=True, hanging=4)] if line.note else []),
    ]


def _allergens(allergens: list[str], words: dict[str, str]) -> list[Block]:
    return [
        Row(f" !! {words['allergy']}: {one}", size=2, bold=True, inverse=True, hanging=4)
        for one in allergens
    ]


def _receipt(receipt: Receipt, language: Language) -> list[Block]:
    words = WORDS[language]
    blocks: list[Block] = [
        Row(_say(receipt.shop, language), size=2, bold=True, center=True),
        Row(_place(receipt, words), f"#{receipt.number:02d}"),
        Row(receipt.at),
        Rule(heavy=True),
    ]
    for line in receipt.lines:
        name = f"{_say(line.name, language)} x{line.quantity}"
        blocks.append(Row(name, yuan(line.price_fen * line.quantity), hanging=2))
    blocks += [Rule(), Row(words["total"], yuan(receipt.total_fen), size=2, bold=True)]
    blocks += [Code(receipt.link)] if receipt.link else []
    return [*blocks, *([Row("", receipt.serial)] if receipt.serial else [])]


def _label(label: Label, language: Language) -> list[Block]:
    words = WORDS[language]
    return [
        Row(_place(label, words), f"#{label.number:02d}", size=2, bold=True, shrinks=True),
        *_dish(label.line, language, label.marks),
        *_allergens(label.allergens, words),
        Row(label.at, f"{label.position}/{label.total}"),
        Row(_say(label.shop, language), label.serial),
    ]


def yuan(fen: int) -> str:
    """Return an amount of fen in yuan."""
    return f"￥{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
