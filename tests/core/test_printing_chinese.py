"""Chinese on paper: the right bytes for the printer's code, never another character, never a command."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.printing.chinese import HANZI_OFF, HANZI_ON, columns_of, encoded, printable
from server.printing.port import Encoding
from server.printing.virtual.reader import Reader

LACKING = [("🥟", "gb18030"), ("𠮷", "gb18030"), ("饺", "big5"), ("㵘", "gbk")]


def _read(data: bytes, encoding: Encoding) -> str:
    return "".join(op.text for op in Reader(encoding).take(data))


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("水饺x2份", "gb18030", b"\x1c&\xcb\xae\xbd\xc8\x1c.x2\x1c&\xb7\xdd\x1c."),
        ("¥38",      "gb18030", b"\x1c&\xa3\xa4\x1c.38"),
        ("￥38",     "gbk",     b"\x1c&\xa3\xa4\x1c.38"),
        ("，。",     "gb18030", b"\x1c&\xa3\xac\xa1\xa3\x1c."),
        ("\u3007",  "gbk",     b"\x1c&\xa9\x96\x1c."),
        ("餃",       "big5",    b"\x1c&\xbb\xe5\x1c."),
        ("水饺🥟",   "utf8",    "水饺🥟".encode()),
        ("é",        "gb18030", b"\x1c&\xa8\xa6\x1c."),
        ("e\u0301",  "gb18030", b"\x1c&\xa8\xa6\x1c."),
        ("￥38",     "big5",    b"\x1c&\xa2\x44\x1c.38"),
        ("\u3007",  "big5",    b"\x1c&\xa1\xb3\x1c."),
        ("ñé",       "gb18030", b"\x1c&\xa3\xee\xa8\xa6\x1c."),
        ("é",        "big5",    b"\x1c&\xa2\xed\x1c."),
    ],
)  # fmt: skip
def test_bytes(text: str, encoding: Encoding, expected: bytes) -> None:
    """A printer is sent what its manual wants, with ￥ for every sign of money (R-000-12)."""
    assert encoded(text, encoding) == expected


@pytest.mark.parametrize(("text", "encoding"), LACKING)
def test_what_a_code_lacks_is_a_box(text: str, encoding: Encoding) -> None:
    """Four bytes would come out as digits: a box is printed instead."""
    assert _read(encoded(f"水{text}8", encoding), encoding) == "水□8"


@given(st.text(), st.sampled_from(["gb18030", "gbk", "big5", "utf8"]))
def test_text_never_commands_a_printer(text: str, encoding: Encoding) -> None:
    """Whatever a guest writes in a note: the printer reads characters and nothing else."""
    ops = Reader(encoding).take(encoded(text, encoding))
    assert {op.name for op in ops} <= {"text", "hanzi_on", "hanzi_off"}
    assert sum(columns_of(op.text) for op in ops) == columns_of(printable(text))


@given(st.text(), st.integers(1, 7))
def test_pieces_make_no_difference(text: str, size: int) -> None:
    """A network cuts anywhere, also in the middle of a character."""
    data = encoded(text, "gb18030")
    reader = Reader("gb18030")
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert [op for piece in pieces for op in reader.take(piece)] == Reader("gb18030").take(data)
    assert reader.unfinished == b""


def test_chinese_mode_is_left_again() -> None:
    """What follows a Chinese word is not taken for Chinese."""
    data = encoded("水a", "gb18030")
    assert data.startswith(HANZI_ON)
    assert data.endswith(HANZI_OFF + b"a")
