"""Effects on the outside world: leased, acted, settled; killed in the act, failing, dead, too many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import msgspec
from redis.asyncio import Redis

from server.clock import ManualClock, to_ms
from server.desk import Entry
from server.errors import Refusal
from server.events import catalogue as c
from server.events import promises
from server.events.decision import Context, Decision, Promise, Said
from server.events.effects import AT_ONCE_MAX, Effect, Effects, Errand, GaveUpError, Outside
from server.events.keeping import PromiseLoop
from tests.support.kitchen import NOON, SHOP, Kitchen, open_kitchen
from tests.support.patience import PATIENCE_S

LEASE_S = 30.0
ROW = "SELECT state, attempt, due_at, last_error FROM promise WHERE kind = 'KnockNextDoor'"
COUNT = "SELECT count(*) FROM promise WHERE kind = 'KnockNextDoor' AND state = $1"


class Knock(msgspec.Struct):
    """What the effect of these tests is told."""

    door: int


class Knocked(Knock):
    """And what came of it."""

    heard: str


class NextDoor:
    """A server of somebody else's: answers what it is told to, remembers who knocked."""

    def __init__(self) -> None:
        self.answers: list[int] = []  # of the next knocks; 200 when there is none
        self.knocks: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.knocked = asyncio.Event()
        self.inside = self.inside_max = 0

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        self.knocks.append(head.split("idempotency-key: ")[1].split("\r\n")[0])
        self.knocked.set()
        self.inside += 1
        self.inside_max = max(self.inside, self.inside_max)
        await self.open.wait()
        self.inside -= 1
        status = self.answers.pop(0) if self.answers else 200
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode()
        )
        writer.close()
        await writer.wait_closed()


class House:
    """A kitchen, its promise loop, and a neighbour."""

    TURNS_MAX = 50

    def __init__(self, kitchen: Kitchen, loop: PromiseLoop, effects: Effects) -> None:
        self.kitchen, self.loop, self.effects = kitchen, loop, effects
        self.door: NextDoor

    async def promise(self, *doors: int, kind: str = "KnockNextDoor", **more: str) -> None:
        """Promise a knock at each of the doors, due now, as decisions do."""
        now_ms = to_ms(self.kitchen.clock.now())

        def decide(command: Any, facts: Any, context: Context) -> Decision:
            return Decision(
                {}, promises=[Promise(kind, {"door": d, **more}, now_ms) for d in doors]
            )

        self.kitchen.desk._book["Knock"] = Entry(  # type: ignore[index]
            msgspec.defstruct("Any", []), _no_facts, decide, frozenset({"manager"})
        )
        await self.kitchen.ask("manager", "Knock")

    async def turn(self) -> None:
        """Take what is due in hand and see it through."""
        await self.loop.turn()
        await self.effects.drain()

    async def until_done(self) -> None:
        """Take turns until every knock is done."""
        for _ in range(self.TURNS_MAX):
            await self.turn()
            if not await self.kitchen.pool.fetchval(COUNT, "waiting"):
                return
            self.kitchen.advance(seconds=3)
        raise AssertionError("there is still a knock to be done")

    async def row(self) -> asyncpg.Record:
        """Return the promise as stored."""
        (row,) = await self.kitchen.pool.fetch(ROW)
        return row


async def _no_facts(_: Any, asked: Any, now_ms: int) -> list[Any]:
    return [None] * len(asked)


def _heard(command: Knocked, facts: Any, context: Context) -> Decision:
    said = Said(c.DeviceUnpaired(device_id=command.door), frozenset({"console"}))
    return Decision({}, said=[said])


