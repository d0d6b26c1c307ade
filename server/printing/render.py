"""Documents for a printer, for a person, and for a screen: one layout, three ways out.

What a preview shows is what the bytes print, because it is made from them. Refuses to send anything.
"""

from __future__ import annotations

import io

from server.printing.chinese import columns_at
from server.printing.escpos import as_bands, as_characters, framed, lines_of
from server.printing.layout import Row, broken, laid_out
from server.printing.page import as_page
from server.printing.picture import dots, drawn, measured
from server.printing.port import Document, Language, Paper
from server.printing.virtual.sheet import printed


def render(document: Document, paper: Paper, language: Language) -> bytes:
    """Return what a printer with this paper is sent. Raster takes some ten milliseconds."""
    blocks = laid_out(document, language)
    if paper.mode == "raster":
        body = as_bands(dots(drawn(blocks, paper.width_dots)), paper.width_dots)
    else:
        body = as_characters(blocks, paper)
    return framed(body, document, paper)


def as_text(document: Document, paper: Paper, language: Language) -> str:
    """Return a document as people read it in a file."""
    return "".join(f"{line}\n" for line in lines_of(laid_out(document, language), paper))


def preview_png(document: Document, paper: Paper, language: Language) -> bytes:
    """Return a picture of the paper as it comes out of the printer."""
    out = io.BytesIO()
    (sheet,) = printed(render(document, paper, language), paper)
    sheet.save(out, "PNG")
    return out.getvalue()


def preview_page(document: Document, paper: Paper, language: Language) -> str:
    """Return the paper as a page: what a picture shows, to be read aloud, copied and searched."""

    def break_row(row: Row) -> list[Row]:
        if paper.mode == "raster":
            return broken(row, paper.width_dots, measured)
        return broken(row, paper.columns, columns_at)

    return as_page(laid_out(document, language), paper.width_dots, language, break_row)
