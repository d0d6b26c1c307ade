"""One device's connection: its socket, its session, and doing what the session says.

Commands of a device run one after another, beside everybody else's; a task exists only while there
is one to run. Refuses to decide what a frame means (`session.py`) or when bytes go out
(`outgoing.py`).
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import structlog
from uvicorn.server import ServerState

from server.errors import Refusal
from server.gateway import frames as f
from server.gateway import session as s
from server.gateway.devices import Device
from server.gateway.listener import WebSocket
from server.gateway.rooms import Member
from server.gateway.session import Session

if TYPE_CHECKING:
    from server.gateway.gateway import Gateway

RECONNECT_MS_MAX = 2_000
TOO_SLOW = 4003

_logger = structlog.get_logger(__name__)


class Connection(WebSocket):
    """A device at the other end, or somebody who has not said yet."""

    __slots__ = (
        "_commands", "acked", "device", "gateway", "generation", "held_s", "member", "session",
    )  # fmt: skip

    def __init__(
        self,
        gateway: Gateway,
        server_state: ServerState,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        super().__init__(gateway.door, server_state, loop)
        self.gateway = gateway
        self.session = Session(gateway.now_s())
        self.device: Device | None = None
        self.member: Member | None = None
        self.generation = 0
        self.acked = 0
        self.held_s = 0.0
        self._commands: deque[s.Run] | None = None

    # the socket's side

    def opened(self) -> None:
        self.do(self.session.open())
        code = self.gateway.entered(self)
        if code is not None:
            self.do(self.session.close(code))

    def message(self, data: bytes, *, text: bool) -> None:
        if text is self.packed:
            self.do(self.session.garbage())
            return
        try:
            frame = f.decode(data, packed=self.packed)
        except f.BadFrameError:
            self.do(self.session.garbage())
            return
        self.do(self.session.receive(frame, self.gateway.now_s()))

    def control(self) -> None:
        self.do(self.session.heard(self.gateway.now_s()))

    def halted(self) -> None:
        self.held_s = self.gateway.now_s()
        if self.member is not None:
            self.gateway.outgoing.held(self.member)

    def resumed(self) -> None:
        if self.member is not None:
            self.gateway.outgoing.resumed(self.member)

    def lost(self) -> None:
        self._commands = None
        self.gateway.left(self)

    def shutdown(self) -> None:
        self.do(self.session.close(1012))

    def cut(self, code: int) -> None:
        """Close because the way out is broken (1006) or too slow (4003)."""
        if code == TOO_SLOW:
            self.do(self.session.close(code))
        else:
            self.abort()

    # the session's side

    def do(self, outputs: Sequence[s.Output]) -> None:
        """Do what the session says."""
        for output in outputs:
            match output:
                case s.Say(frame):
                    self.say(frame)
                case s.Tell(sent_ms):
                    self._tell(sent_ms)
                case s.Run():
                    self._enqueue(output)
                case s.Note(ack):
                    self.gateway.noted(self, ack)
                case s.Wake(after_s):
                    self.gateway.wake(self, after_s)
                case s.Identify(hello):
                    self.gateway.admission.ask(self, hello)
                case s.Close(code):
                    self._say_bye(code)
                case s.Abort():
                    self.abort()

    def due(self) -> None:
        """Hear that this connection's alarm rang."""
        now_s = self.gateway.now_s()
        stalled_s = now_s - self.held_s if self.held else 0.0
        self.do(self.session.due(random.random(), stalled_s=stalled_s))

    def say(self, frame: f.ToDevice) -> None:
        """Send a frame of this device's own, in order with everything else."""
        data = f.encode(frame, packed=self.packed)
        if self.member is None:
            self.write(data)
        else:
            self.gateway.outgoing.write(self.member, data)

    def _tell(self, sent_ms: int | None) -> None:
        seq, room_seq = self.gateway.figures(self)
        server_ms = self.gateway.now_ms()
        if sent_ms is None:
            self.say(f.PingOut(seq=seq, room_seq=room_seq, server_ms=server_ms))
        else:
            self.say(f.PongOut(seq=seq, room_seq=room_seq, server_ms=server_ms, sent_ms=sent_ms))

    def _say_bye(self, code: int) -> None:
        close = f.CLOSE_CODES[code]
        self._commands = None
        member, self.member = self.member, None
        if member is not None:
            self.gateway.outgoing.leave(member)
        after_ms = self.gateway.reconnect_after_ms(code) if close.reconnect else None
        self.say(f.ByeOut(code=code, reason=close.reason, reconnect_after_ms=after_ms))
        self.close(code, close.reason)
        self.gateway.closing(self, code)

    # commands

    def _enqueue(self, run: s.Run) -> None:
        if self._commands is None:
            self._commands = deque((run,))
            self.gateway.spawn(self._run_commands())
        elif len(self._commands) < f.COMMANDS_IN_FLIGHT_MAX:
            self._commands.append(run)
        else:
            self.say(s.refusal(run.said, "rate_limited"))

    async def _run_commands(self) -> None:
        """Run this device's commands in order until none is left."""
        try:
            while self._commands:
                run = self._commands[0]
                reply = await self._execute(run)
                if self.session.state == "closing":
                    return  # the desk remembers the answer
                self._commands.popleft()
                self.say(reply)
                if run.move is not None and reply.ok:
                    self.gateway.relocate(self, run.move.place_id, run.move.station_id)
        finally:
            self._commands = None

    async def _execute(self, run: s.Run) -> f.Reply:
        device = self.device
        assert device is not None, "the session runs nothing before it knows the device"
        log = _logger.bind(
            shop_id=device.shop_id, device_id=device.id, command_id=str(run.id), command=run.name
        )
        try:
            body = self._body(run, device)
            result = await self.gateway.execute(device.actor(), run.id, run.name, body)
        except f.BadFrameError:
            return s.refusal(run.said, "bad_field")
        except Refusal as refusal:
            log.info("command_refused", code=refusal.code)
            return _no(run.said, refusal)
        except Exception:
            # The task's edge: the device gets an answer it may try again after.
            log.exception("command_failed")
            return s.refusal(run.said, "unavailable")
        self.gateway.commands_run += 1
        return f.Reply(id=run.said, ok=True, result=result)

    def _body(self, run: s.Run, device: Device) -> bytes:
        if run.move is None:
            return f.command_body(run.body, packed=self.packed)
        return msgspec.json.encode(
            {
                "device_id": device.id,
                "place_id": run.move.place_id,
                "station_id": run.move.station_id,
            }
        )


def _no(command_id: str, refusal: Refusal) -> f.Reply:
    body = f.RefusalBody(
        code=refusal.code,
        sentence=refusal.sentence,
        retryable=refusal.retryable,
        detail=refusal.detail,
    )
    return f.Reply(id=command_id, ok=False, refusal=body)
