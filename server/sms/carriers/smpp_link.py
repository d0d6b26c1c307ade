"""One connection to a message centre as asyncio sees it: bytes to the session, outputs to whoever waits.

Submissions beyond the window wait their turn here, a bounded number for a bounded time; one whose
turn never came was surely not sent. Refuses to connect, and to know texts and telephones.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

import msgspec

from server.clock import Clock
from server.sms.carriers import smpp_pdu as pdu
from server.sms.carriers.port import Outcome, Refused
from server.sms.carriers.smpp_pdu import Deliver, Submit
from server.sms.carriers.smpp_session import (
    Answered,
    Bound,
    Closed,
    Delivered,
    Output,
    Session,
    SessionBounds,
    Write,
)

TakeDelivery = Callable[[Deliver], Awaitable[int]]


class LinkBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may wait on our side of a connection."""

    waiting_max: int = 1000  # submissions for room in the window
    waiting_s_max: float = 10.0
    tick_s: float = 1.0


class Deliveries:
    """Keeps what connections deliver, a bounded number at once, also after a connection ended."""

    def __init__(self, take: TakeDelivery, at_once_max: int) -> None:
        self._take = take
        self._at_once_max = at_once_max
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, deliver: Deliver, answer: Callable[[int], None]) -> None:
        """Keep one and then `answer` with a status; at once when too many are under way."""
        if len(self._under_way) >= self._at_once_max:
            answer(pdu.QUEUE_FULL)
            return
        task = asyncio.create_task(self._keep(deliver, answer))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def end(self, end_s_max: float) -> None:
        """Wait for those under way; what is not kept by then comes again."""
        if self._under_way:
            await asyncio.wait([*self._under_way], timeout=end_s_max)
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _keep(self, deliver: Deliver, answer: Callable[[int], None]) -> None:
        answer(await self._take(deliver))


class Link(asyncio.Protocol):
    """One connection; made by whoever opens it."""

    def __init__(
        self, session: SessionBounds, bounds: LinkBounds, clock: Clock, deliveries: Deliveries
    ) -> None:
        self._session = Session(session)
        self._bounds = bounds
        self._clock = clock
        self._deliveries = deliveries
        self._transport: asyncio.Transport | None = None
        self._answers: dict[int, asyncio.Future[Outcome]] = {}
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._given = 0  # turns that were given and not yet used
        loop = asyncio.get_running_loop()
        self._bound: asyncio.Future[bool] = loop.create_future()
        self._closed: asyncio.Future[str] = loop.create_future()
        self._ticking: asyncio.TimerHandle | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are by likeness only
        self._tick()

    def data_received(self, data: bytes) -> None:
        self._do(self._session.receive(data, self._clock.monotonic_s()))

    def connection_lost(self, exc: Exception | None) -> None:
        self._do(self._session.lost(type(exc).__name__ if exc else "the other side closed it"))

    # the carrier's side

    def bind(self, body: bytes) -> None:
        """Ask to be let in, once connected."""
        self._do([self._session.bind(body, self._clock.monotonic_s())])

    async def until_bound(self) -> bool:
        """Wait until messages may be submitted; False: it ended before."""
        return await self._bound

    async def until_closed(self) -> str:
        """Wait until it ended and return why."""
        return await self._closed

    async def submit(self, submit: Submit) -> Outcome:
        """Submit when there is room in the window, and return what came of it."""
        refusal = await self._wait_for_room()
        if refusal is not None:
            return refusal
        sequence, written = self._session.submit(submit, self._clock.monotonic_s())
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._answers[sequence] = answer
        self._do([written])
        try:
            return await answer
        finally:
            self._answers.pop(sequence, None)

    async def leave(self, leave_s_max: float) -> None:
        """Wait for open answers, take leave and close, each step within its time."""
        if self._answers:
            await asyncio.wait([*self._answers.values()], timeout=leave_s_max)
        await self._deliveries.end(leave_s_max)
        if self._session.state == "bound":
            self._do([self._session.unbind()])
            await asyncio.wait([self._closed], timeout=leave_s_max)
        self.abort()

    def abort(self) -> None:
        """Close it now; what has no answer is unknown."""
        self._do(self._session.lost("we closed it"))
        if self._transport is not None:
            self._transport.abort()

    async def _wait_for_room(self) -> Refused | None:
        """Return None when the caller is to submit now, before it awaits anything else."""
        if not self._waiting and self._room() > 0:
            return None
        if self._session.state != "bound":
            return _not_bound()
        if len(self._waiting) >= self._bounds.waiting_max:
            return Refused("busy", "Too many messages wait for this connection.", retryable=True)
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._bounds.waiting_s_max):
                given = await turn
        except BaseException as error:
            self._give_up(turn)
            if not isinstance(error, TimeoutError):
                raise
            return Refused("busy", "The message centre answers too slowly.", retryable=True)
        self._given -= given
        return None if given and self._session.may_submit else _not_bound()

    def _room(self) -> int:
        if self._session.state != "bound":
            return 0
        return self._session.bounds.window_max - self._session.open_count - self._given

    def _give_up(self, turn: asyncio.Future[bool]) -> None:
        """Leave the queue; a turn that was given meanwhile goes to the next."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif not turn.cancelled() and turn.result():
            self._given -= 1
            self._give_turns()

    def _give_turns(self) -> None:
        while self._waiting and self._room() > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                self._given += 1
                turn.set_result(True)

    # what the session wants done

    def _do(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case Write(data):
                    if self._transport is not None:
                        self._transport.write(data)
                case Answered(sequence, outcome):
                    self._answer(sequence, outcome)
                case Delivered(sequence, deliver):
                    self._deliver(sequence, deliver)
                case Bound():
                    self._bound.set_result(True)
                case Closed(why):
                    self._end(why)

    def _answer(self, sequence: int, outcome: Outcome) -> None:
        answer = self._answers.get(sequence)
        if answer is not None and not answer.done():
            answer.set_result(outcome)
        self._give_turns()

    def _deliver(self, sequence: int, deliver: Deliver) -> None:
        def answer(status: int) -> None:
            if self._session.state != "closed":
                self._do([self._session.acknowledge(sequence, status)])

        self._deliveries.begin(deliver, answer)

    def _end(self, why: str) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(False)
        self._waiting.clear()
        if not self._bound.done():
            self._bound.set_result(False)
        self._closed.set_result(why)
        if self._transport is not None:
            self._transport.close()

    def _tick(self) -> None:
        self._do(self._session.tick(self._clock.monotonic_s()))
        if not self._closed.done():
            loop = asyncio.get_running_loop()
            self._ticking = loop.call_later(self._bounds.tick_s, self._tick)


def _not_bound() -> Refused:
    return Refused("not_bound", "The message centre is not connected.", retryable=True)
