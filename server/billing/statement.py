"""Statements of an account and the report of all: rows from the journal as CSV or XLSX.

A statement begins with what was there before and every row has the balance after it, so that it can be
checked with a pencil. Refuses to read without end: a statement has a bounded number of rows.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import xlsxwriter

from server.billing import views
from server.billing.ledger import KINDS, holds, moves

PAGE_ROWS_MAX = 5_000
REPORT_S_MAX = 120.0
STATEMENT_ROWS_MAX = 100_000  # a spreadsheet takes a million; a person does not

HEADS = (
    "line", "time (UTC)", "what", "in", "out", "held", "balance", "available", "against",
    "posting", "refers to",
)  # fmt: skip
TURNOVER_HEADS = ("unit", "against", "what", "postings", "amount")
SUM_HEADS = ("unit", "sum of all", "customers have", "of it held", "accounts", "frozen")


class Sheet(NamedTuple):
    """A table with a name."""

    name: str
    heads: Sequence[str]
    rows: list[tuple[Any, ...]]


async def statement(pool: asyncpg.Pool, account_id: int, since: datetime, until: datetime) -> Sheet:
    """Return an account's lines from `since` until before `until`, the oldest first."""
    rows: list[tuple[Any, ...]] = []
    after = 0
    while len(rows) < STATEMENT_ROWS_MAX:
        page = await pool.fetch(
            views.READ_STATEMENT, account_id, after, since, until, PAGE_ROWS_MAX
        )
        rows += map(_row, page)
        if len(page) < PAGE_ROWS_MAX:
            break
        after = page[-1]["seq"]
    return Sheet(f"account {account_id}", HEADS, rows)


def _row(line: asyncpg.Record) -> tuple[Any, ...]:
    moved = moves(line["kind"], line["amount"])
    return (
        line["seq"],
        line["at"].strftime("%Y-%m-%d %H:%M:%S"),
        KINDS[line["kind"]],
        max(moved, 0),
        max(-moved, 0),
        holds(line["kind"], line["amount"]),
        line["balance"],
        line["available"],
        line["contra"] or "",
        str(line["id"]),
        str(line["ref"] or ""),
    )


async def reconciliation(pool: asyncpg.Pool, since: datetime, until: datetime) -> list[Sheet]:
    """Return what was posted by kind and house account, and what all accounts come to now.

    Beside the mall's sales and the carriers' bills these are the ledger's side: grants are packages
    sold, captures and debits less refunds are segments sent; every unit's sum is zero.
    """
    turnover = await pool.fetch(views.READ_TURNOVER, since, until, timeout=REPORT_S_MAX)
    sums = await pool.fetch(views.READ_SUMS, timeout=REPORT_S_MAX)
    return [
        Sheet(
            "turnover",
            TURNOVER_HEADS,
            [
                (r["unit"], r["contra"] or "", KINDS[r["kind"]], r["postings"], r["amount"])
                for r in turnover
            ],
        ),
        Sheet(
            "balances",
            SUM_HEADS,
            [
                (r["unit"], r["posted"], r["customers"], r["held"], r["accounts"], r["frozen"])
                for r in sums
            ],
        ),
    ]


def write_csv(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write sheets below each other; UTF-8 with a mark, so that Excel reads Chinese."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        for sheet in sheets:
            out.writerows([sheet.heads, *sheet.rows])


def write_xlsx(path: Path, sheets: Sequence[Sheet]) -> None:
    """Write a workbook: numbers as numbers, the heads stay in sight."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        bold = book.add_format({"bold": True})
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            page.write_row(0, 0, sheet.heads, bold)
            for number, row in enumerate(sheet.rows, 1):
                page.write_row(number, 0, row)
            page.autofit()


WRITERS: dict[str, Callable[[Path, Sequence[Sheet]], None]] = {
    ".csv": write_csv,
    ".xlsx": write_xlsx,
}
