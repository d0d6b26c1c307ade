"""Promises: calls that ring later, ring again, give up; alarm clock lost, worker killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from server.clock import ManualClock, SystemClock, from_ms, to_ms
from server.errors import Refusal
from server.events import catalogue as c
from server.events.alarm import POKE_CHANNEL, Alarm
from server.events.decision import Armed, Due, Written
from server.events.envelope import inbox_key, nodes_key
from server.events.keeping import REST_S, SWEEP_S, PromiseLoop
from server.events.relay import Relay
from tests.support.kitchen import NOON, Kitchen, open_kitchen
from tests.support.patience import PATIENCE_S

NOBODY = "redis://127.0.0.1:1/0"


@asynccontextmanager
async def _house(database_url: str, redis_url: str) -> AsyncIterator[tuple[Kitchen, PromiseLoop]]:
    clock = ManualClock(NOON)
    async with open_kitchen(database_url, clock) as kitchen:
        redis = Redis.from_url(redis_url)
        try:
            yield kitchen, PromiseLoop(kitchen.pool, redis, clock, kitchen.desk.keep)
        finally:
            await redis.aclose()


async def _arm(kitchen: Kitchen, redis_url: str) -> None:
    """Carry armed promises to the alarm clock, as the relay does."""
    redis = Redis.from_url(redis_url)
    try:
        await Alarm(redis).arm(kitchen.ear.armed)
        kitchen.ear.armed.clear()
    finally:
        await redis.aclose()


def _kinds(kitchen: Kitchen, since: int) -> list[str]:
    """Return what was said, voices left out: tests/rooms/test_calls.py listens to those."""
    said = kitchen.events(since)
    return [type(event).__name__ for event in said if not isinstance(event, c.Announced)]


async def _finished(kitchen: Kitchen) -> int:
    item: int = (await kitchen.order(2, 1))["item_ids"][0]
    await kitchen.ask("kitchen", "StartItem", item_id=item)
    await kitchen.ask("kitchen", "FinishItem", item_id=item)
    return item


@pytest.mark.parametrize("how", ["alarm", "sweep", "no redis"])
async def test_a_finished_dish_rings_the_pads_until_it_gives_up(
    database_url: str, redis_url: str, how: str
) -> None:
    """Finished, five seconds later called, three rings 15 s apart, then the cash desk hears."""
    async with _house(database_url, NOBODY if how == "no redis" else redis_url) as (kitchen, loop):
        await _finished(kitchen)
        since = len(kitchen.ear.heard)
        story = []
        for seconds in (4.9, 0.1, 14.9, 0.1, 15, 15, 60):
            if how == "alarm":
                await _arm(kitchen, redis_url)
            kitchen.advance(seconds=seconds)
            await loop.turn()
            story.append(_kinds(kitchen, since))
            since = len(kitchen.ear.heard)
        assert story == [
            [], ["ItemCalled", "CallRaised"], [], ["CallRang"], ["CallRang"],
            ["CallUnanswered"], [],
        ]  # fmt: skip


async def test_taking_back_a_finish_retracts_the_call(database_url: str, redis_url: str) -> None:
    """Undo within five seconds: the pads never ring; undo later: they stop (R-004-13)."""
    async with _house(database_url, redis_url) as (kitchen, loop):
        item = await _finished(kitchen)
        kitchen.advance(seconds=4)
        await kitchen.ask("kitchen", "UndoItem", item_id=item, state="ready")
        since = len(kitchen.ear.heard)
        kitchen.advance(seconds=60)
        await loop.turn()
        assert _kinds(kitchen, since) == []
        await kitchen.ask("kitchen", "FinishItem", item_id=item)
        kitchen.advance(seconds=5)
        await loop.turn()
        await kitchen.ask("kitchen", "UndoItem", item_id=item, state="ready")
        assert _kinds(kitchen, since + 1) == ["ItemCalled", "CallRaised", "ItemUndone", "CallEnded"]
        kitchen.advance(seconds=60)
        await loop.turn()
        assert len(_kinds(kitchen, since)) == 5


async def test_an_unkept_promise_is_tried_again_soon(database_url: str, redis_url: str) -> None:
    """A call that came due while the database was away rings a quarter of a second after it is back."""
    async with open_kitchen(database_url, ManualClock(NOON)) as kitchen:
        redis = Redis.from_url(redis_url)
        away = False

        async def keep(due: Sequence[Due]) -> list[Refusal | None]:
            return [Refusal("unavailable")] if away else await kitchen.desk.keep(due)

        loop = PromiseLoop(kitchen.pool, redis, kitchen.clock, keep)
        await _finished(kitchen)
        await _arm(kitchen, redis_url)
        since = len(kitchen.ear.heard)
        assert await loop.turn() > REST_S
        away = True
        kitchen.advance(seconds=5)
        assert await loop.turn() <= REST_S
        away = False
        kitchen.advance(seconds=REST_S)
        await loop.turn()
        assert _kinds(kitchen, since) == ["ItemCalled", "CallRaised"]
        kitchen.advance(seconds=REST_S)
        assert await loop.turn() > REST_S, "and then all is calm again"
        await redis.aclose()


async def test_coming_stops_the_rings(database_url: str, redis_url: str) -> None:
    """One waiter says coming: no further ring; a second one is told who (two at once: one owner)."""
    async with _house(database_url, redis_url) as (kitchen, loop):
        await _finished(kitchen)
        kitchen.advance(seconds=5)
        await loop.turn()
        (call,) = (await kitchen.view("waiter")).calls
        await kitchen.ask("waiter", "ClaimCall", call_id=call.id)
        since = len(kitchen.ear.heard)
        for _ in range(4):
            kitchen.advance(seconds=15)
            await loop.turn()
        assert _kinds(kitchen, since) == []


async def test_a_picked_up_dish_rings_no_longer(database_url: str, redis_url: str) -> None:
    """Whoever takes the dish ends its call, and no later ring is heard (R-004-14)."""
    async with _house(database_url, redis_url) as (kitchen, loop):
        item = await _finished(kitchen)
        await kitchen.ask("kitchen", "CallItem", item_id=item)
        since = len(kitchen.ear.heard)
        await kitchen.ask("waiter", "PickUpItem", item_id=item)
        kitchen.advance(seconds=60)
        await loop.turn()
        assert _kinds(kitchen, since) == ["ItemPickedUp", "CallEnded"]
        assert (await kitchen.view("waiter")).calls == []


@pytest.mark.parametrize("with_redis", [True, False])
async def test_two_workers_keep_a_promise_once(
    database_url: str, redis_url: str, with_redis: bool
) -> None:
    """Whoever reads a due promise, it is kept once: the row is the fence."""
    redis_url = redis_url if with_redis else NOBODY
    async with _house(database_url, redis_url) as (one, loop):
        other = Kitchen(one.pool, one.clock)
        redis = Redis.from_url(redis_url)
        rival = PromiseLoop(one.pool, redis, one.clock, other.desk.keep)
        for place in range(1, 11):
            item = (await one.order(place, 1))["item_ids"][0]
            await one.ask("kitchen", "StartItem", item_id=item)
            await one.ask("kitchen", "FinishItem", item_id=item)
        one.advance(seconds=5)
        await asyncio.gather(loop.turn(), rival.turn())
        await redis.aclose()
        called = [e for k in (one, other) for e in k.events() if isinstance(e, c.ItemCalled)]
        assert len(called) == len({e.item_id for e in called}) == 10


async def test_a_wiped_alarm_clock_is_set_again(database_url: str, redis_url: str) -> None:
    """Redis loses everything: within a sweep the next promise is armed and kept on time."""
    async with _house(database_url, redis_url) as (kitchen, loop):
        await _finished(kitchen)
        await _arm(kitchen, redis_url)
        redis = Redis.from_url(redis_url)
        await redis.flushdb()
        kitchen.advance(seconds=SWEEP_S)
        await loop.turn()
        assert (await Alarm(redis).pop([1], 2**52))[0] != []
        await redis.aclose()


async def test_a_promise_popped_by_a_dead_worker_is_kept(database_url: str, redis_url: str) -> None:
    """A worker killed after popping loses nothing: the sweep finds the row (belief 4)."""
    async with _house(database_url, redis_url) as (kitchen, loop):
        await _finished(kitchen)
        await _arm(kitchen, redis_url)
        kitchen.advance(seconds=5)
        redis = Redis.from_url(redis_url)
        popped, _ = await Alarm(redis).pop(range(64), 2**52)
        assert len(popped) == 3, "the order's voice, the dish's call, whether a screen showed it"
        await redis.aclose()
        since = len(kitchen.ear.heard)
        kitchen.advance(seconds=SWEEP_S)
        await loop.turn()
        assert _kinds(kitchen, since) == ["ItemCalled", "CallRaised"]


async def test_the_loop_wakes_when_something_earlier_is_armed(
    database_url: str, redis_url: str
) -> None:
    """The relay's poke wakes a sleeping worker, and the pads ring without a poll."""
    # The poke is about real waiting, so the clock is the machine's.
    async with open_kitchen(database_url, SystemClock()) as kitchen:
        await kitchen.pool.execute("UPDATE shop SET call_after_finish_s = 0")
        redis = Redis.from_url(redis_url)
        relay = Relay(redis, kitchen.clock, Alarm(redis))
        kitchen.ear.arm = relay.arm  # type: ignore[method-assign]
        called = asyncio.Event()
        hear = kitchen.ear.publish

        def listen(shop_id: int, events: object) -> None:
            hear(shop_id, events)  # type: ignore[arg-type]
            if any(isinstance(e, c.CallRaised) for e in kitchen.events()):
                called.set()

        kitchen.ear.publish = listen  # type: ignore[method-assign]
        loop = PromiseLoop(kitchen.pool, redis, kitchen.clock, kitchen.desk.keep)
        tasks = [asyncio.create_task(relay.run()), asyncio.create_task(loop.run())]
        await _finished(kitchen)
        async with asyncio.timeout(PATIENCE_S):
            await called.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await redis.aclose()