@asynccontextmanager
async def _house(database_url: str, redis_url: str) -> AsyncIterator[House]:
    door = NextDoor()
    async with (
        open_kitchen(database_url, ManualClock(NOON)) as kitchen,
        await asyncio.start_server(door.hear, "127.0.0.1", 0) as server,
        httpx.AsyncClient(timeout=60) as http,
        Redis.from_url(redis_url) as redis,
    ):
        host, port = server.sockets[0].getsockname()

        async def knock(errand: Errand, outside: Outside) -> dict[str, Any]:
            headers = {"Idempotency-Key": errand.key}
            answer = await outside.http.post(f"http://{host}:{port}/", headers=headers)
            if answer.status_code == 410:
                raise GaveUpError("nobody lives there")
            return {"heard": answer.raise_for_status().text}

        settle = Entry(Knocked, _no_facts, _heard, frozenset({"system"}))
        kitchen.desk._book["KnockedNextDoor"] = settle  # type: ignore[index]
        kinds = {"KnockNextDoor": Effect(Knock, knock, "KnockedNextDoor", LEASE_S, attempts_max=3)}
        effects = Effects(kinds, Outside(kitchen.pool, kitchen.clock, http), kitchen.desk.keep)
        loop = PromiseLoop(kitchen.pool, redis, kitchen.clock, kitchen.desk.keep, effects)
        house = House(kitchen, loop, effects)
        house.door = door
        yield house
        await effects.stop()


async def test_an_effect_is_leased_acted_and_settled(database_url: str, redis_url: str) -> None:
    """While it is under way the row says until when; afterwards the log says what came of it."""
    async with _house(database_url, redis_url) as house:
        await house.promise(5)
        house.door.open.clear()
        await house.loop.turn()
        await house.door.knocked.wait()
        row = await house.row()
        assert (row["state"], row["attempt"]) == ("waiting", 1)
        assert (row["due_at"] - NOON).total_seconds() == LEASE_S
        house.door.open.set()
        await house.effects.drain()
        assert (await house.row())["state"] == "done"
        assert house.kitchen.events() == [c.DeviceUnpaired(device_id=5)]


async def test_an_effect_that_fails_is_tried_again_with_the_same_key(
    database_url: str, redis_url: str
) -> None:
    """Refused twice by the neighbour: two rests, then done, once in effect by its key."""
    async with _house(database_url, redis_url) as house:
        await house.promise(5)
        house.door.answers = [500, 503]
        for seconds in (0, 0.4, 2, 1.9, 3):
            house.kitchen.advance(seconds=seconds)
            await house.turn()
        assert (await house.row())["state"] == "done"
        assert len(house.door.knocks) == 3
        assert len(set(house.door.knocks)) == 1
        assert house.kitchen.events() == [c.DeviceUnpaired(device_id=5)]


async def test_a_worker_killed_in_the_act_is_followed_after_the_lease(
    database_url: str, redis_url: str
) -> None:
    """Nobody acts before the lease ends, somebody does then; what comes late settles nothing."""
    async with _house(database_url, redis_url) as dead, _house(database_url, redis_url) as alive:
        alive.door = dead.door
        await dead.promise(5)
        dead.door.open.clear()
        await dead.loop.turn()
        await dead.door.knocked.wait()
        alive.kitchen.advance(seconds=LEASE_S - 1)
        await alive.turn()
        assert (await alive.row())["attempt"] == 1
        alive.kitchen.advance(seconds=1)
        await alive.turn()
        row = await alive.row()
        assert (row["state"], row["attempt"]) == ("done", 3), "leased twice, then settled"
        dead.door.open.set()
        await dead.effects.drain()
        assert [*alive.kitchen.events(), *dead.kitchen.events()] == [c.DeviceUnpaired(device_id=5)]


async def test_an_effect_dies_after_its_attempts_and_lives_again(
    database_url: str, redis_url: str
) -> None:
    """Three failures: dead, with the reason, for a person, who revives it."""
    async with _house(database_url, redis_url) as house:
        await house.promise(5)
        house.door.answers = [500] * 3
        for _ in range(5):
            await house.turn()
            house.kitchen.advance(seconds=10)
        assert len(house.door.knocks) == 3
        (dead,) = await promises.read_dead(house.kitchen.pool, SHOP)
        assert (dead.attempts, "500" in dead.why) == (3, True)
        now_ms = to_ms(house.kitchen.clock.now())
        assert await promises.revive(house.kitchen.pool, SHOP, dead.id, now_ms) == 1
        await house.turn()
        assert (await house.row())["state"] == "done"


