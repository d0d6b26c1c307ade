"""A press on one screen until it shows on another, the whole way: `python -m bench.commands.latency`.

1,000 shops with ten kitchen screens each, real sockets, one web process, one worker, PostgreSQL and
Redis, and this generator: everything on the same cores. Open loop: a press counts from the moment
it was meant to happen. First 250 presses a second, then a ladder up to the highest rate that holds.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import os
import random
import re
import statistics
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import structlog
import uvloop

from bench.commands.__main__ import SHOPS, Deaf, Work
from bench.commands.store import DEVICES, make_shops, token
from bench.directory import own_directory
from bench.running import PORT, cpu_s, spawn, until_it_answers
from server.clock import SystemClock
from server.commands import BOOK
from server.db.migrate import migrate
from server.db.pool import open_pool
from server.desk import Desk
from server.engines import start_engines
from server.events.log import read_heads
from server.settings import Settings

CALM_RATE = 250
CALM_S = 15.0
LADDER = (500, 1000, 1500, 2000, 2500, 3000, 3500, 4000)
STEP_S = 5.0
P99_MS_MAX = 60.0
OPENING_MAX = 200
DRAIN_S = 3.0
PRESSING, WATCHING = 1, 2  # which of a shop's ten screens presses, and which is looked at

_ITEM = re.compile(rb'"kind":"Item(?:Started|Finished)".*?"item_id":(\d+)')


def masked(text: bytes) -> bytes:
    """Return a client's text frame; the mask is zero, which is allowed and costs nothing."""
    size = len(text)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + text


class Screen(asyncio.Protocol):
    """A device that says hello, answers pings, and reports what it sees when it is the watched one."""

    def __init__(
        self, shop: int, device: int, seq: int, seen: Callable[[int], None] | None
    ) -> None:
        self.shop, self.device, self.seq, self.seen = shop, device, seq, seen
        self.open = asyncio.get_running_loop().create_future()
        self.upgraded = False
        self.refused = 0
        self.heard = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: chuancai.v1.json\r\n\r\n".encode()
        )

    def _hello(self) -> None:
        hello = {
            "t": "hello",
            "token": token(self.shop, self.device),
            "resume": {"epoch": 1, "seq": self.seq},
        }
        self.transport.write(masked(json.dumps(hello).encode()))

    def data_received(self, data: bytes) -> None:
        if not self.upgraded:
            self.heard = data
            if data.startswith(b"HTTP/1.1 101"):
                self._hello()
            if b'"t":"welcome"' in data:
                self.upgraded = True
                self.open.set_result(None)
            return
        if b'"t":"ping"' in data:
            self.transport.write(masked(b'{"t":"pong"}'))
        if b'"ok":false' in data:
            self.refused += 1
        if self.seen is not None:
            for item in _ITEM.findall(data):
                self.seen(int(item))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(ConnectionError(f"closed while opening, heard {self.heard!r}"))

    def press(self, item: int, verb: str) -> None:
        """Send a command."""
        body = '{"t":"command","id":"%s","name":"%s","body":{"item_id":%d}}'
        self.transport.write(masked((body % (uuid.uuid4(), verb, item)).encode()))


