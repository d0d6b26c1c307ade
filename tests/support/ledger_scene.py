"""A small ledger for tests: accounts of every sort, dice that make postings, and the model beside it.

Whatever is posted here is posted to PostgreSQL and to `server/billing/ledger.py`, and compared.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import asyncpg

from server.billing import store
from server.billing.ledger import SHARDS, Account, Books, Kind, Posting, Receipt
from server.billing.lots import Use
from server.clock import to_ms
from server.ids import IdMint

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_mint = IdMint()  # one for all scenes: their clock stands still
REFS_MAX = 200  # how far back the dice look for something to refer to

READ_HOLDS = "SELECT id, used, state FROM ledger.hold WHERE account = ANY ($1::bigint[])"
READ_LOTS = "SELECT id, remaining, expires FROM ledger.lot WHERE account = ANY ($1::bigint[])"
READ_MOVEMENTS = """
SELECT m.posting, m.lot, m.amount
  FROM ledger.lot_movement m JOIN ledger.journal j ON j.id = m.posting
 WHERE j.account = ANY ($1::bigint[]) ORDER BY m.posting, m.position
"""
READ_BALANCES = "SELECT id, posted, held FROM ledger.account WHERE id = ANY ($1::bigint[])"


class Sort(NamedTuple):
    """How an account is opened."""

    lotted: bool
    expiry_first: bool
    grace_s: int


USES: tuple[Kind, ...] = ("D", "D", "D", "D", "H", "H", "C", "C", "C", "R", "F", "F", "X")
SORTS = (
    Sort(lotted=True, expiry_first=False, grace_s=3600),
    Sort(lotted=True, expiry_first=True, grace_s=0),
    Sort(lotted=False, expiry_first=False, grace_s=3600),
)


class Scene:
    """Accounts, the model of them, and the dice."""

    def __init__(self, connection: asyncpg.Connection, seed: int) -> None:
        self.connection = connection
        self.books = Books()
        self.dice = random.Random(seed)
        # Two scenes of one seed in one database are two: their ids differ, their dice do not.
        self._salt = uuid.uuid4().int
        self.name = self.new_id().hex
        self.at = NOON
        self.customers: list[int] = []
        self.house: dict[tuple[str, int], int] = {}
        self.seen: list[Posting] = []

    async def lay(self, customers: int) -> None:
        """Open the accounts; every shard has the house's for two units."""
        now_ms = to_ms(self.at)
        for unit in ("SMS", "PTS"):
            for shard in range(SHARDS):
                row = await store.house_account(
                    self.connection, _mint, now_ms, unit, self.name, shard
                )
                self.house[unit, shard] = row.id
                self.books.open(Account(row.id, unit, guarded=False, lotted=False))
        for number in range(customers):
            await self._open(f"{self.name}:{number}", SORTS[number % len(SORTS)])

    async def _open(self, owner: str, sort: Sort) -> None:
        opening = store.Opening(owner, "SMS", "prepaid", *sort)
        row = await store.open_account(self.connection, _mint, to_ms(self.at), opening)
        self.customers.append(row.id)
        self.books.open(Account(row.id, "SMS", True, *sort))

    def new_id(self) -> uuid.UUID:
        """Return an id nobody has used."""
        return uuid.UUID(int=self.dice.getrandbits(128) ^ self._salt)

    def posting(
        self, kind: Kind, account: int, amount: int, *, ref: uuid.UUID | None = None,
        expires: datetime | None = None, priority: int = 0,
    ) -> Posting:  # fmt: skip
        """Return a fresh posting between an account and the house."""
        contra = None if kind in "HR" else self.house["SMS", account % SHARDS]
        return Posting(self.new_id(), kind, account, amount, contra, ref, expires, priority)

    def draw(self, odd: float) -> Posting:
        """Roll a posting; `odd` is how often it is something a caller should not send."""
        dice = self.dice
        account = dice.choice(self.customers)
        if self.seen and dice.random() < odd:
            made = self._draw_odd(account)
        elif dice.random() < 0.3 or self.books.accounts[account].available < 50:
            made = self.posting(
                "G", account, dice.randrange(1, 400), expires=self._some_time(),
                priority=dice.choice((0, 0, 0, 1)),
            )  # fmt: skip
        else:
            made = self._draw_use(account)
        self.seen.append(made)
        return made

    def _some_time(self) -> datetime | None:
        hours = self.dice.choice((None, -1, 1, 24, 24, 48))
        return None if hours is None else self.at + timedelta(hours=hours)

    def _draw_use(self, account: int) -> Posting:
        kind = self.dice.choice(USES)
        amount = self.dice.randrange(1, 60)
        if kind in "DH":
            return self.posting(kind, account, amount)
        wanted = {"C": "H", "R": "H", "F": "DC", "X": "G"}[kind]
        for one in reversed(self.seen[-REFS_MAX:]):
            if one.kind in wanted and self.dice.random() < 0.3:
                made = self.posting(kind, one.account, min(amount, one.amount), ref=one.id)
                return made if kind != "R" else self.posting("R", one.account, 0, ref=one.id)
        return self.posting("D", account, amount)

    def _draw_odd(self, account: int) -> Posting:
        """Roll a repetition, another thing under a known id, or what cannot be."""
        dice = self.dice
        one = dice.choice(self.seen[-REFS_MAX:])
        contra = self.house["SMS", account % SHARDS]
        choices = (
            one,
            one,
            Posting(one.id, one.kind, one.account, one.amount + 1, one.contra, one.ref),
            Posting(one.id, "D", account, 3, contra),
            Posting(self.new_id(), "D", account, 10**9, contra),
            Posting(self.new_id(), "D", account, dice.choice((0, -5, 10**13)), contra),
            Posting(self.new_id(), "D", account, 5, self.house["PTS", account % SHARDS]),
            Posting(self.new_id(), "D", account, 5, dice.choice(self.customers)),
            Posting(self.new_id(), "H", account, 5, contra),
            Posting(self.new_id(), "D", account + 2 * SHARDS * 10**6, 5, contra),
            Posting(self.new_id(), "C", account, 5, contra, one.id),
            Posting(self.new_id(), "F", account, 5, contra, one.id),
            Posting(self.new_id(), "X", account, 5, contra, one.id),
            Posting(self.new_id(), "R", account, 0, None, one.id),
        )
        return dice.choice(choices)

    async def post(self, postings: Sequence[Posting]) -> list[Receipt]:
        """Post a batch (both shards at once) to the books and to the model; they agree."""
        answers: dict[int, Receipt] = {}
        for shard in range(SHARDS):
            mine = [(i, p) for i, p in enumerate(postings) if p.shard == shard]
            if not mine:
                continue
            got = await store.post(self.connection, shard, self.at, [p for _, p in mine])
            for (index, posting), receipt in zip(mine, got, strict=True):
                meant = self.books.post(posting, self.at)
                assert receipt == meant, (posting, receipt, meant)
                answers[index] = receipt
        return [answers[index] for index in range(len(postings))]

    async def compare(self) -> None:
        """Hold every balance, hold, lot and movement of the database to the model's."""
        ids = list(self.books.accounts)
        rows = await self.connection.fetch(READ_BALANCES, ids)
        assert {(r["id"], r["posted"], r["held"]) for r in rows} == {
            (a.id, a.posted, a.held) for a in self.books.accounts.values()
        }
        rows = await self.connection.fetch(READ_HOLDS, ids)
        assert {(r["id"], r["used"], r["state"]) for r in rows} == {
            (h.id, h.used, h.state) for h in self.books.holds.values()
        }
        rows = await self.connection.fetch(READ_LOTS, ids)
        assert {(r["id"], r["remaining"], r["expires"]) for r in rows} == {
            (lot.id, lot.remaining, lot.expires)
            for lots in self.books.lots.values()
            for lot in lots.by_id.values()
        }
        found: dict[uuid.UUID, list[Use]] = {}
        for row in await self.connection.fetch(READ_MOVEMENTS, ids):
            found.setdefault(row["posting"], []).append(Use(row["lot"], row["amount"]))
        assert found == {i: line.uses for i, line in self.books.journal.items() if line.uses}
