"""A shop as this node serves it: its feed in order, gaps filled from the log.

Refuses to know devices beyond their rooms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import structlog

from server.db.pool import LOST
from server.events.decision import Written
from server.gateway.feed import Feed
from server.gateway.ring import Line, Ring
from server.gateway.rooms import ShopRooms

if TYPE_CHECKING:
    from server.gateway.gateway import Gateway

HOLD_S = 0.020  # two doors race each other by a millisecond or two
RETRY_S = 1.0
READ_S_MAX = 10.0
READ_LINES_MAX = 6_000

_logger = structlog.get_logger(__name__)


class Shop:
    """One shop with at least one device on this node."""

    __slots__ = ("_gateway", "_mending", "_reads", "empty_s", "feed", "id", "rooms")

    def __init__(self, gateway: Gateway, shop_id: int) -> None:
        self._gateway = gateway
        self.id = shop_id
        self.feed = Feed()
        self.rooms = ShopRooms(Ring())
        self.empty_s = gateway.now_s()
        self._mending = False
        self._reads: dict[int, asyncio.Task[list[Line] | None]] = {}

    def start(self, head: int, epoch: int) -> None:
        """Begin after `head`, with whatever was heard of beyond it."""
        self.rooms.ring = Ring(head)
        self._append(self.feed.start(head, epoch))
        self._watch_gap()

    def deliver(self, events: Iterable[Written]) -> None:
        """Take lines by whatever door; those whose turn it is go out."""
        self._append(self.feed.offer(events))
        if self.feed.has_gap:
            self._watch_gap()

    def hear_of(self, top: int) -> None:
        """Hear that the log has reached `top`."""
        if self.feed.expect(top):
            self._watch_gap()

    def _append(self, ready: list[Written]) -> None:
        outgoing = self._gateway.outgoing
        for written in ready:
            if outgoing.append(self.rooms, Line(written)):
                self._gateway.look_at(self, written)

    def _watch_gap(self) -> None:
        if self.feed.has_gap and not self._mending:
            self._mending = True
            self._gateway.later(HOLD_S, self._mend)

    def _mend(self) -> None:
        """After the hold: read the log if the missing lines have not come by themselves."""
        self._mending = False
        if self.feed.has_gap:
            self._mending = True
            self._gateway.spawn(self._fill())

    async def _fill(self) -> None:
        """Fill the gap from the log; devices resync when the log does not have it."""
        assert self.feed.head is not None
        before = self.feed.head
        self._gateway.gaps += 1
        try:
            async with asyncio.timeout(READ_S_MAX):
                lines = await self._gateway.ground.read_log(self.id, before)
        except LOST as error:
            _logger.warning("gap_unread", shop_id=self.id, error=type(error).__name__)
            self._gateway.later(RETRY_S, self._mend)
            return
        self._mending = False
        self._append(self.feed.offer(lines))
        if not self.feed.has_gap:
            return
        if self.feed.head == before and lines:
            # The log begins later than where we stand: only a snapshot helps.
            self._gateway.resync(self)
        else:
            self._watch_gap()

    async def read_since(self, seq: int) -> list[Line] | None:
        """Return the log's lines after `seq` as frames, or None when they cannot be had.

        Devices that ask for the same stretch at the same time share one reading.
        """
        task = self._reads.get(seq)
        if task is None:
            task = self._gateway.spawn(self._read_since(seq))
            self._reads[seq] = task
            task.add_done_callback(lambda _: self._reads.pop(seq, None))
        return await asyncio.shield(task)

    async def _read_since(self, seq: int) -> list[Line] | None:
        found: list[Line] = []
        at = seq
        try:
            async with asyncio.timeout(READ_S_MAX):
                while len(found) < READ_LINES_MAX:
                    page = await self._gateway.ground.read_log(self.id, at)
                    if not _follows(page, at):
                        return None
                    if not page:
                        break
                    found += [Line(written) for written in page]
                    at = page[-1].seq
        except LOST as error:
            _logger.warning("log_unread", shop_id=self.id, error=type(error).__name__)
            return None
        if self.feed.head is not None:
            self.deliver([_written(line) for line in found if line.seq > self.feed.head])
        return found


def _follows(page: Sequence[Written], after: int) -> bool:
    """Tell whether a page begins right after `after`; an old log begins later."""
    return not page or page[0].seq == after + 1


def _written(line: Line) -> Written:
    return Written(line.seq, line.at_ms, line.topics, line.body)
