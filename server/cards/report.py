"""A report as people take it away: CSV, a workbook, a page to print, in Chinese and English.

Refuses to read anything: `views.py` does.
"""

from __future__ import annotations

import csv
import io
from html import escape
from typing import Any, Literal, NamedTuple

import xlsxwriter

from server.cards.views import By, Report, ReportRow

Format = Literal["json", "html", "csv", "xlsx"]

STYLESHEET = "/site/report.css"

_BY: dict[By, str] = {"day": "按日 by day", "dish": "按菜品 by dish", "hour": "按时段 by hour"}
_KEY: dict[By, str] = {"day": "日期 day", "dish": "菜品 dish", "hour": "时段 hour"}
_COLUMNS = (
    ("sold", "笔数/份数 sold"),
    ("consumed_fen", "消费 consumed"),
    ("refunds", "退款笔数 refunds"),
    ("refunded_fen", "退款 refunded"),
    ("net_fen", "净额 net"),
    ("top_up_fen", "充值 topped up"),
    ("bonus_fen", "赠送 bonus"),
    ("paid_out_fen", "退卡 paid out"),
)
_OF_DISHES = 5  # what is put on a card belongs to no dish


class Written(NamedTuple):
    """A report as a file."""

    body: bytes
    media_type: str
    name: str


def heads(by: By) -> list[str]:
    """Return a table's heads; money is in yuan."""
    columns = _COLUMNS[:_OF_DISHES] if by == "dish" else _COLUMNS
    return [_KEY[by], *(head for _, head in columns)]


def cells(report: Report, row: ReportRow, first: str) -> list[Any]:
    """Return a row's cells: counts as numbers, money in yuan with two digits."""
    columns = _COLUMNS[:_OF_DISHES] if report.by == "dish" else _COLUMNS
    values = [(name, getattr(row, name)) for name, _ in columns]
    return [first, *(v / 100 if name.endswith("_fen") else v for name, v in values)]


def _first(report: Report, row: ReportRow) -> str:
    if report.by != "dish":
        return row.key
    return f"{row.name.zh} {row.name.en}".strip() if row.name else "未记菜品 no dish"


def table(report: Report) -> list[list[Any]]:
    """Return heads, rows and the sum of all."""
    rows = [cells(report, row, _first(report, row)) for row in report.rows]
    return [heads(report.by), *rows, cells(report, report.total, "合计 total")]


def write(report: Report, form: Literal["html", "csv", "xlsx"]) -> Written:
    """Return a report in one of the forms."""
    name = f"cards-{report.since}-{report.until}-{report.by}.{form}"
    if form == "html":
        return Written(_html(report).encode(), "text/html; charset=utf-8", name)
    if form == "csv":
        return Written(_csv(report), "text/csv; charset=utf-8", name)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return Written(_xlsx(report), kind, name)


def _csv(report: Report) -> bytes:
    """Return UTF-8 with a mark (Excel reads Chinese then); no cell begins a formula."""
    text = io.StringIO(newline="")
    for row in table(report):
        csv.writer(text).writerow([_harmless(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: Any) -> Any:
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell


def _xlsx(report: Report) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False, "in_memory": True}) as book:
        page = book.add_worksheet(report.by)
        bold = book.add_format({"bold": True})
        money = book.add_format({"num_format": "#,##0.00"})
        for number, row in enumerate(table(report)):
            for column, cell in enumerate(row):
                form = money if isinstance(cell, float) else bold if number == 0 else None
                page.write(number, column, cell, form)
        page.freeze_panes(1, 0)
        page.autofit()
    return file.getvalue()


def _html(report: Report) -> str:
    head, *rows, total = table(report)
    title = f"{escape(report.shop.zh)} {escape(report.shop.en)}"
    span = report.since if report.since == report.until else f"{report.since} – {report.until}"
    return f"""<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>{title} {span}</title>
<link rel="stylesheet" href="{STYLESHEET}"></head><body>
<h1>{title}</h1>
<h2>餐卡消费统计 Card statistics · {_BY[report.by]} · {span}</h2>
<table><thead><tr>{_tags("th", head)}</tr></thead>
<tbody>{"".join(f"<tr>{_tags('td', row)}</tr>" for row in rows)}</tbody>
<tfoot><tr>{_tags("td", total)}</tr></tfoot></table>
<p>金额单位：元。Amounts in yuan.</p></body></html>
"""


def _tags(tag: str, row: list[Any]) -> str:
    return "".join(f"<{tag}>{escape(_shown(cell))}</{tag}>" for cell in row)


def _shown(cell: Any) -> str:
    return f"{cell:,.2f}" if isinstance(cell, float) else str(cell)
