"""Short messages: codes behind a million, and how many go through from the request to the receipt.

`python -m bench.sms`, or parts of it by name: behind, through. Web and worker are processes of the product, the
carrier a server on a real socket in this process, all on the same cores as PostgreSQL and Redis.
`behind`: a million marketing messages of one brand wait and are being sent while codes of the same brand and of
another are asked for over signed HTTP. `through`: as many as go, from the signed request through freeze, payment,
carrier and outcome to the settled receipt, one a request and a hundred a request.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import structlog
import uvloop

from bench.calls.ground import Till
from bench.directory import own_directory
from bench.running import PORT, cpu_s, spawn, until_it_answers
from bench.sms import ground
from bench.sms.carrier import PUSH_CONNECTIONS, Carrier, open_carrier
from server.db.migrate import migrate
from server.db.pool import open_pool
from server.engines import start_engines

QUEUED = 1_000_000
CODES_PER_S, CODES_S = 20, 25.0
ANSWERS_S = (0.0, 0.1)  # how long the carrier takes
THROUGH_S = 15.0
BACKLOG_MAX = 2_000  # messages without a receipt: then callers wait
DONE_S_MAX = 60.0
CODE = "【传菜】您的验证码是 {}"
SHAPES = (
    ("codes, one a request", "verification", 64, 1),
    ("campaign, 100 a request", "marketing", 6, 100),
)


_numbers = itertools.count(10_000_000)  # of telephones, and in codes: none comes twice


class House(NamedTuple):
    """What runs."""

    pool: asyncpg.Pool
    folder: Path
    environment: dict[str, str]
    carrier: Carrier
    keys: dict[int, tuple[str, str]]
    roots: dict[str, int]


@asynccontextmanager
async def process(house: House, name: str, *arguments: str) -> AsyncIterator[None]:
    """Run a process of the product for the length of the block."""
    running = await spawn([name, *arguments], house.environment)
    house.roots[name] = running.pid
    try:
        yield
    finally:
        del house.roots[name]
        running.terminate()
        await running.wait()


@asynccontextmanager
async def tills(key: tuple[str, str], count: int) -> AsyncIterator[asyncio.Queue[Till]]:
    """Give callers of a brand, each with a connection of its own."""
    free: asyncio.Queue[Till] = asyncio.Queue()
    opened = [Till(key, PORT) for _ in range(count)]
    for till in opened:
        await till.open()
        free.put_nowait(till)
    yield free
    for till in opened:
        till.close()


async def behind(house: House) -> None:
    """Measure codes while a million wait."""
    start = time.perf_counter()
    await ground.queue_marketing(house.pool, house.folder, QUEUED)
    print(f"{QUEUED} queued in {time.perf_counter() - start:.0f} s", flush=True)
    for answers_s in ANSWERS_S:
        house.carrier.answers_s = answers_s
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(process(house, "worker"))
            before = house.carrier.taken
            begun = before + 2_000
            await until(lambda: house.carrier.taken >= begun)  # noqa: B023 - awaited here
            queues = {
                brand: await stack.enter_async_context(tills(key, 16))
                for brand, key in house.keys.items()
            }
            before, start = house.carrier.taken, time.perf_counter()
            took = await _codes(house, queues)
            rate = (house.carrier.taken - before) / (time.perf_counter() - start)
        left = await house.pool.fetchval(ground.LEFT, ground.BRANDS[0])
        print(
            f"carrier answers after {answers_s * 1000:.0f} ms, {rate:.0f}/s sent, {left} still wait"
        )
        for brand, (asked, accepted) in took.items():
            name = "the same brand" if brand == ground.BRANDS[0] else "another brand"
            print(
                f"  codes of {name:<14}  {_spread('accepted', accepted)}  {_spread('asked', asked)}",
                flush=True,
            )


async def _codes(
    house: House, queues: dict[int, asyncio.Queue[Till]]
) -> dict[int, tuple[list[float], list[float]]]:
    """Ask for codes at a steady rate; return for each brand the seconds from asked, and accepted, to the carrier."""
    times: dict[int, list[tuple[str, float, float]]] = {brand: [] for brand in queues}

    async def ask(brand: int, number: int, meant: float) -> None:
        text = CODE.format(f"{number:06}{brand}")
        house.carrier.watched[text] = 0.0
        till = await queues[brand].get()
        body = {"type": "verification", "text": text, "phones": [f"138{number:08}"]}
        await till.post("/v1/sms/messages", body)
        times[brand].append((text, meant, time.perf_counter()))
        queues[brand].put_nowait(till)

    begin, asking = time.perf_counter() + 0.05, []
    for number, brand in zip(
        range(int(CODES_PER_S * CODES_S)), itertools.cycle(queues), strict=False
    ):
        meant = begin + number / CODES_PER_S
        await asyncio.sleep(max(0.0, meant - time.perf_counter()))
        asking.append(asyncio.create_task(ask(brand, next(_numbers), meant)))
    await asyncio.gather(*asking)
    await until(lambda: all(house.carrier.watched.values()))
    came = house.carrier.watched
    found = {
        brand: (
            [came[text] - meant for text, meant, _ in its],
            [max(0.0, came[text] - accepted) for text, _, accepted in its],
        )
        for brand, its in times.items()
    }
    came.clear()
    return found


async def until(done: Callable[[], bool]) -> None:
    """Wait for it."""
    end = time.perf_counter() + DONE_S_MAX
    while not done():
        if time.perf_counter() > end:
            raise TimeoutError("not done in time")
        await asyncio.sleep(0.01)


def _used(house: House) -> dict[str, float]:
    """Return the CPU seconds so far of each part, this process and its carrier among them."""
    return cpu_s(house.roots) | {"bench": time.process_time()}


def _spread(name: str, seconds: list[float]) -> str:
    ms = sorted(one * 1000 for one in seconds)
    return f"{name} → carrier p50 {ms[len(ms) // 2]:.1f} ms p99 {ms[int(len(ms) * 0.99)]:.1f} max {ms[-1]:.1f}"


async def through(house: House) -> None:
    """Measure what goes through from the request to the receipt."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(process(house, "worker"))
        for shape in SHAPES:
            await _through(house, *shape)


