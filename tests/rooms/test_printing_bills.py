"""A bill: what the guest had and no more, by the portion, whatever happened to the order meanwhile."""

from __future__ import annotations

from pathlib import Path

from server.printing.port import Receipt, read_document
from tests.support.paper import printers
from tests.support.pressroom import paper_house

KUNG_PAO, GREENS = 2, 6  # ¥58, ¥32


async def test_a_dish_taken_off_is_not_charged(database_url: str, tmp_path: Path) -> None:
    """R-004-15: a cancelled dish is neither on the bill nor in its sum; two portions count twice."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("收银", printer, documents=["receipt"])
        kitchen = house.kitchen
        lines = [{"dish_id": KUNG_PAO, "quantity": 2}, {"dish_id": GREENS, "quantity": 1}]
        placed = await kitchen.ask("waiter", "PlaceOrder", place_id=1, lines=lines)
        _, greens = placed["item_ids"]
        await kitchen.ask("waiter", "CancelItem", item_id=greens)
        await kitchen.ask("cashier", "PrintReceipt", order_id=placed["order_id"])
        [row] = await kitchen.pool.fetch("SELECT document FROM print_job")
    bill = read_document(row["document"])
    assert isinstance(bill, Receipt)
    assert [(line.name.zh, line.quantity) for line in bill.lines] == [("宫保鸡丁", 2)]
    assert bill.total_fen == 2 * 5800
