"""SendImCall until its ends have it, durable: `python -m bench.calls`.

125 shops with four screens each (kitchen, pad, cash desk, call screen) on real sockets, one web
process, one worker, PostgreSQL, Redis and this generator on the same cores. Signed HTTP, open loop:
a call counts from the moment it was meant to be sent until each of its four ends has it. Then how
many calls are accepted a second, one by one and in batches, with all screens listening.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import logging
import os
import re
import statistics
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import structlog
import uvloop

from bench.calls.ground import KINDS, SHOPS, Saw, Till, call_of, lay_ground
from bench.commands.latency import masked
from bench.commands.store import token
from bench.directory import own_directory
from bench.running import PORT, cpu_s, spawn, until_it_answers
from server.db.migrate import migrate
from server.db.pool import open_pool
from server.engines import start_engines
from server.events.log import read_heads

ENDS = len(KINDS)
RATES = (250, 500, 750, 1000)
BAR_RATE, P50_MS_MAX, P99_MS_MAX = 500, 10.0, 60.0
WARM_S, STEP_S, CLOSED_S, DRAIN_S = 3.0, 10.0, 5.0, 5.0
SERVICES = 64
PATH, BATCH = "/v1/im/calls", "/v1/im/calls/batch"

_ANNOUNCED = re.compile(rb'"text":\{"zh":"(\d+)\xe6\x88\xbf')  # 房, as in 801房间


class Screen(asyncio.Protocol):
    """A device that reports the number of each call it is told of."""

    def __init__(self, shop: int, device: int, seq: int, saw: Saw) -> None:
        self.opened = asyncio.get_running_loop().create_future()
        self._hello = {
            "t": "hello", "token": token(shop, device), "resume": {"epoch": 1, "seq": seq},
        }  # fmt: skip
        self._saw = saw
        self._welcome = False
        self._rest = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: chuancai.v1.json\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"HTTP/1.1 101"):
            self._transport.write(masked(json.dumps(self._hello).encode()))
        if not self._welcome and b'"t":"welcome"' in data:
            self._welcome = True
            self.opened.set_result(None)
        if b'"t":"ping"' in data:
            self._transport.write(masked(b'{"t":"pong"}'))
        text = self._rest + data
        end = 0
        for found in _ANNOUNCED.finditer(text):
            self._saw(int(found[1]))
            end = found.end()
        self._rest = text[max(end, len(text) - 64) :]  # a sighting may be cut in two

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed while opening"))


class Calling:
    """Everything that calls and everything that hears."""

    def __init__(self, services: list[Till]) -> None:
        self._free: asyncio.Queue[Till] = asyncio.Queue()
        for service in services:
            self._free.put_nowait(service)
        self._numbers = itertools.count(1)
        self._meant: dict[int, float] = {}
        self._missing: dict[int, int] = {}
        self.took: list[float] = []
        self.answered: list[float] = []

    def saw(self, number: int) -> None:
        """Note that one more end has a call."""
        left = self._missing.get(number)
        if left is None:
            return
        self.took.append(time.perf_counter() - self._meant[number])
        if left == 1:
            del self._missing[number]
        else:
            self._missing[number] = left - 1

    async def step(self, rate: int, seconds: float) -> dict[str, float]:
        """Send at a rate, each call at its intended moment; return what was seen."""
        self.took.clear()
        self.answered.clear()
        self._missing.clear()
        begin = time.perf_counter() + 0.05
        sending = []
        for position in range(int(rate * seconds)):
            meant = begin + position / rate
            if (wait := meant - time.perf_counter()) > 0.0005:
                await asyncio.sleep(wait)
            sending.append(asyncio.create_task(self._send(meant)))
        await asyncio.gather(*sending)
        end = time.perf_counter() + DRAIN_S
        while self._missing and time.perf_counter() < end:  # noqa: ASYNC110 - no event in a bench
            await asyncio.sleep(0.01)
        took, answered = sorted(self.took), sorted(self.answered)
        return {
            "p50": took[len(took) // 2] * 1000,
            "p99": took[int(len(took) * 0.99)] * 1000,
            "max": took[-1] * 1000,
            "answered_p50": answered[len(answered) // 2] * 1000,
            "answered_p99": answered[int(len(answered) * 0.99)] * 1000,
            "lost": sum(self._missing.values()),
            "sent": len(sending),
        }

    async def _send(self, meant: float) -> None:
        number = next(self._numbers)
        service = await self._free.get()
        self._meant[number], self._missing[number] = meant, ENDS
        await service.post(PATH, call_of(number % SHOPS + 1, number))
        self.answered.append(time.perf_counter() - meant)
        self._free.put_nowait(service)

    async def one(self) -> int:
        """Send one call and return how many were accepted."""
        number = next(self._numbers)
        service = await self._free.get()
        await service.post(PATH, call_of(number % SHOPS + 1, number))
        self._free.put_nowait(service)
        return 1

    async def batch(self, size: int) -> int:
        """Send a batch of one shop and return how many were accepted."""
        number = next(self._numbers)
        service = await self._free.get()
        calls = [call_of(number % SHOPS + 1, number)] * size
        told = await service.post(BATCH, {"calls": calls})
        self._free.put_nowait(service)
        return told.count(b'"refusal":null')


async def closed_loop(send: Callable[[], Awaitable[int]], in_flight: int) -> tuple[float, float]:
    """Keep so many requests under way; return accepted calls a second and p50 in ms."""
    took: list[float] = []
    accepted = 0
    end = time.perf_counter() + CLOSED_S

    async def caller() -> None:
        nonlocal accepted
        while (start := time.perf_counter()) < end:
            count = await send()
            accepted += count
            took.append(time.perf_counter() - start)

    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(in_flight)))
    return accepted / (time.perf_counter() - start), statistics.median(took) * 1000


async def _open(calling: Calling, heads: dict[int, tuple[int, int]]) -> None:
    loop = asyncio.get_running_loop()
    for shop in range(1, SHOPS + 1):
        for device in range(1, ENDS + 1):
            made = partial(Screen, shop, device, heads[shop][1], calling.saw)
            _, screen = await loop.create_connection(made, "127.0.0.1", PORT)
            await screen.opened


async def _measure(calling: Calling, roots: dict[str, int]) -> None:
    await calling.step(RATES[0], WARM_S)
    for rate in RATES:
        before, start = cpu_s(roots), time.perf_counter()
        seen = await calling.step(rate, STEP_S)
        elapsed = time.perf_counter() - start
        shares = {name: (used - before[name]) / elapsed for name, used in cpu_s(roots).items()}
        print(
            f"{rate:>5} calls/s x {ENDS}  p50 {seen['p50']:6.2f} ms  p99 {seen['p99']:7.2f} ms"
            f"  max {seen['max']:7.1f}  answered p50 {seen['answered_p50']:6.2f}"
            f"  p99 {seen['answered_p99']:7.2f}  lost {seen['lost']:.0f} of {seen['sent'] * ENDS:.0f}"
            f"  cores {' '.join(f'{name} {share:.2f}' for name, share in shares.items())}",
            flush=True,
        )
        if rate == BAR_RATE:
            met = seen["p50"] <= P50_MS_MAX and seen["p99"] <= P99_MS_MAX and not seen["lost"]
            print(f"bar: p50 <= {P50_MS_MAX:.0f} and p99 <= {P99_MS_MAX:.0f} ms: {met}")
    for in_flight in (1, 8, 64):
        rate_per_s, p50_ms = await closed_loop(calling.one, in_flight)
        print(f"single, {in_flight:>2} in flight: {rate_per_s:7.0f} calls/s, p50 {p50_ms:.1f} ms")
    for size, in_flight in ((100, 1), (100, 4), (500, 1), (500, 4)):
        rate_per_s, p50_ms = await closed_loop(partial(calling.batch, size), in_flight)
        print(
            f"batches of {size}, {in_flight} in flight: {rate_per_s:7.0f} calls/s,"
            f" p50 {p50_ms:.1f} ms a batch",
            flush=True,
        )


async def measure(directory: Path) -> None:
    """Build the house, open the screens, climb, print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with start_engines(directory, log=structlog.get_logger()) as engines:
        assert engines.database_url
        assert engines.redis_url
        await migrate(engines.database_url)
        key = await lay_ground(engines.database_url)
        pool = await open_pool(engines.database_url, 2)
        heads = await read_heads(pool, range(1, SHOPS + 1))
        await pool.close()
        environment = os.environ | {
            "DATABASE_URL": engines.database_url, "REDIS_URL": engines.redis_url,
        }  # fmt: skip
        web = await spawn(["serve", "--port", str(PORT)], environment)
        worker = await spawn(["worker"], environment)
        roots = {
            "postgres": engines.postgres_pid or 0, "redis": engines.redis_pid or 0, "web": web.pid,
            "worker": worker.pid,
        }  # fmt: skip
        try:
            await until_it_answers()
            services = [Till(key, PORT) for _ in range(SERVICES)]
            for service in services:
                await service.open()
            calling = Calling(services)
            await _open(calling, heads)
            print(f"{SHOPS} shops, {SHOPS * ENDS} screens, cores {os.cpu_count()}", flush=True)
            await _measure(calling, roots)
            for service in services:
                service.close()
        finally:
            for process in (web, worker):
                if process.returncode is None:
                    process.terminate()
            await asyncio.gather(web.wait(), worker.wait())


def main() -> None:
    """Measure in a directory of its own."""
    with own_directory() as directory:
        uvloop.run(measure(directory))


if __name__ == "__main__":
    main()
