"""What papers say, that it fits, and that preview and paper are one picture."""

from __future__ import annotations

import io

import msgspec
import pytest
from PIL import Image

from server.events.words import Text
from server.printing.chinese import columns_of
from server.printing.escpos import as_bands
from server.printing.layout import WORDS, yuan
from server.printing.port import Document, Label, Language, Paper, Receipt, Ticket
from server.printing.render import as_text, preview_png, render
from server.printing.virtual.reader import Reader
from tests.support.papers import LABEL, RECEIPT, TICKET

PAPERS = [
    Paper(width_dots=384, columns=32),
    Paper(width_dots=576, columns=48),
    Paper(width_dots=384, columns=32, mode="raster"),
    Paper(width_dots=576, columns=48, mode="raster"),
]


def _said(document: Document, paper: Paper, language: Language = "zh") -> str:
    ops = Reader(paper.encoding).take(render(document, paper, language))
    assert not [op for op in ops if op.name == "lost"]
    return "".join(
        op.text if op.name == "text" else "\n" if op.name == "newline" else "" for op in ops
    )


def test_a_ticket_says_what_a_cook_must_know() -> None:
    """Place, number, round, dishes, what is left out, allergies, notes, time (R-000-12)."""
    said = _said(TICKET, PAPERS[1])
    for word in ("801房", "#07", "第2轮", "热菜档", "18:42", "2 x 宫保鸡丁", "少辣", "!! - 不要花生", "[等叫]",
                 "!! 过敏: 花生", "备注: 儿童先上", "1f3a"):  # fmt: skip
        assert word in said, word


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"copy": 2}, "补打 #2"),
        ({"marks": ["rush"]}, "加急"),
        ({"marks": ["cancel"]}, "退 2 x 宫保鸡丁"),
        ({"marks": ["fire"]}, "起菜"),
        ({"backup_from": "吧台"}, "代打 吧台"),
    ],
)
def test_marks_come_first(change: dict[str, object], word: str) -> None:
    """A copy, a rush, a cancel and another printer's paper say so, white on black."""
    document = msgspec.structs.replace(TICKET, **change)
    said = _said(document, PAPERS[0])
    assert word in said
    ops = Reader().take(render(document, PAPERS[0], "zh"))
    inverse = [op.data for op in ops if op.name == "inverse"]
    first = next(at for at, op in enumerate(ops) if op.name == "text")
    assert [op for op in ops[:first] if op.name == "inverse"][-1].data == b"\1"
    assert inverse[-1] == b"\0"


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("document", [TICKET, RECEIPT, LABEL])
def test_everything_fits(document: Document, language: Language, paper: Paper) -> None:
    """No line is wider than the paper, in either language."""
    size = 1
    for op in Reader().take(render(document, paper, language)):
        if op.name == "size":
            size = (op.data[0] & 7) + 1
    assert size == 1  # what comes next is plain again
    for line in as_text(document, paper, language).splitlines():
        assert columns_of(line) <= paper.columns
    picture = Image.open(io.BytesIO(preview_png(document, paper, language)))
    assert picture.width == paper.width_dots
    assert picture.convert("L").getextrema() == (0, 255)


def test_both_languages_have_every_word() -> None:
    """An English kitchen reads no Chinese, but names and notes that are Chinese."""
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    assert "BACKUP FOR Bar" in _said(
        msgspec.structs.replace(TICKET, backup_from="Bar"), PAPERS[1], "en"
    )


@pytest.mark.parametrize(
    ("fen", "said"), [(0, "￥0.00"), (5, "￥0.05"), (7900, "￥79.00"), (-150, "￥-1.50")]
)
def test_yuan(fen: int, said: str) -> None:
    """Money is exact."""
    assert yuan(fen) == said


def test_a_receipt_opens_the_drawer_once() -> None:
    """A copy of a receipt does not open the drawer again."""
    paper = Paper(drawer=True)
    opens = [op.name for op in Reader().take(render(RECEIPT, paper, "zh"))]
    again = msgspec.structs.replace(RECEIPT, copy=2)
    assert opens.count("drawer") == 1
    assert "drawer" not in [op.name for op in Reader().take(render(again, paper, "zh"))]


def test_a_picture_gives_no_orders() -> None:
    """Printers obey DLE EOT, ENQ and DC4 in the middle of a picture: none is ever sent in one."""
    dots = bytes([0x10, 0x04, 0x10, 0x05, 0x10, 0x14, 0x10, 0x10]) * 500
    sent = as_bands(dots, 64)
    assert not any(b"\x10" + one in sent[8:] for one in (b"\x04", b"\x05", b"\x14"))
    ops = Reader().take(sent)
    assert {op.name for op in ops} == {"raster"}
    assert sum(len(op.data) - 6 for op in ops) == len(dots)


def test_bands_are_small() -> None:
    """No band is larger than a small printer's buffer."""
    ops = Reader().take(render(TICKET, PAPERS[3], "zh"))
    assert max(len(op.data) for op in ops if op.name == "raster") <= 72 * 128 + 6


def test_long_words_break() -> None:
    """A name nobody thought of is on paper whole."""
    name = "W" * 90
    long: Ticket | Receipt | Label = msgspec.structs.replace(
        TICKET, place=name, shop=Text(name, name)
    )
    said = _said(long, PAPERS[0]).replace("\n", "").replace(" ", "")
    assert said.count("W") == 180
