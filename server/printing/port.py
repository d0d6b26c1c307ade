"""◆ The seam between who lays out paper and who carries it to a printer: facts in, bytes out.

A document is facts, stored as JSON with its job: it is laid out when it is printed, for the printer it is
then printed on. Status follows Epson's real-time answers, which nearly all ESC/POS printers give. Refuses
to know wires and jobs.
"""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import msgspec

from server.events.words import Text

Encoding = Literal["gb18030", "gbk", "big5", "utf8"]
Language = Literal["zh", "en"]
Mark = Literal["copy", "rush", "cancel", "change", "hold", "fire", "backup"]
PlaceKind = Literal["room", "table", "tag", "takeaway"]


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a printer's paper takes: 384 dots and 32 columns for 58 mm, 576 and 48 for 80 mm.

    `mode` null: as suits the printer's kind; stored it always says which.
    """

    width_dots: Annotated[int, msgspec.Meta(ge=192, le=832, multiple_of=8)] = 576
    columns: Annotated[int, msgspec.Meta(ge=16, le=72)] = 48
    encoding: Encoding = "gb18030"
    mode: Literal["text", "raster"] | None = None
    cutter: bool = True
    buzzer: bool = False
    drawer: bool = False


# What 58 and 80 mm of paper take.
PAPERS = {"58": {"width_dots": 384, "columns": 32}, "80": {"width_dots": 576, "columns": 48}}


class PaperModifier(msgspec.Struct, frozen=True):
    """A chosen way of making a dish; an allergen must not be overlooked."""

    name: Text
    sign: Literal["less", "plus", "change"]
    allergen: bool = False


class PaperLine(msgspec.Struct, frozen=True):
    """One dish on paper; `price_fen` is for one, on receipts."""

    name: Text
    quantity: int
    modifiers: list[PaperModifier] = []
    note: str = ""
    held: bool = False
    price_fen: int = 0


class Ticket(msgspec.Struct, frozen=True, tag="ticket", tag_field="document"):
    """A station's work: what to make, for whom. `at` is the shop's local time, hour and minute."""

    shop: Text
    place: str
    place_kind: PlaceKind
    number: int
    round: int
    station: Text | None
    lines: list[PaperLine]
    allergens: list[str]
    note: str
    at: str
    marks: list[Mark] = []
    copy: int = 1
    backup_from: str = ""
    serial: str = ""


class Receipt(msgspec.Struct, frozen=True, tag="receipt", tag_field="document"):
    """What a guest had and what it comes to; money is fen. `at` is the shop's local date and time."""

    shop: Text
    place: str
    place_kind: PlaceKind
    number: int
    lines: list[PaperLine]
    total_fen: int
    at: str
    link: str = ""  # as a QR code
    marks: list[Mark] = []
    copy: int = 1
    backup_from: str = ""
    serial: str = ""


class Label(msgspec.Struct, frozen=True, tag="label", tag_field="document"):
    """What sticks to one portion: `position` of `total` of its order."""

    shop: Text
    place: str
    place_kind: PlaceKind
    number: int
    line: PaperLine
    position: int
    total: int
    allergens: list[str]
    at: str
    marks: list[Mark] = []
    copy: int = 1
    backup_from: str = ""
    serial: str = ""


Document = Ticket | Receipt | Label


def numbered(document: Document, job_id: int, copy: int, backup_from: str = "") -> Document:
    """Return a document as it goes to paper: which job, which copy, whose printer's place it takes."""
    return msgspec.structs.replace(
        document, serial=f"{job_id:x}", copy=copy, backup_from=backup_from
    )


# Real-time status of printer, offline cause, error cause and paper: one byte back for each, while it prints.
STATUS_QUERY = b"".join(b"\x10\x04" + bytes([n]) for n in (1, 2, 3, 4))
STATUS_BYTES = 4
# Answers are told apart by the bits that never change: 0xx1xx10 in real time, 0xx0xxxx in turn. What some printers
# say unasked when something changes (automatic status, GS a) is 0xx1xx00 and three bytes like answers in turn.
_REAL_TIME, _UNASKED, _KIND_MASK = 0b0001_0010, 0b0001_0000, 0b1001_0011
_IN_TURN_MASK = 0b1001_0000
_UNASKED_REST_BYTES = 3
# Answered in its turn, after everything before it was printed.
DONE_QUERY = b"\x1dr\x01"


class Status(NamedTuple):
    """How a printer says it is."""

    paper: bool
    cover: bool  # closed
    cutter: bool
    offline: bool
    error: bool = False

    @property
    def ready(self) -> bool:
        """Return whether it prints what it gets."""
        return self.paper and self.cover and self.cutter and not self.offline and not self.error


def read_status(said: bytes) -> Status | None:
    """Return what the answers to `STATUS_QUERY` mean; None: they are not all there."""
    answers = [byte for byte in said if byte & _KIND_MASK == _REAL_TIME]
    if len(answers) < STATUS_BYTES:
        return None
    printer, cause, fault, paper = answers[-STATUS_BYTES:]
    return Status(
        paper=not (paper & 0x60 or cause & 0x20),
        cover=not cause & 0x04,
        cutter=not fault & 0x08,
        offline=bool(printer & 0x08),
        error=bool(fault & 0x60),
    )


def is_done(said: bytes) -> bool:
    """Return whether an answer to `DONE_QUERY` is among what was said; that paper ran out, said unasked, is none."""
    unasked_left = 0
    for byte in said:
        if byte & _KIND_MASK == _UNASKED:
            unasked_left = _UNASKED_REST_BYTES
        elif byte & _IN_TURN_MASK == 0:
            if not unasked_left:
                return True
            unasked_left -= 1
    return False


_decode = msgspec.json.Decoder(Document).decode


def read_document(stored: bytes | str) -> Document:
    """Return a document as stored."""
    document: Document = _decode(stored)
    return document
