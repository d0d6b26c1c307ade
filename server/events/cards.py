"""◆ What is said about meal cards, and the nouns those facts are about (R-000-1…3, R-000-27).

A card's number travels masked, and an identity never: these facts reach every till of a shop.
Refuses to hold behaviour, as the catalogue does. Money is fen.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from server.events.words import Fact, Text

CardState = Literal["open", "frozen", "closed"]
CardUserState = Literal["open", "frozen"]
TradeKind = Literal["top_up", "consume", "refund", "freeze_funds", "close"]
TradeState = Literal["posted", "part_refunded", "refunded", "held", "released"]


class TradeLine(msgspec.Struct, frozen=True):
    """What was consumed: a dish of the menu or by name, how many, for how much together."""

    name: Text
    amount_fen: int
    quantity: int = 1
    dish_id: int | None = None


class CardFace(msgspec.Struct, frozen=True):
    """A card as screens may know it."""

    id: int
    user_code: int
    account_code: int
    number_masked: str
    state: CardState
    user_state: CardUserState


class Trade(msgspec.Struct):
    """One movement of a card's money, or money set aside (交易).

    `bonus_fen`: given on top of a top-up; of a closure, what lapsed. `refunded_fen`: how much of a
    consumption came back. `balance_fen` and `available_fen` (less what is set aside) are after it.
    """

    id: int
    kind: TradeKind
    state: TradeState
    card_id: int
    number_masked: str
    amount_fen: int
    bonus_fen: int
    refunded_fen: int
    balance_fen: int
    available_fen: int
    at_ms: int
    business_day: str
    by: str
    device_id: int | None
    lines: list[TradeLine]
    refers_to: int | None = None  # of a refund: the consumption
    serial: str = ""
    note: str = ""


class TradeChange(msgspec.Struct, frozen=True):
    """What became of a consumption that was refunded, wholly or in part."""

    id: int
    state: TradeState
    refunded_fen: int


class CardTotals(msgspec.Struct):
    """What the trades of a shop's day come to, counted and in fen."""

    top_ups: int = 0
    top_up_fen: int = 0
    bonus_fen: int = 0
    consumptions: int = 0
    consumed_fen: int = 0
    refunds: int = 0
    refunded_fen: int = 0
    closures: int = 0
    paid_out_fen: int = 0


class CardDay(msgspec.Struct):
    """A shop's business day of cards: the newest trades, and what all of them come to."""

    business_day: str
    trades: list[Trade]
    totals: CardTotals


class _CardFact(Fact, frozen=True):
    """Something happened to a card, not to its money."""

    card: CardFace
    at_ms: int
    by: str


class CardOpened(_CardFact, frozen=True, tag=True):
    """开卡: somebody has a card now."""


class CardFrozen(_CardFact, frozen=True, tag=True):
    """The card, or its holder, may not spend."""


class CardUnfrozen(_CardFact, frozen=True, tag=True):
    """The card, or its holder, may spend again."""


class CardReplaced(_CardFact, frozen=True, tag=True):
    """补卡: the account has another number; the lost card opens nothing."""


class _TradeFact(Fact, frozen=True):
    """A card's money moved, or was set aside."""

    trade: Trade


class CardToppedUp(_TradeFact, frozen=True, tag=True):
    """充值: money came onto a card, perhaps with a bonus."""


class CardConsumed(_TradeFact, frozen=True, tag=True):
    """消费: a card paid."""


class CardRefunded(_TradeFact, frozen=True, tag=True):
    """消费退款: a consumption was given back, wholly or in part."""

    refunded: TradeChange


class CardFundsFrozen(_TradeFact, frozen=True, tag=True):
    """冻结资金: an amount was set aside."""


class CardFundsReleased(_TradeFact, frozen=True, tag=True):
    """解冻资金: what was set aside may be spent again."""


class CardClosed(_TradeFact, frozen=True, tag=True):
    """销卡: what was paid in was paid out, the bonus lapsed, the card is closed."""

    card: CardFace


CardFact = (
    CardOpened
    | CardFrozen
    | CardUnfrozen
    | CardReplaced
    | CardToppedUp
    | CardConsumed
    | CardRefunded
    | CardFundsFrozen
    | CardFundsReleased
    | CardClosed
)
