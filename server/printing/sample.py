"""◆ Papers with what is hard to print, for trying a printer and for looking at how it would print.

Refuses to be an order: nothing in them is anybody's.
"""

from __future__ import annotations

from server.events.words import Text
from server.printing.port import Document, Label, PaperLine, PaperModifier, Receipt, Ticket

HARD_TO_PRINT = "\u3007 ￥38 㵘 龦 𠮷 é"  # a printer that cannot shows a box for each
_SHOP = Text("传菜", "Chuancai")
_HOT = PaperModifier(Text("少辣", "less spicy"), "change")
_NUTS = PaperModifier(Text("花生", "peanuts"), "less", allergen=True)
_CHICKEN = PaperLine(
    Text("宫保鸡丁", "Kung Pao chicken"), 2, [_HOT, _NUTS], HARD_TO_PRINT, price_fen=3_800
)
_RICE = PaperLine(Text("扬州炒饭", "Yangzhou fried rice"), 1, held=True, price_fen=2_200)


def ticket(printer: str) -> Ticket:
    """Return a station's ticket that names the printer it is for."""
    return Ticket(
        shop=_SHOP, place="801", place_kind="room", number=1, round=1,
        station=Text("试打", "Test print"), lines=[_CHICKEN], allergens=[], note=printer, at="",
    )  # fmt: skip


def receipt() -> Receipt:
    """Return a bill with a link as a QR code."""
    lines = [_CHICKEN, _RICE]
    return Receipt(
        shop=_SHOP, place="801", place_kind="room", number=1, lines=lines,
        total_fen=sum(one.price_fen * one.quantity for one in lines), at="",
        link="https://example.com/",
    )  # fmt: skip


def label() -> Label:
    """Return a label of one portion of three."""
    return Label(
        shop=_SHOP, place="801", place_kind="room", number=1, line=_CHICKEN, position=1, total=3,
        allergens=["花生"], at="",
    )  # fmt: skip


def sample(kind: str, printer: str) -> Document:
    """Return a paper of a kind."""
    if kind == "receipt":
        return receipt()
    return label() if kind == "label" else ticket(printer)
