"""This node's inbox: a Redis stream of committed events and of "your device is elsewhere now".

One connection of its own reads with a blocking XREAD and hands on what came. What was lost while
Redis was away or wiped is not searched for here: a shop's next line, or the watch over the heads,
shows the gap, and the log fills it. Refuses to order or to filter.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import Connection
from redis.exceptions import RedisError

from server.events.decision import Written
from server.events.envelope import EVENTS_FIELD, REPLACED_FIELD, inbox_key, unpack

ENTRIES_PER_READ_MAX = 512
BLOCK_MS = 5_000
RETRY_S = 0.5

_logger = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who hears what the inbox brings."""

    def deliver(self, shop_id: int, events: list[Written]) -> None:
        """Take lines of a shop's log."""
        ...

    def replaced(self, shop_id: int, device_id: int, generation: int) -> None:
        """Let go of a device whose connection of `generation` is elsewhere."""
        ...


class Inbox:
    """The reading end of `inbox:<node>`."""

    def __init__(self, redis: Redis, node: str, listener: Listener) -> None:
        self._redis = redis
        self._key = inbox_key(node)
        self._listener = listener
        self._last = b"$"
        self.entries = 0

    async def run(self) -> None:
        """Read until cancelled, through every absence of Redis."""
        while True:
            try:
                await self._read_on()
            except (RedisError, OSError, TimeoutError) as error:
                _logger.warning("inbox_interrupted", error=type(error).__name__)
                # A wiped Redis counts its ids from the clock again, so "after my last" still
                # holds; what falls between is found by the watch over the heads.
                await asyncio.sleep(RETRY_S)
            except Exception:
                # The task's edge: a node must not go deaf over one entry; the heads show a gap.
                _logger.exception("inbox_failed")
                await asyncio.sleep(RETRY_S)

    async def _read_on(self) -> None:
        connection: Connection = await self._redis.connection_pool.get_connection()
        try:
            if self._last == b"$":
                self._last = await self._newest(connection)
            # Packed by hand: the client library takes longer over it than Redis over answering.
            whole = connection.pack_command(
                "XREAD", "COUNT", ENTRIES_PER_READ_MAX, "BLOCK", BLOCK_MS, "STREAMS", self._key, ""
            )
            start = b"".join(whole).removesuffix(b"$0\r\n\r\n")
            while True:
                last = self._last
                await connection.send_packed_command(
                    b"%b$%d\r\n%b\r\n" % (start, len(last), last), check_health=False
                )
                async with asyncio.timeout(BLOCK_MS / 1000 + 5):
                    answer = await connection.read_response()
                if answer:
                    entries = answer[0][1]
                    self._last = entries[-1][0]
                    self._take(entries)
        finally:
            await connection.disconnect()
            await self._redis.connection_pool.release(connection)

    async def _newest(self, connection: Connection) -> bytes:
        """Return the stream's last id: what came before this node listened is in the log."""
        await connection.send_command("XREVRANGE", self._key, "+", "-", "COUNT", 1)
        answer: list[Any] = await connection.read_response()
        newest: bytes = answer[0][0] if answer else b"0-0"
        return newest

    def _take(self, entries: list[Any]) -> None:
        """Hand on entries, joining the lines of a shop that came together."""
        shops: dict[int, list[Written]] = {}
        for _, fields in entries:
            self.entries += 1
            for name, value in zip(fields[::2], fields[1::2], strict=True):
                try:
                    if name == EVENTS_FIELD:
                        for shop_id, line in unpack(value):
                            shops.setdefault(shop_id, []).append(line)
                    elif name == REPLACED_FIELD:
                        self._listener.replaced(*map(int, value.split()))
                except ValueError as error:
                    _logger.error("inbox_entry_unreadable", error=str(error))
        for shop_id, lines in shops.items():
            self._listener.deliver(shop_id, lines)
