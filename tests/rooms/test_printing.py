"""Paper: an order becomes tickets, each known to be printed, or listed for somebody to decide."""

from __future__ import annotations

from pathlib import Path

from tests.support.kitchen import DUMPLINGS
from tests.support.paper import printers, text_of
from tests.support.pressroom import paper_house


async def test_an_order_comes_out_at_its_station(database_url: str, tmp_path: Path) -> None:
    """One order, one ticket: place, number, dishes and what must not be overlooked; then it is known."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer)
        lines = [{"dish_id": DUMPLINGS, "quantity": 2, "note": "不要葱"}]
        await house.kitchen.ask("waiter", "PlaceOrder", place_id=1, lines=lines, allergens=["花生"])
        await house.print_all()
        (paper,) = printer.papers
        text = text_of(paper)
        assert "801" in text
        assert "#01" in text
        assert "2 x 宫保鸡丁" in text
        assert "不要葱" in text
        assert "过敏: 花生" in text
        assert [(j["state"], j["title"]) for j in await house.jobs()] == [("confirmed", "801 #01")]
