"""What is done by the clock and not by anybody: partitions made ahead, old memories forgotten."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import structlog

from server.audit import store as audit
from server.broadcast import store as calls
from server.clock import Clock
from server.events import log
from server.pairing import store as pairing
from server.pictures import store as pictures
from server.printing import store as printing
from server.staff import store as staff

COMMANDS_KEPT = timedelta(days=7)  # a device may come back from a week in a drawer
PROMISES_KEPT = timedelta(days=7)
PAPERS_KEPT = timedelta(days=30)
PICTURES_KEPT = timedelta(days=30)  # that no dish shows: a form may lie open over a weekend
CALLS_KEPT = timedelta(days=90)  # whoever is asked why nobody came looks back this far
PAIRING_KEPT = timedelta(days=1)  # long over, kept for whoever asks what happened yesterday
SESSIONS_KEPT = timedelta(days=1)  # they end after twelve hours
# Three years: how long a claim can be brought in China, and well over the six months that the law on
# network security wants logs kept. In whole months, so it may be thirty days more.
AUDIT_KEPT = timedelta(days=1_096)
BATCH_ROWS_MAX = 5_000

_log = structlog.get_logger(__name__)


async def make_partitions(pool: asyncpg.Pool, clock: Clock) -> None:
    """Make sure this month's and next month's log have partitions of their own."""
    await log.make_partitions(pool, clock.now())
    await audit.make_partitions(pool, clock.now())


async def forget(pool: asyncpg.Pool, clock: Clock) -> int:
    """Forget replies nobody can ask for any more, promises long kept, calls, codes and tries long over.

    Returns how many replies, promises, calls and receipts.
    """
    now = clock.now()
    total = 0
    for statement, kept in (
        (log.FORGET_COMMANDS, COMMANDS_KEPT),
        (log.FORGET_PROMISES, PROMISES_KEPT),
        (printing.FORGET_JOBS, PAPERS_KEPT),
        (pictures.FORGET, PICTURES_KEPT),
        (calls.FORGET_CALLS, CALLS_KEPT),
        (calls.FORGET_RECEIPTS, CALLS_KEPT),
    ):
        while True:
            count = len(await pool.fetch(statement, now - kept, BATCH_ROWS_MAX))
            total += count
            if count < BATCH_ROWS_MAX:
                break
    await pairing.forget_old(pool, now - PAIRING_KEPT)
    await staff.forget_old(pool, now - SESSIONS_KEPT)
    await audit.forget(pool, now - AUDIT_KEPT)
    _log.info("forgotten", rows=total)
    return total
