"""A ledger to measure: accounts with three lots each, and the streams of postings that use them."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import asyncpg

from server.billing.ledger import SHARDS, Posting
from server.billing.store import post
from server.clock import SystemClock

LOTS = 3
LOT_UNITS = 1_000_000_000  # so that no cell empties a lot: what is measured is using them
BATCH = 512

MAKE_ACCOUNTS = """
INSERT INTO ledger.account (id, shard, owner, unit, code, guarded, lotted)
SELECT i, i % 2, CASE WHEN i <= 2 THEN '' ELSE 'bench:' || i END, 'SMS',
       CASE WHEN i <= 2 THEN 'consumed' ELSE 'prepaid' END, i > 2, i > 2
  FROM generate_series(1, $1::bigint + 2) i
"""


class Choice(NamedTuple):
    """How accounts are chosen, and how many there are."""

    accounts: int
    zipf: bool

    def ids(self) -> Iterator[int]:
        """Yield accounts without end."""
        dice = random.Random(1)
        everybody = range(3, self.accounts + 3)
        weights = (
            list(itertools.accumulate(1 / rank for rank in range(1, self.accounts + 1)))
            if self.zipf
            else None
        )
        while True:
            yield from dice.choices(everybody, cum_weights=weights, k=10_000)


def _house(account: int) -> int:
    return 2 - account % SHARDS  # 1 lives in shard 1, 2 in shard 0


def grant(account: int) -> Posting:
    """Return one more lot for an account."""
    return Posting(uuid.uuid4(), "G", account, LOT_UNITS, _house(account))


def debit(account: int, amount: int) -> Posting:
    """Return a use of an account's lots."""
    return Posting(uuid.uuid4(), "D", account, amount, _house(account))


def hold(account: int, amount: int) -> Posting:
    """Return units set aside."""
    return Posting(uuid.uuid4(), "H", account, amount)


def capture(of: Posting) -> Posting:
    """Return the use of what was set aside."""
    return Posting(uuid.uuid4(), "C", of.account, of.amount, _house(of.account), of.id)


async def lay(database_url: str, accounts: int) -> None:
    """Open the accounts and fill them."""
    connection = await asyncpg.connect(database_url)
    clock = SystemClock()
    try:
        await connection.execute(MAKE_ACCOUNTS, accounts)
        for shard in range(SHARDS):
            mine = [i for i in range(3, accounts + 3) if i % SHARDS == shard]
            for at in range(0, len(mine), BATCH):
                for _ in range(LOTS):
                    batch = [grant(account) for account in mine[at : at + BATCH]]
                    await post(connection, shard, clock.now(), batch)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
