"""Calls under fire: many a second to many screens, while everything is killed in turn.

`python -m tests.simulation.calls` is the full size (200 calls a second, 500 screens, a screen away
for 60 s); the suite runs a small one. Callers repeat what was not answered, waiters answer every
second card, a webhook that now and then fails is told of every stage, and afterwards `calls_checker.py`
compares what each screen heard with the log, the log with what was accepted, and what was told with
what was promised. The seed fixes the dice; timing is the machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from bench.calls.ground import CHANNELS, KINDS, lay_ground
from bench.commands.store import token
from server.client.calls import Client
from server.client.device import Device
from server.client.terms import Heard, Tempo
from server.clock import to_ms
from server.errors import Refusal
from server.events import catalogue as c
from server.events.view import DeviceKind
from tests.simulation.calls_checker import Ended, judge, lateness
from tests.simulation.day import LOOK_S, house
from tests.support.engines import EnginePair, running_pair
from tests.support.fire import Fire
from tests.support.links import Link, open_link
from tests.support.receiver import Mood, receiver

RING_EVERY_S = 3  # the least a policy takes
SECRET = "what posts of the simulation are signed with"
MOODS: list[Mood] = [
    "error",
    "reset",
    "ok",
    "ok",
    "error",
    "ok",
    "reset",
]  # of the receiver, at first
PARAMS = {"goodsName": "水饺", "num": "2"}
TEMPO = Tempo(ping_s=2.0, silence_s_max=8.0, backoff_s_max=2.0)
QUIET_S_MAX = 120.0
COMPLAINTS_SHOWN_MAX = 50

POLICY = """
INSERT INTO broadcast_policy VALUES
    (900, 0, 'service_wanted', 'pad', '{"repeat_max": 2, "interval_s": 3}', 1, now(), 'test'),
    (900, 0, 'item_ready', 'pad', '{"repeat_max": 2, "interval_s": 3}', 1, now(), 'test')
"""
OWED = """
SELECT (SELECT count(*) FROM promise WHERE state = 'waiting'
           AND (kind IN ('RingCall', 'RingEnd', 'Announce') AND due_at < now() + interval '10 s'
                OR kind = 'PostWebhook'))
     + (SELECT count(*) FROM im_message WHERE state = 'queued')
"""

Say = Callable[[str], None]


class Size(NamedTuple):
    """How many, how fast, how bad."""

    shops: int
    calls_per_s: float
    lasts_s: float
    kill_every_s: float
    away: int  # screens whose network is gone
    away_s: float


SMALL = Size(shops=6, calls_per_s=25, lasts_s=16, kill_every_s=2.5, away=2, away_s=5)
FULL = Size(shops=125, calls_per_s=200, lasts_s=90, kill_every_s=8, away=5, away_s=60)


class Screen(Device):
    """A device that remembers what it heard and when, and what a snapshot told it instead."""

    def __init__(self, url: str, shop_id: int, device_id: int) -> None:
        super().__init__(url, token(shop_id, device_id), on_event=self._hear, tempo=TEMPO)
        self.kind: DeviceKind = KINDS[device_id - 1]
        self.shop_id, self.device_id = shop_id, device_id
        self.away = False  # its network fails on purpose
        self.heard: list[tuple[int, Heard]] = []  # when (ms since 1970), what
        self.skipped: list[tuple[int, int]] = []  # from seq, to seq
        self.claims: list[asyncio.Task[Any]] = []
        self.dice = random.Random(f"{shop_id}-{device_id}")
        taken = self.replica.snapshot

        def noted(frame: Any) -> None:
            self.skipped.append((self.replica.seq, frame.seq))
            taken(frame)

        self.replica.snapshot = noted  # type: ignore[method-assign]

    def _hear(self, heard: Heard) -> None:
        self.heard.append((to_ms(self._clock.now()), heard))
        event = heard.event
        if self.kind == "waiter" and isinstance(event, c.CallRaised) and self.dice.random() < 0.5:
            self.claims.append(asyncio.create_task(self._come(event.call.id)))

    async def _come(self, call_id: int) -> None:
        try:
            await self.ask("ClaimCall", call_id=call_id)
        except Refusal as refusal:
            if refusal.code not in {"call_ended", "call_already_claimed"}:
                raise


class Stage(NamedTuple):
    """Everything that runs."""

    pool: asyncpg.Pool
    fire: Fire
    client: Client
    screens: list[Screen]
    links: list[Link]


async def live(pair: EnginePair, size: Size, seed: int, say: Say) -> list[str]:
    """Live it through on this pair of engines; return the checker's complaints."""
    database_url = pair.fresh_database()
    key = await lay_ground(database_url, size.shops)
    async with AsyncExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chuancai-calls-")))
        pool = await asyncpg.create_pool(database_url, min_size=0, max_size=4)
        stack.push_async_callback(pool.close)
        await pool.execute(POLICY)
        told = await stack.enter_async_context(receiver())
        told.moods += MOODS
        port, fire = await stack.enter_async_context(house(pair, database_url, logs))
        stage = await stack.enter_async_context(_stage(pool, fire, port, key, size))
        await stage.client.put_webhook(told.url, SECRET.replace(" ", "-"))
        say(f"  seed {seed}: {len(stage.screens)} screens, {size.calls_per_s:g} calls a second")
        watch = asyncio.get_running_loop().time
        began_s = watch()
        accepted = await _evening(stage, size, seed)
        over_s = watch()
        await _come_to_rest(stage)
        say(f"  the evening took {over_s - began_s:.0f} s, coming to rest {watch() - over_s:.0f} s")
        ended = Ended(stage.screens, accepted, fire.kills, told.posts)
        complaints = await judge(pool, ended)
        for line in await lateness(pool, ended):
            say(line)
        skipped = sum(len(screen.skipped) - 1 for screen in stage.screens)
        say(f"  {len(accepted)} calls accepted, {len(fire.kills)} kills, {skipped} screens caught up"
            f" by a snapshot, {len(told.posts)} posts to the webhook")  # fmt: skip
    return complaints


