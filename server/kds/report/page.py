"""A kitchen's report as a page a manager reads and prints: the figures of the days, charts, tables.

Refuses scripts: the charts are drawn into the page, dates are chosen with a form.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from server.kds.report.charts import Bar, Hue, Range, columns, ranges
from server.kds.report.figures import (
    DAY_START_HOUR,
    HOURS_OF_DAY,
    STAGES,
    By,
    KitchenReport,
    ReportRow,
    Span,
    Stage,
    busiest,
    hour_key,
    hour_place,
    worst,
)
from server.kds.report.tables import title
from server.kds.report.words import Language, named, say
from server.sheets import Column, shown

STYLESHEET = "/site/kitchen-report.css"
WORST_ROWS_MAX = 10
STATION_ROWS_MAX = 20
DISH_ROWS_MAX = 60

_MINUTE_MS = 60_000


def write_page(report: KitchenReport, language: Language) -> str:
    """Return the page in one language."""
    shop = escape(named(language, report.shop))
    span = report.since if report.since == report.until else f"{report.since} – {report.until}"
    heading = escape(say(language, "title"))
    body = (
        _body(report, language)
        if report.total.dishes or report.total.cancelled
        else _nothing(language)
    )
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{shop} {heading} {span}</title>
<link rel="stylesheet" href="{STYLESHEET}"></head><body>
<header><h1>{shop}</h1><h2>{heading} · {span}</h2>{_choices(report, language)}</header>
<main>{body}</main>
</body></html>
"""


def _nothing(language: Language) -> str:
    return f'<p class="nothing">{escape(say(language, "nothing"))}</p>'


def _body(report: KitchenReport, language: Language) -> str:
    explained = escape(say(language, "explained"))
    return "\n".join(
        (_tiles(report, language), _charts(report, language), _tables(report, language),
         f"<p>{explained}</p>")
    )  # fmt: skip


def _choices(report: KitchenReport, language: Language) -> str:
    """Return what is pressed on the screen and not printed: other days, the other language, files."""
    days = f"since={report.since}&amp;until={report.until}"
    other: Language = "en" if language == "zh" else "zh"
    field = '<input type="date" name="{}" value="{}" required>'
    return f"""<nav><form method="get">
<input type="hidden" name="format" value="html"><input type="hidden" name="language" value="{language}">
<label>{say(language, "since")} {field.format("since", report.since)}</label>
<label>{say(language, "until")} {field.format("until", report.until)}</label>
<button>{say(language, "show")}</button></form>
<a href="?format=xlsx&amp;language={language}&amp;{days}">{say(language, "workbook")}</a>
<a href="?format=csv&amp;by=dish&amp;language={language}&amp;{days}">CSV</a>
<a href="?format=html&amp;language={other}&amp;{days}" hreflang="{other}">{say(language, "other")}</a></nav>"""


def _tiles(report: KitchenReport, language: Language) -> str:
    total, hour = report.total, busiest(report)
    tiles = [
        (say(language, "orders"), shown("count", total.orders), ""),
        (say(language, "dishes"), shown("count", total.dishes),
         f"{shown('count', total.portions)} {say(language, 'n_portions')}"),
        (f"{say(language, 'to_ready')} {say(language, 'p50')}", shown("ms", total.to_ready.p50_ms), ""),
        (f"{say(language, 'to_ready')} {say(language, 'p90')}", shown("ms", total.to_ready.p90_ms), ""),
        (say(language, "late_share"), shown("share", total.late_share), _late(total, language)),
        (say(language, "busiest"), hour.key if hour else "–",
         f"{_a_day(report, hour):g} {say(language, 'n_orders')}" if hour else ""),
    ]  # fmt: skip
    drawn = (
        f"<div><dt>{escape(head)}</dt><dd>{escape(figure)}</dd><dd>{escape(note)}</dd></div>"
        for head, figure, note in tiles
    )
    return f"<dl>{''.join(drawn)}</dl>"


def _late(row: ReportRow, language: Language) -> str:
    return f"{row.late} {say(language, 'of')} {row.to_ready.dishes}"


def _a_day(report: KitchenReport, row: ReportRow) -> float:
    return round((row.orders or 0) / max(report.days_open, 1), 1)


def _charts(report: KitchenReport, language: Language) -> str:
    hours = _all_hours(report)
    average = f" · {say(language, 'average')}" if report.days_open > 1 else ""
    orders = [
        Bar(row.key[:2], _a_day(report, row), note=f"{row.key} {_a_day(report, row):g}")
        for row in hours
    ]
    late = [
        Bar(row.key[:2], None if row.late_share is None else row.late_share * 100,
            note=f"{row.key} {_late(row, language)}")
        for row in hours
    ]  # fmt: skip
    times = [
        Bar(row.key[:2], _minutes(row.to_ready.p50_ms), _minutes(row.to_ready.p90_ms),
            f"{row.key} {_half_and_most(row.to_ready)}")
        for row in hours
    ]  # fmt: skip
    digits = 1 if report.days_open > 1 else 0
    drawn: list[tuple[str, list[Bar], Hue, int, tuple[str, ...]]] = [
        (say(language, "orders_an_hour") + average, orders, "plain", digits, ()),
        (say(language, "ready_by_hour"), times, "plain", 1, ("half", "most")),
        (say(language, "late_by_hour"), late, "late", 0, ()),
    ]
    figures = [
        _figure(head, columns(bars, head, hue, digits), _legend(keys, language))
        for head, bars, hue, digits, keys in drawn
    ]
    figures += [
        _figure(say(language, head), ranges(rows, say(language, head)), _legend(keys, language))
        for head, rows, keys in _ranges(report, language)
        if rows
    ]
    return f'<div class="charts">{"".join(figures)}</div>'


