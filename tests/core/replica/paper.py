"""What a cash desk hears of paper, for the recorded sequences."""

from __future__ import annotations

from server.events import catalogue as c
from server.events import printing

NOON_MS = 1_795_147_200_000


def stuck(paper_id: int) -> printing.PaperStuck:
    """Return a paper nobody knows the fate of."""
    return printing.PaperStuck(
        printing.Paper(
            paper_id, 2, "热菜", "ticket", "801 #01", 1, "uncertain", "offline", NOON_MS, NOON_MS
        )
    )


def told() -> list[c.Event]:
    """Return printers that fail and come back, papers that get stuck and are decided about."""
    return [
        printing.PrinterChanged(printing.PrinterMark(2, "热菜", "paper_out", NOON_MS)),
        stuck(7),
        stuck(5),
        printing.PrinterChanged(printing.PrinterMark(1, "收银", "offline", NOON_MS)),
        printing.PaperSettled(7, "reprinted", "前台", NOON_MS + 1),
        printing.PrinterChanged(printing.PrinterMark(2, "热菜", "ready", NOON_MS + 2)),
    ]
