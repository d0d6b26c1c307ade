"""Forgets old messages: first the numbers and the texts, later the rows.

Daily, in small batches, each done or not done as a whole, so that it may be cut off anywhere. Refuses
to forget what is not over: a message that waits, is under way or unknown stays as it is, and one of
which nobody could say what became is listed until a person has. Refuses to touch money: what was
paid and given back stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from server.clock import from_ms
from server.settings import Settings
from server.sms.message import LISTED, SAID_S_MAX, UNDECIDED, State
from server.sms.retention import store

PAGE_REQUESTS_MAX = 500
BATCH_COPIES_MAX = 2_000  # one statement's; a request of more goes alone

_FIRST = store.Old(from_ms(0), 0, UUID(int=0), 0)
_log = structlog.get_logger(__name__)


class Ages(NamedTuple):
    """How long what is known of messages is kept, from when they were accepted."""

    numbers: timedelta
    rows: timedelta


class Forgotten(NamedTuple):
    """How many messages were made unreadable, and how many dropped."""

    blanked: int
    dropped: int


def ages_of(settings: Settings) -> Ages:
    """Return what the house has set."""
    return Ages(
        timedelta(days=settings.sms_numbers_kept_days), timedelta(days=settings.sms_rows_kept_days)
    )


async def forget(pool: asyncpg.Pool, now: datetime, ages: Ages) -> Forgotten:
    """Forget what is old enough; only what was made unreadable is dropped."""
    readable_before = now - min(ages)
    blanked = await _walk(pool, store.READ_READABLE, store.BLANK, readable_before, UNDECIDED)
    dropped = await _walk(pool, store.READ_UNREADABLE, store.DROP, now - ages.rows, LISTED)
    # Once nothing can be said of a payment any more, what was said of it protects nothing.
    said_before = now - max(ages.rows, 2 * timedelta(seconds=SAID_S_MAX))
    words = 0
    for statement in (store.DROP_OUTCOMES, store.DROP_WORDS):
        while gone := len(await pool.fetch(statement, said_before, BATCH_COPIES_MAX)):
            words += gone
    _log.info("sms_forgotten", blanked=blanked, dropped=dropped, words=words)
    return Forgotten(blanked, dropped)


async def _walk(
    pool: asyncpg.Pool, read: str, statement: str, before: datetime, open_states: Sequence[State]
) -> int:
    """Go once through everything older than `before`; what may not go is passed by."""
    after, total = _FIRST, 0
    while page := await store.read_old(pool, read, before, after, PAGE_REQUESTS_MAX):
        for batch in _batches(page):
            total += await store.forget(pool, statement, batch, open_states)
        after = page[-1]
    return total


def _batches(page: Sequence[store.Old]) -> Iterator[list[store.Old]]:
    batch: list[store.Old] = []
    weight = 0
    for one in page:
        if batch and weight + one.segments > BATCH_COPIES_MAX:
            yield batch
            batch, weight = [], 0
        batch.append(one)
        weight += one.segments
    yield batch
