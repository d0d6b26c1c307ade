"""A seeded day under fire: orders flow, links break, everything is killed, and the books balance.

`python -m tests.simulation.day --orders 540 --seed 1` is the full size; the suite runs a small one.
The seed fixes the plan of faults and everybody's dice. What it cannot fix is timing: which command
is on the wire when a process dies depends on the machine, so two runs of a seed are alike, not equal.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import httpx
import msgspec
import structlog

from server.api.keys import KeyMaker
from server.api.store import Client
from server.app import listen
from server.client.api import Api
from server.clock import SystemClock
from server.demo.evening import Evening
from server.demo.people import Pace, Tally
from server.demo.seed import seed as seed_demo
from server.events.menu import Menu
from server.sealed import Sealing
from server.settings import Settings
from tests.simulation import checker, report
from tests.simulation.browsers import open_boards
from tests.simulation.cast import ROLES, SEATS, SHOP, Till, seat
from tests.simulation.pictures import settle
from tests.simulation.plan import Fault, draw
from tests.simulation.screens import Screen
from tests.simulation.truth import fresh_view, read_truth
from tests.support.engines import EnginePair, running_pair
from tests.support.fire import Fire, Part
from tests.support.links import Link, open_link

RINGS_MAX = 2
CALL_AFTER_S = report.CALL_AFTER_MS // 1000
RING_EVERY_S = report.RING_EVERY_MS // 1000  # the least the database takes
READY_S_MAX = 60.0
LOOK_S = 0.05

Say = Callable[[str], None]


class Size(NamedTuple):
    """How big a day is, and how bad."""

    orders: int
    orders_per_minute: float
    cut_every_s: float
    kill_every_s: float
    browsers: int
    s_max: float


SMALL = Size(20, 180, 0.7, 2.0, 0, 240)


def full(orders: int) -> Size:
    """Return the size of `make day`."""
    return Size(orders, 150, 0.6, 5.0, 2, 1_800)


class Stage(NamedTuple):
    """Everything that runs."""

    pool: asyncpg.Pool
    fire: Fire
    screens: dict[str, Screen]
    links: dict[str, Link]
    api: Api
    service_api: Api
    port: int

    @asynccontextmanager
    async def open_link(self, name: str) -> AsyncIterator[Link]:
        """Give one more screen a link that the plan knows."""
        async with open_link(name, self.port) as link:
            self.links[name] = link
            yield link


async def live(pair: EnginePair, size: Size, seed: int, say: Say) -> list[str]:
    """Live the day on this pair of engines; return the checker's complaints."""
    database_url = pair.fresh_database()
    await _prepare(database_url)
    async with asyncio.timeout(size.s_max), AsyncExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chuancai-day-")))
        pool = await asyncpg.create_pool(database_url, min_size=0, max_size=4)
        stack.push_async_callback(pool.close)
        port, fire = await stack.enter_async_context(house(pair, database_url, logs))
        stage = await stack.enter_async_context(_stage(pool, fire, port, seed))
        boards = await stack.enter_async_context(
            open_boards(stage.api, size.browsers, stage.open_link)
        )
        say(f"  seed {seed}: {len(stage.screens)} screens, {size.browsers} browsers, "
            f"{size.orders} orders at {size.orders_per_minute:g} a minute")  # fmt: skip
        watch = asyncio.get_running_loop().time
        began_s = watch()
        tally, till = await _burning_evening(stage, size, seed, say)
        ended_s = watch()
        await _closing_scene(stage)
        complaints = await settle(pool, stage.screens, boards)
        say(
            f"  the evening took {ended_s - began_s:.0f} s, coming to rest {watch() - ended_s:.0f} s"
        )
        truth = await read_truth(pool)
        complaints += [
            f"{board.screen.name}: flashed again at {board.flashed_again}"
            for board in boards
            if board.flashed_again
        ]
        watched = [*stage.screens.values(), *(board.screen for board in boards)]
        complaints += await _judge(stage, till, watched)
        for line in report.lines(stage.fire, stage.screens, stage.links, truth, tally):
            say(line)
        if complaints:
            say(report.tail_of(logs))
    left = fire.still_running()
    ours = {pair.postgres_pid, pair.redis_pid}
    complaints += [f"process {pid} is still running" for pid in left if pid not in ours]
    return complaints


