"""One WebSocket on uvicorn's port: a protocol class for `uvicorn.Config(ws=…)`.

There is no ASGI task per connection, and a connection between two messages holds no parser: it is
lent one by the door, which also answers the handshake. Outgoing frames are prepared elsewhere and
written as they are. Refuses to know devices.
"""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from server.gateway.door import Door, as_request, between_messages, read_fair_copy
from server.gateway.frames import SUBPROTOCOL_MSGPACK
from server.gateway.upgrade import Upgrade

SEND_BUFFER_BYTES = 64 * 1024  # small, so that a device that does not read shows early
INVALID_DATA = 1007
TOO_BIG = 1009


class WebSocket(asyncio.Protocol):
    """A socket; subclasses say what happens when it opens, hears a message and ends."""

    __slots__ = (
        "_fragments", "_greeted", "_is_text", "_parser", "_server", "_socket", "door", "held", "loop",
        "packed", "transport",
    )  # fmt: skip

    def __init__(
        self,
        door: Door,
        server_state: ServerState,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.door = door
        self.loop = loop or asyncio.get_running_loop()
        self.packed = False
        self.held = False  # the transport holds bytes the socket did not take
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._server = server_state
        self._parser: ServerProtocol | None = None
        self._fragments: list[bytes] | None = None
        self._is_text = True
        self._greeted = False
        self._socket: socket.socket | None = None

    # for subclasses

    def opened(self) -> None:
        """Hear that the handshake is done."""

    def message(self, data: bytes, *, text: bool) -> None:
        """Take a whole message; text is valid UTF-8."""

    def control(self) -> None:
        """Hear that a ping or pong of the WebSocket itself came; it is answered already."""

    def lost(self) -> None:
        """Hear that the connection is over."""

    def halted(self) -> None:
        """Hear that the transport holds bytes the socket did not take."""

    def resumed(self) -> None:
        """Hear that the transport holds nothing any more."""

    def shutdown(self) -> None:
        """Hear from uvicorn that the process ends."""
        self.close(1012, "restart")

    # towards the peer

    def write(self, data: bytes | memoryview) -> None:
        """Write prepared frames behind whatever the transport still holds."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def send_now(self, data: bytes) -> int:
        """Write to a TLS connection, whose socket must not be written to directly."""
        self.transport.write(data)
        return len(data)

    def close(self, code: int, reason: str = "") -> None:
        """Start the closing handshake; the peer's answer, or `abort`, ends the connection."""
        parser = self._parser
        if parser is None:
            parser = self._parser = self.door.lend()
        if parser.state is State.OPEN:
            parser.send_close(code, reason)
        self._write_out(parser.data_to_send())

    def abort(self) -> None:
        """Drop the connection."""
        self.transport.abort()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        # Whatever the socket does not take at once is reported (`halted`): only then may the hot
        # path write to the socket itself without overtaking the transport. A TLS transport with a limit
        # of nought calls an empty buffer full and says so with every other write; from one byte on it is right.
        secure = self.transport.get_extra_info("sslcontext") is not None
        self.transport.set_write_buffer_limits(high=1 if secure else 0)
        self._server.connections.add(cast("Any", self))
        _forget_http(self.transport, self.loop)

    def data_received(self, data: bytes) -> None:
        if not self._greeted:
            self._greeted = True
            self._shake_hands(read_fair_copy(data))
            return
        parser = self._parser
        if parser is None:
            parser = self._parser = self.door.lend()
        parser.receive_data(data)
        answers = parser.data_to_send()  # pongs in the order of pings, then perhaps a close
        for event in parser.events_received():
            assert isinstance(event, Frame), "the handshake is over"
            if event.opcode is Opcode.PING and answers:
                pong = answers.pop(0)
                if not self.held:  # who asks and never reads would fill our memory with answers
                    self.write(pong)
            self._frame(parser, event)
        self._write_out(answers)
        self._write_out(parser.data_to_send())
        if self._parser is parser and between_messages(parser):
            self._parser = None
            self.door.take_back(parser)

    def pause_writing(self) -> None:
        self.held = True
        self.halted()

    def resume_writing(self) -> None:
        self.held = False
        self.resumed()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(cast("Any", self))
        if self._socket is not None:
            self._socket.detach()  # the descriptor is the transport's to close
        self._parser = None
        self._fragments = None
        self.lost()

    def sender(self) -> Any:
        """Return the `send` of the hot path: bytes in, number of bytes taken out."""
        if self.transport.get_extra_info("sslcontext") is not None:
            return self.send_now
        number = self.transport.get_extra_info("socket").fileno()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=number)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        return self._socket.send

    def asked(self, upgrade: Upgrade) -> None:
        """Take the request of a device, read by the doorstep, and what it said behind it."""
        self._greeted = True
        welcome = self.door.welcome(upgrade)
        if welcome is None:
            self._shake_hands(as_request(upgrade))
        else:
            self._open(*welcome)
        if upgrade.rest and not self.transport.is_closing():
            self.data_received(upgrade.rest)

    def _shake_hands(self, request: Request) -> None:
        response, subprotocol = self.door.greet(request)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self._open(response.serialize(), subprotocol)
        else:
            self.write(response.serialize())
            self.transport.close()

    def _open(self, answer: bytes, subprotocol: str | None) -> None:
        self.write(answer)
        self.packed = subprotocol == SUBPROTOCOL_MSGPACK
        self.opened()

    def _frame(self, parser: ServerProtocol, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self._is_text = opcode is Opcode.TEXT
            if frame.fin:
                self._whole(parser, bytes(frame.data))
            else:
                self._fragments = [bytes(frame.data)]
        elif opcode is Opcode.CONT:
            assert self._fragments is not None, "the parser refuses a lone continuation"
            if len(self._fragments) >= self.door.fragments_max:
                parser.fail(TOO_BIG, "too many fragments")
                return
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                data, self._fragments = b"".join(self._fragments), None
                self._whole(parser, data)
        elif parser.state is State.OPEN:
            self.control()

    def _whole(self, parser: ServerProtocol, data: bytes) -> None:
        if parser.state is not State.OPEN:
            return  # said after we closed
        if self._is_text and not data.isascii():
            try:
                data.decode()
            except UnicodeDecodeError as error:
                parser.fail(INVALID_DATA, f"{error.reason} at position {error.start}")
                return
        self.message(data, text=self._is_text)

    def _write_out(self, answers: list[bytes]) -> None:
        for data in answers:
            if data:
                self.write(data)
            else:
                self.transport.close()


def _forget_http(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    """Break the ring of references that uvicorn's HTTP parser leaves behind after an upgrade.

    Otherwise 5 KB of garbage per connection wait for a full collection. It runs after the upgrade.
    """
    http = transport.get_protocol()
    if hasattr(http, "parser") and hasattr(http, "__dict__"):
        loop.call_soon(http.__dict__.clear)


def protocol_class(make: Any) -> type[asyncio.Protocol]:
    """Return what `uvicorn.Config(ws=…)` takes, making sockets by `make(server_state, loop)`."""

    def build(
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> asyncio.Protocol:
        made: asyncio.Protocol = make(server_state, _loop)
        return made

    return cast("type[asyncio.Protocol]", build)
