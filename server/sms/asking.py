"""Finds out what became of messages nobody answered for, and gives up asking after 72 hours.

A message whose worker did not come back becomes unknown when its lease ends; an unknown one is asked
about at its carrier, ever more rarely. What a carrier cannot say waits for a receipt, or for a person.
Refuses to send and to refund on a guess.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import asyncpg
import structlog

from server.db.pool import LOST
from server.errors import Refusal
from server.sms.carriers.port import Outcome, Unknown
from server.sms.ground import Ground
from server.sms.lines import Lines
from server.sms.message import reference_of
from server.sms.outcome import NO_ANSWER, Step, ask_again_at, lapses_at, step_of
from server.sms.records import store
from server.sms.settling import Settling

LOOK_S = 1.0
LOOK_MAX = 200
AT_ONCE_MAX = 8
ASK_S_MAX = 15.0

_log = structlog.get_logger(__name__)


class Asker:
    """Asks for one worker."""

    def __init__(self, ground: Ground, lines: Lines) -> None:
        self._ground = ground
        self._lines = lines
        self._hands = asyncio.Semaphore(AT_ONCE_MAX)

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                full = await self.turn() == LOOK_MAX
            except LOST as error:
                _log.warning("sms_asking_waits", error=type(error).__name__)
                full = False
            if not full:
                await asyncio.sleep(LOOK_S)

    async def turn(self) -> int:
        """Look at what is due; return how many that were."""
        now = self._ground.clock.now()
        rows = await self._ground.pool.fetch(store.READ_OPEN, now, LOOK_MAX)
        await asyncio.gather(*(self._lose(row) for row in rows if row["state"] == "sending"))
        unknown = [row for row in rows if row["state"] == "unknown"]
        over = [row for row in unknown if lapses_at(row["accepted_at"]) <= now]
        await asyncio.gather(*(self._settle(row, Step("lapse", now, "lapsed")) for row in over))
        await self._ask([row for row in unknown if lapses_at(row["accepted_at"]) > now])
        return len(rows)

    async def _lose(self, row: asyncpg.Record) -> None:
        now = self._ground.clock.now()
        await self._settle(row, Step("lose", now, NO_ANSWER, sentence="Its worker was lost."))

    async def _ask(self, rows: Sequence[asyncpg.Record]) -> None:
        """Ask about those that no other worker asks about."""
        if not rows:
            return
        now = self._ground.clock.now()
        again = [ask_again_at(row["accepted_at"], now) for row in rows]
        mine = await self._ground.pool.fetch(
            store.POSTPONE, [row["brand_id"] for row in rows], [row["id"] for row in rows],
            [row["due_at"] for row in rows], again,
        )  # fmt: skip
        keys = {(row["brand_id"], row["id"]) for row in mine}
        await asyncio.gather(*(self._ask_one(r) for r in rows if (r["brand_id"], r["id"]) in keys))

    async def _ask_one(self, row: asyncpg.Record) -> None:
        line = self._lines.get(row["carrier"])
        if line is None:
            return  # its carrier was taken out of the house: a person decides
        reference = reference_of(row["brand_id"], row["id"], row["number"])
        outcome: Outcome | None
        async with self._hands:
            try:
                async with asyncio.timeout(ASK_S_MAX):
                    outcome = await line.carrier.ask(reference)
            except Exception as error:  # noqa: BLE001 - the task's edge: it is asked again
                _log.warning("carrier_not_asked", carrier=row["carrier"], why=type(error).__name__)
                return
        if outcome is None or isinstance(outcome, Unknown):
            return
        now = self._ground.clock.now()
        await self._settle(row, step_of(outcome, row["attempt"], row["expires_at"], now))

    async def _settle(self, row: asyncpg.Record, step: Step) -> None:
        try:
            await self._ground.settler.settle(
                Settling(row["brand_id"], row["id"], row["attempt"], step)
            )
        except Refusal as refusal:
            _log.warning("sms_not_settled", why=refusal.code)  # due again: the next turn