async def _prepare(database_url: str) -> None:
    await seed_demo(database_url)
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "UPDATE shop SET call_after_finish_s = $1, call_interval_s = $2, call_rings_max = $3",
        CALL_AFTER_S, RING_EVERY_S, RINGS_MAX,
    )  # fmt: skip
    await connection.close()


@asynccontextmanager
async def house(pair: EnginePair, database_url: str, logs: Path) -> AsyncIterator[tuple[int, Fire]]:
    """Run two web processes on one port and a worker."""
    with listen("127.0.0.1", 0) as probe:
        port: int = probe.getsockname()[1]
    environment = {
        "DATABASE_URL": database_url, "REDIS_URL": pair.redis_url, "CHUANCAI_LOG_LEVEL": "warning",
        "CHUANCAI_WEBHOOK_NETWORKS": "127.0.0.0/8",
    }  # fmt: skip
    serve = ["serve", "--host", "127.0.0.1", "--port", str(port)]
    parts = [
        Part("web-1", serve, environment, logs / "web-1"),
        Part("web-2", serve, environment, logs / "web-2"),
        Part("worker", ["worker"], environment, logs / "worker"),
    ]
    try:
        for part in parts:
            await part.start()
        await _ready(port)
        yield port, Fire(parts, pair)
    finally:
        await asyncio.gather(*(part.stop() for part in parts))


async def _ready(port: int) -> None:
    async with asyncio.timeout(READY_S_MAX), httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                answer = await http.get(f"http://127.0.0.1:{port}/readyz")
                if answer.is_success:
                    return
            except httpx.TransportError:
                pass  # nobody listens yet
            await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def _stage(pool: asyncpg.Pool, fire: Fire, port: int, seed: int) -> AsyncIterator[Stage]:
    """Pair every screen by the API and connect it through a link of its own."""
    client = Client(brand_id=1, id=0, name="day", roles=("business", "manager"))
    keys = KeyMaker(pool, SystemClock(), Sealing(Settings().seal_key))
    made = await keys.make_client(client)
    key = (made.key_id, made.secret)
    screens: dict[str, Screen] = {}
    links: dict[str, Link] = {}
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(Api(f"http://127.0.0.1:{port}", *key))
        for role in ROLES:
            paired = await api.pair(
                SHOP, role.kind, role.name, place_id=role.place_id, station_id=role.station_id
            )
            links[role.name] = await stack.enter_async_context(open_link(role.name, port))
            screen = Screen(role.name, role.kind, paired.device["id"], role.place_id)
            screens[role.name] = screen
            device = screen.connect(links[role.name].port, paired.token, seed)
            await stack.enter_async_context(device)
        links["service"] = await stack.enter_async_context(open_link("service", port))
        service_api = await stack.enter_async_context(
            Api(f"http://127.0.0.1:{links['service'].port}", *key, attempts_max=1_000)
        )
        for screen in screens.values():
            await screen.device.until(lambda d: d.replica.whole)
        yield Stage(pool, fire, screens, links, api, service_api, port)


async def _burning_evening(stage: Stage, size: Size, seed: int, say: Say) -> tuple[Tally, Till]:
    """Let the evening run its course while the plan goes wrong around it."""
    tally, pace = Tally(), Pace(size.orders_per_minute)
    cast = seat(stage.screens, pace, seed, tally)
    menu = msgspec.convert((await stage.api.menu(SHOP))["menu"], Menu)
    till = Till(stage.service_api, menu, pace, seed)
    evening = Evening(
        cooks=cast.cooks, waiters=cast.waiters, pads=cast.pads, places=SEATS, pace=pace,
        dice=report.dice(seed, "door"), tally=tally,
    )  # fmt: skip
    lasts_s = size.orders / size.orders_per_minute * 60 * 3 + 60
    plan = draw(
        seed, lasts_s, sorted(stage.links), sorted(stage.fire.names),
        cut_every_s=size.cut_every_s, kill_every_s=size.kill_every_s,
    )  # fmt: skip
    stop = asyncio.Event()
    serving = asyncio.create_task(till.work(stop))
    burning = asyncio.create_task(_burn(stage, plan))
    watching = asyncio.create_task(_watch(tally, evening, stage, say))
    try:
        await evening.run(size.orders)
    finally:
        for task in (burning, watching):
            task.cancel()
        await asyncio.wait([burning, watching])
    if not burning.cancelled():
        burning.result()
    for link in stage.links.values():
        link.heal()
    await stage.fire.all_up()
    stop.set()
    await serving
    return tally, till


