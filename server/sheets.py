"""A table as people take it away: CSV, a workbook, or the text of one cell on a page.

A cell is kept as it is counted (fen, milliseconds, a share from 0 to 1); how it is written depends on where.
Refuses to know what is in a table, and to let a cell become a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import xlsxwriter

Kind = Literal["text", "count", "fen", "ms", "share"]

CSV_TYPE = "text/csv; charset=utf-8"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML_TYPE = "text/html; charset=utf-8"
PNG_TYPE = "image/png"

_DAY_MS = 86_400_000
_FORMATS: dict[Kind, str] = {"fen": "#,##0.00", "ms": "[m]:ss", "share": "0.0%"}


class Written(NamedTuple):
    """A file: its bytes, what they are, what it is called."""

    body: bytes
    media_type: str
    name: str


class Column(NamedTuple):
    """A head, and what stands below it."""

    head: str
    kind: Kind = "count"


class Table(NamedTuple):
    """A sheet's name, its columns and rows, the sum of all last; None is an empty cell."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


def shown(kind: Kind, value: Any) -> str:
    """Return a cell as a page shows it: yuan, minutes and seconds, per cent."""
    if value is None:
        return "–"
    if kind == "fen":
        return f"{value / 100:,.2f}"
    if kind == "share":
        return f"{value:.1%}"
    if kind == "ms":
        return _clock(value)
    return f"{value:,}" if kind == "count" else str(value)


def _clock(value_ms: int) -> str:
    minutes, seconds = divmod(round(value_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def as_csv(*tables: Table) -> bytes:
    """Return tables below each other: yuan, seconds, shares as numbers; the mark is for Excel to read Chinese."""
    text = io.StringIO(newline="")
    out = csv.writer(text)
    for table in tables:
        out.writerow([_harmless(column.head) for column in table.columns])
        for row in table.rows:
            out.writerow(
                [_plain(column.kind, cell) for column, cell in zip(table.columns, row, strict=True)]
            )
    return text.getvalue().encode("utf-8-sig")


def _plain(kind: Kind, value: Any) -> Any:
    if value is None:
        return ""
    if kind == "fen":
        return f"{value / 100:.2f}"
    if kind == "ms":
        return f"{value / 1000:.3f}"
    if kind == "share":
        return f"{value:.4f}"
    return _harmless(value)


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


def as_workbook(tables: Sequence[Table]) -> bytes:
    """Return a workbook with a sheet for each: numbers as numbers, times as times, heads in sight."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "in_memory": True}) as book:
        bold = book.add_format({"bold": True})
        forms = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        for table in tables:
            page = book.add_worksheet(table.name)
            page.write_row(0, 0, [column.head for column in table.columns], bold)
            for number, row in enumerate(table.rows, 1):
                for place, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
                    page.write(number, place, _counted(column.kind, cell), forms.get(column.kind))
            page.freeze_panes(1, 0)
            page.autofit()
    return file.getvalue()


def _counted(kind: Kind, value: Any) -> Any:
    if value is None or kind not in {"fen", "ms"}:
        return value
    return value / 100 if kind == "fen" else value / _DAY_MS