async def test_thousands_of_overdue_promises_are_kept_without_a_rest(
    database_url: str, redis_url: str
) -> None:
    """After a night without a worker the sweep goes on until nothing is due, not batch by batch."""
    async with _house(database_url, redis_url) as (kitchen, loop):
        await kitchen.pool.execute(
            "INSERT INTO promise (shop_id, id, kind, payload, due_at)"
            " SELECT 1, i, 'RingCall', '{\"call_id\": 1, \"rang_at_ms\": 1}', $1"
            " FROM generate_series(1, 2000) i",
            NOON,
        )
        rest_s = 0.0
        while await kitchen.pool.fetchval("SELECT count(*) FROM promise WHERE state = 'waiting'"):
            assert rest_s == 0.0
            rest_s = await loop.turn()


class _Deaf:
    """A Redis that takes everything in and says nothing: a pulled cable, not a closed door."""

    async def __aenter__(self) -> str:
        self._server = await asyncio.start_server(self._hear, "127.0.0.1", 0)
        self._writers: list[asyncio.StreamWriter] = []
        host, port = self._server.sockets[0].getsockname()
        return f"redis://{host}:{port}/0"

    async def _hear(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
            await writer.wait_closed()
        await self._server.wait_closed()


async def test_a_redis_that_says_nothing_does_not_hold_up_promises(database_url: str) -> None:
    """Redis hangs instead of dying: the sweep keeps what is due all the same."""
    async with _Deaf() as url, _house(database_url, url) as (kitchen, loop):
        await _finished(kitchen)
        kitchen.advance(seconds=5)
        since = len(kitchen.ear.heard)
        async with asyncio.timeout(PATIENCE_S):
            await loop.turn()
        assert _kinds(kitchen, since) == ["ItemCalled", "CallRaised"]


async def test_the_relay_outlives_what_it_cannot_carry(database_url: str, redis_url: str) -> None:
    """One entry that breaks the relay is dropped; what is said afterwards reaches the other nodes."""
    redis = Redis.from_url(redis_url)
    clock = ManualClock(NOON)
    relay = Relay(redis, clock, Alarm(redis))
    await redis.hset(nodes_key(1), "there", "not a time")
    running = asyncio.create_task(relay.run())
    line = Written(1, 0, frozenset({"kitchen"}), b"{}")
    relay.publish(1, [line])
    while relay._waiting:
        await redis.ping()
    await redis.hset(nodes_key(2), "there", to_ms(NOON) + 1000)
    relay.publish(2, [line])
    async with asyncio.timeout(PATIENCE_S):
        ((_, entries),) = await redis.xread({inbox_key("there"): "0"}, block=9000)
    assert len(entries) == 1
    running.cancel()
    await asyncio.wait([running])
    await redis.aclose()


async def test_what_is_armed_during_a_turn_is_not_slept_past(
    database_url: str, redis_url: str
) -> None:
    """A promise armed while the worker sweeps wakes it in time, not at the next sweep."""
    async with open_kitchen(database_url, SystemClock()) as kitchen:
        redis = Redis.from_url(redis_url)
        kept = asyncio.Event()

        async def keep(due: Sequence[Due]) -> list[Refusal | None]:
            kept.set()
            return await kitchen.desk.keep(due)

        loop = PromiseLoop(kitchen.pool, redis, kitchen.clock, keep)

        turns = 0

        async def sweep() -> bool:
            nonlocal turns
            turns += 1
            loop._asked_s = kitchen.clock.monotonic_s() + 3600  # nothing but a poke wakes it
            if turns == 3:  # by now the alarm clock was asked, and named nothing
                loop._poke.clear()
                soon_ms = to_ms(kitchen.clock.now()) + 200
                await kitchen.pool.execute(
                    "INSERT INTO promise (shop_id, id, kind, payload, due_at)"
                    " VALUES (1, 1, 'RingCall', '{\"call_id\": 1, \"rang_at_ms\": 1}', $1)",
                    from_ms(soon_ms),
                )
                await Alarm(redis).arm([Armed(1, 1, soon_ms)])
                await loop._poke.wait()
            return False

        loop._sweep = sweep  # type: ignore[method-assign]
        running = asyncio.create_task(loop.run())
        async with asyncio.timeout(PATIENCE_S):
            while not (await redis.pubsub_numsub(POKE_CHANNEL))[0][1]:
                pass
            while turns < 3:
                loop._poke.set()
                await redis.ping()
            await kept.wait()
        running.cancel()
        await asyncio.wait([running])
        await redis.aclose()
