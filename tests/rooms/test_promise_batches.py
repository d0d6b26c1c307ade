"""What is due goes through the write door together: many shops, several of one shop, one commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from redis.asyncio import Redis

from bench.commands.store import make_shops
from server.errors import Refusal
from server.events import catalogue as c
from server.events import promises
from server.events.alarm import BATCH_PROMISES_MAX, Alarm
from server.events.decision import Armed, Due
from server.events.envelope import PARTITIONS
from server.events.keeping import SLICES_MAX, SLICES_MIN, PromiseLoop
from server.events.promises import ATTEMPTS_MAX
from tests.support.kitchen import NOON, SHOP, Kitchen, open_kitchen

ADD = "INSERT INTO promise (shop_id, id, kind, payload, due_at) VALUES ($1, $2, $3, $4, $5)"
STATES = "SELECT id, state, attempt, coalesce(last_error, '') FROM promise ORDER BY id"
# What rang says so itself; its promise is gone.
COMMITS = """
SELECT count(DISTINCT written)
  FROM (SELECT xmin::text AS written FROM promise WHERE state = 'done'
         UNION ALL SELECT xmin::text FROM im_message WHERE state = 'sent') w
"""
REFUSED = "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()"
NOW_MS = int(NOON.timestamp() * 1000)


async def _calls(kitchen: Kitchen, count: int) -> list[c.Call]:
    """Let `count` dishes of the demo shop be called; every call has a ring promised."""
    items = []
    for place in range(1, count + 1):
        items += (await kitchen.order(place, 1))["item_ids"]
    for item in items:
        for name in ("StartItem", "FinishItem", "CallItem"):
            await kitchen.ask("kitchen", name, item_id=item)
    return (await kitchen.view("waiter")).calls


def _ring(call: c.Call) -> str:
    return msgspec.json.encode({"call_id": call.id, "rang_at_ms": call.rang_at_ms}).decode()


async def _rings_due(kitchen: Kitchen) -> list[Due]:
    kitchen.advance(seconds=15)
    due = await promises.read_due(kitchen.pool, NOW_MS + 15_000, 100, [])
    return [one for one in due if one.kind == "RingCall"]


def _rang(kitchen: Kitchen, since: int) -> list[int]:
    """Return the calls that rang again."""
    return [e.call_id for e in kitchen.events(since) if isinstance(e, c.CallRang)]


async def _refusals(kitchen: Kitchen) -> int:
    for _ in range(kitchen.pool.get_size()):
        await kitchen.pool.execute("SELECT pg_stat_force_next_flush()")
    return int(await kitchen.pool.fetchval(REFUSED))


async def test_rings_of_one_shop_go_together(database_url: str) -> None:
    """Ten calls of one shop ring again in one commit, ten lines without a gap (belief 1)."""
    async with open_kitchen(database_url) as kitchen:
        await _calls(kitchen, 10)
        due = await _rings_due(kitchen)
        said = len(kitchen.ear.heard)
        assert await kitchen.desk.keep(due) == [None] * 10
        assert len(set(_rang(kitchen, said))) == len(_rang(kitchen, said)) == 10
        seqs = [line.seq for line in kitchen.ear.heard]
        assert seqs == list(range(1, len(seqs) + 1))
        assert await kitchen.pool.fetchval(COMMITS) == 1


async def test_promises_of_one_row_go_one_after_another(database_url: str) -> None:
    """Two promises of one call: the second is decided on what the first did, nothing is refused."""
    async with open_kitchen(database_url) as kitchen:
        (call,) = await _calls(kitchen, 1)
        (due,) = await _rings_due(kitchen)
        await kitchen.pool.execute(ADD, SHOP, 7, "RingCall", _ring(call), NOON)
        said, refused = len(kitchen.ear.heard), await _refusals(kitchen)
        both = [due, due._replace(id=7)]
        assert await kitchen.desk.keep(both) == [None, None]
        assert _rang(kitchen, said) == [call.id]
        assert await kitchen.pool.fetchval(COMMITS) == 2
        assert await _refusals(kitchen) == refused


async def test_one_bad_promise_does_not_hold_up_its_neighbours(database_url: str) -> None:
    """Unreadable, unknown, broken, kept elsewhere, of no shop: every other one of the batch is kept."""
    async with open_kitchen(database_url) as kitchen:
        await _calls(kitchen, 6)
        good = await _rings_due(kitchen)
        said = len(kitchen.ear.heard)
        bad = [
            good[0]._replace(id=1, payload='{"call_id": "none"}'),
            good[0]._replace(id=2, kind="RingTheMoon"),
            good[1]._replace(attempt=3),
            good[2]._replace(shop_id=99),
        ]
        outcomes = await kitchen.desk.keep([*good[:3], *bad, *good[3:]])
        codes = [refusal.code if refusal else "" for refusal in outcomes]
        assert codes == ["", "", "", "bad_field", "unknown_command", "", "shop_not_found",
                         "", "", ""]  # fmt: skip
        assert len(_rang(kitchen, said)) == 6


async def test_a_call_claimed_meanwhile_rings_no_more(database_url: str) -> None:
    """Claimed between the reading of a batch and its writing: it is decided anew, the rest rings."""
    async with open_kitchen(database_url) as kitchen:
        other = Kitchen(kitchen.pool, kitchen.clock)
        calls = await _calls(kitchen, 5)
        due = await _rings_due(kitchen)
        book: dict[str, Any] = kitchen.desk._book  # type: ignore[assignment]
        entry = book["RingCall"]
        claims = [calls[2].id]

        async def load(*asked: Any) -> Sequence[Any]:
            facts: Sequence[Any] = await entry.load(*asked)
            while claims:
                await other.ask("waiter", "ClaimCall", call_id=claims.pop())
            return facts

        book["RingCall"] = entry._replace(load=load)
        said = len(kitchen.ear.heard)
        assert await kitchen.desk.keep(due) == [None] * 5
        assert set(_rang(kitchen, said)) == {call.id for call in calls} - {calls[2].id}


async def test_a_batch_of_many_shops_is_one_commit(database_url: str) -> None:
    """A batch of 200 shops takes one writing statement, whatever each promise comes to."""
    async with open_kitchen(database_url) as kitchen:
        await make_shops(database_url, 1001, 1200)
        nothing = '{"call_id": 1, "rang_at_ms": 1}'
        await kitchen.pool.executemany(
            ADD, [(shop, 1, "RingCall", nothing, NOON) for shop in range(1001, 1201)]
        )
        due = await promises.read_due(kitchen.pool, NOW_MS, 1000, [])
        assert await kitchen.desk.keep(due) == [None] * 200
        assert await kitchen.pool.fetchval(COMMITS) == 1


async def test_what_is_many_goes_in_batches_of_few_shops(database_url: str, redis_url: str) -> None:
    """Forty due in each of 64 shops: full batches are of few slices of the clock, all are kept once."""
    async with open_kitchen(database_url) as kitchen, Redis.from_url(redis_url) as redis:
        names = [(shop, one) for shop in range(1001, 1001 + PARTITIONS) for one in range(40)]
        await make_shops(database_url, 1001, 1000 + PARTITIONS)
        nothing = '{"call_id": 1, "rang_at_ms": 1}'
        await kitchen.pool.executemany(
            ADD, [(shop, one, "RingCall", nothing, NOON) for shop, one in names]
        )
        await Alarm(redis).arm([Armed(shop, one, NOW_MS) for shop, one in names])
        batches: list[Sequence[Due]] = []

        async def keep(due: Sequence[Due]) -> list[Refusal | None]:
            batches.append(due)
            return await kitchen.desk.keep(due)

        await PromiseLoop(kitchen.pool, redis, kitchen.clock, keep).turn()
    kept = [(one.shop_id, one.id) for batch in batches for one in batch]
    assert sorted(kept) == names
    slices = [len({one.shop_id % PARTITIONS for one in batch}) for batch in batches]
    assert max(len(batch) for batch in batches) <= BATCH_PROMISES_MAX
    assert max(slices) == SLICES_MAX
    assert SLICES_MIN <= sorted(slices)[len(slices) // 2] <= SLICES_MAX // 2
    assert len(batches) < 2 * len(names) / BATCH_PROMISES_MAX, "and no batch much emptier for it"


async def test_a_promise_that_breaks_is_tried_again_and_dies(database_url: str) -> None:
    """It moves on with growing rests and an error written down; after the last it is dead."""
    async with open_kitchen(database_url) as kitchen:
        due = Due(SHOP, 1, "RingTheMoon", "{}", 0)
        await kitchen.pool.execute(ADD, SHOP, 1, "RingTheMoon", "{}", NOON)
        states = [
            await promises.postpone(
                kitchen.pool, due._replace(attempt=n), n + 1, NOW_MS, "no", ATTEMPTS_MAX
            )
            for n in range(ATTEMPTS_MAX)
        ]
        assert states == ["waiting"] * (ATTEMPTS_MAX - 1) + ["dead"]
        (dead,) = await promises.read_dead(kitchen.pool, SHOP)
        assert (dead.kind, dead.attempts, dead.why) == ("RingTheMoon", ATTEMPTS_MAX, "no")
        assert await promises.revive(kitchen.pool, SHOP, 2, NOW_MS) == 0
        assert await promises.revive(kitchen.pool, SHOP, None, NOW_MS) == 1
        assert [tuple(r) for r in await kitchen.pool.fetch(STATES)] == [(1, "waiting", 0, "no")]


def test_rests_grow_to_a_bound() -> None:
    """About 1, 2, 4 … seconds, never above ten minutes, never in step."""
    rests = [[promises.back_off_s(attempt) for _ in range(50)] for attempt in (0, 1, 5, 12, 900)]
    for some, full_s in zip(rests, (1, 2, 32, 600, 600), strict=True):
        assert full_s / 2 <= min(some) < max(some) <= full_s


async def test_two_desks_keep_a_batch_at_once(database_url: str) -> None:
    """Two workers with the same forty promises in hand: each rings once."""
    async with open_kitchen(database_url) as kitchen:
        other = Kitchen(kitchen.pool, kitchen.clock)
        await _calls(kitchen, 20)
        due = await _rings_due(kitchen)
        said = len(kitchen.ear.heard)
        outcomes = await asyncio.gather(kitchen.desk.keep(due), other.desk.keep(due[::-1]))
        assert [*outcomes[0], *outcomes[1]] == [None] * 40
        rang = [*_rang(kitchen, said), *_rang(other, 0)]
        assert len(rang) == len(set(rang)) == 20
