"""Collects postings of many callers and posts them in batches: at once when idle, together under load.

Each shard has one batch under way; what comes meanwhile is the next one, so that there is no timer and
nobody who is alone waits for company. Refuses to keep more than a bounded number waiting.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from typing import NamedTuple

import asyncpg
import structlog

from server.billing import store
from server.billing.ledger import SHARDS, Posting, Receipt
from server.clock import Clock
from server.db.pool import LOST
from server.errors import Refusal

BATCH_POSTINGS_MAX = (
    512  # larger ones make all of them late; this is enough for the commit to be cheap
)
WAITING_POSTINGS_MAX = 20_000  # of a shard
# A batch of so many is worth its fixed cost: it goes at once, and PostgreSQL works while answers are given.
COMPANY_POSTINGS = 128
_INT8_MAX = 2**63 - 1  # a number PostgreSQL cannot hold would spoil its whole batch
_INT2_MAX = 2**15 - 1

_log = structlog.get_logger(__name__)


class _Asked(NamedTuple):
    posting: Posting
    answer: asyncio.Future[Receipt]


class Teller:
    """Takes postings, answers with what came of them."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        *,
        batch_postings_max: int = BATCH_POSTINGS_MAX,
        waiting_postings_max: int = WAITING_POSTINGS_MAX,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._batch_postings_max = batch_postings_max
        self._waiting_postings_max = waiting_postings_max
        self._queues: tuple[deque[_Asked], ...] = tuple(deque() for _ in range(SHARDS))
        self._windows: dict[int, asyncio.Task[None]] = {}  # one per shard that is at work
        # A window serves everybody: it must not log in the name of the one who opened it.
        self._context = contextvars.copy_context()
        self.batches = 0
        self.postings = 0

    @property
    def waiting_postings(self) -> int:
        """How many postings wait for a batch."""
        return sum(map(len, self._queues))

    async def post(self, posting: Posting) -> Receipt:
        """Post durably and return the balances after it.

        Raises `Refusal` with the reason. After `unavailable` it may have been posted or not: ask again
        with the same id.
        """
        receipt = await self.ask(posting)
        if receipt.status != "ok":
            raise Refusal(receipt.status, balance=receipt.balance, available=receipt.available)
        return receipt

    def ask(self, posting: Posting) -> asyncio.Future[Receipt]:
        """Queue a posting; its future has the receipt, whatever it says. Raises `busy` when full."""
        if not (abs(posting.amount) <= _INT8_MAX and abs(posting.priority) <= _INT2_MAX):
            raise Refusal("ledger_amount_invalid")
        shard = posting.shard
        queue = self._queues[shard]
        if len(queue) >= self._waiting_postings_max:
            raise Refusal("busy")
        answer = asyncio.get_running_loop().create_future()
        queue.append(_Asked(posting, answer))
        if shard not in self._windows:
            self._windows[shard] = asyncio.create_task(
                self._serve(shard), context=self._context.copy()
            )
        return answer

    async def _serve(self, shard: int) -> None:
        queue = self._queues[shard]
        try:
            while queue:
                count = min(len(queue), self._batch_postings_max)
                batch = [queue.popleft() for _ in range(count)]
                await self._post(shard, batch)
                if len(queue) < COMPANY_POSTINGS:
                    # Who was just answered and asks again comes along: of callers in two halves, each
                    # waiting for the other's batch, one turn of the loop makes one of twice the size.
                    await asyncio.sleep(0)
        finally:
            del self._windows[shard]

    async def _post(self, shard: int, batch: list[_Asked]) -> None:
        try:
            async with self._pool.acquire() as connection:
                receipts = await store.post(
                    connection, shard, self._clock.now(), [asked.posting for asked in batch]
                )
        except LOST as error:
            _log.warning("ledger_unavailable", error=type(error).__name__)
            _fail(batch, Refusal("unavailable"))
        except Exception as error:  # noqa: BLE001
            # The task's edge. One that the database will not have (its id went to the other shard at the same moment)
            # must not take its neighbours with it.
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._post(shard, batch[:middle])
                await self._post(shard, batch[middle:])
                return
            _log.error("posting_broke", posting=str(batch[0].posting.id), exc_info=error)
            _fail(batch, Refusal("internal"))
        else:
            self.batches += 1
            self.postings += len(batch)
            for asked, receipt in zip(batch, receipts, strict=True):
                if not asked.answer.done():
                    asked.answer.set_result(receipt)

    async def drain(self) -> None:
        """Wait until everything that was asked is answered."""
        while self._windows:
            await asyncio.wait(self._windows.values())


def _fail(batch: list[_Asked], refusal: Refusal) -> None:
    for asked in batch:
        if not asked.answer.done():
            asked.answer.set_exception(refusal)
