"""The delayed queue: lateness, throughput beside arq and BullMQ, four workers, kill -9.

`python -m bench.promises`, or parts of it by name: lateness, throughput, kill. What is kept are the
product's own promises: the repeat of an announcement (RingEnd), a card that rings on the pads again
(RingCall), the announcement of an order (Announce). Each guards, renders, appends an event and writes
its rings down, durably. The peers do nothing per job and keep their jobs in Redis only. Workers are
processes of the product, on the same cores as PostgreSQL, Redis and this measurement.
"""

from __future__ import annotations

import asyncio
import logging
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import structlog
import uvloop
from redis.asyncio import Redis

from bench.commands.store import make_shops
from bench.directory import own_directory
from bench.promises import store
from server.clock import from_ms
from server.db.migrate import migrate
from server.db.pool import open_pool
from server.engines import start_engines
from server.events.decision import Armed
from server.events.envelope import EVENTS_FIELD, inbox_key, nodes_key, unpack

SHOPS = 1000
PROMISED = 20_000
ROUNDS = 1
PEER_JOBS = 20_000
ARMED = 100_000
FAR_MS = 3_600_000
RATE_PER_S = 500
LATENESS_S = 20
KILLED = 5_000
KNOCKS = 20
LEASE_S = 5.0
HEAD_START_S = 4.0  # from moving the promises to their due time: workers are up by then
DONE_S_MAX = 60.0
KINDS = {
    "RingEnd": store.make_repeats,
    "RingCall": store.make_cards,
    "Announce": store.make_announcements,
}
HERE = Path(__file__).parent
PEERS = Path(os.environ.get("BENCH_PEERS", "/tmp/chuancai-bench-promise-peers"))  # noqa: S108


class Ground(NamedTuple):
    """The engines of a measurement."""

    pool: asyncpg.Pool
    database_url: str
    redis_url: str


def now_ms() -> int:
    """Return the moment as promises count it."""
    return time.time_ns() // 1_000_000  # noqa: TID251 - a measurement reads the machine's clock


@asynccontextmanager
async def workers(ground: Ground, count: int, *, lease_s: float = 30.0):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Run so many worker processes; they are killed at the end."""
    running = [await start_worker(ground, lease_s) for _ in range(count)]
    try:
        yield running
    finally:
        for process in running:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def start_worker(ground: Ground, lease_s: float) -> asyncio.subprocess.Process:
    """Start one worker process and wait for its first word."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "ignore", "-m", "bench.promises.worker",
        ground.database_url, ground.redis_url, str(lease_s), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    await process.stdout.readline()
    return process


async def until(done: Callable[[], Awaitable[bool]]) -> float:
    """Wait for it; return when it was so."""
    end = time.perf_counter() + DONE_S_MAX
    while not await done():
        if time.perf_counter() > end:
            raise TimeoutError("not done in time")
        await asyncio.sleep(0.005)
    return time.perf_counter()


async def keep_all(ground: Ground, made: list[asyncpg.Record], count: int) -> float:
    """Let promises be due in one moment; return how many a second `count` workers keep."""
    async with workers(ground, count):
        due_ms = now_ms() + int(HEAD_START_S * 1000)
        await store.move(ground.pool, ground.redis_url, made, [due_ms] * len(made))
        await asyncio.sleep(max(0.0, (due_ms - now_ms()) / 1000))
        start = time.perf_counter()

        async def all_kept() -> bool:
            return not await ground.pool.fetchval(store.LEFT, from_ms(due_ms))

        return len(made) / (await until(all_kept) - start)


async def ring_all(ground: Ground, kind: str, count: int) -> float:
    """Keep the promises of a kind once more: what rang promised its next ring."""
    if kind == "Announce":
        await store.more_announcements(ground.pool, SHOPS, PROMISED)
    return await keep_all(ground, await ground.pool.fetch(store.MADE, kind), count)


