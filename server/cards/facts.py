"""◆ What decisions about cards need to know, as read."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec

from server.cards.card import masked
from server.cards.policy import CardPolicy
from server.events.cards import CardFace, CardState, CardUserState, Trade

# Accounts of the house: paid in, given on top, consumed, paid out at the end, lapsed.
SOLD, GIVEN, CONSUMED, PAID_OUT, EXPIRED = "sold", "given", "consumed", "paid_out", "expired"
HOUSE = (SOLD, GIVEN, CONSUMED, PAID_OUT, EXPIRED)


class StoredCard(msgspec.Struct, frozen=True):
    """A card with its holder's state."""

    id: int
    user_id: int
    account_id: int
    number: str
    state: CardState
    opened_at_ms: int
    version: int
    user_state: CardUserState
    user_version: int
    name_masked: str

    def face(self) -> CardFace:
        """Return it as screens may know it."""
        return CardFace(
            self.id, self.user_id, self.account_id, masked(self.number), self.state, self.user_state
        )


class LotLeft(msgspec.Struct, frozen=True, array_like=True):
    """What is left of one top-up, and from which account of the house it came."""

    id: UUID
    fen: int
    source: str


class StoredTrade(msgspec.Struct):
    """A trade with its postings and the version the next change must name."""

    trade: Trade
    postings: list[UUID]
    version: int


class CardFacts(msgspec.Struct):
    """One card, its money, its day, and the trade a command is about.

    `lots` only where they were asked for; `serial` is the trade that has the command's serial already.
    """

    brand_id: int
    timezone: str
    policy: CardPolicy
    card: StoredCard
    posted_fen: int
    held_fen: int
    house: dict[str, int]  # code → account, in the card's shard
    consumed: dict[date, int]  # business day → consumptions that count
    lots: list[LotLeft] = []
    trade: StoredTrade | None = None
    serial: Trade | None = None
    number_taken: bool = False  # the one that was asked for

    @property
    def available_fen(self) -> int:
        """Return what can be spent."""
        return self.posted_fen - self.held_fen


class OpeningFacts(msgspec.Struct):
    """What is known before a card is opened.

    `user`: id, state of whoever has this identity; `live`: they have a card; `house`: "shard code" → account.
    """

    brand_id: int
    policy: CardPolicy
    user: tuple[int, CardUserState] | None
    live: bool
    number_taken: bool
    house: dict[str, int]
