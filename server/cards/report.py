"""A report as people take it away: CSV, a workbook, a page to print, in Chinese and English.

Refuses to read anything: `views.py` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Literal

from server.cards.views import By, Report, ReportRow
from server.sheets import (
    CSV_TYPE,
    HTML_TYPE,
    WORKBOOK_TYPE,
    Column,
    Kind,
    Table,
    Written,
    as_csv,
    as_workbook,
    shown,
)

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


def _columns(by: By) -> list[Column]:
    """Return a table's columns; money is in yuan."""
    columns = _COLUMNS[:_OF_DISHES] if by == "dish" else _COLUMNS
    return [Column(_KEY[by], "text"), *(Column(head, _kind(name)) for name, head in columns)]


def _kind(name: str) -> Kind:
    return "fen" if name.endswith("_fen") else "count"


def _cells(report: Report, row: ReportRow, first: str) -> list[Any]:
    columns = _COLUMNS[:_OF_DISHES] if report.by == "dish" else _COLUMNS
    return [first, *(getattr(row, name) for name, _ in columns)]


def _first(report: Report, row: ReportRow) -> str:
    if report.by != "dish":
        return row.key
    return f"{row.name.zh} {row.name.en}".strip() if row.name else "未记菜品 no dish"


def table(report: Report) -> Table:
    """Return rows and the sum of all."""
    rows = [_cells(report, row, _first(report, row)) for row in report.rows]
    total = _cells(report, report.total, "合计 total")
    return Table(report.by, _columns(report.by), [*rows, total])


def write(report: Report, form: Literal["html", "csv", "xlsx"]) -> Written:
    """Return a report in one of the forms."""
    name = f"cards-{report.since}-{report.until}-{report.by}.{form}"
    if form == "html":
        return Written(_html(report).encode(), HTML_TYPE, name)
    if form == "csv":
        return Written(as_csv(table(report)), CSV_TYPE, name)
    return Written(as_workbook([table(report)]), WORKBOOK_TYPE, name)


def _html(report: Report) -> str:
    _, columns, [*rows, total] = table(report)
    title = f"{escape(report.shop.zh)} {escape(report.shop.en)}"
    span = report.since if report.since == report.until else f"{report.since} – {report.until}"
    heads = "".join(f"<th>{escape(column.head)}</th>" for column in columns)
    return f"""<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>{title} {span}</title>
<link rel="stylesheet" href="{STYLESHEET}"></head><body>
<h1>{title}</h1>
<h2>餐卡消费统计 Card statistics · {_BY[report.by]} · {span}</h2>
<table><thead><tr>{heads}</tr></thead>
<tbody>{"".join(f"<tr>{_tags(row, columns)}</tr>" for row in rows)}</tbody>
<tfoot><tr>{_tags(total, columns)}</tr></tfoot></table>
<p>金额单位：元。Amounts in yuan.</p></body></html>
"""


def _tags(row: Sequence[Any], columns: Sequence[Column]) -> str:
    return "".join(
        f"<td>{escape(shown(column.kind, cell))}</td>"
        for column, cell in zip(columns, row, strict=True)
    )