async def peer(*command: str) -> float:
    """Run a peer and return the rate it prints."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=PEERS, stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"NODE_PATH": str(PEERS / "node_modules")},
    )  # fmt: skip
    said, _ = await process.communicate()
    return float(said.split()[-1])


async def throughput(ground: Ground) -> None:
    """Measure ours and the peers by turns, print medians and ratios."""
    socket = ground.redis_url.removeprefix("unix://")
    arq = [str(PEERS / "arq/bin/python"), str(HERE / "peer_arq.py"), ground.redis_url, "10000"]
    bullmq = ["node", str(HERE / "peer_bullmq.cjs"), socket, str(PEER_JOBS)]
    ways: dict[str, Callable[[], Awaitable[float]]] = {
        "arq, 1000 jobs, poll 0.5 s": lambda: peer(*arq, "1000", "0.5"),
        "arq, 1000 jobs, poll 0.05 s": lambda: peer(*arq, "1000", "0.05"),
        "BullMQ, 100 jobs": lambda: peer(*bullmq, "100"),
    }
    rates: dict[str, list[float]] = {}
    for kind, make in KINDS.items():
        await make(ground.pool, SHOPS, PROMISED)
        for _ in range(ROUNDS):
            for workers_ in (1, 4):
                rates.setdefault(f"{kind}, {workers_} workers", []).append(
                    await ring_all(ground, kind, workers_)
                )
            for name, way in ways.items():
                rates.setdefault(name, []).append(await way())
    median = {name: statistics.median(found) for name, found in rates.items()}
    arq_best = max(rate for name, rate in median.items() if name.startswith("arq"))
    for name, rate in median.items():
        low, high = min(rates[name]), max(rates[name])
        print(
            f"{name:<28} {rate:8.0f}/s [{low:.0f}-{high:.0f}]"
            f"  x arq {rate / arq_best:5.2f}  x BullMQ {rate / median['BullMQ, 100 jobs']:5.2f}"
        )


async def lateness(ground: Ground) -> None:
    """Let promises be due at a steady rate while many more are armed; print how late they are told."""
    count = RATE_PER_S * LATENESS_S
    await store.make_repeats(ground.pool, SHOPS, count)
    made = await ground.pool.fetch(store.MADE, "RingEnd")
    far_ms = now_ms() + FAR_MS
    far = await ground.pool.fetch(store.FAR, ARMED, SHOPS, from_ms(far_ms))
    await store.arm(ground.redis_url, [Armed(r["shop_id"], r["id"], far_ms) for r in far])
    async with workers(ground, 1):
        begin_ms = now_ms() + int(HEAD_START_S * 1000)
        due_ms = [begin_ms + number * 1000 // RATE_PER_S for number in range(count)]
        due = {one["call_id"]: at for one, at in zip(made, due_ms, strict=True)}
        await store.move(ground.pool, ground.redis_url, made, due_ms)
        late = await _listen(ground.redis_url, due)
    for what, found in zip(("decided", "told"), zip(*late, strict=True), strict=True):
        sorted_ms = sorted(found)
        print(
            f"lateness until {what:<8} p50 {sorted_ms[len(late) // 2]:6.2f} ms"
            f"  p99 {sorted_ms[int(len(late) * 0.99)]:6.2f} ms  max {sorted_ms[-1]:7.2f} ms"
            f"  ({len(late)} of {count}, {ARMED} armed)"
        )


async def _listen(redis_url: str, due: dict[int, int]) -> list[tuple[float, float]]:
    """Be a node that has a device in every shop; return how late each was decided, and told."""
    late: list[tuple[float, float]] = []
    async with Redis.from_url(redis_url) as redis:
        await redis.delete(inbox_key("bench"))
        async with redis.pipeline(transaction=False) as pipeline:
            for shop in range(1, SHOPS + 1):
                pipeline.hset(nodes_key(shop), "bench", now_ms() + 600_000)
            await pipeline.execute()
        after: bytes | str = "0"
        end = time.perf_counter() + LATENESS_S + 2 * HEAD_START_S
        while len(late) < len(due) and time.perf_counter() < end:
            for _, entries in await redis.xread({inbox_key("bench"): after}, block=500):
                heard_ms = time.time_ns() / 1e6  # noqa: TID251 - as above
                for name, fields in entries:
                    after = name
                    for _, line in unpack(fields[EVENTS_FIELD]):
                        at_ms = due[int(line.body.split(b'"call_id":')[1].split(b",")[0])]
                        late.append((line.at_ms - at_ms, heard_ms - at_ms))
        async with redis.pipeline(transaction=False) as pipeline:
            for shop in range(1, SHOPS + 1):
                pipeline.delete(nodes_key(shop))
            await pipeline.execute()
    return late


async def kill(ground: Ground) -> None:
    """Kill a worker in the middle of rows, then in the middle of outside effects."""
    await store.make_repeats(ground.pool, SHOPS, KILLED)
    made = await ground.pool.fetch(store.MADE, "RingEnd")
    said = await ground.pool.fetchval(store.SAID)
    async with workers(ground, 1) as running:
        due_ms = now_ms() + int(HEAD_START_S * 1000)
        await store.move(ground.pool, ground.redis_url, made, [due_ms] * len(made))

        async def begun() -> bool:
            return bool(await ground.pool.fetchval(store.SAID) > said)

        await until(begun)
        running[0].kill()
        killed = time.perf_counter()
        before = await ground.pool.fetchval(store.SAID) - said
        async with workers(ground, 1):

            async def all_done() -> bool:
                return not await ground.pool.fetchval(store.LEFT, from_ms(due_ms))

            took_s = await until(all_done) - killed
            doubled = await ground.pool.fetchval(store.SAID) - said - len(made)
    print(
        f"killed after {before} of {len(made)}: all kept {took_s:.2f} s later,"
        f" the new worker's start included; lost {max(0, -doubled)}, twice {max(0, doubled)}"
    )
    await _kill_knocks(ground)


async def _kill_knocks(ground: Ground) -> None:
    answering = asyncio.Event()
    knocks: list[str] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        knocks.append(head.split("idempotency-key: ")[1].split("\r\n")[0])
        await answering.wait()
        writer.write(b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with workers(ground, 1, lease_s=LEASE_S) as running:
            where, due_ms = f'{{"url": "http://{host}:{port}/"}}', now_ms()
            await ground.pool.execute(store.KNOCK, KNOCKS, where, from_ms(due_ms))

            async def all_knocked() -> bool:
                return len(knocks) == KNOCKS

            leased = await until(all_knocked)
            running[0].kill()
            answering.set()
            async with workers(ground, 1, lease_s=LEASE_S):

                async def all_done() -> bool:
                    return not await ground.pool.fetchval(store.LEFT, from_ms(now_ms() + 60_000))

                took_s = await until(all_done) - leased
    print(
        f"killed while {KNOCKS} effects were under way (lease {LEASE_S:.0f} s): all settled"
        f" {took_s:.2f} s after they began; lost {KNOCKS - len(set(knocks))}"
    )


PARTS = {"lateness": lateness, "throughput": throughput, "kill": kill}


async def measure(directory: Path, parts: list[str]) -> None:
    """Open the ground and run the parts."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with start_engines(directory, log=structlog.get_logger()) as engines:
        assert engines.database_url is not None
        assert engines.redis_url is not None
        await migrate(engines.database_url)
        await make_shops(engines.database_url, 1, SHOPS)
        pool = await open_pool(engines.database_url, 8)
        for part in parts:
            await PARTS[part](Ground(pool, engines.database_url, engines.redis_url))
        await pool.close()


def main() -> None:
    """Measure in a directory of its own."""
    with own_directory() as directory:
        uvloop.run(measure(directory, sys.argv[1:] or list(PARTS)))


if __name__ == "__main__":
    main()