async def test_what_kills_its_worker_each_time_comes_to_an_end(
    database_url: str, redis_url: str
) -> None:
    """An attempt counts when it begins, so a promise nobody survives is dead after its attempts."""
    async with _house(database_url, redis_url) as house:
        await house.promise(5)
        house.door.open.clear()
        for _ in range(5):
            house.door.knocked.clear()
            await house.loop.turn()
            for task in house.effects._acting:
                task.cancel()
            await asyncio.gather(*house.effects._acting, return_exceptions=True)
            house.kitchen.advance(seconds=LEASE_S)
        row = await house.row()
        assert (row["state"], row["attempt"]) == ("dead", 4)
        house.door.open.set()


async def test_a_hopeless_effect_is_dead_at_once(database_url: str, redis_url: str) -> None:
    """The neighbour says it will never be of use: no second attempt."""
    async with _house(database_url, redis_url) as house:
        await house.promise(5)
        house.door.answers = [410]
        await house.turn()
        row = await house.row()
        assert (row["state"], row["last_error"]) == ("dead", "nobody lives there")


async def test_slow_effects_do_not_hold_up_a_ring(database_url: str, redis_url: str) -> None:
    """Hundreds of knocks at a door that stays shut: no more than the hands at once, pads ring."""
    async with _house(database_url, redis_url) as house:
        item = (await house.kitchen.order(2, 1))["item_ids"][0]
        await house.promise(*range(1, 301))
        house.door.open.clear()
        await house.loop.turn()
        for name in ("StartItem", "FinishItem", "CallItem"):
            await house.kitchen.ask("kitchen", name, item_id=item)
        house.kitchen.advance(seconds=15)
        await house.loop.turn()
        assert any(isinstance(event, c.CallRang) for event in house.kitchen.events())
        house.door.open.set()
        await house.until_done()
        assert await house.kitchen.pool.fetchval(COUNT, "done") == 300
        assert (len(house.door.knocks), len(set(house.door.knocks))) == (300, 300)
        assert house.door.inside_max == AT_ONCE_MAX


async def test_without_redis_effects_go_by_their_rows(database_url: str) -> None:
    """Redis is away: more knocks than hands are all done, and a ring is not behind them."""
    async with _house(database_url, "redis://127.0.0.1:1/0") as house:
        await house.promise(*range(1, 301))
        await house.until_done()
        assert len(set(house.door.knocks)) == 300


async def test_a_database_away_between_act_and_settle_is_waited_for(
    database_url: str, redis_url: str
) -> None:
    """What was done outside is written down as soon as it can be, without doing it again."""
    async with _house(database_url, redis_url) as house:
        keep, refused = house.effects._keep, [Refusal("unavailable")] * 2

        async def away(due: Any) -> list[Refusal | None]:
            return [refused.pop()] if refused else await keep(due)

        house.effects._keep = away
        await house.promise(5)
        await house.turn()
        assert ((await house.row())["state"], len(house.door.knocks)) == ("done", 1)


async def test_nobody_rings_later_for_an_effect(database_url: str, redis_url: str) -> None:
    """R-004-31: what is due together is said first; a lease that takes long holds up no ring."""
    async with _house(database_url, redis_url) as house:
        await house.promise(5)
        await house.promise(9, kind="KnockedNextDoor", heard="a ring")
        async with house.kitchen.pool.acquire() as other, other.transaction():
            await other.execute("SELECT FROM promise WHERE kind = 'KnockNextDoor' FOR UPDATE")
            turn = asyncio.create_task(house.loop.turn())
            async with asyncio.timeout(PATIENCE_S):
                while not house.kitchen.events():
                    await house.kitchen.pool.execute("SELECT")
            assert house.kitchen.events() == [c.DeviceUnpaired(device_id=9)]
            assert not house.door.knocks
        await turn
        await house.effects.drain()
        assert len(house.door.knocks) == 1