async def _through(house: House, name: str, kind: str, callers: int, each: int) -> None:
    carrier = house.carrier
    carrier.answers_s = 0.0
    carrier.begin_reports()
    pushing = [asyncio.create_task(carrier.push(PORT)) for _ in range(PUSH_CONNECTIONS)]
    accepted = 0
    before, start = _used(house), time.perf_counter()
    end = start + THROUGH_S

    async def caller(free: asyncio.Queue[Till]) -> None:
        nonlocal accepted
        till = await free.get()
        while time.perf_counter() < end:
            if accepted - carrier.told > BACKLOG_MAX:
                await asyncio.sleep(0.002)
                continue
            body: dict[str, object] = {"type": kind, "text": "【传菜】{n} 号餐请取"}
            body["filled"] = [
                {"phone": f"138{n:08}", "values": {"n": str(n)}}
                for n in itertools.islice(_numbers, each)
            ]
            accepted += each
            await till.post("/v1/sms/messages", body)

    async with AsyncExitStack() as stack:
        queues = [
            await stack.enter_async_context(tills(key, callers)) for key in house.keys.values()
        ]
        await asyncio.gather(*(caller(queues[n % 2]) for n in range(callers)))
        await until(lambda: carrier.told >= accepted or any(task.done() for task in pushing))
        async with asyncio.timeout(DONE_S_MAX):
            while await house.pool.fetchval(ground.OWED):  # noqa: ASYNC110 - no event in a bench
                await asyncio.sleep(0.02)
    took_s = time.perf_counter() - start
    used = _used(house)
    assert carrier.told == accepted
    for task in pushing:
        task.cancel()
    await asyncio.gather(*pushing, return_exceptions=True)
    cores = {part: (used[part] - before[part]) / took_s for part in used}
    each_us = {part: cores[part] * took_s / accepted * 1e6 for part in cores}
    print(
        f"{name:<26} {accepted / took_s:6.0f} messages/s settled ({accepted} in {took_s:.1f} s)  cores "
        + " ".join(f"{part} {share:.2f}" for part, share in cores.items())
        + "  µs a message "
        + " ".join(f"{part} {us:.0f}" for part, us in each_us.items()),
        flush=True,
    )


PARTS = {"through": through, "behind": behind}


async def measure(directory: Path, parts: list[str]) -> None:
    """Open the house and run the parts."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with AsyncExitStack() as stack:
        engines = await stack.enter_async_context(
            start_engines(directory, log=structlog.get_logger())
        )
        assert engines.database_url
        assert engines.redis_url
        await migrate(engines.database_url)
        pool = await open_pool(engines.database_url, 4)
        stack.push_async_callback(pool.close)
        carrier = await stack.enter_async_context(open_carrier())
        folder = directory / "house"
        folder.mkdir()
        keys = await ground.lay_ground(pool, folder, carrier.url)
        environment = os.environ | {
            "DATABASE_URL": engines.database_url, "REDIS_URL": engines.redis_url,
            "CHUANCAI_DATA_DIR": str(folder), "CHUANCAI_SMS_CARRIERS": str(folder / "carriers.toml"),
        }  # fmt: skip
        roots = {"postgres": engines.postgres_pid or 0}
        house = House(pool, folder, environment, carrier, keys, roots)
        await stack.enter_async_context(process(house, "serve", "--port", str(PORT)))
        await until_it_answers()
        for part in parts:
            await PARTS[part](house)


def main() -> None:
    """Measure in a directory of its own."""
    with own_directory() as directory:
        uvloop.run(measure(directory, sys.argv[1:] or list(PARTS)))


if __name__ == "__main__":
    main()
