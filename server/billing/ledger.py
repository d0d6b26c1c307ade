"""◆ The ledger as it is meant: accounts, postings, and what each posting comes to.

PostgreSQL keeps the real books (`ledger.post`); this model says what they must say. Tests drive both
with the same operations, and `verify.py` replays the journal through it. One posting after another,
one movement each, between a customer's account and one of the house. Refuses to know SQL or clocks.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from server.billing.hold import Hold
from server.billing.lots import Lot, Lots, Use, back, turn_of
from server.clock import to_ms

SHARDS = 2
AMOUNT_MAX = 1_000_000_000_000

Unit = Literal["SMS", "CNY", "PTS"]
Kind = Literal["G", "D", "H", "C", "R", "F", "X"]
AccountState = Literal["open", "frozen", "closed"]

KINDS: dict[Kind, str] = {
    "G": "grant",
    "D": "debit",
    "H": "hold",
    "C": "capture",
    "R": "release",
    "F": "refund",
    "X": "expire",
}


class Posting(msgspec.Struct, frozen=True):
    """One operation as it is asked for; its id is minted by who asks, and is asked again with it."""

    id: UUID
    kind: Kind
    account: int
    amount: int
    contra: int | None = None
    ref: UUID | None = None  # hold, posting that is given back, or lot
    expires: datetime | None = None  # of a grant's lot, of a hold
    priority: int = 0  # of a grant's lot: lower goes first

    @property
    def shard(self) -> int:
        """Return which chain it belongs to."""
        return self.account % SHARDS


def as_row(posting: Posting) -> dict[str, Any]:
    """Return what a command's decision carries of a posting, in a row of the kind "posting"."""
    return {
        "shard": posting.shard,
        "id": str(posting.id),
        "kind": posting.kind,
        "account": posting.account,
        "contra": posting.contra,
        "amount": posting.amount,
        "ref": str(posting.ref) if posting.ref else None,
        "expires_at_ms": to_ms(posting.expires) if posting.expires else None,
        "priority": posting.priority,
    }


class Receipt(NamedTuple):
    """What came of a posting: 'ok' or a refusal's code, and the balances after it."""

    status: str
    balance: int | None
    available: int | None


class Account(msgspec.Struct):
    """A customer's account (guarded) or one of the house."""

    id: int
    unit: Unit
    guarded: bool = True
    lotted: bool = True
    expiry_first: bool = False
    grace_s: int = 259_200
    state: AccountState = "open"
    posted: int = 0
    held: int = 0

    @property
    def available(self) -> int:
        """Return what can be used now."""
        return self.posted - self.held


def shard_of(owner: str) -> int:
    """Return the chain an owner's accounts belong to."""
    return zlib.crc32(owner.encode()) % SHARDS


def moves(kind: Kind, amount: int) -> int:
    """Return what a posting adds to its account's balance."""
    return amount if kind in "GF" else -amount if kind in "DCX" else 0


def holds(kind: Kind, amount: int) -> int:
    """Return what a posting adds to what its account holds."""
    return amount if kind == "H" else -amount if kind in "CR" else 0


class Line(NamedTuple):
    """A posting as it stands in the journal."""

    posting: Posting
    receipt: Receipt
    uses: list[Use]


