"""Lanes: nobody is left waiting, a second lane opens only for what a first cannot take along."""

from __future__ import annotations

import asyncio

import pytest

from server.errors import Refusal
from server.lanes import JOBS_PER_KEY_MAX, Lanes
from tests.support.patience import PATIENCE_S

JOBS_MAX = 64


class Errand:
    """A job of one key; answered by whoever works it off."""

    def __init__(self, key: int) -> None:
        self.key = key
        self.done = asyncio.get_running_loop().create_future()


async def test_a_job_queued_as_a_lane_ends_is_taken() -> None:
    """Callers that come again the moment they are answered are served, with nobody else about."""

    async def work(batch: list[Errand]) -> None:
        for errand in batch:
            errand.done.set_result(None)

    lanes = Lanes(work, lanes=1, batch_jobs_max=JOBS_MAX, waiting_jobs_max=10)

    async def caller(key: int) -> None:
        for _ in range(100):
            errand = Errand(key)
            lanes.submit(errand)
            await errand.done

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(caller(key) for key in range(3)))


@pytest.mark.parametrize(
    ("jobs", "batches"),
    [(1, [1]), (2, [1]), (64, [1]), (65, [1, 64]), (128, [1, 64]), (300, [1, 64])],
)
async def test_a_second_lane_opens_for_a_full_batch(jobs: int, batches: list[int]) -> None:
    """What is fewer than a batch waits for the first lane: together it costs less than apart."""
    under_way: list[int] = []
    go_on = asyncio.Event()

    async def work(batch: list[Errand]) -> None:
        under_way.append(len(batch))
        await go_on.wait()

    lanes = Lanes(work, lanes=2, batch_jobs_max=JOBS_MAX, waiting_jobs_max=1000)
    lanes.submit(Errand(0))
    await asyncio.sleep(0)
    for key in range(1, jobs):
        lanes.submit(Errand(key))
    await asyncio.sleep(0)
    assert under_way == batches
    go_on.set()
    await lanes.drain()
    assert sum(under_way) == jobs


async def test_one_shops_queue_is_bounded_and_leaves_room_for_others() -> None:
    """A shop that asks for more than it may have waiting hears `busy`; another shop is served as ever."""
    go_on = asyncio.Event()

    async def work(batch: list[Errand]) -> None:
        await go_on.wait()

    lanes = Lanes(work, lanes=1, batch_jobs_max=JOBS_MAX, waiting_jobs_max=JOBS_PER_KEY_MAX + 10)
    lanes.submit(Errand(0))
    await asyncio.sleep(0)
    for _ in range(JOBS_PER_KEY_MAX):
        lanes.submit(Errand(0))
    with pytest.raises(Refusal, match="busy"):
        lanes.submit(Errand(0))
    lanes.submit(Errand(1))
    assert lanes.waiting_jobs == JOBS_PER_KEY_MAX + 1
    go_on.set()
    await lanes.drain()
