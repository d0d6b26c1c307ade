"""A paper as a page: the same words in the same lines as on paper, and nothing a guest wrote becomes a command."""

from __future__ import annotations

import re
from html import unescape

import msgspec
import pytest

from server.printing.port import PAPERS, Document, Language, Paper
from server.printing.render import as_text, preview_page
from tests.support.papers import LABEL, RECEIPT, TICKET

NARROW = msgspec.convert(PAPERS["58"], Paper)


def _lines(page: str) -> list[str]:
    rows = re.findall(r"<p class=.*?</p>", page)
    return ["".join(unescape(re.sub(r"<[^>]+>", "", row)).split()) for row in rows]


@pytest.mark.parametrize("document", [TICKET, RECEIPT, LABEL], ids=["ticket", "receipt", "label"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_page_has_the_lines_of_the_paper(document: Document, language: Language) -> None:
    """Row by row what the paper says (R-000-12): nothing left out, broken at the same place."""
    paper = [
        "".join(line.split())
        for line in as_text(document, NARROW, language).splitlines()
        if set(line) - set("-=") and not line.startswith("https://")
    ]
    page = preview_page(document, NARROW, language)
    assert _lines(page) == paper
    assert page.count("<figure") == int(document is RECEIPT)


def test_a_picture_s_page_breaks_where_the_picture_does() -> None:
    """In a picture Latin letters are narrower than a column: more of them stand in a line."""
    drawn = msgspec.structs.replace(NARROW, mode="raster")
    document = msgspec.structs.replace(TICKET, note="i" * 30)
    narrow = [line for line in _lines(preview_page(document, drawn, "zh")) if "iii" in line]
    wide = [line for line in _lines(preview_page(document, NARROW, "zh")) if "iii" in line]
    assert 0 < len(narrow) < len(wide)


def test_a_note_stays_a_note() -> None:
    """What looks like a page's own words is shown as it was written."""
    document = msgspec.structs.replace(TICKET, note="<script>alert(1)</script>", place='"><b>')
    page = preview_page(document, NARROW, "zh")
    assert "<script" not in page
    assert '"><b>房' not in page
    assert "alert(1)" in "".join(_lines(page))
