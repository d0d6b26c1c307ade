"""What devices heard and showed, on its way to the log: gathered for a moment, then one command.

A shop's receipts of a fifth of a second are one `NoteRings`, what boards painted one `NoteShown`; while
the database is away they wait, bounded, and the oldest go first. Refuses to believe a device about time beyond
the clock's own.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from server.errors import Refusal
from server.events.catalogue import Heard
from server.events.decision import Actor
from server.events.view import CHANNEL_OF
from server.gateway import frames as f
from server.gateway.devices import Device
from server.kds.display import Sighting

GATHER_S = 0.2
RETRY_S = 2.0
COMMAND_RECEIPTS_MAX = 1000
SHOP_RECEIPTS_MAX = 5000

LIST_OF = {"NoteRings": "rings", "NoteShown": "shown"}


Key = tuple[int, str]  # shop, command
Receipt = Heard | Sighting
Execute = Callable[[Actor, uuid.UUID, str, bytes], Awaitable[dict[str, Any]]]

_logger = structlog.get_logger(__name__)


class Receipts:
    """Receipts not yet noted, per shop and command."""

    def __init__(self, execute: Execute, now_ms: Callable[[], int]) -> None:
        self._execute = execute
        self._now_ms = now_ms
        self._waiting: dict[Key, deque[Receipt]] = {}
        self._wake = asyncio.Event()

    def hear(self, device: Device, stages: list[f.RingStage]) -> None:
        """Take what a device said of its rings; must not wait."""
        now_ms = self._now_ms()
        waiting = self._queue((device.shop_id, "NoteRings"))
        for one in stages:
            at_ms = one.at_ms if 0 < one.at_ms <= now_ms else now_ms
            end = CHANNEL_OF.get(device.kind), device.account_id
            waiting.append(
                Heard(one.call_id, one.ring, device.id, device.name, one.stage, at_ms, *end)
            )
        self._wake.set()

    def see(self, device: Device, item_ids: list[int]) -> None:
        """Take which dishes a board painted; must not wait."""
        now_ms = self._now_ms()
        waiting = self._queue((device.shop_id, "NoteShown"))
        for item_id in item_ids:
            waiting.append(Sighting(item_id, device.id, device.name, device.station_id, now_ms))
        self._wake.set()

    def _queue(self, key: Key) -> deque[Receipt]:
        return self._waiting.setdefault(key, deque(maxlen=SHOP_RECEIPTS_MAX))

    async def run(self) -> None:
        """Note receipts until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            waiting, self._waiting = self._waiting, {}
            kept = await asyncio.gather(*(self._note(*one) for one in waiting.items()))
            if not all(kept):
                await asyncio.sleep(RETRY_S)
                self._wake.set()

    async def flush(self) -> None:
        """Note what waits, once; for the end of a process."""
        waiting, self._waiting = self._waiting, {}
        await asyncio.gather(*(self._note(*one) for one in waiting.items()))

    async def _note(self, key: Key, receipts: deque[Receipt]) -> bool:
        """Note one shop's receipts; False when they wait for a better moment."""
        shop_id, name = key
        actor = Actor(role="system", id="receipts", name="", shop_id=shop_id)
        while receipts:
            batch = [receipts.popleft() for _ in range(min(len(receipts), COMMAND_RECEIPTS_MAX))]
            body = msgspec.json.encode({LIST_OF[name]: batch})
            try:
                await self._execute(actor, uuid.uuid4(), name, body)
            except Refusal as refusal:
                if not refusal.retryable:
                    _logger.warning("receipts_refused", shop_id=shop_id, code=refusal.code)
                    continue
                later = self._queue(key)
                later.extendleft(reversed([*batch, *receipts]))
                return False
        return True
