"""What the ledger does by the clock: lets holds and lots expire, signs its heads, audits itself.

Refuses to mend: an account that does not agree with its lines is frozen and an alarm is written down.
"""

from __future__ import annotations

import uuid
from datetime import datetime

import asyncpg
import structlog

from server.billing import store, views
from server.billing.anchors import Anchors, Head
from server.billing.ledger import Posting, Receipt, Unit
from server.billing.teller import Teller
from server.billing.verify import Audit, Finding, audit
from server.clock import Clock, to_ms
from server.ids import IdMint

SWEEP_ROWS_MAX = 1_000  # of one turn; the next turn has the rest
SWEEP_TURNS_MAX = 50  # of one sweep: about half a minute's work
# Names of what expires: the same hold or lot swept twice is one posting.
_EXPIRY = uuid.UUID("6f1f7e0c-5d0b-4c55-9d0e-6a2f3a3c9a10")

_log = structlog.get_logger(__name__)


class Keeper:
    """Keeps one ledger's house."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, anchors: Anchors) -> None:
        self._pool = pool
        self._clock = clock
        self._anchors = anchors
        self._teller = Teller(pool, clock)
        self._mint = IdMint()

    async def sweep(self) -> int:
        """Release holds that are due and expire lots that are; return how many postings that made.

        In turns, because much may expire at one midnight. Of a lot only what nobody holds expires; the
        rest goes when its hold has ended (A14).
        """
        total = 0
        for _ in range(SWEEP_TURNS_MAX):
            posted = await self._turn()
            total += posted
            if posted < SWEEP_ROWS_MAX:
                break
        return total

    async def _turn(self) -> int:
        now = self._clock.now()
        due = [await self._releases(now), await self._expiries(now)]
        asked = [self._teller.ask(posting) for postings in due for posting in postings]
        receipts: list[Receipt] = [await one for one in asked]
        # What was refused changed since it was read; the next turn looks again.
        return sum(receipt.status == "ok" for receipt in receipts)

    async def _releases(self, now: datetime) -> list[Posting]:
        rows = await self._pool.fetch(views.READ_DUE_HOLDS, now, SWEEP_ROWS_MAX)
        return [
            Posting(uuid.uuid5(_EXPIRY, f"hold {r['id']}"), "R", r["account"], 0, ref=r["id"])
            for r in rows
        ]

    async def _expiries(self, now: datetime) -> list[Posting]:
        free: dict[int, int] = {}
        postings = []
        for row in await self._pool.fetch(views.READ_DUE_LOTS, now, SWEEP_ROWS_MAX):
            left = free.setdefault(row["account"], row["available"])
            amount = min(row["remaining"], left)
            if amount == 0:
                continue
            free[row["account"]] = left - amount
            contra = await self._house(row["unit"], row["shard"])
            name = uuid.uuid5(_EXPIRY, f"lot {row['id']} {row['remaining']} {now.isoformat()}")
            postings.append(Posting(name, "X", row["account"], amount, contra, row["id"]))
        return postings

    async def _house(self, unit: Unit, shard: int) -> int:
        async with self._pool.acquire() as connection:
            now_ms = to_ms(self._clock.now())
            row = await store.house_account(connection, self._mint, now_ms, unit, "expired", shard)
        return row.id

    async def lay_anchor(self) -> bool:
        """Sign the heads as they are now; False when nothing was posted since the last time."""
        heads: list[Head] = [
            (row["id"], row["next_seq"] - 1, row["head"].hex())
            for row in await self._pool.fetch(views.READ_SHARDS)
        ]
        return self._anchors.write(self._clock.now(), heads)

    async def look(self) -> Audit:
        """Audit and change nothing."""
        async with self._pool.acquire() as connection:
            return await audit(connection, self._anchors.read())  # type: ignore[arg-type]  # it acts like one

    async def audit(self) -> Audit:
        """Audit; freeze the accounts of what was found and write an alarm for each finding (R-000-4)."""
        found = await self.look()
        if found.findings:
            async with self._pool.acquire() as connection, connection.transaction():
                accounts = sorted({a for one in found.findings for a in one.accounts})
                frozen = await store.freeze(connection, accounts)
                at = self._clock.now()
                await connection.executemany(
                    store.ADD_ALARM, [_alarm(at, one) for one in found.findings]
                )
            _log.error("ledger_mismatch", findings=len(found.findings), frozen=frozen)
        return found


def _alarm(
    at: datetime, one: Finding
) -> tuple[datetime, str, int | None, int | None, int | None, str]:
    account = one.accounts[0] if len(one.accounts) == 1 else None
    return at, one.kind, account, one.shard, one.seq, one.sentence
