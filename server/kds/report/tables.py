"""A kitchen's report as tables: everything that is known of a day, an hour, a station, a dish.

Refuses to leave a row out: what a page has no room for stands here.
"""

from __future__ import annotations

from typing import Any, get_args

from server.kds.report.figures import STAGES, TARGETED, By, KitchenReport, ReportRow
from server.kds.report.words import Language, named, say
from server.sheets import Column, Table

BY: tuple[By, ...] = get_args(By)


def table(report: KitchenReport, by: By, language: Language) -> Table:
    """Return one of the report's lists with everything that is known of a row, and the sum of all."""
    columns = [Column(say(language, by), "text")]
    columns += [Column(say(language, "orders"))] if by in {"day", "hour"} else []
    columns += [Column(say(language, key)) for key in ("dishes", "portions", "cancelled", "late")]
    columns.append(Column(say(language, "late_share"), "share"))
    columns += [Column(say(language, "target"), "ms")] if by == "dish" else []
    for stage in STAGES:
        head = say(language, stage)
        columns.append(Column(f"{head} {say(language, 'count')}"))
        columns += [Column(f"{head} {say(language, key)}", "ms") for key in ("sum", "p50", "p90")]
        if by == "dish" and stage in TARGETED:
            columns.append(Column(f"{head} {say(language, 'stage_target')}", "ms"))
    rows = [_cells(row, by, title(row, by, language)) for row in report.rows(by)]
    total = _cells(report.total, by, say(language, "total"))
    return Table(say(language, by), columns, [*rows, total])


def title(row: ReportRow, by: By, language: Language) -> str:
    """Return what a row is called."""
    if by in {"day", "hour"}:
        return row.key
    return named(language, row.name) or row.key or say(language, "no_station")


def _cells(row: ReportRow, by: By, first: str) -> list[Any]:
    cells: list[Any] = [first]
    cells += [row.orders] if by in {"day", "hour"} else []
    cells += [row.dishes, row.portions, row.cancelled, row.late, row.late_share]
    cells += [None if row.target_s is None else row.target_s * 1000] if by == "dish" else []
    for stage in STAGES:
        span = row.span(stage)
        cells += [span.dishes, span.sum_ms, span.p50_ms, span.p90_ms]
        cells += [row.target_ms(stage)] if by == "dish" and stage in TARGETED else []
    return cells
