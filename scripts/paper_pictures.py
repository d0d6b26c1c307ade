"""Takes the pictures of papers: each as it comes out of a printer, from the very bytes it is sent.

`python -m scripts.paper_pictures` writes docs/pictures/ticket-*.png; needs no browser and no printer.
"""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
from PIL import Image, ImageOps

from scripts.screens_page import LANGUAGES, picture_of
from server.events.words import Text
from server.printing.port import (
    PAPERS,
    Document,
    Label,
    Language,
    Paper,
    PaperLine,
    PaperModifier,
    Receipt,
    Ticket,
)
from server.printing.render import preview_png

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
GAP_DOTS, TABLE_GREY = 24, 208

SHOP = Text("云栖酒店", "Cloud Rest Hotel")
MILD = PaperModifier(Text("少辣", "less spicy"), "change")
NUTS = PaperModifier(Text("不要花生", "no peanuts"), "less", allergen=True)
CORIANDER = PaperModifier(Text("加香菜", "add coriander"), "plus")
CHICKEN = PaperLine(
    Text("宫保鸡丁", "Kung Pao chicken"), 2, [MILD, NUTS], "切小一点", price_fen=5800
)
DUMPLINGS = PaperLine(
    Text("猪肉白菜水饺", "Pork and cabbage dumplings"), 1, [CORIANDER], price_fen=2600
)
RICE = PaperLine(Text("扬州炒饭", "Yangzhou fried rice"), 3, held=True, price_fen=2200)

TICKET = Ticket(
    shop=SHOP, place="801", place_kind="room", number=7, round=2, station=Text("热菜档", "Wok"),
    lines=[CHICKEN, DUMPLINGS, RICE], allergens=["花生"], note="儿童先上", at="18:42",
    serial="1f3a",
)  # fmt: skip
CANCEL = msgspec.structs.replace(
    TICKET, marks=["cancel"], lines=[DUMPLINGS], note="", allergens=[], serial="1f3b"
)
COPY = msgspec.structs.replace(
    TICKET, copy=2, backup_from="热菜", lines=[CHICKEN], note="", serial="1f3c"
)
RECEIPT = Receipt(
    shop=SHOP, place="801", place_kind="room", number=7, lines=[CHICKEN, DUMPLINGS, RICE],
    total_fen=20_800, at="2026-11-26 19:20", link="https://example.com/r/1f3d", serial="1f3d",
)  # fmt: skip
LABEL = Label(
    shop=SHOP, place="23", place_kind="tag", number=9,
    line=PaperLine(Text("珍珠奶茶", "Bubble tea"), 1, [MILD]), position=1, total=3,
    allergens=["牛奶"], at="18:50", serial="1f3e",
)  # fmt: skip

SHEETS: dict[str, tuple[list[Document], Language]] = {
    "ticket": ([TICKET, CANCEL, COPY], "zh"),
    "ticket-en": ([TICKET, CANCEL, COPY], "en"),
    "ticket-receipt": ([RECEIPT, LABEL], "zh"),
    "ticket-receipt-en": ([RECEIPT, LABEL], "en"),
}


def picture(documents: list[Document], paper: Paper, language: Language) -> Image.Image:
    """Return papers beside each other on a table."""
    sheets = [
        ImageOps.expand(
            Image.open(io.BytesIO(preview_png(one, paper, language))).convert("L"), 12, 255
        )
        for one in documents
    ]
    width = sum(one.width + GAP_DOTS for one in sheets) + GAP_DOTS
    height = max(one.height for one in sheets) + 2 * GAP_DOTS
    table = Image.new("L", (width, height), TABLE_GREY)
    left = GAP_DOTS
    for sheet in sheets:
        table.paste(sheet, (left, GAP_DOTS))
        left += sheet.width + GAP_DOTS
    return table


def take() -> None:
    """Write every picture."""
    paper = msgspec.convert({**PAPERS["58"], "mode": "raster"}, Paper)
    for name, (documents, language) in SHEETS.items():
        picture(documents, paper, language).save(PICTURES / f"{name}.png", optimize=True)
    in_characters = msgspec.convert(PAPERS["58"], Paper)
    for language in LANGUAGES:
        picture([TICKET, CANCEL, COPY], in_characters, language).save(
            PICTURES / picture_of("ticket-characters", language), optimize=True
        )


if __name__ == "__main__":
    take()
