"""Meal cards over signed HTTP, queries and trades mixed, durable: `python -m bench.cards`.

Bar 3 (R-000-5…8, reading A1): on one machine, at the HTTP edge, mean < 300 ms, p95 < 500 ms, more than 80
queries and 100 trades a second; aimed at ten times that. One web process, PostgreSQL, Redis and this
generator on the same cores; a trade is a consumption or a top-up, posted to the ledger in its own commit.
First the client's rate as an open loop, then as much as goes through, for ten shops and for one alone.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import structlog
import uvloop

from bench.calls.ground import Till, lay_ground
from bench.directory import own_directory
from bench.running import PORT, cpu_s, spawn, until_it_answers
from server.db.migrate import migrate
from server.engines import start_engines

SHOPS = 10
CARDS = 1_000
CONNECTIONS = 64
QUERIES_PER_S, TRADES_PER_S = 80, 100  # the client's own
OPEN_S, CLOSED_S = 10.0, 8.0
MEAN_MS_MAX, P95_MS_MAX = 300.0, 500.0

MONEY_KEY = "UPDATE api_client SET roles = '{business,money}' WHERE brand_id = 900"
POLICY = """
INSERT INTO card_policy (brand_id, trades_per_day_max, amount_fen_max, top_up_fen_max, balance_fen_max,
                         cashier_refund_fen_max, bonus_first, bonus_rules, version)
VALUES (900, 0, 200000, 500000, 100000000, NULL, false, '[{"from_fen": 50000, "bonus_fen": 5000}]', 1)
"""
COUNT = "SELECT count(*) FROM card_trade"


class Canteen:
    """People with cards, and tills that ask one thing at a time."""

    def __init__(self, tills: Sequence[Till]) -> None:
        self._free: asyncio.Queue[Till] = asyncio.Queue()
        for till in tills:
            self._free.put_nowait(till)
        self._dice = random.Random(3)
        self._phones = itertools.count(13_000_000_000)
        self.cards: list[tuple[int, int]] = []  # shop, card
        self.took: dict[str, list[float]] = {"query": [], "trade": []}

    async def open(self, shop: int) -> None:
        """Open a card and put money on it."""
        till = await self._free.get()
        body = {"shop_id": shop, "identity_kind": "phone", "identity": str(next(self._phones))}
        card_id = json.loads(await till.post("/v1/cards", body))["card_id"]
        top_up = {"shop_id": shop, "amount_fen": 500_000}
        await till.post(f"/v1/cards/{card_id}/top-up", top_up)
        self.cards.append((shop, card_id))
        self._free.put_nowait(till)

    async def ask(self, kind: str, meant: float, *, one_shop: bool) -> None:
        """Read a card, or pay with it; now and then somebody tops up."""
        till = await self._free.get()
        shop, card_id = self._dice.choice(self.cards)
        shop = 1 if one_shop else shop
        if kind == "query":
            await till.get("/v1/cards", f"shop_id={shop}&card_id={card_id}")
        else:
            word, fen = ("top-up", 5_000) if self._dice.random() < 0.1 else ("consume", 38)
            await till.post(f"/v1/cards/{card_id}/{word}", {"shop_id": shop, "amount_fen": fen})
        self.took[kind].append(time.perf_counter() - meant)
        self._free.put_nowait(till)

    async def open_loop(self, seconds: float) -> None:
        """Ask at the client's rates, each at its intended moment."""
        rate = QUERIES_PER_S + TRADES_PER_S
        begin = time.perf_counter() + 0.05
        asking = []
        for position in range(int(rate * seconds)):
            meant = begin + position / rate
            if (wait := meant - time.perf_counter()) > 0.0005:
                await asyncio.sleep(wait)
            kind = "query" if self._dice.random() < QUERIES_PER_S / rate else "trade"
            asking.append(asyncio.create_task(self.ask(kind, meant, one_shop=False)))
        await asyncio.gather(*asking)

    async def closed_loop(self, in_flight: int, *, one_shop: bool) -> None:
        """Keep so many requests under way, as many queries as trades."""
        end = time.perf_counter() + CLOSED_S

        async def caller() -> None:
            while (start := time.perf_counter()) < end:
                kind = self._dice.choice(("query", "trade"))
                await self.ask(kind, start, one_shop=one_shop)

        await asyncio.gather(*(caller() for _ in range(in_flight)))


def _report(name: str, canteen: Canteen, elapsed: float, cores: str) -> None:
    both = sorted(itertools.chain(*canteen.took.values()))
    mean_ms = sum(both) / len(both) * 1000
    p95_ms, p99_ms = (both[int(len(both) * share)] * 1000 for share in (0.95, 0.99))
    qps, tps = (len(canteen.took[kind]) / elapsed for kind in ("query", "trade"))
    met = mean_ms < MEAN_MS_MAX and p95_ms < P95_MS_MAX
    print(
        f"{name:<28} mean {mean_ms:6.2f} ms  p95 {p95_ms:6.2f}  p99 {p99_ms:6.2f}"
        f"  QPS {qps:5.0f}  TPS {tps:5.0f}  {cores}  mean and p95 met: {met}",
        flush=True,
    )
    for each in canteen.took.values():
        each.clear()


async def _measure(canteen: Canteen, roots: dict[str, int]) -> None:
    rounds = [("client's rate, open loop", 0, False)]
    rounds += [(f"10 shops, {n} in flight", n, False) for n in (8, 32, 64)]
    rounds += [("one shop, 64 in flight", 64, True)]
    for name, in_flight, one_shop in rounds:
        before, start = cpu_s(roots), time.perf_counter()
        if in_flight:
            await canteen.closed_loop(in_flight, one_shop=one_shop)
        else:
            await canteen.open_loop(OPEN_S)
        elapsed = time.perf_counter() - start
        used = cpu_s(roots)
        cores = " ".join(f"{part} {(used[part] - before[part]) / elapsed:.2f}" for part in roots)
        _report(name, canteen, elapsed, f"cores {cores}")


async def measure(directory: Path) -> None:
    """Build the house, open the cards, ask, print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with start_engines(directory, log=structlog.get_logger()) as engines:
        assert engines.database_url
        assert engines.redis_url
        await migrate(engines.database_url)
        key = await lay_ground(engines.database_url, SHOPS)
        connection = await asyncpg.connect(engines.database_url)
        await connection.execute(MONEY_KEY)
        await connection.execute(POLICY)
        environment = os.environ | {
            "DATABASE_URL": engines.database_url, "REDIS_URL": engines.redis_url,
            "CHUANCAI_DATA_DIR": str(directory / "house"),
        }  # fmt: skip
        web = await spawn(["serve", "--port", str(PORT)], environment)
        roots = {"postgres": engines.postgres_pid or 0, "web": web.pid}
        try:
            await until_it_answers()
            tills = [Till(key, PORT) for _ in range(CONNECTIONS)]
            for till in tills:
                await till.open()
            canteen = Canteen(tills)
            await canteen.open(1)  # the first one opens the house's own accounts
            await asyncio.gather(*(canteen.open(n % SHOPS + 1) for n in range(CARDS)))
            await connection.execute("VACUUM ANALYZE")
            await _measure(canteen, roots)
            print(f"{await connection.fetchval(COUNT)} trades, cores {os.cpu_count()}")
            for till in tills:
                till.close()
        finally:
            if web.returncode is None:
                web.terminate()
            await web.wait()
            await connection.close()


def main() -> None:
    """Measure in a directory of its own."""
    with own_directory() as directory:
        uvloop.run(measure(directory))


if __name__ == "__main__":
    main()
