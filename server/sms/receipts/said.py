"""`SmsReceiptStatusCallBack`: a brand says what became of what it paid for (R-004-23).

Of messages this house sent, it is one more receipt and goes their way: written down, settled later,
tried until it is done; but it moves no money, and a carrier's word takes its place. Of what the brand
sent by itself it stands beside the payment; the last word stays. Refuses to speak for another brand's
payments.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from server.billing import store as ledger
from server.clock import Clock, to_ms
from server.errors import Refusal
from server.sms import store
from server.sms.costcentre import CostCentre, refund_posting
from server.sms.message import Delivery, check_in_time, reference_of
from server.sms.phones import Phone, Phones
from server.sms.receipts.receipts import SAID, Kept, Receipts

_log = structlog.get_logger(__name__)


class Word(NamedTuple):
    """What is said of a payment; `phone`: of one telephone's copy, else of the only one there is."""

    payment: UUID
    state: Delivery
    code: str
    phone: Phone | None = None


class Sayings:
    """Takes a brand's own word for a process."""

    def __init__(
        self, pool: asyncpg.Pool, centre: CostCentre, phones: Phones, receipts: Receipts, clock: Clock
    ) -> None:  # fmt: skip
        self._pool = pool
        self._centre = centre
        self._phones = phones
        self._receipts = receipts
        self._clock = clock

    async def say(self, brand_id: int, word: Word) -> bool:
        """Take it; True when it is settled at once, False when it waits to be.

        Raises `posting_not_found`, `sms_word_too_late`, `bad_field` when there are several telephones and
        none is named, or it is not among them, and `unavailable`.
        """
        line = await self._centre.payment(brand_id, word.payment)
        assert line.ref is not None  # a payment is taken from a freeze
        check_in_time(line.at, self._clock.now())
        paid = await self._pool.fetch(store.READ_PAID, brand_id, line.ref, word.payment)
        if not paid:
            await self._note(brand_id, word, line.amount)
            return True
        mark = None if word.phone is None else self._phones.index(word.phone)
        if mark is None and sum(row["phones"] for row in paid) > 1:
            raise Refusal("bad_field", "Which telephone?", field="phone")
        ids = [row["id"] for row in paid]
        copies = await self._pool.fetch(store.READ_COPIES, brand_id, ids, mark)
        if not copies:
            raise Refusal("bad_field", "It was not sent there.", field="phone")
        await self._receipts.keep(
            [
                Kept(
                    SAID, f"{word.payment} {copy['message_id']}", copy["mark"], word.state,
                    word.code, to_ms(self._clock.now()),
                    reference_of(brand_id, copy["message_id"], line.ref),
                )
                for copy in copies
            ]
        )  # fmt: skip
        return False

    async def _note(self, brand_id: int, word: Word, segments: int) -> None:
        async with self._pool.acquire() as connection:
            try:
                await self._write(connection, brand_id, word, segments)
            except ledger.PostingRefusedError as error:
                # It has come back already, in parts: the word is true all the same.
                _log.warning("undelivered_not_refunded", payment=str(word.payment), why=error.code)
                await self._write(connection, brand_id, word, 0)

    async def _write(
        self, connection: ledger.Connection, brand_id: int, word: Word, segments: int
    ) -> None:
        """Write the word down, and with it give so many segments back where the brand wants that (A17)."""
        now = self._clock.now()
        async with connection.transaction():
            fresh = await connection.fetchval(
                store.SAY_RECEIPT, brand_id, word.payment, word.state, word.code, now
            )
            if fresh != "undelivered" or not segments:
                return
            if await connection.fetchval(store.REFUNDS_UNDELIVERED, brand_id):
                account = await self._centre.find(brand_id)
                assert account is not None  # it has paid
                refund = refund_posting(account, word.payment, segments)
                await ledger.post_rows(connection, now, [refund])
