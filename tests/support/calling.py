"""A kitchen whose calls are listened to: paired ends, a worker, and what a service asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from server.clock import ManualClock
from server.events import catalogue as c
from server.events.keeping import PromiseLoop
from tests.support.kitchen import NOON, SHOP, Kitchen, open_kitchen

NOBODY = "redis://127.0.0.1:1/0"  # these promises are kept from their rows

Call = dict[str, Any]


class Calling:
    """A kitchen with paired ends, its worker, and what a business service asks."""

    def __init__(self, kitchen: Kitchen, loop: PromiseLoop) -> None:
        self.kitchen = kitchen
        self.loop = loop

    async def send(self, **ask: Any) -> Call:
        """Send one call and return its answer."""
        sent = await self.kitchen.ask("business", "SendImCall", calls=[ask])
        answer: Call = sent["calls"][0]
        return answer

    async def after(self, *, seconds: float) -> list[c.Utterance]:
        """Let time pass, keep what is due, and return what was announced meanwhile."""
        since = len(self.kitchen.ear.heard)
        self.kitchen.advance(seconds=seconds)
        await self.loop.turn()
        return self.announced(since)

    def announced(self, since: int = 0) -> list[c.Utterance]:
        """Return the utterances after the first `since` events."""
        said = self.kitchen.events(since)
        return [event.utterance for event in said if isinstance(event, c.Announced)]

    async def messages(self, call_id: int) -> list[tuple[str, int, str, str]]:
        """Return (end, ring, state, reason) of a call's rows."""
        rows = await self.kitchen.pool.fetch(
            "SELECT end_key, ring, state, reason FROM im_message WHERE call_id = $1"
            " ORDER BY end_key, ring",
            call_id,
        )
        return [tuple(row) for row in rows]

    async def policy(self, event: str, channel: str, policy: str, shop_id: int = SHOP) -> None:
        """Write a rule of the shop, or of the brand (shop 0)."""
        await self.kitchen.pool.execute(
            "INSERT INTO broadcast_policy VALUES (1, $1, $2, $3, $4, 1, now(), 'test')"
            " ON CONFLICT (brand_id, shop_id, event, channel) DO UPDATE SET policy = excluded.policy",
            shop_id, event, channel, policy,
        )  # fmt: skip


@asynccontextmanager
async def calling(database_url: str) -> AsyncIterator[Calling]:
    """Open a kitchen with a screen, a pad, a desk and a call screen."""
    async with open_kitchen(database_url, ManualClock(NOON)) as kitchen:
        for kind in ("kitchen", "waiter", "cashier", "call_screen"):
            await kitchen.pair(kind)
        redis = Redis.from_url(NOBODY)
        try:
            yield Calling(
                kitchen, PromiseLoop(kitchen.pool, redis, kitchen.clock, kitchen.desk.keep)
            )
        finally:
            await redis.aclose()