@asynccontextmanager
async def _stage(
    pool: asyncpg.Pool, fire: Fire, port: int, key: tuple[str, str], size: Size
) -> AsyncIterator[Stage]:
    """Connect every screen and the business service; some screens by a link that will fail."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            Client(f"http://127.0.0.1:{port}", *key, attempts_max=1_000)
        )
        screens, links = [], []
        for number in range(size.shops * len(KINDS)):
            shop_id, device_id = number // len(KINDS) + 1, number % len(KINDS) + 1
            way = port
            if number % max(1, size.shops * len(KINDS) // size.away) == 1:
                links.append(await stack.enter_async_context(open_link(f"link-{number}", port)))
                way = links[-1].port
            screen = Screen(f"http://127.0.0.1:{way}", shop_id, device_id)
            screen.away = way != port
            screens.append(await stack.enter_async_context(screen))
            await screen.until(lambda d: d.replica.whole)
        yield Stage(pool, fire, client, screens, links)


async def _evening(stage: Stage, size: Size, seed: int) -> dict[int, int]:
    """Call, kill and cut; return number → call id of everything that was accepted."""
    dice, accepted = random.Random(seed), dict[int, int]()

    async def call(number: int) -> None:
        shop_id = number % size.shops + 1
        params = PARAMS | {"roomName": str(number)}
        match number % 4:
            case 0 | 1:
                ask: dict[str, Any] = {"event": "order_rushed", "channels": CHANNELS}
            case 2:
                ask = {"event": "service_wanted", "channels": ["pad"]}
            case _:
                ask = {"event": "item_ready", "channels": ["pad"], "msg_type": "pad_call"}
        # Every fifth caller loses the answer and asks again, whatever was killed meanwhile.
        for _ in range(2 if number % 5 == 0 else 1):
            sent = await stage.client.send_im_call(
                shop_id, params=params, template_id=1, key=f"call-{number}", **ask
            )
            accepted[number] = sent.call_id

    async def burn() -> None:
        names = stage.fire.names
        for turn in range(int(size.lasts_s / size.kill_every_s)):
            await asyncio.sleep(size.kill_every_s * dice.uniform(0.6, 1.0))
            await stage.fire.kill(names[turn % len(names)])

    async def cut() -> None:
        await asyncio.sleep(size.lasts_s / 8)
        await asyncio.gather(*(one.suffer("shut_door", size.away_s) for one in stage.links))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(burn())
        tasks.create_task(cut())
        start_s = asyncio.get_running_loop().time()
        for number in range(int(size.lasts_s * size.calls_per_s)):
            wait_s = start_s + number / size.calls_per_s - asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, wait_s))
            tasks.create_task(call(number))
    await stage.fire.all_up()
    return accepted


async def _come_to_rest(stage: Stage) -> None:
    """Wait until nothing is owed, every press is answered, and every screen is at its head."""
    async with asyncio.timeout(QUIET_S_MAX):
        while await stage.pool.fetchval(OWED):  # noqa: ASYNC110 - the database rings no bell
            await asyncio.sleep(LOOK_S)
        for screen in stage.screens:
            await asyncio.gather(*screen.claims)
        # A ping tells each screen the room's seq; what it lacks, it asks for.
        await asyncio.sleep(2 * TEMPO.ping_s)
        for screen in stage.screens:
            await screen.until(lambda d: d.state == "open" and d.replica.whole)


async def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=FULL.lasts_s)
    parser.add_argument("--shops", type=int, default=FULL.shops)
    parser.add_argument("--rate", type=float, default=FULL.calls_per_s)
    given = parser.parse_args()
    size = FULL._replace(lasts_s=given.seconds, shops=given.shops, calls_per_s=given.rate)
    say: Say = print
    with running_pair() as pair:
        complaints = await live(pair, size, given.seed, say)
    for complaint in complaints[:COMPLAINTS_SHOWN_MAX]:
        say(f"  COMPLAINT {complaint}")
    say(f"  {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
