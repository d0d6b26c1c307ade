"""Papers as pictures, for printers that know no Chinese: whatever a font has, they print.

The font is the product's own (`fonts/`); what it lacks is its empty box. Refuses to know what
is on a paper.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

from server.printing.layout import Block, Code, Row, Rule, broken

FONT = Path(__file__).parent / "fonts" / "paper.otf"
CHARACTER_DOTS = 24  # of a Chinese character at size 1, as in a printer's own font
LEADING_DOTS = 6
RULE_DOTS = 12
BASELINE = 0.86  # of a character's height, from its top
CODE_DOTS = 6
ROWS_MAX = 16_000  # two metres; what is longer was a mistake
INK_MIN = 112  # of 255: how grey becomes black, so that thin strokes stay whole


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font with characters of so many dots."""
    return ImageFont.truetype(FONT, size, layout_engine=ImageFont.Layout.BASIC)


def drawn(blocks: list[Block], width_dots: int) -> Image.Image:
    """Return blocks as a picture of black on white, as wide as the paper."""
    pieces = [piece for block in blocks for piece in _pieces(block, width_dots)]
    height = min(sum(piece.height for piece in pieces), ROWS_MAX)
    sheet = Image.new("L", (width_dots, max(1, height)), 255)
    top = 0
    for piece in pieces:
        sheet.paste(piece, (0, top))
        top += piece.height
    return sheet.point(lambda grey: 255 if grey > 255 - INK_MIN else 0).convert("1")


def dots(picture: Image.Image) -> bytes:
    """Return a picture as a printer takes it: rows from the top, eight dots a byte, black is 1."""
    return bytes(byte ^ 0xFF for byte in picture.tobytes())


def measured(text: str, size: int) -> int:
    """Return how many dots a text takes at a size."""
    return int(font(CHARACTER_DOTS * size).getlength(text)) + size


def _pieces(block: Block, width_dots: int) -> list[Image.Image]:
    if isinstance(block, Row):
        return [_row(one, width_dots) for one in broken(block, width_dots, measured)]
    if isinstance(block, Rule):
        piece = Image.new("L", (width_dots, RULE_DOTS), 255)
        middle = RULE_DOTS // 2
        thick = 3 if block.heavy else 1
        ImageDraw.Draw(piece).rectangle((0, middle - 1, width_dots, middle - 2 + thick), fill=0)
        return [piece]
    return [code_drawn(block, width_dots)]


def _row(row: Row, width_dots: int) -> Image.Image:
    paper, ink = (0, 255) if row.inverse else (255, 0)
    leading = LEADING_DOTS * min(row.size, 2)
    height = CHARACTER_DOTS * row.size + leading
    base = leading // 2 + BASELINE * CHARACTER_DOTS * row.size
    piece = Image.new("L", (width_dots, height), paper)
    draw = ImageDraw.Draw(piece)
    face, heavy = font(CHARACTER_DOTS * row.size), row.size / 3 if row.bold else 0
    free = width_dots - measured(row.text, row.size)
    left = free // 2 if row.center else 0
    draw.text((left, base), row.text, ink, face, anchor="ls", stroke_width=heavy)
    if row.right:
        right = (width_dots - 1, base)
        draw.text(right, row.right, ink, face, anchor="rs", stroke_width=heavy)
    return piece


def code_drawn(code: Code, width_dots: int) -> Image.Image:
    """Return a QR code in the middle of a strip of paper, as large as fits and `CODE_DOTS` a module at most."""
    matrix = segno.make_qr(code.data, error="m").matrix
    side = len(matrix) + 4
    scale = max(1, min(CODE_DOTS, width_dots // side))
    small = Image.new("L", (side, side), 255)
    for y, line in enumerate(matrix):
        for x, dark in enumerate(line):
            if dark:
                small.putpixel((x + 2, y + 2), 0)
    piece = Image.new("L", (width_dots, side * scale), 255)
    large = small.resize((side * scale, side * scale), Image.Resampling.NEAREST)
    piece.paste(large, ((width_dots - large.width) // 2, 0))
    return piece
