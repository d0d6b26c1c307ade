"""The cost centre: a brand's prepaid segments frozen, paid, released and given back (R-004-17 … 22).

One account of the ledger per brand, one lot per package; every change is a posting by an id of the
caller's or derived from one, so that whatever was cut off is simply asked again. Refuses to sell
(`packages.py`), to send, and to go below zero: what was not bought cannot be sent.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from server.billing import store as ledger
from server.billing.ledger import Posting, Receipt
from server.billing.teller import Teller
from server.clock import Clock, to_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.ids import IdMint
from server.sms import store, views
from server.sms.message import check_in_time

UNIT: Literal["SMS"] = "SMS"
CODE = "sms"
FREEZE_S = 86_400  # when the caller does not say
FREEZE_S_MAX = 30 * 86_400
ACCOUNTS_KEPT_MAX = 100_000
RELEASES_PER_TURN_MAX = 500
RELEASE_AGAIN_FIRST_S = 2.0
RELEASE_AGAIN_S_MAX = 600.0
RELEASE_ATTEMPTS_LOUD = 10  # from here on each failure is an error in the log

# Names of postings that follow from others: asked again after a crash they are the same ones.
NAMES = uuid.UUID("8d2c1a4e-52b7-5b5e-9a0f-0e5d1b7c4a31")

HoldState = Literal["held", "captured", "released"]
OutcomeState = Literal["sent", "failed"]

_log = structlog.get_logger(__name__)


class PrePaid(NamedTuple):
    """Frozen under this number; `available` is what the brand could still freeze then."""

    number: UUID
    segments: int
    available: int
    expires: datetime


class Paid(NamedTuple):
    """Paid from what was frozen; `balance` is what the brand still had, what is frozen included."""

    payment: UUID
    number: UUID
    segments: int
    balance: int


class HoldRecord(NamedTuple):
    """A freeze as it is now; `rest` is what can still be paid from it."""

    number: UUID
    state: HoldState
    segments: int
    paid: int
    rest: int
    expires: datetime | None
    at: datetime


class Settled(NamedTuple):
    """What became of a payment, and how much of it came back."""

    payment: UUID
    state: OutcomeState
    segments: int
    refunded: int


class Account(NamedTuple):
    """A brand's account, and the house's that is paid."""

    id: int
    consumed: int


class CostCentre:
    """Freezes, takes and gives back segments of brands; one for a process."""

    def __init__(self, pool: asyncpg.Pool, teller: Teller, clock: Clock) -> None:
        self._pool = pool
        self._teller = teller
        self._clock = clock
        self._mint = IdMint()
        self._accounts: dict[int, Account] = {}

    async def pre_pay(
        self, brand_id: int, number: UUID, segments: int, *, expires_s: int = FREEZE_S
    ) -> PrePaid:
        """Freeze segments under a number of the caller's (SmsSendPrePay, R-004-19).

        The same number and segments again get the same answer, whatever was paid from it since; how
        long a freeze lasts was said first. Raises `balance_insufficient`, `posting_id_reused`.
        """
        if not 1 <= expires_s <= FREEZE_S_MAX:
            raise Refusal("bad_field", field="expiresS", min=1, max=FREEZE_S_MAX)
        account = await self._account(brand_id, "balance_insufficient")
        expires = self._clock.now() + timedelta(seconds=expires_s)
        receipt = await self._teller.ask(
            Posting(number, "H", account.id, segments, expires=expires)
        )
        if receipt.status == "posting_id_reused":
            return await self._frozen_before(account, number, segments)
        _, available = _checked(receipt)
        return PrePaid(number, segments, available, expires)

    async def _frozen_before(self, account: Account, number: UUID, segments: int) -> PrePaid:
        """Return the freeze of this number: asked a moment later it would end a moment later."""
        with reachable():
            line = await store.read_line(self._pool, account.id, number)
        if line is None or (line.kind, line.amount) != ("H", segments) or line.expires is None:
            raise Refusal("posting_id_reused")
        return PrePaid(number, segments, line.available, line.expires)

    async def pay(self, brand_id: int, payment: UUID, number: UUID, segments: int) -> Paid:
        """Pay from a freeze, oldest package first (SmsSendPay, R-004-20); never for want of balance.

        One step on what is frozen (A15): nobody can take it between a release and a deduction. The
        rest stays frozen. Raises `hold_not_found`, `hold_ended`, `hold_exceeded`, `posting_id_reused`.
        """
        account = await self._account(brand_id, "hold_not_found")
        posting = Posting(payment, "C", account.id, segments, account.consumed, number)
        balance, _ = _checked(await self._teller.ask(posting))
        return Paid(payment, number, segments, balance)

    async def release(self, brand_id: int, number: UUID) -> None:
        """End a freeze; what is left of it is available again (SmsReleaseFreezeNum, R-004-21).

        Nothing happens to one that has ended. What cannot be done now is queued and tried until it is.
        Raises `hold_not_found`.
        """
        try:
            await self._release(brand_id, number)
        except Refusal as refusal:
            if not refusal.retryable:
                raise
            now = self._clock.now()
            due = now + timedelta(seconds=RELEASE_AGAIN_FIRST_S)
            waiting = store.WaitingRelease(brand_id, number, 1)
            with (
                reachable()
            ):  # if this fails, too, the caller asks again; else the freeze ends by itself
                await store.queue_release(self._pool, waiting, now, due, refusal.code)

    async def _release(self, brand_id: int, number: UUID) -> None:
        account = await self._account(brand_id, "hold_not_found")
        name = uuid.uuid5(NAMES, f"release {number}")
        receipt = await self._teller.ask(Posting(name, "R", account.id, 0, ref=number))
        if receipt.status != "hold_ended":
            _checked(receipt)

    async def do_releases(self) -> int:
        """Try the queued releases whose time has come; return how many are done (the worker's turn).

        A refusal that will not change ends one: there is nothing to release.
        """
        now = self._clock.now()
        waiting = await store.read_due_releases(self._pool, now, RELEASES_PER_TURN_MAX)
        return sum(await asyncio.gather(*map(self._do_release, waiting)))

    async def _do_release(self, release: store.WaitingRelease) -> bool:
        try:
            await self._release(release.brand_id, release.number)
        except Refusal as refusal:
            if refusal.retryable:
                await self._put_off(release, refusal.code)
                return False
        await store.settle_release(self._pool, release)
        return True

    async def _put_off(self, release: store.WaitingRelease, why: str) -> None:
        if release.attempts >= RELEASE_ATTEMPTS_LOUD:
            _log.error("release_keeps_failing", number=str(release.number), why=why)
        wait_s = min(RELEASE_AGAIN_FIRST_S * 2**release.attempts, RELEASE_AGAIN_S_MAX)
        due = self._clock.now() + timedelta(seconds=wait_s)
        await store.put_release_off(self._pool, release, due, why)

    async def refund(self, brand_id: int, payment: UUID, segments: int, *, part: str = "") -> None:
        """Give segments of a payment back into the packages they came from, the last used first (A16).

        Once for each payment, or for each `part` of it the caller names. Raises `posting_not_found`,
        `refund_exceeded`, `posting_id_reused`.
        """
        account = await self._account(brand_id, "posting_not_found")
        _checked(await self._teller.ask(refund_posting(account, payment, segments, part)))

    async def settle(self, brand_id: int, payment: UUID, state: OutcomeState) -> Settled:
        """Remember that a payment's message was sent, or failed and is refunded (R-004-22).

        Said once: the same again changes nothing, the other is refused. State and refund stand in one
        commit. What the house sent itself, nobody else calls failed. Raises `posting_not_found`,
        `outcome_differs`, `refund_exceeded`, `not_allowed`, `sms_word_too_late`.
        """
        account = await self._account(brand_id, "posting_not_found")
        with reachable():
            async with self._pool.acquire() as connection:
                line = await store.read_line(connection, account.id, payment)
                if line is None or line.kind != "C":
                    raise Refusal("posting_not_found")
                check_in_time(line.at, self._clock.now())
                if state == "failed":
                    await _check_not_ours(connection, brand_id, line, payment)
                try:
                    async with connection.transaction():
                        fresh = await self._settle(connection, brand_id, payment, state)
                        if fresh and state == "failed":
                            refund = refund_posting(account, payment, line.amount)
                            await ledger.post_rows(connection, self._clock.now(), [refund])
                except ledger.PostingRefusedError as error:
                    raise Refusal(error.code) from error
        return Settled(payment, state, line.amount, line.amount if state == "failed" else 0)

    async def _settle(
        self, connection: store.Connection, brand_id: int, payment: UUID, state: OutcomeState
    ) -> bool:
        now = self._clock.now()
        if await store.add_outcome(connection, brand_id, payment, state, now):
            return True
        known = await store.read_outcome(connection, brand_id, payment)
        if known != state:
            raise Refusal("outcome_differs", state=known)
        return False

    async def payment(self, brand_id: int, payment: UUID) -> store.Line:
        """Return what was paid. Raises `posting_not_found`, for another brand's, too."""
        account = await self._account(brand_id, "posting_not_found")
        with reachable():
            line = await store.read_line(self._pool, account.id, payment)
        if line is None or line.kind != "C":
            raise Refusal("posting_not_found")
        return line

    async def read(self, brand_id: int, number: UUID) -> HoldRecord:
        """Return a freeze by its number (R-004-19). Raises `hold_not_found`, for another brand's, too."""
        account = await self._account(brand_id, "hold_not_found")
        with reachable():
            row = await self._pool.fetchrow(views.READ_HOLD, number, account.id)
        if row is None:
            raise Refusal("hold_not_found")
        rest = row["amount"] - row["used"] if row["state"] == "held" else 0
        return HoldRecord(
            number, row["state"], row["amount"], row["used"], rest, row["due"], row["at"]
        )

    async def open(self, brand_id: int, *, expiry_first: bool | None = None) -> Account:
        """Return a brand's account, opening it the first time (its first package does).

        Packages are used in the order they were bought, or, opened so, the one that expires first (A13).
        Raises `sms_order_fixed` when the account is open and does it the other way.
        """
        owner = _owner(brand_id)
        opening = ledger.Opening(owner, UNIT, CODE, expiry_first=bool(expiry_first))
        with reachable():
            async with self._pool.acquire() as connection:
                now_ms = to_ms(self._clock.now())
                row = await ledger.open_account(connection, self._mint, now_ms, opening)
                if expiry_first is not None:
                    known = await store.read_expiry_first(connection, row.id)
                    if known != expiry_first:
                        raise Refusal("sms_order_fixed", expiry_first=known)
                return await self._known(connection, brand_id, row.id)

    async def _account(self, brand_id: int, otherwise: str) -> Account:
        """Return a brand's account; a brand that never bought anything is refused with `otherwise`."""
        account = self._accounts.get(brand_id) or await self.find(brand_id)
        if account is None:
            raise Refusal(otherwise, balance=0, available=0)
        return account

    async def find(self, brand_id: int) -> Account | None:
        """Return a brand's account, or None for a brand that never bought anything."""
        owner = _owner(brand_id)
        key = (owner, UNIT, CODE, ledger.shard_of(owner))
        with reachable():
            async with self._pool.acquire() as connection:
                row = await connection.fetchrow(ledger.READ_ACCOUNT_BY_OWNER, *key)
                return None if row is None else await self._known(connection, brand_id, row["id"])

    async def _known(
        self, connection: ledger.Connection, brand_id: int, account_id: int
    ) -> Account:
        shard = ledger.shard_of(_owner(brand_id))
        now_ms = to_ms(self._clock.now())
        house = await ledger.house_account(connection, self._mint, now_ms, UNIT, "consumed", shard)
        account = Account(account_id, house.id)
        if len(self._accounts) < ACCOUNTS_KEPT_MAX:
            self._accounts[brand_id] = account
        return account


@contextmanager
def reachable() -> Iterator[None]:
    """Turn a lost database into the refusal `unavailable`."""
    try:
        yield
    except LOST as error:
        raise Refusal("unavailable") from error


async def _check_not_ours(
    connection: store.Connection, brand_id: int, line: store.Line, payment: UUID
) -> None:
    """Refuse a brand's word against what the house itself knows of its sending."""
    if await connection.fetch(store.READ_PAID, brand_id, line.ref, payment):
        raise Refusal("not_allowed", "The house sent it, and knows itself what became of it.")


def _owner(brand_id: int) -> str:
    return f"brand:{brand_id}"


def _checked(receipt: Receipt) -> tuple[int, int]:
    """Return balance and available after a posting, or raise why there was none."""
    if receipt.status != "ok":
        raise Refusal(receipt.status, balance=receipt.balance, available=receipt.available)
    assert receipt.balance is not None
    assert receipt.available is not None
    return receipt.balance, receipt.available


def refund_posting(account: Account, payment: UUID, segments: int, part: str = "") -> Posting:
    """Return the way back for a payment, or for one named part of it, once each."""
    name = uuid.uuid5(NAMES, f"refund {payment} {part}".rstrip())
    return Posting(name, "F", account.id, segments, account.consumed, payment)
