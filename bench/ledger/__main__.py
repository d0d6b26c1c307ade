"""Postings against TPC-B on the same PostgreSQL in the same run: `python -m bench.ledger`.

Durable postings through the teller, on accounts with lots: debits, or holds and their captures. pgbench's
TPC-B (scale 10, prepared, unix socket) is measured between the cells, and so is the plain way: one
transaction per posting on as many connections as help.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import os
import resource
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import structlog
import uvloop

from bench.commands.__main__ import tpcb
from bench.directory import own_directory
from bench.ledger import ground
from server.billing.ledger import Posting, Receipt
from server.billing.store import post
from server.billing.teller import Teller
from server.clock import SystemClock
from server.db.migrate import migrate
from server.db.pool import open_pool
from server.engines import start_engines

TPCB_SCALE = 10
TPCB_CLIENTS = (1, 8, 32)
PLAIN_CONNECTIONS = 8
AGED_POSTINGS = 1_000_000

Ask = Callable[[Posting], Awaitable[Receipt]]


class Cell(NamedTuple):
    """One thing that is measured."""

    accounts: int
    zipf: bool
    holds: bool
    in_flight: int
    aged: bool = False

    @property
    def name(self) -> str:
        """Return it in words."""
        what = "hold+capture" if self.holds else "debits"
        who = f"{self.accounts:,} {'zipf' if self.zipf else 'uniform'}"
        return f"{who:<16} {what:<12} {self.in_flight:>5}{' aged' if self.aged else ''}"


CELLS = (
    *(Cell(1_000, False, False, n) for n in (64, 256, 1024)),
    *(Cell(1_000, True, False, n) for n in (64, 256, 1024)),
    *(Cell(1_000, False, True, n) for n in (64, 256, 1024)),
    *(Cell(100_000, False, False, n) for n in (64, 256, 1024)),
    *(Cell(100_000, True, False, n) for n in (64, 256, 1024)),
    *(Cell(100_000, False, True, n) for n in (64, 256, 1024)),
    Cell(1_000, False, False, 1024, True),
    Cell(100_000, False, False, 1024, True),
)


class Figures(NamedTuple):
    """What a cell came to."""

    rate: float
    p50_ms: float
    p99_ms: float
    batch: float
    python_share: float


async def closed_loop(ask: Ask, cell: Cell, seconds: float) -> Figures:
    """Keep so many postings under way for so long."""
    took: list[float] = []
    ids = ground.Choice(cell.accounts, cell.zipf).ids()
    amounts = itertools.cycle(range(1, 20))
    end = time.perf_counter() + seconds

    async def one(posting: Posting) -> Posting:
        start = time.perf_counter()
        receipt = await ask(posting)
        assert receipt.status == "ok", receipt
        took.append(time.perf_counter() - start)
        return posting

    async def caller() -> None:
        while time.perf_counter() < end:
            if cell.holds:
                await one(ground.capture(await one(ground.hold(next(ids), next(amounts)))))
            else:
                await one(ground.debit(next(ids), next(amounts)))

    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(cell.in_flight)))
    elapsed = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    python_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    took.sort()
    return Figures(
        len(took) / elapsed,
        took[len(took) // 2] * 1000,
        took[int(len(took) * 0.99)] * 1000,
        0,
        python_s / elapsed,
    )


class Server:
    """One PostgreSQL with a template per size, and a fresh copy for each cell."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._names = itertools.count()
        self._templates: dict[int, str] = {}

    def named(self, name: str) -> str:
        """Return the address of another database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    async def statement(self, sql: str) -> None:
        """Run one statement beside the databases that are measured."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    @asynccontextmanager
    async def copy(self, accounts: int) -> AsyncIterator[str]:
        """Give a fresh database with so many accounts."""
        if accounts not in self._templates:
            template = f"ledger_{accounts}"
            await self.statement(f"CREATE DATABASE {template}")
            await migrate(self.named(template))
            await ground.lay(self.named(template), accounts)
            self._templates[accounts] = template
        name = f"cell_{next(self._names)}"
        await self.statement(f"CREATE DATABASE {name} TEMPLATE {self._templates[accounts]}")
        await self.statement("CHECKPOINT")
        try:
            yield self.named(name)
        finally:
            await self.statement(f"DROP DATABASE {name} WITH (FORCE)")


