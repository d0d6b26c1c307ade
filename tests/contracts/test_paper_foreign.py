"""Paper against a printer of somebody else's making: what emupos printed of our bytes lies here.

`python -m scripts.prove_printing --record` asks it anew; these tests need neither it nor the network.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from PIL import Image

from scripts.prove_printing import DOCUMENTS, RASTER, RECORDED, same_dots
from server.printing.layout import laid_out
from server.printing.picture import drawn
from server.printing.port import Language
from server.printing.virtual.sheet import printed

RECORDS = Path(__file__).parent / "paper"


def _foreign(case: str) -> Image.Image:
    with Image.open(RECORDS / f"{case}.png") as picture:
        return picture.convert("1")


@pytest.mark.parametrize("case", RECORDED)
def test_our_printer_prints_what_a_foreign_one_does(case: str) -> None:
    """The same bytes, the same dots: what the preview and the virtual printer show is what printers print."""
    sent = gzip.decompress((RECORDS / f"{case}.bin.gz").read_bytes())
    (sheet,) = printed(sent, RASTER)
    assert same_dots(sheet, _foreign(case))


@pytest.mark.parametrize("case", RECORDED)
def test_a_foreign_printer_prints_what_we_draw(case: str) -> None:
    """Today's layout is what the foreign printer put on paper (R-000-12); record anew after changing it."""
    name, _, said = case.rpartition("-")
    language: Language = "en" if said == "en" else "zh"
    assert same_dots(drawn(laid_out(DOCUMENTS[name], language), RASTER.width_dots), _foreign(case))
