"""A report's charts and cells: marks that can be read, words that stay words."""

from __future__ import annotations

import pytest

from server.kds.report.charts import Bar, Range, clipped, columns, ranges, steps
from server.sheets import Column, Kind, Table, as_csv, shown


@pytest.mark.parametrize(
    ("highest", "whole", "marks"),
    [
        (21, True, [0, 5, 10, 15, 20, 25]),
        (3, True, [0, 1, 2, 3]),
        (1, True, [0, 1]),
        (0.7, False, [0, 0.2, 0.4, 0.6, 0.8]),
        (12.6, False, [0, 5, 10, 15]),
        (10, False, [0, 2, 4, 6, 8, 10]),
        (540, True, [0, 200, 400, 600]),
    ],
)
def test_an_axis_has_few_round_marks(highest: float, whole: bool, marks: list[float]) -> None:
    """The last mark is at least the highest value, and nobody counts half an order (R-000-20)."""
    assert steps(highest, whole=whole) == marks


def test_a_column_without_a_time_stays_empty() -> None:
    """An hour in which nothing became ready has its place and no figure; nought is a figure."""
    drawn = columns([Bar("11", None), Bar("12", 0.0), Bar("13", 4.0, 9.0)], "times", digits=1)
    assert [drawn.count(f">{label}<") for label in ("11", "12", "13")] == [1, 1, 1]
    assert drawn.count('class="value"') == 2
    assert ">4.0</text>" in drawn
    assert ">9.0</text>" in drawn


def test_words_in_a_chart_are_escaped_and_clipped() -> None:
    """A dish may be called what it likes; a long name does not run into its bar."""
    drawn = ranges([Range("<script>" * 9, 3, 6, 5, "3:00 · 6:00")], "late & slow")
    assert "<script" not in drawn
    assert 'aria-label="late &amp; slow"' in drawn
    assert drawn.count('class="target"') == 1
    assert clipped("蒜蓉粉丝蒸扇贝", 10) == "蒜蓉粉丝…"
    assert clipped("Kung pao chicken", 16) == "Kung pao chicken"


@pytest.mark.parametrize(
    ("kind", "value", "page", "cell"),
    [
        ("ms", 185_400, "3:05", "185.400"),
        ("ms", 3_725_000, "1:02:05", "3725.000"),
        ("share", 0.125, "12.5%", "0.1250"),
        ("fen", 123_450, "1,234.50", "1234.50"),
        ("count", 1_200, "1,200", "1200"),
        ("text", "@SUM(A1)", "@SUM(A1)", "'@SUM(A1)"),
        ("ms", None, "–", ""),
    ],
)
def test_a_cell_is_written_for_its_reader(kind: Kind, value: object, page: str, cell: str) -> None:
    """People read minutes and per cent, a spreadsheet counts; neither runs a formula."""
    assert shown(kind, value) == page
    table = as_csv(Table("t", [Column("a", kind), Column("b")], [[value, 1]]))
    assert table.decode("utf-8-sig").splitlines()[1].rsplit(",", 1)[0].strip('"') == cell
