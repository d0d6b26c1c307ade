"""arq doing nothing, as fast as it can: `peer_arq.py <redis url> <jobs> <max_jobs> <poll_s>`.

Jobs wait before the worker starts; prints executions per second from the first to the last.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import uvloop
from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func

ENQUEUERS = 32


async def measure(url: str, jobs: int, max_jobs: int, poll_s: float) -> None:
    """Fill the queue, run a worker until it is empty, print the rate."""
    settings = RedisSettings(unix_socket_path=url.removeprefix("unix://"), database=9)
    redis = await create_pool(settings)
    await redis.flushdb()
    numbers = iter(range(jobs))

    async def fill() -> None:
        for _ in numbers:
            await redis.enqueue_job("nothing")

    await asyncio.gather(*(fill() for _ in range(ENQUEUERS)))
    ends: list[float] = []

    async def nothing(ctx: dict[Any, Any]) -> None:
        ends.append(time.perf_counter())

    worker = Worker(
        functions=[func(nothing, name="nothing")], redis_pool=redis, burst=True, max_jobs=max_jobs, poll_delay=poll_s,
        handle_signals=False, keep_result=0,
    )  # fmt: skip
    await worker.async_run()
    print((len(ends) - 1) / (ends[-1] - ends[0]), flush=True)
    await worker.close()


uvloop.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
