"""Writes audit lines: what cannot be written down is not done.

A line is on disk before its action begins, many callers' lines in one commit. The outcome follows
when it is known and is tried until it is written. Refuses to decide what is audited: the table of
doors says so.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from server.audit import store
from server.audit.line import Line, Outcome, subject_of
from server.clock import Clock, to_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.ids import IdMint

LINES_WAITING_MAX = 1_000
BATCH_LINES_MAX = 200
WRITE_S_MAX = 5.0
# While the database is away outcomes are kept here; a line without one says "not known".
OUTCOMES_KEPT_MAX = 10_000
RETRY_S = 1.0
CLOSE_S_MAX = 5.0

_log = structlog.get_logger(__name__)


class AuditBook:
    """The audit lines of one process."""

    def __init__(self, database: store.Database, clock: Clock) -> None:
        self._db = database
        self._clock = clock
        self._mint = IdMint()
        self._lines: list[tuple[Line, asyncio.Future[None]]] = []
        self._outcomes: list[Outcome] = []
        self._line_came = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self.outcomes_lost = 0

    async def begin(self, action: str, who: str, name: str, address: str, /, **about: Any) -> Line:
        """Write down that somebody is about to do something, and return the line.

        `about`: `brand_id`, `shop_id`, `request_id`, and `facts` (what is acted on).
        Raises `audit_unavailable` when it cannot be written: then nothing is to be done.
        """
        now = self._clock.now()
        line = Line(
            at=now, id=self._mint.next_id(to_ms(now)), brand_id=about.get("brand_id", 0),
            shop_id=about.get("shop_id", 0), who=who, name=name, address=address, action=action,
            subject=subject_of(about.get("facts", {})), request_id=about.get("request_id", ""),
        )  # fmt: skip
        if len(self._lines) >= LINES_WAITING_MAX:
            raise Refusal("audit_unavailable")
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.append((line, written))
        self._line_came.set()
        self._wake()
        await written
        return line

    def finish(self, line: Line, outcome: str, facts: dict[str, Any] | None = None) -> None:
        """Note what came of it; written soon, without anybody waiting."""
        self._outcomes.append(Outcome(line.at, line.id, outcome, subject_of(facts or {})))
        if len(self._outcomes) > OUTCOMES_KEPT_MAX:
            del self._outcomes[0]
            self.outcomes_lost += 1
            _log.error("audit_outcome_lost")
        self._wake()

    async def settle(self) -> None:
        """Wait until what is known is written, or cannot be for now: who reads sees his own."""
        writing = self._writing
        if writing is not None:
            await asyncio.wait({writing}, timeout=RETRY_S)

    async def close(self) -> None:
        """Write what is left; what cannot be written in time is counted as lost."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=CLOSE_S_MAX)
            self._writing.cancel()
        if self._outcomes:
            _log.error("audit_outcomes_lost", outcomes=len(self._outcomes))

    def _wake(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="audit")

    async def _write_all(self) -> None:
        while self._lines or self._outcomes:
            lines, self._lines = self._lines[:BATCH_LINES_MAX], self._lines[BATCH_LINES_MAX:]
            outcomes, self._outcomes = self._outcomes, []
            is_written = await self._write([line for line, _ in lines], outcomes)
            for _, written in lines:
                if written.done():
                    continue  # whoever asked is gone
                if is_written:
                    written.set_result(None)
                else:
                    written.set_exception(Refusal("audit_unavailable"))
            if not is_written and outcomes:
                self._outcomes = outcomes + self._outcomes
                await self._rest()

    async def _rest(self) -> None:
        """Wait a little with outcomes; a line is tried at once, because somebody waits for it."""
        self._line_came.clear()
        if not self._lines:
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S):
                    await self._line_came.wait()

    async def _write(self, lines: list[Line], outcomes: list[Outcome]) -> bool:
        try:
            async with asyncio.timeout(WRITE_S_MAX):
                await store.add(self._db, lines, outcomes)
        except (*LOST, asyncpg.PostgresError) as error:
            _log.error("audit_not_written", error=type(error).__name__, lines=len(lines))
            return False
        return True
