"""What a printer puts on paper for what it was sent: sheets as pictures, cut where it cuts.

Draws the way printers do: characters in cells of 12 and 24 dots, magnified by repeating dots. Refuses to
guess: what it does not understand leaves its mark in `lost`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from PIL import Image, ImageDraw, ImageOps

from server.printing.layout import Code
from server.printing.picture import CHARACTER_DOTS, ROWS_MAX, code_drawn, font
from server.printing.port import Paper
from server.printing.virtual.reader import Op, Reader

PITCH_DOTS = 30  # from line to line, unless told otherwise
LATIN_DOTS, LATIN_BASE, HANZI_BASE = 20, 19, 21
TAB_COLUMNS = 8
LOST_MAX, CUT_SHORT_BYTES = 100, 16
LINE_PIECES_MAX = 1_000  # printed over each other
_BOLD_BITS, _HIGH_BIT, _WIDE_BIT = 0x08, 0x10, 0x20


class Look(NamedTuple):
    """How characters look; `wide` and `high` are times."""

    wide: int = 1
    high: int = 1
    bold: bool = False
    inverse: bool = False
    underline: bool = False


class Sheets:
    """Paper coming out: `done` are the sheets that were cut off."""

    def __init__(self, paper: Paper) -> None:
        self.done: list[Image.Image] = []
        self.texts: list[str] = []  # of each of them
        self.lost: list[bytes] = []
        self.beeps = self.pulses = 0
        self.text = ""  # of the sheet that is still in the printer
        self._paper = paper
        self._cell = CHARACTER_DOTS // 2
        self._strips: list[Image.Image] = []
        self._height = 0
        self._symbol = b""
        self._graphics: Image.Image | None = None
        self._fresh()

    def _fresh(self) -> None:
        self._look, self._align, self._pitch = Look(), 0, PITCH_DOTS
        self._line: list[tuple[int, Image.Image]] = []
        self._across = 0

    @property
    def begun(self) -> bool:
        """Return whether something stands on paper that is not cut off."""
        return bool(self._strips or self._line)

    def print(self, op: Op) -> None:
        """Do what a command says."""
        if op.name == "text":
            self._set(op.text)
        elif op.name == "lost":
            self.lost = [*self.lost, op.data][-LOST_MAX:]
        else:
            do = self._does.get(op.name)
            try:
                if do is not None:
                    do(self, op.data)
            except (IndexError, ValueError):  # arguments that say one thing and carry another
                self.lost = [*self.lost, op.data[:CUT_SHORT_BYTES]][-LOST_MAX:]
            if len(self._line) > LINE_PIECES_MAX:
                self._feed(b"")

    def cut(self) -> None:
        """Take the sheet out, as it is."""
        if self._line:
            self._feed(b"")
        if self._strips:
            sheet = Image.new("1", (self._paper.width_dots, self._height), 1)
            top = 0
            for strip in self._strips:
                sheet.paste(strip, (0, top))
                top += strip.height
            self.done.append(sheet)
            self.texts.append(self.text)
        self._strips, self._height, self.text = [], 0, ""

    def torn(self) -> None:
        """Forget the line and the style of what was interrupted: the printer starts anew."""
        self._fresh()

    def _set(self, text: str) -> None:
        self.text += text
        for one in text:
            glyph = self._glyph(one)
            if self._across + glyph.width > self._paper.width_dots:
                self._feed(b"")
            self._line.append((self._across, glyph))
            self._across += glyph.width

    def _glyph(self, one: str) -> Image.Image:
        look = self._look
        width = self._cell * (1 if one.isascii() or "\u2500" <= one <= "\u259f" else 2)
        piece = Image.new("L", (width, CHARACTER_DOTS), 255)
        draw = ImageDraw.Draw(piece)
        latin = width == self._cell
        face, base = (font(LATIN_DOTS), LATIN_BASE) if latin else (font(CHARACTER_DOTS), HANZI_BASE)
        heavy = 0.4 if look.bold else 0
        draw.text((width / 2, base), one, 0, face, anchor="ms", stroke_width=heavy)
        if look.underline:
            draw.line((0, CHARACTER_DOTS - 1, width, CHARACTER_DOTS - 1), fill=0)
        large = piece.resize(
            (width * look.wide, CHARACTER_DOTS * look.high), Image.Resampling.NEAREST
        ).point(lambda grey: 255 if grey > 143 else 0)  # noqa: PLR2004 - as picture.INK_MIN
        return ImageOps.invert(large) if look.inverse else large

    def _feed(self, _data: bytes) -> None:
        """End the line."""
        self.text += "\n"
        height = max([self._pitch, *(piece.height for _, piece in self._line)])
        strip = Image.new("1", (self._paper.width_dots, height), 1)
        free = self._paper.width_dots - self._across
        left = {0: 0, 1: free // 2, 2: free}[self._align]
        for x, piece in self._line:
            strip.paste(piece, (left + x, (height - piece.height) // 2))
        self._put(strip)
        self._line, self._across = [], 0

    def _put(self, strip: Image.Image) -> None:
        if strip.height and self._height + strip.height <= ROWS_MAX:
            self._strips.append(strip)
            self._height += strip.height

    def _blank(self, dots: int) -> None:
        if self._line:
            self._feed(b"")
        room = max(0, ROWS_MAX - self._height)
        self._put(Image.new("1", (self._paper.width_dots, min(dots, room)), 1))

    def _picture(self, picture: Image.Image) -> None:
        if self._line:
            self._feed(b"")
        strip = Image.new("1", (self._paper.width_dots, picture.height), 1)
        free = max(0, self._paper.width_dots - picture.width)
        strip.paste(picture, ({0: 0, 1: free // 2, 2: free}[self._align], 0))
        self._put(strip)

    def _raster(self, data: bytes) -> None:
        mode = data[1] & 3
        line, rows = int.from_bytes(data[2:4], "little"), int.from_bytes(data[4:6], "little")
        self._picture(_magnified(_bits(data[6:], line * 8, rows), 1 + (mode & 1), 1 + (mode >> 1)))

    def _columned(self, data: bytes) -> None:
        """ESC *: a strip of columns, 8 or 24 dots high."""
        tall = 3 if data[0] in {32, 33} else 1
        width = int.from_bytes(data[1:3], "little")
        picture = Image.new("1", (max(1, width), tall * 8), 1)
        for x in range(width):
            column = int.from_bytes(data[3 + x * tall : 3 + (x + 1) * tall], "big")
            for y in range(tall * 8):
                if column >> (tall * 8 - 1 - y) & 1:
                    picture.putpixel((x, y), 0)
        wide = 2 if data[0] in {0, 32} else 1
        picture = _magnified(picture, wide, 3 if tall == 1 else 1)
        self._line.append((self._across, picture))
        self._across += picture.width

    def _graphic(self, data: bytes) -> None:
        """GS ( L and GS 8 L: function 112 keeps a picture, 2 or 50 prints it."""
        start = data.find(b"0")  # m is 48 in every function there is
        function, rest = data[start + 1], data[start + 2 :]
        if function == 112:  # noqa: PLR2004
            width = int.from_bytes(rest[4:6], "little")
            height = int.from_bytes(rest[6:8], "little")
            self._graphics = _magnified(_bits(rest[8:], width, height), rest[1], rest[2])
        elif function in {2, 50} and self._graphics is not None:
            self._picture(self._graphics)
            self._graphics = None

    def _code(self, data: bytes) -> None:
        """GS ( k: function 80 keeps what a QR code says, 81 prints it."""
        kind, function = data[3:4], data[4:5]
        if kind != b"1":
            self.lost = [*self.lost, data[:5]][-LOST_MAX:]
        elif function == b"P":
            self._symbol = data[6:]
        elif function == b"Q" and self._symbol:
            said = self._symbol.decode("utf-8", "replace")
            self.text += f"[QR {said}]"
            self._picture(code_drawn(Code(said), self._paper.width_dots).convert("1"))

    def _mode(self, data: bytes) -> None:
        bits = data[0]
        self._look = Look(
            wide=2 if bits & _WIDE_BIT else 1,
            high=2 if bits & _HIGH_BIT else 1,
            bold=bool(bits & _BOLD_BITS),
            underline=bool(bits & 0x80),
            inverse=self._look.inverse,
        )

    def _size(self, data: bytes) -> None:
        wide, high = (data[0] >> 4 & 7) + 1, (data[0] & 7) + 1
        self._look = self._look._replace(wide=wide, high=high)

    def _cut(self, data: bytes) -> None:
        if len(data) > 1:
            self._blank(data[1])
        self.cut()

    def _beep(self, data: bytes) -> None:
        self.beeps += 1

    def _pulse(self, data: bytes) -> None:
        self.pulses += 1

    def _aligned(self, data: bytes) -> None:
        self._align = data[0] % 48 if data[0] % 48 < 3 else 0  # noqa: PLR2004 - left, middle, right

    def _initialise(self, data: bytes) -> None:
        self._fresh()

    def _bold(self, data: bytes) -> None:
        self._look = self._look._replace(bold=bool(data[0] & 1))

    def _inverse(self, data: bytes) -> None:
        self._look = self._look._replace(inverse=bool(data[0] & 1))

    def _underline(self, data: bytes) -> None:
        self._look = self._look._replace(underline=bool(data[0] & 3))

    def _pitched(self, data: bytes) -> None:
        self._pitch = data[0] if data else PITCH_DOTS

    def _feed_lines(self, data: bytes) -> None:
        self._blank(data[0] * self._pitch)

    def _feed_dots(self, data: bytes) -> None:
        self._blank(data[0])

    def _go_across(self, data: bytes) -> None:
        self._across = min(int.from_bytes(data, "little"), self._paper.width_dots)

    def _go_along(self, data: bytes) -> None:
        step = int.from_bytes(data, "little", signed=True)
        self._across = min(max(0, self._across + step), self._paper.width_dots)

    def _tab(self, data: bytes) -> None:
        stop = TAB_COLUMNS * self._cell
        self._across = min((self._across // stop + 1) * stop, self._paper.width_dots)

    _does: ClassVar[dict[str, Callable[[Sheets, bytes], None]]] = {
        "newline": _feed, "init": _initialise, "cut": _cut, "size": _size,
        "mode": _mode, "bold": _bold, "inverse": _inverse,
        "underline": _underline, "align": _aligned, "pitch": _pitched,
        "feed_lines": _feed_lines, "feed_dots": _feed_dots, "raster": _raster,
        "columns": _columned, "graphics": _graphic, "long_graphics": _graphic,
        "symbol": _code, "beep": _beep, "drawer": _pulse,
        "across": _go_across, "along": _go_along, "tab": _tab,
    }  # fmt: skip


def _bits(data: bytes, width: int, height: int) -> Image.Image:
    if not width or not height:
        return Image.new("1", (1, 1), 1)
    return Image.frombytes("1", (width, height), bytes(byte ^ 0xFF for byte in data))


def _magnified(picture: Image.Image, wide: int, high: int) -> Image.Image:
    if (wide, high) == (1, 1):
        return picture
    size = (picture.width * min(wide, 2), picture.height * min(high, 3))
    return picture.resize(size, Image.Resampling.NEAREST)


def printed(data: bytes, paper: Paper) -> list[Image.Image]:
    """Return the sheets a printer makes of these bytes; what it did not cut is one more."""
    sheets = Sheets(paper)
    for op in Reader(paper.encoding).take(data):
        sheets.print(op)
    sheets.cut()
    return sheets.done