class Fleet:
    """All screens, and what was pressed but not seen yet."""

    def __init__(self, todo: list[tuple[int, int, str]]) -> None:
        self.todo = todo
        self.pressed: dict[int, float] = {}
        self.took: list[float] = []
        self.pressing: dict[int, Screen] = {}
        self.screens: list[Screen] = []

    def saw(self, item: int) -> None:
        """Note that a pressed dish changed on the watched screen."""
        meant = self.pressed.pop(item, None)
        if meant is not None:
            self.took.append(time.perf_counter() - meant)

    async def open(self, heads: dict[int, tuple[int, int]]) -> float:
        """Open every screen, so many at a time; return the seconds it took."""
        gate = asyncio.Semaphore(OPENING_MAX)
        loop = asyncio.get_running_loop()

        async def one(shop: int, device: int) -> None:
            seen = self.saw if device == WATCHING else None
            async with gate:
                _, screen = await loop.create_connection(
                    lambda: Screen(shop, device, heads[shop][1], seen), "127.0.0.1", PORT
                )
                await screen.open
            self.screens.append(screen)
            if device == PRESSING:
                self.pressing[shop] = screen

        start = time.perf_counter()
        await asyncio.gather(
            *(one(s, d) for s in range(1, SHOPS + 1) for d in range(1, DEVICES + 1))
        )
        return time.perf_counter() - start

    async def _drain(self) -> None:
        """Give the last presses time to be seen."""
        end = time.perf_counter() + DRAIN_S
        while self.pressed and time.perf_counter() < end:  # noqa: ASYNC110 - no event in a bench
            await asyncio.sleep(0.01)

    async def step(self, rate: int, seconds: float) -> dict[str, float]:
        """Press at a rate, each at its intended moment; return what was seen."""
        self.took.clear()
        self.pressed.clear()
        count = int(rate * seconds)
        begin = time.perf_counter() + 0.05
        late: list[float] = []
        for number in range(count):
            meant = begin + number / rate
            if (wait := meant - time.perf_counter()) > 0.0005:
                await asyncio.sleep(wait)
            late.append(time.perf_counter() - meant)
            shop, item, verb = self.todo.pop()
            self.pressed[item] = meant
            self.pressing[shop].press(item, verb)
            if verb == "StartItem":
                # Back at a random place behind us, long enough for the first press to be over.
                self.todo.insert(
                    random.randrange(len(self.todo) * 3 // 4), (shop, item, "FinishItem")
                )
        await self._drain()
        took = sorted(self.took) or [float("nan")]
        return {
            "rate": rate,
            "offered_late_ms": statistics.median(late) * 1000,
            "p50": took[len(took) // 2] * 1000,
            "p99": took[int(len(took) * 0.99)] * 1000,
            "max": took[-1] * 1000,
            "lost": len(self.pressed),
            "refused": sum(screen.refused for screen in self.pressing.values()),
        }


async def measure(directory: Path) -> None:
    """Build the house, open the screens, climb the ladder, print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    log = structlog.get_logger()
    async with start_engines(directory, log=log) as engines:
        assert engines.database_url
        assert engines.redis_url
        assert engines.postgres_pid
        await migrate(engines.database_url)
        await make_shops(engines.database_url, 1, SHOPS)
        pool = await open_pool(engines.database_url, 4)
        work = Work(Desk(pool, SystemClock(), BOOK, Deaf(), Settings()))
        await work.lay_tables()
        heads = await read_heads(pool, range(1, SHOPS + 1))
        await pool.execute("VACUUM ANALYZE")
        await pool.close()
        environment = os.environ | {
            "DATABASE_URL": engines.database_url, "REDIS_URL": engines.redis_url,
        }  # fmt: skip
        web = await spawn(["serve", "--port", str(PORT)], environment)
        worker = await spawn(["worker"], environment)
        roots = {
            "postgres": engines.postgres_pid, "redis": engines.redis_pid or 0,
            "web": web.pid, "worker": worker.pid, "generator": os.getpid(),
        }  # fmt: skip
        try:
            await until_it_answers()
            fleet = Fleet(work.todo)
            opened_s = await fleet.open(heads)
            print(f"{len(fleet.screens)} screens open in {opened_s:.1f} s")
            await _climb(fleet, roots)
        finally:
            for process in (web, worker):
                if process.returncode is None:
                    process.terminate()
            await asyncio.gather(web.wait(), worker.wait())


async def _climb(fleet: Fleet, roots: dict[str, int]) -> None:
    held = 0
    for rate, seconds in ((CALM_RATE, CALM_S), *((rate, STEP_S) for rate in LADDER)):
        before, start = cpu_s(roots), time.perf_counter()
        seen = await fleet.step(rate, seconds)
        elapsed = time.perf_counter() - start
        shares = {name: (used - before[name]) / elapsed for name, used in cpu_s(roots).items()}
        shares["generator"] -= (
            shares["postgres"] + shares["redis"] + shares["web"] + shares["worker"]
        )
        print(
            f"{rate:>5}/s  p50 {seen['p50']:6.2f} ms  p99 {seen['p99']:7.2f} ms  max {seen['max']:7.1f}"
            f"  lost {seen['lost']:.0f}  refused {seen['refused']:.0f}  generator late {seen['offered_late_ms']:.2f} ms"
            f"  cores {' '.join(f'{name} {share:.2f}' for name, share in shares.items())}",
            flush=True,
        )
        if seen["lost"] or not seen["p99"] <= P99_MS_MAX:
            break
        held = rate
    print(f"highest rate held with p99 <= {P99_MS_MAX:.0f} ms: {held}/s")


def main() -> None:
    """Measure in a directory of its own."""
    with own_directory() as directory:
        uvloop.run(measure(directory))


if __name__ == "__main__":
    main()
