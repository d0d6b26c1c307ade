"""What a worker process does for short messages: sends, asks, settles receipts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg
from redis.asyncio import Redis

from server.billing.teller import Teller
from server.clock import Clock
from server.settings import Settings
from server.sms.asking import Asker
from server.sms.carriers_file import open_lines, read_carriers
from server.sms.costcentre import CostCentre
from server.sms.ground import lay_ground
from server.sms.lines import Lines
from server.sms.phones import open_phones
from server.sms.receipts.receipts import Receipts
from server.sms.sending import Sender

Run = Callable[[], Coroutine[Any, Any, None]]


class SmsWork(NamedTuple):
    """What is to be run until cancelled, and the ways out it has."""

    runs: list[Run]
    lines: Lines

    def resting(self) -> list[str]:
        """Name the carriers that do not answer and are left alone for now."""
        return [name for name, line in self.lines.items() if line.state != "closed"]


@asynccontextmanager
async def open_sms(
    settings: Settings, pool: asyncpg.Pool, redis: Redis, clock: Clock
) -> AsyncIterator[SmsWork]:
    """Give what is to be run until cancelled, its carriers open for the length of the block.

    Without a carrier there is nothing to run: what is queued waits for a process that has one.
    """
    carriers = read_carriers(settings)
    if not carriers.routes.names():
        yield SmsWork([], {})
        return
    centre = CostCentre(pool, Teller(pool, clock), clock)
    ground = lay_ground(pool, redis, clock, await open_phones(settings, pool, clock), centre)
    receipts = Receipts(ground)
    async with open_lines(carriers, clock, receipts.deliver) as lines:
        sender = Sender(ground, carriers.routes, lines, lease_s=settings.sms_lease_s)
        yield SmsWork([sender.run, Asker(ground, lines).run, receipts.run], lines)