class Books:
    """All accounts, holds, lots and lines of one ledger."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.lots: dict[int, Lots] = {}
        self.holds: dict[UUID, Hold] = {}
        self.journal: dict[UUID, Line] = {}
        self.refunded: dict[UUID, int] = {}
        self.lines = 0

    def open(self, account: Account) -> None:
        """Take in an account."""
        self.accounts[account.id] = account
        self.lots[account.id] = Lots()

    def post(self, posting: Posting, at: datetime) -> Receipt:
        """Post one operation, or say why not; the same operation again gets the same answer."""
        seen = self.journal.get(posting.id)
        if seen is not None:
            return seen.receipt if same(seen.posting, posting) else _REUSED
        account = self.accounts.get(posting.account)
        refusal = self._refusal(posting, account)
        if account is None:
            return Receipt(refusal or "", None, None)
        if refusal is not None:
            return Receipt(refusal, account.posted, account.available)
        if posting.kind == "R":
            rest = self.holds[_ref(posting)].rest
            posting = msgspec.structs.replace(posting, amount=rest)
        return self._write(posting, account, at)

    def _write(self, posting: Posting, account: Account, at: datetime) -> Receipt:
        uses = self._settle(posting, account, at)
        moved = moves(posting.kind, posting.amount)
        account.posted += moved
        account.held += holds(posting.kind, posting.amount)
        if posting.contra is not None:
            self.accounts[posting.contra].posted -= moved
        receipt = Receipt("ok", account.posted, account.available)
        self.lines += 1
        self.journal[posting.id] = Line(posting, receipt, uses)
        return receipt

    def _refusal(self, posting: Posting, account: Account | None) -> str | None:
        """Say why not; of several reasons the first of this order."""
        if account is None or not account.guarded or not self._contra_fits(posting, account):
            return "ledger_account_not_found"
        if account.state == "closed":
            return "ledger_account_closed"
        if account.state == "frozen" and posting.kind in "DH":
            return "ledger_account_frozen"
        if posting.kind != "R" and not 1 <= posting.amount <= AMOUNT_MAX:
            return "ledger_amount_invalid"
        refusal = self._refusal_of_ref(posting)
        if refusal is None and posting.kind in "DHX" and posting.amount > account.available:
            return "balance_insufficient"
        return refusal

    def _contra_fits(self, posting: Posting, account: Account) -> bool:
        if posting.kind in "HR":
            return posting.contra is None
        contra = self.accounts.get(posting.contra or 0)
        return (
            contra is not None
            and not contra.guarded
            and contra.unit == account.unit
            and contra.id % SHARDS == posting.shard
        )

    def _refusal_of_ref(self, posting: Posting) -> str | None:
        """Say why what a posting refers to does not allow it."""
        if posting.kind in "CR":
            return self._refusal_of_hold(posting)
        if posting.kind == "F":
            return self._refusal_of_refund(posting)
        if posting.kind == "X":
            lot = self.lots[posting.account].by_id.get(_ref(posting))
            if lot is None:
                return "lot_not_found"
            return "lot_exceeded" if posting.amount > lot.remaining else None
        return None

    def _refusal_of_hold(self, posting: Posting) -> str | None:
        hold = self.holds.get(_ref(posting))
        if hold is None or hold.account != posting.account:
            return "hold_not_found"
        return hold.refusal(posting.amount if posting.kind == "C" else None)

    def _refusal_of_refund(self, posting: Posting) -> str | None:
        line = self.journal.get(_ref(posting))
        original = line.posting if line else None
        if original is None or original.account != posting.account or original.kind not in "DC":
            return "posting_not_found"
        given = self.refunded.get(original.id, 0)
        return "refund_exceeded" if posting.amount + given > original.amount else None

    def _settle(self, posting: Posting, account: Account, at: datetime) -> list[Use]:
        """Do what an allowed posting does to holds and lots; return what it did to the lots."""
        if posting.kind == "H":
            self.holds[posting.id] = Hold(posting.id, account.id, posting.amount)
        elif posting.kind == "C":
            self.holds[_ref(posting)].capture(posting.amount)
        elif posting.kind == "R":
            self.holds[_ref(posting)].release()
        elif posting.kind == "F":
            return self._give_back(posting, account, at)
        if not account.lotted:
            return []
        lots = self.lots[account.id]
        if posting.kind == "G":
            lots.add(self._new_lot(posting, account))
        elif posting.kind in "DC":
            return lots.burn(posting.amount)
        elif posting.kind == "X":
            lots.take(_ref(posting), posting.amount)
            return [Use(_ref(posting), posting.amount)]
        return []

    def _new_lot(self, posting: Posting, account: Account) -> Lot:
        return Lot(
            id=posting.id,
            seq=self.lines,
            priority=posting.priority,
            turn=turn_of(posting.expires, expiry_first=account.expiry_first),
            expires=posting.expires,
            quantity=posting.amount,
            remaining=posting.amount,
        )

    def _give_back(self, posting: Posting, account: Account, at: datetime) -> list[Use]:
        original = self.journal[_ref(posting)]
        given = self.refunded.get(original.posting.id, 0)
        self.refunded[original.posting.id] = given + posting.amount
        uses = back(original.uses, given, posting.amount)
        for use in uses:
            self.lots[account.id].put(use, at, account.grace_s)
        return [Use(use.lot, -use.amount) for use in uses]


_REUSED = Receipt("posting_id_reused", None, None)


def same(one: Posting, other: Posting) -> bool:
    """Say whether both ask the same; a release's amount is what was left, not what is asked."""
    if other.kind == "R":
        other = msgspec.structs.replace(other, amount=one.amount)
    return one == other


def _ref(posting: Posting) -> UUID:
    assert posting.ref is not None
    return posting.ref
