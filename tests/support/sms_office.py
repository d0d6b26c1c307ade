"""Everything that sends, around a cost centre for tests: real PostgreSQL and Redis, a scripted carrier.

The carrier is a port of the product's; the real ones have a contract suite of their own.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
from redis.asyncio import Redis

from server.sms.accepting import Acceptance, Accepted, Ask
from server.sms.carriers import port
from server.sms.ground import Ground, lay_ground
from server.sms.lines import Line, Pace
from server.sms.message import KINDS, Kind, Text
from server.sms.phones import Phones, read_key
from server.sms.queue import Bounds
from server.sms.routing import Routes
from server.sms.sending import Sender
from tests.support.sms_scene import BRAND, SmsScene, sms_scene

PHONE = "8613800138000"
CODE = "【传菜】您的验证码是 4711"

READ_MESSAGES = """
SELECT id, state, kind, mode, phones, segments, attempt, carrier_message_id, code, payment, due_at, sent_at
  FROM sms_message ORDER BY id
"""


def phone(number: int) -> str:
    """Return a number nobody else has."""
    return f"86138{number:08d}"


class Script:
    """A carrier that answers as it is told, `Accepted` when nothing is; it remembers what it saw."""

    phones_max = 1_000

    def __init__(self, name: str = "script") -> None:
        self.name = name
        self.seen: list[port.Message] = []
        self.answers: list[port.Outcome | Exception] = []
        self.asked: list[str] = []
        self.knows: dict[str, port.Outcome | None] = {}
        self.holding: asyncio.Event | None = None  # while set: answers wait for it
        self.came = asyncio.Condition()

    async def send(self, message: port.Message) -> port.Outcome:
        self.seen.append(message)
        async with self.came:
            self.came.notify_all()
        if self.holding is not None:
            await self.holding.wait()
        answer = self.answers.pop(0) if self.answers else port.Accepted(f"m{len(self.seen)}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask(self, reference: str) -> port.Outcome | None:
        self.asked.append(reference)
        return self.knows.get(reference)

    async def until(self, messages: int) -> None:
        """Wait until so many messages came."""
        async with self.came:
            await self.came.wait_for(lambda: len(self.seen) >= messages)

    def texts(self) -> list[str]:
        """Return the texts in the order they came."""
        return [message.text for message in self.seen]


class SmsOffice:
    """A process that accepts and a worker that sends."""

    def __init__(self, scene: SmsScene, redis: Redis, phones: Phones) -> None:
        self.scene = scene
        self.clock = scene.clock
        self.pool: asyncpg.Pool = scene.pool
        self.redis = redis
        self.ground: Ground = lay_ground(scene.pool, redis, scene.clock, phones, scene.costcentre)
        self.carrier = Script()
        self.other = Script("other")
        self.routes = Routes(default=dict.fromkeys(KINDS, "script"), phones_max={"script": 1_000})
        self.acceptance = Acceptance(self.ground, self.routes)
        self.sender = self.new_sender()

    def new_sender(self, bounds: Bounds | None = None, pace: Pace | None = None) -> Sender:
        """Return another worker's."""
        lines = {c.name: Line(c, self.clock, pace) for c in (self.carrier, self.other)}
        return Sender(self.ground, self.routes, lines, bounds=bounds)

    async def accept(
        self, *texts: Text, kind: Kind = "verification", brand_id: int = BRAND,
        number: uuid.UUID | None = None, lives_s: int | None = None,
    ) -> Accepted:  # fmt: skip
        """Accept texts, or a code for one telephone."""
        chosen: Sequence[Text] = texts or [Text((PHONE,), CODE)]
        ask = Ask(brand_id, number or uuid.uuid4(), kind, chosen, lives_s)
        return await self.acceptance.accept(ask)

    async def send(self, sender: Sender | None = None) -> None:
        """Send everything that is due now."""
        worker = sender or self.sender
        worker._sweep_soon()
        while await worker.turn() == 0:
            await worker.drain()
        await worker.drain()

    async def messages(self) -> list[dict[str, Any]]:
        """Return every message as it stands."""
        return [dict(row) for row in await self.pool.fetch(READ_MESSAGES)]

    async def states(self) -> list[str]:
        """Return every message's state, in the order of their ids."""
        return [row["state"] for row in await self.messages()]

    async def log(self) -> list[tuple[str, str | None]]:
        """Return what the log says happened, and each code."""
        rows = await self.pool.fetch("SELECT what, code FROM sms_log ORDER BY id")
        return [(row["what"], row["code"]) for row in rows]

    def now(self) -> datetime:
        """Return the present moment."""
        return self.clock.now()


@asynccontextmanager
async def sms_office(database_url: str, redis_url: str, folder: Path) -> AsyncIterator[SmsOffice]:
    """Open an office whose brand has a thousand segments."""
    async with sms_scene(database_url) as scene:
        redis = Redis.from_url(redis_url)
        try:
            await scene.buy(1_000)
            yield SmsOffice(scene, redis, Phones(read_key(folder / "phones.key")))
        finally:
            await redis.aclose()
