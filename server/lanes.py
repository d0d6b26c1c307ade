"""Collects commands of many callers into batches: alone when idle, together under load.

A shop has one command under way at a time, so batches never fight inside one process; lanes work
beside each other on different shops, once there is more than one of them can take along. Refuses to
know what a command is.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, Protocol, TypeVar

from server.errors import Refusal

JOBS_PER_KEY_MAX = 2_000


class Job(Protocol):
    """Something to be done for one key."""

    @property
    def key(self) -> Hashable:
        """Return what may have only one job under way."""
        ...


J = TypeVar("J", bound=Job)


class Lanes(Generic[J]):
    """Runs `work(batch)` for jobs with distinct keys, at most `lanes` batches at once."""

    def __init__(
        self,
        work: Callable[[list[J]], Awaitable[None]],
        *,
        lanes: int,
        batch_jobs_max: int,
        waiting_jobs_max: int,
    ) -> None:
        self._work = work
        self._lanes = lanes
        self._batch_jobs_max = batch_jobs_max
        self._waiting_jobs_max = waiting_jobs_max
        self._queues: dict[Hashable, deque[J]] = {}  # a key stays while it has a job under way
        self._ready: deque[Hashable] = deque()  # keys with a job to start
        self._waiting_jobs = 0
        self._busy: set[asyncio.Task[None]] = set()
        self._open_lanes = 0
        # A lane serves many callers: it must not log in the name of the one who opened it.
        self._context = contextvars.copy_context()

    @property
    def waiting_jobs(self) -> int:
        """How many jobs wait for a lane."""
        return self._waiting_jobs

    def submit(self, job: J) -> None:
        """Queue a job; raises `busy` when too many wait."""
        queue = self._queues.get(job.key)
        full = queue is not None and len(queue) >= JOBS_PER_KEY_MAX
        if full or self._waiting_jobs >= self._waiting_jobs_max:
            raise Refusal("busy")
        self._waiting_jobs += 1
        if queue is None:
            self._queues[job.key] = deque((job,))
            self._ready.append(job.key)
            self._open_lane()
        else:
            queue.append(job)

    def _open_lane(self) -> None:
        """Begin when nobody is at work; beside others only for a full batch.

        A lane that ends takes all that came meanwhile in one go, which costs less than going apart.
        """
        wanted = not self._open_lanes or len(self._ready) >= self._batch_jobs_max
        if wanted and self._open_lanes < self._lanes:
            self._open_lanes += 1
            lane = asyncio.create_task(self._drive(), context=self._context.copy())
            self._busy.add(lane)
            lane.add_done_callback(self._busy.discard)

    async def _drive(self) -> None:
        try:
            while self._ready:
                batch = self._take()
                try:
                    await self._work(batch)
                finally:
                    self._give_back(batch)
        finally:
            # With the last look, not when the loop comes round to saying that a task is over:
            # a job queued between the two would find no lane open and none to be opened.
            self._open_lanes -= 1

    def _take(self) -> list[J]:
        count = min(len(self._ready), self._batch_jobs_max)
        keys = [self._ready.popleft() for _ in range(count)]
        self._waiting_jobs -= count
        return [self._queues[key].popleft() for key in keys]

    def _give_back(self, batch: list[J]) -> None:
        for job in batch:
            if self._queues[job.key]:
                self._ready.append(job.key)
            else:
                del self._queues[job.key]

    async def drain(self) -> None:
        """Wait until every queued job is answered."""
        while self._busy:
            await asyncio.wait(self._busy)
