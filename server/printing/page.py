"""◆ A paper as a page: the same rows, broken where the paper breaks them, for a window and for screen readers.

The stylesheet is the site's (`site/paper.css`). Refuses scripts and styles of its own, and to break lines:
where they break, its caller knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

import segno

from server.printing.layout import Block, Code, Row, Rule
from server.printing.port import Language

STYLESHEET = "/site/paper.css"
NARROW_DOTS_MAX = 448  # 58 mm of paper; what is wider is 80 mm
TITLES: dict[Language, str] = {"zh": "小票预览", "en": "Paper preview"}


def as_page(
    blocks: Iterable[Block],
    width_dots: int,
    language: Language,
    break_row: Callable[[Row], list[Row]],
) -> str:
    """Return blocks as a page; `break_row` says where this printer breaks a row."""
    wide = "narrow" if width_dots <= NARROW_DOTS_MAX else "wide"
    lines = "\n".join(_block(block, break_row) for block in blocks)
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{TITLES[language]}</title>
<link rel="stylesheet" href="{STYLESHEET}"></head><body>
<main class="{wide}">
{lines}
</main></body></html>
"""


def _block(block: Block, break_row: Callable[[Row], list[Row]]) -> str:
    if isinstance(block, Rule):
        return '<hr class="heavy">' if block.heavy else "<hr>"
    if isinstance(block, Code):
        return _code(block)
    return "\n".join(_row(one) for one in break_row(block))


def _row(row: Row) -> str:
    looks = [f"size{row.size}"]
    looks += [name for name in ("inverse", "center") if getattr(row, name)]
    said = escape(row.text)
    said = f"<b>{said}</b>" if row.bold else said
    right = f"<span>{escape(row.right)}</span>" if row.right else ""
    return f'<p class="{" ".join(looks)}"><span>{said}</span>{right}</p>'


def _code(code: Code) -> str:
    drawn = segno.make_qr(code.data, error="m").svg_inline(scale=1, border=2, omitsize=True)
    return f'<figure role="img" aria-label="{escape(code.data)}">{drawn}</figure>'
