"""◆ A shop's day of card trades, carried from event to event.

The same rules as `clients/link/card-day.js`; the recorded sequences are fed to both. Trades stand in the
order of their ids and the largest ids stay, so that it does not matter in which order they came.
Refuses to read a clock: a day begins with the first event of it.
"""

from __future__ import annotations

from server.events.cards import CardDay, CardFact, CardRefunded, CardTotals, Trade, TradeKind

TRADES_MAX = 100

# kind → what it counts under, and what its amount adds to
_COUNTED: dict[TradeKind, tuple[str, str]] = {
    "top_up": ("top_ups", "top_up_fen"),
    "consume": ("consumptions", "consumed_fen"),
    "refund": ("refunds", "refunded_fen"),
    "close": ("closures", "paid_out_fen"),
}


def carried(day: CardDay, event: CardFact) -> CardDay:
    """Return the day after an event; one that moves no money, or of a day before, changes nothing."""
    trade: Trade | None = getattr(event, "trade", None)
    if trade is None or trade.business_day < day.business_day:
        return day
    if trade.business_day > day.business_day:
        day = CardDay(trade.business_day, [], CardTotals())
    if isinstance(event, CardRefunded):
        for known in day.trades:
            if known.id == event.refunded.id:
                known.state = event.refunded.state
                known.refunded_fen = event.refunded.refunded_fen
    others = [known for known in day.trades if known.id != trade.id]
    newest = sorted([*others, trade], key=lambda one: one.id)[-TRADES_MAX:]
    totals = day.totals
    if len(others) == len(day.trades):
        _count(totals, trade)
    return CardDay(day.business_day, newest, totals)


def _count(totals: CardTotals, trade: Trade) -> None:
    counted = _COUNTED.get(trade.kind)
    if counted is None:
        return
    number, amount = counted
    setattr(totals, number, getattr(totals, number) + 1)
    setattr(totals, amount, getattr(totals, amount) + trade.amount_fen)
    if trade.kind == "top_up":
        totals.bonus_fen += trade.bonus_fen
