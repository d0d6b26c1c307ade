"""Paper under fire: three printers fail in every way they can while workers are killed with -9.

`python -m tests.simulation.paper --tickets 1000 --seed 1` is the full size; the suite runs a small one.
Workers are the product's own processes, printers listen on real sockets: the power goes, paper runs out,
covers open behind the last line, papers tear in the middle, lines are reset. A person at the cash desk
looks at every paper in doubt. The judge is what came out of the printers. The seed fixes the dice; which
byte a kill meets is the machine's choice.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from redis.asyncio import Redis

from server.clock import SystemClock
from server.db.pool import LOST
from server.demo.dishes import COLD, DOUGH, WOK
from server.errors import Refusal
from tests.support.engines import EnginePair, running_pair
from tests.support.fire import Fire, Part
from tests.support.kitchen import Kitchen, open_kitchen
from tests.support.paper import TestPrinter, printers, text_of

DISHES = (1, 7, 13)  # one of each station below
STATIONS = (WOK, COLD, DOUGH)
PLACES = 26
# Now and then a ticket is longer than what lies in sockets between us and the printer.
LONG_EVERY, LONG_LINES, LONG_NOTE = 11, 40, "不要葱姜蒜，谢谢" * 24
QUIET_S_MAX = 240.0
LOOK_S = 0.1
READ_JOBS = "SELECT id, source, copy, state, settled FROM print_job"
READ_OPEN = """
SELECT (SELECT count(*) FROM print_job WHERE ended_at IS NULL)
     + (SELECT count(*) FROM promise WHERE state = 'waiting' AND kind LIKE 'Print%')
"""
READ_DOUBT = """
SELECT id FROM print_job
 WHERE state IN ('uncertain', 'failed', 'expired') AND settled IS NULL ORDER BY id
