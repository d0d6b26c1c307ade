"""Whose units a brand's messages use, and the postings that hold, take and give them back.

Every id follows from what it is for, so that what is posted again after a crash is posted once.
Refuses to post: who moves the messages does, in the same commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from server.billing import store as ledger
from server.billing.ledger import Posting
from server.errors import Refusal
from server.sms.costcentre import NAMES, CostCentre

PURSES_KEPT_MAX = 100_000
# A hold outlives its messages: they give their units back themselves, this is for what nobody foresaw.
HOLD_OUTLIVES = timedelta(days=1)


class Purse(NamedTuple):
    """One brand's account, and the house's that is paid."""

    account: int
    consumed: int

    def hold(self, number: UUID, segments: int, expires_at: datetime) -> Posting:
        """Return the freeze of a request: its id is the number (单号)."""
        return Posting(number, "H", self.account, segments, expires=expires_at + HOLD_OUTLIVES)

    def pay(self, payment: UUID, number: UUID, segments: int) -> Posting:
        """Return the payment for messages of one number that are taken together."""
        return Posting(payment, "C", self.account, segments, self.consumed, number)

    def refund(self, payment: UUID, message_id: int, segments: int) -> Posting:
        """Return the way back for one message's part, into the lots it came from (A16)."""
        name = uuid5(NAMES, f"refund {payment} {message_id}")
        return Posting(name, "F", self.account, segments, self.consumed, payment)

    def refund_copy(self, payment: UUID, message_id: int, mark: bytes, segments: int) -> Posting:
        """Return the way back for one telephone's copy that did not arrive (A17)."""
        name = uuid5(NAMES, f"refund {payment} {message_id} {mark.hex()}")
        return Posting(name, "F", self.account, segments, self.consumed, payment)


def payment_of(number: UUID, message_ids: Sequence[int]) -> UUID:
    """Name the payment for messages of one number: by the first of them, which is paid for once."""
    return uuid5(number, f"pay {min(message_ids)}")


def shard_of(brand_id: int) -> int:
    """Return the chain a brand's account belongs to."""
    return ledger.shard_of(f"brand:{brand_id}")


class Purses:
    """Finds brands' purses and remembers them: an account's number never changes."""

    def __init__(self, centre: CostCentre) -> None:
        self._centre = centre
        self._known: dict[int, Purse] = {}

    async def of(self, brand_id: int) -> Purse:
        """Return a brand's purse.

        Raises `balance_insufficient` for a brand that never bought anything, and `unavailable`.
        """
        known = self._known.get(brand_id)
        if known is not None:
            return known
        account = await self._centre.find(brand_id)
        if account is None:
            raise Refusal("balance_insufficient", balance=0, available=0)
        if len(self._known) >= PURSES_KEPT_MAX:
            self._known.clear()
        purse = self._known[brand_id] = Purse(account.id, account.consumed)
        return purse
