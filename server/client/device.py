"""A device over WebSocket: one link that comes back, a replica, an outbox.

    async with Device(url, token) as device:
        await device.until(lambda d: d.replica.whole)
        await device.ask("StartItem", item_id=…)

Everything asked is kept until it is answered, across any number of cuts, and takes effect once.
Refuses to store anything on disk: what is unanswered when the process ends is forgotten here (the
server may have done it).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.typing import Subprotocol

from server.client.outbox import Kept, Outbox
from server.client.replica import Replica, decode_event, decode_event_packed
from server.client.terms import Ending, Heard, LinkState, Tempo, refusal_of, socket_url
from server.clock import Clock, SystemClock
from server.gateway import frames as f

ACK_EVERY_S = 0.2
MESSAGE_BYTES_MAX = 16 * 1024 * 1024  # a snapshot of 500 orders is about 2 MiB
GOODBYE = 1000
CUT = 1006
HEARTBEAT_LOST = 4002
RESYNC = 4004

_log = structlog.get_logger(__name__)


class Device:
    """One paired device.

    `on_event` hears every event once, in order, after the view has it; `on_answer` hears every
    command that was settled, with its reply.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        on_event: Callable[[Heard], None] | None = None,
        on_answer: Callable[[Kept], None] | None = None,
        clock: Clock | None = None,
        dice: random.Random | None = None,
        tempo: Tempo | None = None,
        packed: bool = False,
    ) -> None:
        self.url = socket_url(url)
        self.replica = Replica()
        self.state: LinkState = "idle"
        self.stopped: Ending | None = None  # set when the server wants us to stay away
        self.links = 0  # how often a link was welcomed
        self._token = token
        self._on_event = on_event
        self._on_answer = on_answer
        self._clock = clock or SystemClock()
        self._dice = dice or random.SystemRandom()
        self.outbox = Outbox(self._dice)
        self._tempo = tempo or Tempo()
        self._packed = packed
        self._changed = asyncio.Event()
        self._wake = asyncio.Event()
        self._answers: dict[Kept, asyncio.Future[dict[str, Any]]] = {}
        self._attempt = 0
        self._heard_s = 0.0
        self._acked = 0
        self._ack_at_s = 0.0
        self._rings: list[f.RingStage] = []
        self._shown: list[int] = []
        self._socket: ClientConnection | None = None
        self._running: asyncio.Task[None] | None = None

    # what people use

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def ask(self, name: str, /, **body: Any) -> dict[str, Any]:
        """Ask for a command and return its result, however many links that takes.

        Raises `Refusal`. When the waiting is cancelled the command stays kept and is sent on.
        """
        answer = asyncio.get_running_loop().create_future()
        self._answers[self.outbox.add(name, body)] = answer
        self._wake.set()
        result: dict[str, Any] = await answer
        return result

    async def until(self, holds: Callable[[Device], bool]) -> None:
        """Wait until something is true of this device."""
        while not holds(self):
            await self._changed.wait()

    def tell_ring(self, stage: f.RingStage) -> None:
        """Report what became of a ring; travels with the next acknowledgement."""
        self._rings.append(stage)
        self._wake.set()

    def tell_shown(self, item_ids: Sequence[int]) -> None:
        """Say that dishes can be seen here; travels with the next acknowledgement."""
        self._shown += item_ids
        self._wake.set()

    def cut(self) -> None:
        """Drop the link at once, as a pulled cable would; it comes back by itself."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def close(self) -> None:
        """Leave on purpose and stay away."""
        socket = self._socket
        if socket is not None and self.state == "open":
            with suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(1.0):
                    await socket.send(self._encode(f.Bye("goodbye")))
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        self._become("stopped")

    async def run(self) -> None:
        """Keep the link until the server says to stay away, or until cancelled."""
        try:
            while self.stopped is None:
                ending = await self._link()
                _log.debug("link_ended", code=ending.code, reason=ending.reason)
                known = f.CLOSE_CODES.get(ending.code)
                if known is not None and not known.reconnect and ending.code != GOODBYE:
                    self.stopped = ending
                    break
                if ending.code == RESYNC:
                    self.replica.distrust()
                self._become("waiting")
                await asyncio.sleep(self._pause_s(ending))
        except Exception:
            # The task's edge: nobody may await this task, so say what broke.
            _log.exception("device_broke", url=self.url)
            raise
        finally:
            self._become("stopped")

    # one link

    async def _link(self) -> Ending:
        self._become("connecting")
        try:
            async with asyncio.timeout(self._tempo.welcome_s_max):
                socket = await connect(
                    self.url,
                    subprotocols=[Subprotocol(self._subprotocol)],
                    compression=None,
                    proxy=None,
                    max_size=MESSAGE_BYTES_MAX,
                    ping_interval=None,  # the protocol has pings of its own that carry a seq
                )
        except (OSError, EOFError, InvalidHandshake, InvalidMessage, ConnectionClosed) as error:
            return Ending(CUT, type(error).__name__)
        self._socket = socket
        writing: asyncio.Task[None] | None = None
        try:
            await socket.send(self._encode(f.Hello(self._token, "python", self.replica.resume())))
            writing = asyncio.create_task(self._write(socket))
            # Whatever ends the writer ends the link: a device that cannot speak is no device.
            writing.add_done_callback(lambda _: socket.transport.abort())
            return await self._read(socket)
        except ConnectionClosed as closed:
            return Ending(closed.rcvd.code if closed.rcvd else CUT, str(closed))
        except OSError as error:
            return Ending(CUT, type(error).__name__)
        finally:
            self._socket = None
            if writing is not None:
                writing.cancel()
                await asyncio.wait([writing])
                if not writing.cancelled():
                    writing.result()
            socket.transport.abort()  # a dead peer would answer a polite close after minutes only

    async def _read(self, socket: ClientConnection) -> Ending:
        self._heard_s = self._clock.monotonic_s()
        ping_at_s = self._heard_s + self._tempo.ping_s
        while True:
            now_s = self._clock.monotonic_s()
            patience_s = self._tempo.silence_s_max
            if self.state != "open":
                patience_s = min(patience_s, self._tempo.welcome_s_max)
            if now_s - self._heard_s > patience_s:
                return Ending(HEARTBEAT_LOST, "silence")
            if now_s >= ping_at_s:
                ping_at_s = now_s + self._tempo.ping_s
                if self.state == "open":
                    await socket.send(self._encode(f.Ping(sent_ms=int(now_s * 1000))))
            try:
                async with asyncio.timeout(max(0.0, ping_at_s - now_s)):
                    message = await socket.recv()
            except TimeoutError:
                continue
            self._heard_s = self._clock.monotonic_s()
            ending = await self._take(socket, message)
            if ending is not None:
                return ending

    async def _take(self, socket: ClientConnection, message: str | bytes) -> Ending | None:
        frame = _decode_packed(message) if self._packed else _decode(message)  # type: ignore[arg-type]
        match frame:
            case f.EventFrame():
                self._event(frame)
            case f.Reply():
                self._reply(frame)
            case f.Welcome():
                self.replica.welcome(frame)
                self._attempt = 0
                self.links += 1
                self.outbox.opened(self._clock.monotonic_s())
                self._become("open")
                self._wake.set()
            case f.Snapshot():
                self.replica.snapshot(frame)
            case f.PingOut() | f.PongOut():
                if isinstance(frame, f.PingOut):
                    await socket.send(self._encode(f.Pong()))
                if self.replica.behind(frame.room_seq):
                    self.replica.distrust()
                    return Ending(RESYNC, "a push was lost")
            case f.ByeOut():
                after_ms = frame.reconnect_after_ms
                after_s = None if after_ms is None else after_ms / 1000
                return Ending(frame.code, frame.reason, after_s)
        self._notice()
        return None

    def _event(self, frame: f.EventFrame) -> None:
        event = (decode_event_packed if self._packed else decode_event)(frame.event)
        if self.replica.event(frame.seq, event):
            self._wake.set()
            if self._on_event is not None:
                self._on_event(Heard(frame.seq, frame.at_ms, event))

    def _reply(self, reply: f.Reply) -> None:
        kept = self.outbox.answered(reply, self._clock.monotonic_s())
        self._wake.set()
        if kept is None:
            return
        if self._on_answer is not None:
            self._on_answer(kept)
        answer = self._answers.pop(kept)
        if answer.done():
            return  # nobody waits any more
        if reply.refusal is None:
            answer.set_result(reply.result or {})
        else:
            answer.set_exception(refusal_of(reply.refusal))

    async def _write(self, socket: ClientConnection) -> None:
        """Send commands when they are due, and say soon what has come."""
        with suppress(ConnectionClosed):  # the reader hears of it and says why
            while True:
                waits: list[float | None] = [None]
                if self.state == "open":
                    now_s = self._clock.monotonic_s()
                    for kept in self.outbox.due(now_s):
                        await socket.send(self._encode(self._command(kept)))
                    waits = [self.outbox.wait_s(now_s), await self._acknowledge(socket, now_s)]
                with suppress(TimeoutError):
                    wait_s = min((w for w in waits if w is not None), default=None)
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
                self._wake.clear()

    async def _acknowledge(self, socket: ClientConnection, now_s: float) -> float | None:
        """Say how far we are, a burst of events once; return when there is more to say."""
        if self.replica.seq <= self._acked and not self._rings and not self._shown:
            return None
        if now_s < self._ack_at_s:
            return self._ack_at_s - now_s
        rings = self._rings[: f.RINGS_PER_ACK_MAX]
        del self._rings[: len(rings)]
        shown = self._shown[: f.SHOWN_PER_ACK_MAX]
        del self._shown[: len(shown)]
        self._acked, self._ack_at_s = self.replica.seq, now_s + ACK_EVERY_S
        await socket.send(self._encode(f.Ack(up_to=self._acked, rings=rings, shown=shown)))
        return ACK_EVERY_S if self._rings or self._shown else None

    def _command(self, kept: Kept) -> f.Command:
        body = msgspec.msgpack.encode(kept.body) if self._packed else msgspec.json.encode(kept.body)
        return f.Command(str(kept.id), kept.name, msgspec.Raw(body))

    def _encode(self, frame: f.FromDevice) -> str | bytes:
        if self._packed:
            return msgspec.msgpack.encode(frame)
        return msgspec.json.encode(frame).decode()

    @property
    def _subprotocol(self) -> str:
        return f.SUBPROTOCOL_MSGPACK if self._packed else f.SUBPROTOCOL_JSON

    def _pause_s(self, ending: Ending) -> float:
        """Return how long to stay away: what the server said, else full jitter."""
        top_s = self._tempo.backoff_first_s * 2 ** min(self._attempt, 16)
        self._attempt += 1
        if ending.after_s is not None:
            return min(ending.after_s, self._tempo.backoff_s_max)
        return self._dice.uniform(0.0, min(top_s, self._tempo.backoff_s_max))

    def _become(self, state: LinkState) -> None:
        if self.state != state:
            self.state = state
            self._notice()

    def _notice(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


_decode = msgspec.json.Decoder(f.ToDevice).decode
_decode_packed = msgspec.msgpack.Decoder(f.ToDevice).decode
