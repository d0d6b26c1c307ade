"""Writes down what came of messages, with the money that goes back, in one commit (R-004-22).

Many outcomes at once are one batch per chain of the ledger. An outcome is insisted on until the
database takes it: it is known nowhere else. Refuses to decide what an outcome means (`outcome.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

import asyncpg
import structlog

from server.billing import store as ledger
from server.billing.ledger import Posting
from server.clock import Clock
from server.errors import Refusal
from server.sms.outcome import Step
from server.sms.purse import Purses, shard_of
from server.sms.records import store
from server.sms.window import Bounds, Window

BATCH_MAX = 256
WAITING_MAX = 20_000
REST_S = 0.25

_log = structlog.get_logger(__name__)


class Settling(NamedTuple):
    """What came of attempt number `attempt` at a message."""

    brand_id: int
    message_id: int
    attempt: int
    step: Step
    lease: datetime | None = None  # of a taking nobody knows was committed: another has another


class Settler:
    """Settles outcomes for a process."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, purses: Purses) -> None:
        self._pool = pool
        self._clock = clock
        self._purses = purses
        bounds = Bounds(BATCH_MAX, WAITING_MAX)
        self._window: Window[Settling, bool] = Window("sms settling", self._write, bounds)

    async def settle(self, settling: Settling) -> bool:
        """Move a message on; False when somebody else had moved it.

        Raises `busy` and `unavailable`: then it may have been done.
        """
        return await self._window.ask(shard_of(settling.brand_id), settling)

    async def insist(self, settling: Settling) -> bool:
        """Move a message on, however long the database is away."""
        while True:
            try:
                return await self.settle(settling)
            except Refusal as refusal:
                if not refusal.retryable:
                    raise
                await asyncio.sleep(REST_S)

    async def _write(self, shard: int, batch: Sequence[Settling]) -> list[bool | Refusal]:
        at = self._clock.now()
        purses = {one.brand_id: await self._purses.of(one.brand_id) for one in batch}
        moved: set[tuple[int, int]] = set()
        refunds: list[Posting] = []
        async with self._pool.acquire() as connection, connection.transaction():
            by_verb = sorted(batch, key=lambda one: one.step.verb)
            for verb, group in groupby(by_verb, key=lambda one: one.step.verb):
                for row in await store.move(connection, verb, [_move(o) for o in group], at):
                    moved.add((row.brand_id, row.id))
                    if verb == "refuse":
                        assert row.payment is not None  # the database's CHECK: it was sending
                        purse = purses[row.brand_id]
                        refunds.append(purse.refund(row.payment, row.id, row.segments))
            done = [(one.brand_id, one.message_id) in moved for one in batch]
            entries = [_entry(one) for one, did in zip(batch, done, strict=True) if did]
            await store.write_log(connection, at, entries)
            if refunds:
                for receipt in await ledger.post(connection, shard, at, refunds):
                    if receipt.status != "ok":
                        # Given back by hand before, as far as the payment went: the books are right.
                        _log.error("sms_refund_refused", why=receipt.status)
        return [*done]


def _move(one: Settling) -> store.Move:
    step = one.step
    return store.Move(
        one.brand_id,
        one.message_id,
        one.attempt,
        step.due_at,
        step.code,
        step.carrier_message_id,
        one.lease,
    )


def _entry(one: Settling) -> store.Entry:
    return store.Entry(
        one.brand_id, one.message_id, one.attempt, one.step.verb, one.step.code, one.step.sentence
    )
