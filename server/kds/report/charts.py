"""◆ Two kinds of charts as inline SVG: columns over the hours of a day, and bars with a half and a nine-tenths mark.

How they are coloured is the stylesheet's (`site/kitchen-report.css`), by class. What is dark on the screen is dark
in grey too, and every figure stands there in digits. Refuses to run a script or to load anything.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from html import escape
from typing import Literal, NamedTuple

Hue = Literal["plain", "late"]

WIDTH = 540
COLUMNS_HEIGHT = 210
_LEFT, _TOP, _BOTTOM = 34, 18, 24
_LABELLED_FROM = 15  # a column this high has room for digits inside

ROW_HEIGHT = 28
_NAMES, _NOTES = 156, 150  # room for words at the left and at the right
_NAME_CELLS_MAX = 20  # a Chinese character takes two

_TICKS_MAX = 5
_STEPS = (1, 2, 2.5, 5, 10)


class Bar(NamedTuple):
    """A column: to `value`, dark; to `most`, light, behind it. None: nothing is known."""

    label: str
    value: float | None
    most: float | None = None
    note: str = ""


class Range(NamedTuple):
    """A row: half were within `half`, nine of ten within `most`; `target` is a mark."""

    label: str
    half: float
    most: float
    target: float | None
    note: str


def steps(highest: float, *, whole: bool = False) -> list[float]:
    """Return the marks of an axis from 0 to at least `highest`, at most six; `whole`: no fractions."""
    rough = max(highest, 1e-9) / _TICKS_MAX
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(one * scale for one in _STEPS if one * scale >= rough * (1 - 1e-9))
    if whole:
        step = max(1.0, math.ceil(step))
    return [round(step * number, 6) for number in range(math.ceil(highest / step - 1e-9) + 1)] or [
        0
    ]


def columns(bars: Sequence[Bar], says: str, hue: Hue = "plain", digits: int = 0) -> str:
    """Return columns side by side; `says` is read aloud for the picture, `hue` the colour."""
    highest = max((max(bar.value or 0, bar.most or 0) for bar in bars), default=0)
    marks = steps(highest or 1, whole=not digits)
    high = COLUMNS_HEIGHT - _TOP - _BOTTOM
    slot = (WIDTH - _LEFT) / max(len(bars), 1)
    parts = [_grid(mark, COLUMNS_HEIGHT - _BOTTOM - high * mark / marks[-1]) for mark in marks]
    for number, bar in enumerate(bars):
        place = _Slot(_LEFT + slot * number, slot, high / marks[-1], digits)
        parts.append(_column(bar, place, hue))
    return _svg(COLUMNS_HEIGHT, says, "".join(parts))


class _Slot(NamedTuple):
    left: float
    width: float
    scale: float
    digits: int


def _column(bar: Bar, slot: _Slot, hue: Hue) -> str:
    base = COLUMNS_HEIGHT - _BOTTOM
    middle = slot.left + slot.width / 2
    wide = min(slot.width * 0.72, 46)
    drawn = [_text(middle, COLUMNS_HEIGHT - 8, bar.label, "label", "middle")]
    for value, as_class in ((bar.most, f"most {hue}"), (bar.value, f"half {hue}")):
        if value is not None:
            high = value * slot.scale
            drawn.append(_box(middle - wide / 2, base - high, wide, high, as_class))
    top = max(bar.value or 0, bar.most or 0)
    if bar.value is not None:
        drawn.append(
            _text(middle, base - top * slot.scale - 4, f"{top:.{slot.digits}f}", "value", "middle")
        )
    high = (bar.value or 0) * slot.scale
    if bar.most is not None and high >= _LABELLED_FROM:
        drawn.append(
            _text(middle, base - high + 12, f"{bar.value:.{slot.digits}f}", "inside", "middle")
        )
    return f"<g><title>{escape(bar.note)}</title>{''.join(drawn)}</g>"


def ranges(rows: Sequence[Range], says: str) -> str:
    """Return bars below each other, in minutes, with what there is to say at their right."""
    highest = max((max(row.most, row.target or 0) for row in rows), default=0)
    marks = steps(highest or 1)
    plot = WIDTH - _NAMES - _NOTES
    scale = plot / marks[-1]
    height = ROW_HEIGHT * len(rows) + _BOTTOM
    foot = height - _BOTTOM
    parts = []
    for mark in marks:
        x = _NAMES + mark * scale
        parts.append(f'<path class="grid" d="M{x:.1f} 0V{foot}"/>')
        parts.append(_text(x, height - 8, f"{mark:g}", "label", "middle"))
    parts += [_range(row, number * ROW_HEIGHT, scale) for number, row in enumerate(rows)]
    return _svg(height, says, "".join(parts))


def _range(row: Range, top: float, scale: float) -> str:
    middle = top + ROW_HEIGHT / 2 + 4
    drawn = [
        _text(_NAMES - 10, middle, clipped(row.label, _NAME_CELLS_MAX), "name", "end"),
        _box(_NAMES, top + 7, row.most * scale, ROW_HEIGHT - 14, "most plain"),
        _box(_NAMES, top + 7, row.half * scale, ROW_HEIGHT - 14, "half plain"),
        _text(WIDTH - _NOTES + 12, middle, row.note, "note", "start"),
    ]
    if row.target is not None:
        x = _NAMES + row.target * scale
        drawn.append(f'<path class="target" d="M{x:.1f} {top + 3}v{ROW_HEIGHT - 6}"/>')
    return f"<g><title>{escape(f'{row.label} {row.note}')}</title>{''.join(drawn)}</g>"


def clipped(words: str, cells_max: int) -> str:
    """Return words cut to a width; a Chinese character takes two cells."""
    taken = 0
    for number, letter in enumerate(words):
        taken += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if taken > cells_max:
            return f"{words[: number - 1]}…"
    return words


def _svg(height: float, says: str, inside: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(says)}">{inside}</svg>'


def _grid(mark: float, y: float) -> str:
    line = f'<path class="grid" d="M{_LEFT} {y:.1f}H{WIDTH}"/>'
    return line + _text(_LEFT - 6, y + 4, f"{mark:g}", "label", "end")


def _box(x: float, y: float, width: float, height: float, as_class: str) -> str:
    return f'<rect class="{as_class}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _text(x: float, y: float, words: str, as_class: str, anchor: str) -> str:
    return f'<text class="{as_class}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