async def _burn(stage: Stage, plan: list[Fault]) -> None:
    """Carry the plan out."""
    now_s = asyncio.get_running_loop().time
    start_s = now_s()
    async with asyncio.TaskGroup() as troubles:
        for fault in plan:
            await asyncio.sleep(max(0.0, start_s + fault.at_s - now_s()))
            if fault.what == "kill":
                troubles.create_task(stage.fire.kill(fault.target))
            else:
                link = stage.links[fault.target]
                troubles.create_task(link.suffer(fault.what, fault.for_s))


async def _watch(tally: Tally, evening: Evening, stage: Stage, say: Say) -> None:
    while True:
        await asyncio.sleep(15)
        live_now = sum(screen.device.state == "open" for screen in stage.screens.values())
        say(f"  {tally.done['PlaceOrder']} orders, {tally.done['DeliverItem']} delivered, "
            f"{len(evening.occupied)} guests here, {len(stage.fire.kills)} kills, "
            f"{live_now} screens live")  # fmt: skip


async def _closing_scene(stage: Stage) -> None:
    """Leave something on every screen, so that the pictures compared at the end are not empty."""
    waiter, board = stage.screens["王敏"].device, stage.screens["board-1"].device
    for place in (1, 2, 3, 101, 102):
        lines = [{"dish_id": dish_id} for dish_id in (1, 2, 3)]
        placed = await waiter.ask("PlaceOrder", place_id=place, lines=lines)
        first, second, _ = placed["item_ids"]
        await board.ask("StartItem", item_id=first)
        await board.ask("FinishItem", item_id=first)
        await board.ask("StartItem", item_id=second)


async def _judge(stage: Stage, till: Till, watched: list[Screen]) -> list[str]:
    """Hold the screens' histories and every answer against the log."""
    truth = await read_truth(stage.pool)
    answers = [
        checker.answer_of(kept) for screen in stage.screens.values() for kept in screen.answers
    ]
    complaints = checker.check_log(truth.log, truth.head)
    complaints += checker.check_remembered(answers, truth.remembered)
    complaints += checker.check_effects([*answers, *till.answers], truth.log)
    complaints += checker.check_items(truth.log, truth.items)
    complaints += checker.check_calls(truth.log, RINGS_MAX)
    complaints += checker.check_ends(truth.log)
    complaints += checker.check_promises(truth.log)
    complaints += [
        f"{count} promises are {state}"
        for state, count in truth.promises.items()
        if state not in {"done", "cancelled"}
    ]
    for screen in watched:
        empty = await fresh_view(stage.pool, screen)
        empty.orders, empty.calls = [], []
        complaints += checker.check_screen(screen, truth.log, empty)
    return complaints


def main() -> int:
    """Live one day from the command line; 1 when the books do not balance."""
    words = argparse.ArgumentParser(prog="python -m tests.simulation.day", description=__doc__)
    words.add_argument("--orders", type=int, default=540)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--small", action="store_true", help="The size that the suite runs.")
    given = words.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    size = SMALL if given.small else full(given.orders)
    with running_pair() as pair:
        complaints = asyncio.run(live(pair, size, given.seed, _say))
    for complaint in complaints:
        _say(f"  WRONG: {complaint}")
    if not complaints:
        _say("  Every screen shows the truth, everything happened once.")
    return 1 if complaints else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
