"""What managers and cash desks see of printers and papers. Refuses to list what papers say."""

from __future__ import annotations

from typing import NamedTuple

import asyncpg
import msgspec

from server.errors import Refusal
from server.events.printing import DocumentKind, PaperEnd, PaperState
from server.printing.port import Document, numbered, read_document
from server.printing.printer import Printer

IN_USE_LISTED_MAX = 1_000

LIST_PRINTERS = """
SELECT printer_view(p) AS printer,
       (SELECT count(*) FROM print_job j
         WHERE j.shop_id = p.shop_id AND j.printer_id = p.id AND j.ended_at IS NULL) AS waiting
  FROM printer p
 WHERE p.shop_id = $1
 ORDER BY p.id
"""

# Every branch follows an index; $3 null: all states.
LIST_JOBS = """
SELECT j.id, j.printer_id, p.name AS printer, f.name AS printed_for, j.order_id, j.kind, j.title, j.copy, j.state,
       j.reason, to_ms(j.made_at) AS made_at_ms, to_ms(j.ended_at) AS ended_at_ms, j.settled, j.settled_by, j.attempts
  FROM print_job j
  JOIN printer p ON p.shop_id = j.shop_id AND p.id = j.printer_id
  LEFT JOIN printer f ON f.shop_id = j.shop_id AND f.id = j.from_id
 WHERE j.shop_id = $1 AND j.id < $2::bigint
   AND ($3::text IS NULL OR j.state = $3)
   AND ($4::bigint IS NULL OR j.printer_id = $4)
   AND (NOT $5::boolean OR (j.state IN ('uncertain', 'failed', 'expired') AND j.settled IS NULL))
 ORDER BY j.id DESC
 LIMIT $6::integer
"""

# Of the whole house, for who keeps it running; every count follows a partial index.
LIST_IN_USE = """
SELECT p.shop_id, printer_view(p) AS printer,
       (SELECT count(*) FROM print_job j
         WHERE j.shop_id = p.shop_id AND j.printer_id = p.id AND j.ended_at IS NULL) AS waiting,
       (SELECT count(*) FROM print_job j
         WHERE j.shop_id = p.shop_id AND j.printer_id = p.id
           AND j.state IN ('uncertain', 'failed', 'expired') AND j.settled IS NULL) AS undecided
  FROM printer p
 WHERE p.enabled
 ORDER BY p.condition IN ('ready', 'unknown'), p.shop_id, p.id
 LIMIT $1::integer
"""

COUNT_PAPER = """
SELECT (SELECT count(*) FROM printer WHERE enabled AND condition NOT IN ('ready', 'unknown')) AS troubled,
       (SELECT count(*) FROM print_job WHERE ended_at IS NULL) AS waiting,
       (SELECT count(*) FROM print_job
         WHERE state IN ('uncertain', 'failed', 'expired') AND settled IS NULL) AS undecided
"""

READ_PAPER = """
SELECT j.id, j.copy, j.document, coalesce(f.name, '') AS backup_from, printer_view(p) AS printer
  FROM print_job j
  JOIN printer p ON p.shop_id = j.shop_id AND p.id = j.printer_id
  LEFT JOIN printer f ON f.shop_id = j.shop_id AND f.id = j.from_id
 WHERE j.shop_id = $1 AND j.id = $2
"""

_printer = msgspec.json.Decoder(Printer).decode


class PrinterLine(NamedTuple):
    """A printer, and how many papers wait at it."""

    printer: Printer
    waiting: int


class AnyPrinter(NamedTuple):
    """A printer in use somewhere in the house, and the papers that wait there or are in doubt."""

    shop_id: int
    printer: Printer
    waiting: int
    undecided: int


class PaperCounts(NamedTuple):
    """How the house's paper is: printers that do not print, papers that wait, papers in doubt."""

    troubled: int
    waiting: int
    undecided: int


class JobLine(msgspec.Struct, frozen=True):
    """A paper and what is known of it; `printed_for`: the printer whose backup it came to."""

    id: int
    printer_id: int
    printer: str
    printed_for: str | None
    order_id: int | None
    document: DocumentKind
    title: str
    copy: int
    state: PaperState
    reason: str
    made_at_ms: int
    ended_at_ms: int | None
    settled: PaperEnd | None
    settled_by: str
    attempts: int


class JobsWanted(NamedTuple):
    """Which papers: before which id, in which state, at which printer, undecided ones only, how many."""

    before: int
    state: PaperState | None
    printer_id: int | None
    undecided: bool
    limit: int


async def list_printers(pool: asyncpg.Pool, shop_id: int) -> list[PrinterLine]:
    """Return a shop's printers."""
    rows = await pool.fetch(LIST_PRINTERS, shop_id)
    return [PrinterLine(_printer(row["printer"]), row["waiting"]) for row in rows]


async def list_in_use(connection: asyncpg.Connection) -> list[AnyPrinter]:
    """Return the house's printers in use, those in trouble first."""
    rows = await connection.fetch(LIST_IN_USE, IN_USE_LISTED_MAX)
    return [
        AnyPrinter(r["shop_id"], _printer(r["printer"]), r["waiting"], r["undecided"]) for r in rows
    ]


async def count_paper(pool: asyncpg.Pool) -> PaperCounts:
    """Count printers and papers that want somebody's eye."""
    row = await pool.fetchrow(COUNT_PAPER)
    assert row is not None  # counts always make a row
    return PaperCounts(*row)


async def list_jobs(pool: asyncpg.Pool, shop_id: int, wanted: JobsWanted) -> list[JobLine]:
    """Return a page of a shop's papers, the newest first."""
    rows = await pool.fetch(LIST_JOBS, shop_id, *wanted)
    return [JobLine(*row) for row in rows]


async def read_paper(pool: asyncpg.Pool, shop_id: int, job_id: int) -> tuple[Document, Printer]:
    """Return a paper as its printer puts it out. Raises `print_job_not_found`."""
    row = await pool.fetchrow(READ_PAPER, shop_id, job_id)
    if row is None:
        raise Refusal("print_job_not_found", job_id=job_id)
    document = read_document(row["document"])
    return numbered(document, row["id"], row["copy"], row["backup_from"]), _printer(row["printer"])


async def find_printer(pool: asyncpg.Pool, shop_id: int, printer_id: int) -> Printer:
    """Return a printer as it is set up. Raises `printer_not_found`."""
    for line in await list_printers(pool, shop_id):
        if line.printer.id == printer_id:
            return line.printer
    raise Refusal("printer_not_found", printer_id=printer_id)
