"""Statements of an account and the report of all: rows from the journal as tables to take away.

A statement begins with what was there before and every row has the balance after it, so that it can be
checked with a pencil. Refuses to read without end: a statement has a bounded number of rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg

from server.billing import views
from server.billing.ledger import KINDS, holds, moves
from server.sheets import Column, Table

PAGE_ROWS_MAX = 5_000
REPORT_S_MAX = 120.0
STATEMENT_ROWS_MAX = 100_000  # a spreadsheet takes a million; a person does not

COLUMNS = (
    Column("line"), Column("time (UTC)", "text"), Column("what", "text"), Column("in"), Column("out"),
    Column("held"), Column("balance"), Column("available"), Column("against", "text"),
    Column("posting", "text"), Column("refers to", "text"),
)  # fmt: skip
TURNOVER_COLUMNS = (
    Column("unit", "text"), Column("against", "text"), Column("what", "text"), Column("postings"),
    Column("amount"),
)  # fmt: skip
SUM_COLUMNS = (
    Column("unit", "text"), Column("sum of all"), Column("customers have"), Column("of it held"),
    Column("accounts"), Column("frozen"),
)  # fmt: skip


async def statement(pool: asyncpg.Pool, account_id: int, since: datetime, until: datetime) -> Table:
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
    return Table(f"account {account_id}", COLUMNS, rows)


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


async def reconciliation(pool: asyncpg.Pool, since: datetime, until: datetime) -> list[Table]:
    """Return what was posted by kind and house account, and what all accounts come to now.

    Beside the mall's sales and the carriers' bills these are the ledger's side: grants are packages
    sold, captures and debits less refunds are segments sent; every unit's sum is zero.
    """
    turnover = await pool.fetch(views.READ_TURNOVER, since, until, timeout=REPORT_S_MAX)
    sums = await pool.fetch(views.READ_SUMS, timeout=REPORT_S_MAX)
    return [
        Table(
            "turnover",
            TURNOVER_COLUMNS,
            [
                (r["unit"], r["contra"] or "", KINDS[r["kind"]], r["postings"], r["amount"])
                for r in turnover
            ],
        ),
        Table(
            "balances",
            SUM_COLUMNS,
            [
                (r["unit"], r["posted"], r["customers"], r["held"], r["accounts"], r["frozen"])
                for r in sums
            ],
        ),
    ]