async def measure_cell(server: Server, cell: Cell, seconds: float) -> Figures:
    """Measure one cell in a database of its own."""
    async with server.copy(cell.accounts) as url:
        pool = await open_pool(url, 2)
        try:
            teller = Teller(pool, SystemClock())
            await closed_loop(teller.ask, cell, 0.3)  # prepared, planned, in memory
            if cell.aged:
                await _age(teller, cell)
            batches, postings = teller.batches, teller.postings
            figures = await closed_loop(teller.ask, cell, seconds)
            mean = (teller.postings - postings) / (teller.batches - batches)
            return figures._replace(batch=mean)
        finally:
            await pool.close()


async def _age(teller: Teller, cell: Cell) -> None:
    ids = ground.Choice(cell.accounts, cell.zipf).ids()
    for _ in range(AGED_POSTINGS // 5_000):
        await asyncio.gather(*(teller.ask(ground.debit(next(ids), 1)) for _ in range(5_000)))


async def measure_plain(server: Server, cell: Cell, seconds: float) -> Figures:
    """Measure the same, one transaction per posting."""
    async with server.copy(cell.accounts) as url:
        pool = await open_pool(url, PLAIN_CONNECTIONS)
        clock = SystemClock()

        async def ask(posting: Posting) -> Receipt:
            async with pool.acquire() as connection:
                return (await post(connection, posting.shard, clock.now(), [posting]))[0]

        try:
            await closed_loop(ask, cell, 0.3)
            return (await closed_loop(ask, cell, seconds))._replace(batch=1)
        finally:
            await pool.close()


async def measure(directory: Path, cells: list[Cell], rounds: int, seconds: float) -> None:
    """Run the rounds and print the table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with start_engines(directory, log=structlog.get_logger()) as engines:
        assert engines.database_url is not None
        server = Server(engines.database_url)
        await server.statement("CREATE DATABASE tpcb")
        await tpcb(server.named("tpcb"), "-i", "-q", "-s", str(TPCB_SCALE))
        theirs: dict[int, list[float]] = {n: [] for n in TPCB_CLIENTS}
        ours: dict[Cell, list[Figures]] = {cell: [] for cell in cells}
        plain: list[Figures] = []
        for _ in range(rounds):
            for clients in TPCB_CLIENTS:
                theirs[clients].append(await _tpcb_once(server, clients, seconds))
            for cell in cells:
                ours[cell].append(await measure_cell(server, cell, seconds))
            plain.append(await measure_plain(server, Cell(1_000, False, False, 64), seconds))
    _print(theirs, ours, plain)


async def _tpcb_once(server: Server, clients: int, seconds: float) -> float:
    return await tpcb(
        server.named("tpcb"), "-n", "-M", "prepared", "-c", str(clients), "-j", "1",
        "-T", str(max(int(seconds), 1)),
    )  # fmt: skip


def _print(
    theirs: dict[int, list[float]], ours: dict[Cell, list[Figures]], plain: list[Figures]
) -> None:
    best = max(statistics.median(rates) for rates in theirs.values())
    print(f"cores {os.cpu_count()}, load {os.getloadavg()[0]:.1f}, {len(plain)} rounds")
    for clients, rates in theirs.items():
        spread = f"[{min(rates):.0f}-{max(rates):.0f}]"
        print(f"TPC-B {clients:>3} clients {statistics.median(rates):8.0f}/s {spread}")
    for name, rounds in (*((c.name, f) for c, f in ours.items()), ("one call each", plain)):
        rates = [one.rate for one in rounds]
        middle = Figures(*(statistics.median(column) for column in zip(*rounds, strict=True)))
        print(
            f"{name:<42} {middle.rate:8.0f}/s [{min(rates):.0f}-{max(rates):.0f}]"
            f"  x {middle.rate / best:5.2f}  p50 {middle.p50_ms:5.1f}  p99 {middle.p99_ms:6.1f} ms"
            f"  batch {middle.batch:4.0f}  python {middle.python_share:.2f} of a core"
        )


def main() -> None:
    """Measure in a directory of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--only", default="", help="only cells whose name has this")
    given = parser.parse_args()
    cells = [cell for cell in CELLS if given.only in cell.name]
    with own_directory() as directory:
        uvloop.run(measure(directory, cells, given.rounds, given.seconds))


if __name__ == "__main__":
    main()
