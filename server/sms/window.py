"""Collects what many ask for and does it together: at once when idle, in batches under load.

What comes while a batch is under way is the next one, so nobody who is alone waits for company. One
that the database will not have is found by halves and does not take its neighbours with it. Refuses
to keep more than a bounded weight waiting.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

import structlog

from server.db.pool import LOST
from server.errors import Refusal

A = TypeVar("A")
B = TypeVar("B")

Work = Callable[[int, Sequence[A]], Awaitable[Sequence[B | Refusal]]]

_log = structlog.get_logger(__name__)


class Bounds(NamedTuple):
    """How much is done together and how much may wait, per key, in the weight of what is asked."""

    batch_max: int
    waiting_max: int


class _Line(Generic[A, B]):
    """What waits under one key."""

    def __init__(self) -> None:
        self.asked: deque[tuple[A, int, asyncio.Future[B]]] = deque()
        self.weight = 0
        self.serving: asyncio.Task[None] | None = None


class Window(Generic[A, B]):
    """Hands what was asked to `work`, one batch per key at a time."""

    def __init__(self, name: str, work: Work[A, B], bounds: Bounds) -> None:
        self._name = name
        self._work = work
        self._bounds = bounds
        self._lines: dict[int, _Line[A, B]] = {}
        # A batch serves everybody: it must not log in the name of the one who opened it.
        self._context = contextvars.copy_context()

    async def ask(self, key: int, one: A, weight: int = 1) -> B:
        """Return what came of it.

        Raises the `Refusal` that came of it, `busy` when too much waits, and `unavailable` when the
        database was lost: it may have been done or not.
        """
        line = self._lines.setdefault(key, _Line())
        if line.weight + weight > self._bounds.waiting_max and line.asked:
            raise Refusal("busy")
        answer: asyncio.Future[B] = asyncio.get_running_loop().create_future()
        line.asked.append((one, weight, answer))
        line.weight += weight
        if line.serving is None:
            line.serving = asyncio.create_task(self._serve(key, line), context=self._context.copy())
        return await answer

    async def _serve(self, key: int, line: _Line[A, B]) -> None:
        try:
            while line.asked:
                batch: list[tuple[A, asyncio.Future[B]]] = []
                weight = 0
                while line.asked and (
                    not batch or weight + line.asked[0][1] <= self._bounds.batch_max
                ):
                    one, its, answer = line.asked.popleft()
                    batch.append((one, answer))
                    weight += its
                line.weight -= weight
                await self._do(key, batch)
        finally:
            line.serving = None

    async def _do(self, key: int, batch: list[tuple[A, asyncio.Future[B]]]) -> None:
        try:
            answers = await self._work(key, [one for one, _ in batch])
        except LOST as error:
            _log.warning("database_away", window=self._name, error=type(error).__name__)
            answers = [Refusal("unavailable") for _ in batch]
        except Exception as error:  # noqa: BLE001 - the task's edge: whose it was, halves will show
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._do(key, batch[:middle])
                await self._do(key, batch[middle:])
                return
            _log.error("batch_broke", window=self._name, error=type(error).__name__, why=str(error))
            answers = [Refusal("internal")]
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue  # who asked has gone
            if isinstance(answer, Refusal):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def drain(self) -> None:
        """Wait until everything that was asked is answered."""
        while busy := [line.serving for line in self._lines.values() if line.serving]:
            await asyncio.wait(busy)
