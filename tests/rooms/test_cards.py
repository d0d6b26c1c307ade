"""A meal card's life at the till: opened, topped up, spent, given back, frozen, closed."""

from __future__ import annotations

from pathlib import Path

from server.events import cards as e
from tests.support.cards import PHONES, open_till


async def test_a_card_from_opening_to_closing(database_url: str, tmp_path: Path) -> None:
    """Open, top up, consume, refund, close: balances, events and the ledger agree (R-000-1, R-000-18, R-000-21)."""
    async with open_till(database_url, tmp_path) as till:
        made = await till.ask("OpenCard", identity_kind="phone", identity=PHONES[0], name="张三丰")
        card_id = made["card_id"]
        assert made["user_code"] > 0
        assert made["account_code"] > 0
        assert len(made["number"]) == 16
        topped = await till.ask("TopUpCard", card_id=card_id, amount_fen=10_000)
        assert topped["balance_fen"] == 10_000
        paid = await till.consume(card_id, 3_800)
        assert (paid["balance_fen"], paid["trades_today"], paid["trades_max"]) == (6_200, 1, 3)
        card = await till.ask("ReadCard", number=made["number"])
        assert card["card_id"] == card_id
        assert (card["name_masked"], card["number_masked"]) == (
            "张**",
            f"**** {made['number'][-4:]}",
        )
        back = await till.ask("RefundTrade", trade_id=paid["trade_id"], amount_fen=800)
        assert (back["balance_fen"], back["state"], back["refunded_fen"]) == (
            7_000,
            "part_refunded",
            800,
        )
        await till.hold_to_the_ledger([card_id])
        closed = await till.ask("CloseCard", "manager", card_id=card_id)
        assert (closed["paid_out_fen"], closed["lapsed_bonus_fen"]) == (7_000, 0)
        await till.hold_to_the_ledger([card_id])
        assert (
            await till.refusal("ConsumeCard", card_id=card_id, amount_fen=1)
        ).code == "card_closed"
        assert [type(one) for one in till.said()] == [
            e.CardOpened, e.CardToppedUp, e.CardConsumed, e.CardRefunded, e.CardClosed,
        ]  # fmt: skip
