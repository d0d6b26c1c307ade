"""◆ ESC/POS as it arrives: bytes in pieces, commands out, each whole.

Knows the length of what it does not draw, so that arguments never come out as text. Written from the
manuals and not from our own encoder: it is what the encoder is checked by. Refuses to draw.
"""

from __future__ import annotations

from typing import NamedTuple

from server.printing.port import Encoding

UNFINISHED_BYTES_MAX = 1_048_576  # one picture; what claims to be larger is noise


class Op(NamedTuple):
    """A command with what it carries; `text` carries characters, `lost` what nobody understood."""

    name: str
    data: bytes = b""
    text: str = ""


# command → (name, bytes of arguments)
_ESC = {
    b"@": ("init", 0), b"!": ("mode", 1), b"a": ("align", 1), b"d": ("feed_lines", 1),
    b"J": ("feed_dots", 1), b"E": ("bold", 1), b"G": ("bold", 1), b"-": ("underline", 1),
    b"M": ("font", 1), b"t": ("page", 1), b"R": ("country", 1), b"2": ("pitch", 0),
    b"3": ("pitch", 1), b" ": ("gap", 1), b"$": ("across", 2), b"\\": ("along", 2),
    b"{": ("upside_down", 1), b"V": ("turned", 1), b"r": ("colour", 1), b"p": ("drawer", 3),
    b"B": ("beep", 2), b"i": ("cut", 0), b"m": ("cut", 0), b"=": ("peripheral", 1),
    b"c": ("sensor", 2), b"L": ("page_mode", 0), b"S": ("line_mode", 0), b"T": ("direction", 1),
    b"W": ("window", 8), b"u": ("peripheral_status", 1), b"v": ("paper_sensor", 0),
}  # fmt: skip
_FS = {
    b"&": ("hanzi_on", 0), b".": ("hanzi_off", 0), b"!": ("hanzi_mode", 1),
    b"-": ("hanzi_underline", 1), b"S": ("hanzi_gap", 2), b"C": ("hanzi_code", 1),
    b"W": ("hanzi_double", 1), b"p": ("logo", 2),
}  # fmt: skip
_GS = {
    b"!": ("size", 1), b"B": ("inverse", 1), b"a": ("tell", 1), b"r": ("ask", 1), b"I": ("who", 1),
    b"L": ("margin", 2), b"W": ("width", 2), b"P": ("units", 2), b"h": ("bar_height", 1),
    b"w": ("bar_width", 1), b"H": ("bar_text", 1), b"f": ("bar_font", 1), b"$": ("down", 2),
    b"\\": ("down_along", 2), b"b": ("smooth", 1), b"/": ("stored_picture", 1),
}  # fmt: skip
_TABLES = {0x1B: _ESC, 0x1C: _FS, 0x1D: _GS}
_DLE_EOT, _DLE_ENQ, _DLE_DC4 = 0x04, 0x05, 0x14
_LF, _CR, _HT, _FF, _DLE = 0x0A, 0x0D, 0x09, 0x0C, 0x10
_CONTROLS = {_LF: "newline", _HT: "tab", _FF: "form"}
_SPACE, _LEAD_MIN = 0x20, 0x81
_PAGES = {2: "cp850", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858"}
_KATAKANA, _FRAMES = 1, "▁▂▃▄▅▆▇█▏▎▍▌▋▊▉┼┴┬┤├▔─│▕┌┐└┘╭╮╰╯"
_FOUR = range(0x30, 0x3A)  # GB18030's second and fourth bytes


class Reader:
    """What one connection sends. A printer sold in China begins in Chinese mode."""

    def __init__(self, encoding: Encoding = "gb18030") -> None:
        self._encoding = encoding
        self._left = b""
        self._hanzi = True
        self._page = 0

    def take(self, data: bytes) -> list[Op]:
        """Take bytes; return the commands that are whole now."""
        self._left += data
        ops, at = [], 0
        while at < len(self._left):
            op, size = self._next(self._left[at : at + UNFINISHED_BYTES_MAX])
            if not size:
                if len(self._left) - at >= UNFINISHED_BYTES_MAX:
                    at = len(self._left)
                    ops.append(Op("lost"))
                break
            at += size
            if op is not None:
                self._follow(op)
                ops.append(op)
        self._left = self._left[at:]
        return ops

    @property
    def unfinished(self) -> bytes:
        """Return the beginning of a command whose end did not come."""
        return self._left

    def _follow(self, op: Op) -> None:
        if op.name == "page":
            self._page = op.data[0]
        elif op.name in {"init", "hanzi_on"}:
            self._hanzi = True
            self._page = 0 if op.name == "init" else self._page
        elif op.name == "hanzi_off":
            self._hanzi = False

    def _next(self, held: bytes) -> tuple[Op | None, int]:
        first = held[0]
        if first >= _SPACE:
            return self._character(held)
        if first in _TABLES:
            return _command(held)
        if first == _DLE:
            return _real_time(held)
        if first in _CONTROLS:
            return Op(_CONTROLS[first]), 1
        return None, 1  # NUL, CR and what means nothing

    def _character(self, held: bytes) -> tuple[Op | None, int]:
        if held[0] < 0x80:  # noqa: PLR2004 - ASCII ends here
            return Op("text", text=chr(held[0])), 1
        if self._encoding == "utf8":
            size = 4 if held[0] >= 0xF0 else 3 if held[0] >= 0xE0 else 2  # noqa: PLR2004
        elif not self._hanzi:
            return Op("text", text=_western(held[0], self._page)), 1
        elif held[0] < _LEAD_MIN:
            return Op("lost", held[:1]), 1
        else:
            size = 4 if self._encoding == "gb18030" and held[1:2] and held[1] in _FOUR else 2
        if len(held) < size:
            return None, 0
        try:
            return Op("text", text=held[:size].decode(self._encoding)), size
        except UnicodeDecodeError:
            return Op("lost", held[:1]), 1


def _western(byte: int, page: int) -> str:
    if page == _KATAKANA and byte < 0x80 + len(_FRAMES):
        return _FRAMES[byte - 0x80]
    return bytes([byte]).decode(_PAGES.get(page, "cp437"), "replace")


def _real_time(held: bytes) -> tuple[Op | None, int]:
    if len(held) < 3:  # noqa: PLR2004 - DLE, which, n
        return None, 0 if len(held) == 1 or held[1] in {_DLE_EOT, _DLE_ENQ, _DLE_DC4} else 1
    if held[1] == _DLE_EOT:
        return Op("status", held[2:3]), 3
    if held[1] == _DLE_ENQ:
        return Op("recover", held[2:3]), 3
    if held[1] == _DLE_DC4:
        size = {1: 5, 2: 5, 8: 10}.get(held[2], 3)
        return (Op("real_time", held[2:size]), size) if len(held) >= size else (None, 0)
    return None, 1


def _command(held: bytes) -> tuple[Op | None, int]:
    if len(held) < 2:  # noqa: PLR2004 - the sign and the command
        return None, 0
    known = _TABLES[held[0]].get(held[1:2])
    if known is not None:
        name, count = known
        size = 2 + count
        return (Op(name, held[2:size]), size) if len(held) >= size else (None, 0)
    found = _LONG.get(held[:2])
    if found is None:
        return Op("lost", held[:2]), 2
    name, size = found(held)
    return (Op(name, held[2:size]), size) if 0 < size <= len(held) else (None, 0)


def _little(two: bytes) -> int:
    return int.from_bytes(two, "little")


def _cut(held: bytes) -> tuple[str, int]:
    plain = {0, 1, 48, 49}
    return "cut", 0 if len(held) < 3 else 3 if held[2] in plain else 4  # noqa: PLR2004


def _raster(held: bytes) -> tuple[str, int]:
    whole = len(held) >= 8  # noqa: PLR2004 - the head of GS v 0
    return "raster", 8 + _little(held[4:6]) * _little(held[6:8]) if whole else 0


def _counted(held: bytes) -> tuple[str, int]:
    """`GS ( k`, `FS ( A` and their kin say how long they are."""
    whole = len(held) >= 5  # noqa: PLR2004 - the head of a counted command
    name = {b"\x1d(k": "symbol", b"\x1d(L": "graphics"}.get(held[:3], "other")
    return name, 5 + _little(held[3:5]) if whole else 0


def _long_graphics(held: bytes) -> tuple[str, int]:
    whole = len(held) >= 7  # noqa: PLR2004 - GS 8 L and four bytes of length
    return "long_graphics", 7 + _little(held[3:7]) if whole else 0


def _columns(held: bytes) -> tuple[str, int]:
    if len(held) < 5:  # noqa: PLR2004 - the head of ESC *
        return "columns", 0
    return "columns", 5 + _little(held[3:5]) * (3 if held[2] in {32, 33} else 1)


def _bars(held: bytes) -> tuple[str, int]:
    if len(held) < 4:  # noqa: PLR2004 - the head of GS k
        return "bars", 0
    if held[2] >= 65:  # noqa: PLR2004 - from here on with a length
        return "bars", 4 + held[3]
    return "bars", held.find(b"\0", 3) + 1


def _stops(held: bytes) -> tuple[str, int]:
    return "stops", held.find(b"\0", 2) + 1


_LONG = {
    b"\x1dV": _cut, b"\x1dv": _raster, b"\x1d(": _counted, b"\x1c(": _counted, b"\x1b(": _counted,
    b"\x1d8": _long_graphics, b"\x1b*": _columns, b"\x1dk": _bars, b"\x1bD": _stops,
}  # fmt: skip
