"""Recorded sequences of meal cards: a day of trades, some out of order, and the beginning of the next."""

from __future__ import annotations

from typing import Any

from server.events import cards
from server.events import catalogue as c
from server.events.view import View
from tests.core.replica.cast import NOON_MS, Scenes, view


def trades() -> Scenes:
    """Return a day of cards, where it is shown and where it is not."""
    return {
        "cards": (monitor(), card_story()),
        "cards_unseen": (view(), card_story()),
    }


def monitor() -> View:
    """Return what a monitor knows before the day's first trade."""
    seen = view()
    seen.device.kind = "monitor"
    seen.cards = cards.CardDay("2026-11-20", [], cards.CardTotals())
    return seen


def trade(trade_id: int, kind: cards.TradeKind, amount_fen: int, **more: Any) -> cards.Trade:
    """Return a trade on card 1."""
    known: dict[str, Any] = {
        "state": "held" if kind == "freeze_funds" else "posted", "bonus_fen": 0,
        "business_day": "2026-11-20",
    }  # fmt: skip
    return cards.Trade(
        id=trade_id, kind=kind, card_id=1, number_masked="**** 1234", amount_fen=amount_fen,
        refunded_fen=0, balance_fen=10_000, available_fen=10_000, at_ms=NOON_MS + trade_id,
        by="收银台", device_id=7, lines=[cards.TradeLine(c.Text("饺子", "Dumplings"), amount_fen)],
        **(known | more),
    )  # fmt: skip


def card_story() -> list[c.Event]:
    """Return a day of cards, and the beginning of the next; some of it out of order."""
    face = cards.CardFace(1, 2, 3, "**** 1234", "open", "open")
    part = cards.TradeChange(2, "part_refunded", 5)
    whole = cards.TradeChange(2, "refunded", 38)
    return [
        cards.CardOpened(face, NOON_MS, "收银台"),
        cards.CardToppedUp(trade(1, "top_up", 50_000, bonus_fen=5_000)),
        cards.CardConsumed(trade(2, "consume", 38)),
        cards.CardConsumed(trade(4, "consume", 12)),
        cards.CardRefunded(trade(3, "refund", 5, refers_to=2), part),
        cards.CardFundsFrozen(trade(5, "freeze_funds", 100)),
        cards.CardRefunded(trade(6, "refund", 33, refers_to=2), whole),
        cards.CardFundsReleased(trade(5, "freeze_funds", 100, state="released")),
        cards.CardFrozen(face, NOON_MS, "经理"),
        cards.CardUnfrozen(face, NOON_MS, "经理"),
        cards.CardReplaced(face, NOON_MS, "收银台"),
        *(cards.CardConsumed(trade(n, "consume", n)) for n in range(110, 9, -1)),
        cards.CardClosed(trade(120, "close", 9_000, bonus_fen=500), face),
        cards.CardConsumed(trade(9, "consume", 1, business_day="2026-11-19")),
        cards.CardConsumed(trade(200, "consume", 7, business_day="2026-11-21")),
        cards.CardRefunded(trade(201, "refund", 12, refers_to=4, business_day="2026-11-21"), whole),
    ]
