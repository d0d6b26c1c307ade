"""◆ Blocks and pictures as the bytes of an ESC/POS printer.

Text is written in the printer's own characters; pictures go in bands, none of which holds more than a
small printer's buffer. Refuses to draw.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.printing.chinese import columns_at, columns_of, encoded
from server.printing.layout import Block, Code, Row, Rule, broken
from server.printing.port import Document, Paper, Receipt

INIT = b"\x1b@"
CUT = b"\x1bd\x05\x1dV\x01"
FEED = b"\x1bd\x05"
BEEP = b"\x1bB\x02\x03"
DRAWER = b"\x1bp\x00\x32\x32"
BAND_ROWS_MAX = 128  # 9 KB of 80 mm paper
CODE_BYTES_MAX = 1_200
CODE_DOTS = 6  # of one module of a QR code
_DLE = 0x10
_REAL_TIME = frozenset(b"\x04\x05\x14")


def framed(body: bytes, document: Document, paper: Paper) -> bytes:
    """Return a paper's bytes between what wakes a printer and what cuts; a copy opens no drawer."""
    head = INIT + (BEEP if paper.buzzer else b"")
    if paper.drawer and isinstance(document, Receipt) and document.copy == 1:
        head += DRAWER
    return head + body + (CUT if paper.cutter else FEED)


def padding(paper: Paper) -> bytes:
    """Return what ends a command that was cut off: as much of nothing as the longest one takes.

    A printer that waits for the rest of a picture takes the next paper for it, and prints what follows as
    characters. NUL means nothing to one that does not wait.
    """
    picture = paper.width_dots // 8 * BAND_ROWS_MAX
    return bytes(8 + (picture if paper.mode == "raster" else CODE_BYTES_MAX))


def as_characters(blocks: list[Block], paper: Paper) -> bytes:
    """Return blocks in the printer's own characters."""
    out = []
    for block in blocks:
        if isinstance(block, Row):
            out += [_row(one, paper) for one in broken(block, paper.columns, columns_at)]
        elif isinstance(block, Rule):
            out.append((b"=" if block.heavy else b"-") * paper.columns + b"\n")
        else:
            out.append(_code(block))
    return b"".join(out)


def as_bands(rows: bytes, width_dots: int) -> bytes:
    """Return a picture, one bit a dot and black is 1, as raster bands."""
    line = width_dots // 8
    band = line * BAND_ROWS_MAX
    out = []
    for start in range(0, len(rows), band):
        part = _harmless(rows[start : start + band])
        size = line.to_bytes(2, "little") + (len(part) // line).to_bytes(2, "little")
        out.append(b"\x1dv0\x00" + size + part)
    return b"".join(out)


def _harmless(dots: bytes) -> bytes:
    """Blacken a dot wherever a picture would say DLE EOT, ENQ or DC4: printers obey those anywhere."""
    safe = bytearray(dots)
    for at in range(len(safe) - 1):
        if safe[at] == _DLE and safe[at + 1] in _REAL_TIME:
            safe[at] |= 0x08
    return bytes(safe)


def _row(row: Row, paper: Paper) -> bytes:
    scale = row.size - 1
    style = b"\x1d!" + bytes([scale << 4 | scale]) + b"\x1bE" + bytes([row.bold])
    # Double size again for Chinese alone: some printers magnify it by this only.
    style += b"\x1c!" + bytes([0x0C if scale else 0]) + b"\x1dB" + bytes([row.inverse])
    return style + encoded(_placed(row, paper.columns // row.size), paper.encoding) + b"\n" + _PLAIN


_PLAIN = b"\x1dB\x00\x1d!\x00\x1bE\x00\x1c!\x00"


def _placed(row: Row, columns: int) -> str:
    free = columns - columns_of(row.text) - columns_of(row.right)
    if row.right:
        return f"{row.text}{' ' * max(1, free)}{row.right}"
    before = free // 2 if row.center else 0
    after = free - before if row.inverse else 0
    return f"{' ' * before}{row.text}{' ' * after}"


def _code(code: Code) -> bytes:
    data = code.data.encode()[:CODE_BYTES_MAX]
    calls = [
        b"1A2\x00",  # model 2
        b"1C" + bytes([CODE_DOTS]),
        b"1E1",  # errors corrected: M
        b"1P0" + data,
        b"1Q0",
    ]
    codes = b"".join(b"\x1d(k" + len(one).to_bytes(2, "little") + one for one in calls)
    return b"\x1ba\x01" + codes + b"\n\x1ba\x00"


def lines_of(blocks: list[Block], paper: Paper) -> Iterator[str]:
    """Yield blocks as people read them in a file."""
    for block in blocks:
        if isinstance(block, Rule):
            yield ("=" if block.heavy else "-") * paper.columns
        elif isinstance(block, Code):
            yield block.data
        else:
            for row in broken(block, paper.columns, columns_at):
                yield _placed(row, paper.columns // row.size).rstrip()
