"""What is said about a menu that is kept from a desk, for the recorded sequences."""

from __future__ import annotations

from server.events import catalogue as c
from server.events import menu

MASHED = menu.Dish(
    5, "hot", c.Text("土豆泥", "Mashed potatoes"), c.Text("", ""), 1800, None, 300,
    [menu.ModifierGroup("salt", c.Text("咸淡", "Salt"), 0, 1, [
        menu.ModifierChoice("less-salt", c.Text("少盐", "Less salt"), "less"),
    ])], ["牛奶"],
)  # fmt: skip


def told() -> list[c.Event]:
    """Return a dish that changes, a new one, a station renamed and a new one."""
    dear = menu.Dish(
        2, "hot", c.Text("大水饺", "Large dumplings"), c.Text("手工", "By hand"), 4800, 1, 900,
        [], ["麸质"], "dumplings", 1, sold_out=True,
    )  # fmt: skip
    return [
        menu.DishPut(dear),
        menu.DishPut(MASHED),
        menu.DishSale(2, False, 1_795_147_201_000, "张师傅"),
        menu.StationPut(menu.StationView(1, c.Text("炒锅", "Woks"))),
        menu.StationPut(menu.StationView(9, c.Text("面点", "Noodles"))),
    ]