"""
SERIAL = re.compile(r" ([0-9a-f]{10,})$", re.MULTILINE)
# number, round and station: one ticket
HEAD = re.compile(r"^#\d+(?: +加菜 第\d+轮)?\n\S+(?= )", re.MULTILINE)

Say = Callable[[str], None]


class Size(NamedTuple):
    """How many, how fast, how bad."""

    tickets: int
    per_s: float
    fault_every_s: float
    kill_every_s: float


SMALL = Size(tickets=60, per_s=15, fault_every_s=0.6, kill_every_s=1.5)
FULL = Size(tickets=1000, per_s=20, fault_every_s=1.0, kill_every_s=3.0)


class Stage(NamedTuple):
    """Everything that runs."""

    kitchen: Kitchen
    printers: list[TestPrinter]
    fire: Fire
    dice: random.Random


async def live(pair: EnginePair, size: Size, seed: int, say: Say) -> list[str]:
    """Live it through on this pair of engines; return what is wrong afterwards."""
    database_url = pair.fresh_database()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chuancai-paper-")))
        kitchen = await stack.enter_async_context(open_kitchen(database_url, SystemClock()))
        redis = Redis.from_url(pair.redis_url)
        stack.push_async_callback(redis.aclose)
        rolls = await stack.enter_async_context(printers(3))
        await _set_up(kitchen, rolls)
        environment = {
            "DATABASE_URL": database_url, "REDIS_URL": pair.redis_url,
            "CHUANCAI_LOG_LEVEL": "warning", "CHUANCAI_DATA_DIR": str(folder),
            "CHUANCAI_PRESS_LEASE_S": "2", "CHUANCAI_PRESS_DONE_S": "2",
        }  # fmt: skip
        workers = [
            Part(name, ["worker"], environment, folder / f"{name}.log") for name in ("one", "two")
        ]
        for worker in workers:
            await worker.start()
            stack.push_async_callback(worker.stop)
        stage = Stage(kitchen, rolls, Fire(workers, pair), random.Random(seed))
        faults = await _evening(stage, size)
        await _come_to_rest(stage)
        wrong = await _judge(stage, size.tickets)
        rows = await kitchen.pool.fetch(READ_JOBS)
        states = Counter(r["settled"] or r["state"] for r in rows)
        torn = sum(len(roll.torn) for roll in rolls)
        whole = sum(len(roll.papers) for roll in rolls)
        say(
            f"  seed {seed}: {size.tickets} tickets, {dict(faults)}, {len(stage.fire.kills)} kills;"
            f" {len(rows)} papers {dict(states)}, {whole} whole and {torn} torn came out"
        )
    return wrong


async def _set_up(kitchen: Kitchen, rolls: list[TestPrinter]) -> None:
    """Give each station a printer, each the backup of the one before it."""
    plans: list[dict[str, Any]] = []
    for number, (roll, station) in enumerate(zip(rolls, STATIONS, strict=True), 1):
        roll.rest_s = 0.002
        plans.append(
            {
                "name": f"档口{number}", "kind": "network", "address": f"127.0.0.1:{roll.port}",
                "paper": {"mode": "text"}, "stations": [station], "expires_after_s": 3_600,
            }
        )  # fmt: skip
        await kitchen.ask("manager", "PutPrinter", **plans[-1])
    for number, plan in enumerate(plans, 1):
        backup = {"printer_id": number, "version": 1, "backup_id": number % len(plans) + 1}
        await kitchen.ask("manager", "PutPrinter", **(plan | backup))


async def _evening(stage: Stage, size: Size) -> Counter[str]:
    """Order, break and kill; return how often what was broken."""
    faults: Counter[str] = Counter()

    async def order() -> None:
        for number in range(size.tickets):
            lines: list[dict[str, Any]] = [{"dish_id": DISHES[stage.dice.randrange(3)]}]
            if number % LONG_EVERY == 0:
                lines = [lines[0] | {"note": LONG_NOTE}] * LONG_LINES
            await stage.kitchen.ask(
                "waiter", "PlaceOrder", place_id=number % PLACES + 1, lines=lines
            )
            await asyncio.sleep(stage.dice.expovariate(size.per_s))

    async def spoil(roll: TestPrinter) -> None:
        while True:
            await asyncio.sleep(stage.dice.expovariate(1 / size.fault_every_s))
            faults[await _spoil(roll, stage.dice)] += 1

    async def kill() -> None:
        while True:
            await asyncio.sleep(size.kill_every_s * stage.dice.uniform(0.5, 1.5))
            await stage.fire.kill(stage.dice.choice(("one", "two")))

    async with asyncio.TaskGroup() as tasks:
        troubles = [
            tasks.create_task(one) for one in (*map(spoil, stage.printers), kill(), _person(stage))
        ]
        await tasks.create_task(order())
        for one in troubles:
            one.cancel()
    return faults


async def _spoil(roll: TestPrinter, dice: random.Random) -> str:
    """Let something go wrong at a printer, for a while or in the middle of its next paper."""
    what = dice.choice(("power", "paper", "cover", "tear", "reset", "stop", "stall", "mute"))
    away_s, bytes_ = dice.uniform(0.05, 0.6), dice.randrange(1, dice.choice((150, 15_000)))
    match what:
        case "power":
            await roll.switch_off()
        case "paper":
            roll.paper_out = True
        case "cover":
            roll.cover_open = True
        case "tear":
            roll.dies_after = bytes_
        case "reset":
            roll.resets_after = bytes_
        case "stop":
            roll.stops_after = bytes_
        case "stall":
            roll.stalls = True
        case "mute":
            roll.mute = True
    await asyncio.sleep(away_s)
    await roll.mend()
    return what


async def _person(stage: Stage) -> None:
    """Look at every paper in doubt: it lies there, or it is printed again."""
    while True:
        for row in await stage.kitchen.pool.fetch(READ_DOUBT):
            lies_there = row["id"] in _came_out(stage.printers)
            name, body = (
                ("SettlePaper", {"job_id": row["id"], "outcome": "printed"})
                if lies_there
                else ("PrintAgain", {"job_id": row["id"]})
            )
            try:
                await stage.kitchen.ask("cashier", name, **body)
            except Refusal as refusal:
                if not refusal.retryable:
                    raise
        await asyncio.sleep(LOOK_S)


def _came_out(rolls: list[TestPrinter]) -> Counter[int]:
    """Return job id → how many whole papers of it lie in the kitchen."""
    came: Counter[int] = Counter()
    for roll in rolls:
        for paper in roll.papers:
            found = SERIAL.search(text_of(paper))
            assert found is not None, text_of(paper)
            came[int(found.group(1), 16)] += 1
    return came


async def _come_to_rest(stage: Stage) -> None:
    """Mend everything and let it come to its end, person and all."""
    await stage.fire.all_up()
    looking = asyncio.create_task(_person(stage))
    try:
        async with asyncio.timeout(QUIET_S_MAX):
            while True:
                for roll in stage.printers:
                    roll.dies_after = roll.resets_after = roll.stops_after = None
                    await roll.mend()
                try:
                    if not (
                        await stage.kitchen.pool.fetchval(READ_OPEN)
                        or await stage.kitchen.pool.fetch(READ_DOUBT)
                    ):
                        return
                except LOST:
                    pass
                await asyncio.sleep(LOOK_S)
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _judge(stage: Stage, tickets: int) -> list[str]:
    """Return what is not as it must be."""
    wrong = []
    came = _came_out(stage.printers)
    rows = await stage.kitchen.pool.fetch(READ_JOBS)
    printed_of: Counter[str] = Counter()
    for row in rows:
        name, whole = f"paper {row['id']:x} ({row['state']}, {row['settled']})", came[row["id"]]
        printed_of[row["source"].partition("#")[0].partition(">")[0]] += whole
        if whole > 1:
            wrong.append(f"{name} came out {whole} times")
        if row["state"] == "confirmed" and whole != 1:
            wrong.append(f"{name} came out {whole} times")
        if row["state"] in {"failed", "expired", "queued"} and whole:
            wrong.append(f"{name} came out, and was said not to")
        if row["settled"] == "printed" and whole != 1:
            wrong.append(f"{name} was seen and is not there")
    if len(printed_of) != tickets:
        wrong.append(f"{tickets} tickets were ordered, {len(printed_of)} stand")
    wrong += [f"ticket {one} never came out" for one, whole in printed_of.items() if not whole]
    strange = came.keys() - {row["id"] for row in rows}
    wrong += [f"paper {one:x} is nobody's" for one in strange]
    for roll in stage.printers:
        for paper in roll.papers:
            text = text_of(paper)
            found = SERIAL.search(text)
            assert found is not None
            row = next(r for r in rows if r["id"] == int(found.group(1), 16))
            if (row["copy"] > 1) != ("补打" in text):
                wrong.append(f"paper {row['id']:x} is copy {row['copy']} and does not say so")
    return wrong + _silently_again(stage.printers)


def _silently_again(rolls: list[TestPrinter]) -> list[str]:
    """Return the tickets of which a part came out, and then all of it without saying that it is a copy."""

    def unmarked(papers: list[bytes]) -> list[str]:
        heads = [HEAD.search(text) for one in papers if "补打" not in (text := text_of(one))]
        return [found.group() for found in heads if found]

    whole = {head for roll in rolls for head in unmarked(roll.papers)}
    torn = Counter(head for roll in rolls for head in unmarked(roll.torn))
    return [
        f"{head} came out in part, and again without 补打" for head in torn if head in whole
    ] + [
        f"{head} came out in part {times} times without 补打"
        for head, times in torn.items()
        if times > 1
    ]


def main() -> int:
    """Live a long one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=FULL.tickets)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with running_pair(durable=False) as pair:
        wrong = asyncio.run(live(pair, FULL._replace(tickets=given.tickets), given.seed, print))
    for one in wrong[:50]:
        sys.stdout.write(f"  WRONG {one}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
