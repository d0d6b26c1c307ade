"""◆ What is said about paper: printers in trouble, and papers somebody has to decide about.

What came out as it should is no news: only a cash desk's worries travel. Refuses to hold behaviour, as
the catalogue does, and what a paper says.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from server.events.words import Fact

PAPERS_LISTED_MAX = 100

PrinterCondition = Literal[
    "unknown", "ready", "offline", "silent", "paper_out", "cover_open", "cutter_error", "error",
    "not_private",
]  # fmt: skip
DocumentKind = Literal["ticket", "receipt", "label", "test"]
PaperState = Literal["queued", "sending", "sent", "confirmed", "uncertain", "failed", "expired"]
PaperEnd = Literal["reprinted", "printed", "dropped"]
TOPICS = frozenset({"cashier", "console"})


class PrinterMark(msgspec.Struct):
    """A printer that does not print, since when."""

    id: int
    name: str
    condition: PrinterCondition
    since_ms: int


class Paper(msgspec.Struct):
    """A paper and what is known of it; `copy` above 1 carries 补打. `reason` is a stable code."""

    id: int
    printer_id: int
    printer: str
    document: DocumentKind
    title: str
    copy: int
    state: PaperState
    reason: str
    made_at_ms: int
    at_ms: int


class PrintDesk(msgspec.Struct):
    """What a cash desk must know of paper; `more` papers in doubt are older than those listed."""

    printers: list[PrinterMark]
    papers: list[Paper]
    more: int = 0


class PrinterChanged(Fact, frozen=True, tag=True):
    """A printer stopped printing, or prints again (`ready`)."""

    printer: PrinterMark


class PaperStuck(Fact, frozen=True, tag=True):
    """Nobody knows whether this paper came out, or it did not: somebody has to decide."""

    paper: Paper


class PaperSettled(Fact, frozen=True, tag=True):
    """Somebody decided: printed again with 补打, seen printed, or not wanted any more."""

    paper_id: int
    outcome: PaperEnd
    by: str
    at_ms: int


PrintFact = PrinterChanged | PaperStuck | PaperSettled


def carried(desk: PrintDesk, event: PrintFact) -> PrintDesk:
    """Return what a cash desk knows after `event`."""
    match event:
        case PrinterChanged(printer):
            others = [one for one in desk.printers if one.id != printer.id]
            troubled = [] if printer.condition in {"ready", "unknown"} else [printer]
            printers = sorted([*others, *troubled], key=lambda one: one.id)
            return PrintDesk(printers, desk.papers, desk.more)
        case PaperStuck(paper):
            papers = [*(one for one in desk.papers if one.id != paper.id), paper]
            papers.sort(key=lambda one: one.id)
            listed = papers[-PAPERS_LISTED_MAX:]
            return PrintDesk(desk.printers, listed, desk.more + len(papers) - len(listed))
        case PaperSettled():
            left = [one for one in desk.papers if one.id != event.paper_id]
            older = len(left) == len(desk.papers)
            return PrintDesk(desk.printers, left, max(0, desk.more - older))
