"""A promise nobody can keep: the loop tries it as often as it may, rests longer each time, and gives it up."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from server.clock import ManualClock
from server.events.keeping import PromiseLoop
from server.events.promises import ATTEMPTS_MAX, BACKOFF_S_MAX
from tests.support.kitchen import NOON, SHOP, open_kitchen

ADD = "INSERT INTO promise (shop_id, id, kind, payload, due_at) VALUES ($1, 7, 'RingTheMoon', '{}', $2)"
READ = "SELECT state, attempt, last_error FROM promise WHERE id = 7"
NOBODY = "redis://127.0.0.1:1/0"


@pytest.mark.parametrize("how", ["by the alarm clock", "by its rows"])
async def test_the_loop_gives_a_hopeless_promise_up(
    database_url: str, redis_url: str, how: str
) -> None:
    """Each try counts, with and without Redis; after the last it is dead, with the reason, for a person."""
    clock = ManualClock(NOON)
    async with (
        open_kitchen(database_url, clock) as kitchen,
        Redis.from_url(NOBODY if how == "by its rows" else redis_url) as redis,
    ):
        loop = PromiseLoop(kitchen.pool, redis, clock, kitchen.desk.keep)
        await kitchen.pool.execute(ADD, SHOP, NOON)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            await loop.turn()
            state = "dead" if attempt == ATTEMPTS_MAX else "waiting"
            [row] = await kitchen.pool.fetch(READ)
            assert tuple(row) == (state, attempt, "unknown_command")
            await loop.turn()  # it rests: nothing is tried again at once
            clock.advance(seconds=BACKOFF_S_MAX + 1)
        await loop.turn()
        assert (
            await kitchen.pool.fetchval("SELECT attempt FROM promise WHERE id = 7") == ATTEMPTS_MAX
        )
