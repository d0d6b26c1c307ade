"""Papers with everything that is hard to lay out."""

from __future__ import annotations

from server.events.words import Text
from server.printing.port import Label, PaperLine, PaperModifier, Receipt, Ticket

SHOP = Text("传菜小馆", "Chuancai Kitchen")
HOT = PaperModifier(Text("少辣", "less spicy"), "change")
NUTS = PaperModifier(Text("不要花生", "no peanuts"), "less", allergen=True)
CORIANDER = PaperModifier(Text("香菜", "coriander"), "plus")

TICKET = Ticket(
    shop=SHOP,
    place="801",
    place_kind="room",
    number=7,
    round=2,
    station=Text("热菜档", "Wok"),
    lines=[
        PaperLine(Text("宫保鸡丁", "Kung Pao chicken"), 2, [HOT, NUTS], "牙口不好，切小一点"),
        PaperLine(Text("猪肉白菜水饺", "Pork and cabbage dumplings"), 1, [CORIANDER]),
        PaperLine(Text("扬州炒饭", "Yangzhou fried rice"), 3, held=True),
    ],
    allergens=["花生"],
    note="儿童先上",
    at="18:42",
    serial="1f3a",
)
RECEIPT = Receipt(
    shop=SHOP,
    place="801",
    place_kind="room",
    number=7,
    lines=[
        PaperLine(Text("宫保鸡丁", "Kung Pao chicken"), 2, price_fen=3800),
        PaperLine(Text("猪肉白菜水饺", "Pork and cabbage dumplings"), 1, price_fen=2600),
        PaperLine(Text("米饭", "Rice"), 2, price_fen=300),
    ],
    total_fen=10_800,
    at="2026-11-26 18:42",
    link="https://example.com/r/1f3a",
    serial="1f3b",
)
LABEL = Label(
    shop=SHOP,
    place="A3桌",
    place_kind="table",
    number=7,
    line=PaperLine(Text("珍珠奶茶", "Bubble tea"), 1, [HOT]),
    position=1,
    total=3,
    allergens=["牛奶"],
    at="18:42",
    serial="1f3c",
)