def _ranges(
    report: KitchenReport, language: Language
) -> list[tuple[str, list[Range], tuple[str, ...]]]:
    total = report.total
    stages = [
        Range(
            say(language, stage),
            *_within(total.span(stage)),
            None,
            _half_and_most(total.span(stage)),
        )
        for stage in STAGES
        if total.span(stage).dishes
    ]
    stations = [
        Range(title(row, "station", language), *_within(row.to_ready), None, _note(row))
        for row in report.by_station[:STATION_ROWS_MAX]
        if row.to_ready.dishes
    ]
    dishes = [
        Range(
            title(row, "dish", language),
            *_within(row.to_ready),
            (row.target_s or 0) / 60 or None,
            _note(row),
        )
        for row in worst(report.by_dish, WORST_ROWS_MAX)
    ]
    both = ("half", "most")
    return [
        ("stages", stages, both),
        ("by_station", stations, both),
        ("worst", dishes, (*both, "target")),
    ]


def _figure(head: str, drawing: str, legend: str) -> str:
    return f"<figure><figcaption><b>{escape(head)}</b>{legend}</figcaption>{drawing}</figure>"


def _legend(keys: Sequence[str], language: Language) -> str:
    return "".join(f'<span class="{key}">{escape(say(language, key))}</span>' for key in keys)


def _all_hours(report: KitchenReport) -> list[ReportRow]:
    """Return the hours from the first to the last that had something, those between that had nothing too."""
    known = {hour_place(row.key): row for row in report.by_hour}
    return [
        known.get(place) or ReportRow(hour_key((place + DAY_START_HOUR) % HOURS_OF_DAY), orders=0)
        for place in range(min(known), max(known) + 1)
    ]


def _minutes(value_ms: int | None) -> float | None:
    return None if value_ms is None else value_ms / _MINUTE_MS


def _within(span: Span) -> tuple[float, float]:
    return _minutes(span.p50_ms) or 0.0, _minutes(span.p90_ms) or 0.0


def _half_and_most(span: Span) -> str:
    return f"{shown('ms', span.p50_ms)} · {shown('ms', span.p90_ms)}"


def _target(row: ReportRow, stage: Stage) -> str:
    target_ms = row.target_ms(stage)
    return "" if target_ms is None else f" ({shown('ms', target_ms)})"


def _note(row: ReportRow) -> str:
    return f"{_half_and_most(row.to_ready)} · {shown('share', row.late_share)}"


def _tables(report: KitchenReport, language: Language) -> str:
    parts = [
        _table(report, "station", "stations", language),
        _table(report, "hour", "hours", language),
    ]
    if report.days_open > 1:
        parts.append(_table(report, "day", "days", language))
    parts.append(_table(report, "dish", "all_dishes", language))
    if len(report.by_dish) > DISH_ROWS_MAX:
        parts.append(f"<p>{escape(say(language, 'more'))}</p>")
    return "".join(parts)


def _table(report: KitchenReport, by: By, head: str, language: Language) -> str:
    shown_columns = _columns(by, language)
    rows = report.rows(by)[: DISH_ROWS_MAX if by == "dish" else None]
    lines = [_line(title(row, by, language), row, by) for row in rows]
    total = _line(say(language, "total"), report.total, by)
    heads = "".join(f"<th>{escape(column.head)}</th>" for column in shown_columns)
    body = "".join(f"<tr>{_cells(line, shown_columns)}</tr>" for line in lines)
    return (
        f"<section><h3>{escape(say(language, head))}</h3><table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{body}</tbody><tfoot><tr>{_cells(total, shown_columns)}</tr></tfoot></table></section>"
    )


def _columns(by: By, language: Language) -> list[Column]:
    """Return what there is room for on paper: the times as half and nine tenths."""
    keys = ["dishes", "portions", "cancelled"]
    found = [Column(say(language, by), "text")]
    found += [Column(say(language, "orders"))] if by in {"day", "hour"} else []
    found += [Column(say(language, key)) for key in keys]
    target = f" ({say(language, 'stage_target')})" if by == "dish" else ""
    found += [
        Column(
            f"{say(language, stage)} {say(language, 'p50')} · {say(language, 'p90')}"
            f"{'' if stage == 'delivery' else target}",
            "text",
        )
        for stage in STAGES
    ]
    return [*found, Column(say(language, "late")), Column(say(language, "late_share"), "share")]


def _line(first: str, row: ReportRow, by: By) -> list[str | float | None]:
    orders: list[str | float | None] = [row.orders] if by in {"day", "hour"} else []
    spans = [_half_and_most(row.span(stage)) + _target(row, stage) for stage in STAGES]
    return [
        first,
        *orders,
        row.dishes,
        row.portions,
        row.cancelled,
        *spans,
        row.late,
        row.late_share,
    ]


def _cells(line: Sequence[str | float | None], kinds: Sequence[Column]) -> str:
    return "".join(
        f"<td>{escape(shown(column.kind, cell))}</td>"
        for column, cell in zip(kinds, line, strict=True)
    )
