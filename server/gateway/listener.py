"""One WebSocket on uvicorn's port: a protocol class for `uvicorn.Config(ws=…)`.

Handshake, parsing, fragmentation and close codes are the `websockets` library's (its sans-I/O
`ServerProtocol`); there is no ASGI task per connection. A connection between two messages holds no
parser at all: parsers are lent from a small stock, which is most of what an idle connection would
weigh. Outgoing frames are prepared elsewhere and written as they are. Refuses to know devices.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from http import HTTPStatus
from types import GeneratorType
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.streams import StreamReader
from websockets.typing import Subprotocol

from server.gateway.frames import FRAME_BYTES_MAX, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK

PATH = "/ws"
PARSERS_MAX = 256  # more are never busy at one moment; beyond this they are made and thrown away
SEND_BUFFER_BYTES = 64 * 1024  # small, so that a device that does not read shows early
FRAGMENTS_MAX = 4096  # per message; empty ones would pile up without ever being too many bytes
INVALID_DATA = 1007
TOO_BIG = 1009

_quiet = logging.getLogger("server.gateway.websockets")
_quiet.setLevel(logging.ERROR)  # the library's debug lines would carry tokens
_AT_EOF = StreamReader.at_eof.__code__


class _Parser(ServerProtocol):
    """The library's parser; a client that offers no subprotocol speaks JSON."""

    def select_subprotocol(self, subprotocols: Sequence[Subprotocol]) -> Subprotocol | None:
        return super().select_subprotocol(subprotocols) if subprotocols else None

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame; a close in the middle of a message is a close, not an error (5.4)."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class Door:
    """What all sockets of a process share: whom to let in, and the stock of parsers."""

    def __init__(
        self,
        *,
        origins: frozenset[str] = frozenset(),
        path: str = PATH,
        message_bytes_max: int = FRAME_BYTES_MAX,
        subprotocols: tuple[str, ...] = (SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK),
    ) -> None:
        self.origins = origins
        self.path = path
        self.message_bytes_max = message_bytes_max
        self.subprotocols = [Subprotocol(name) for name in subprotocols]
        self.stock: list[ServerProtocol] = []
        # A handshake leaves nothing behind, so that one protocol object can answer them all.
        self._greeter = self._new_parser(State.CONNECTING)

    def _new_parser(self, state: State) -> ServerProtocol:
        return _Parser(
            state=state,
            subprotocols=self.subprotocols,
            max_size=self.message_bytes_max,
            logger=_quiet,
        )

    def lend(self) -> ServerProtocol:
        """Return a parser that stands between two messages."""
        return self.stock.pop() if self.stock else self._new_parser(State.OPEN)

    def take_back(self, parser: ServerProtocol) -> None:
        """Put a parser back that stands between two messages."""
        if len(self.stock) < PARSERS_MAX:
            self.stock.append(parser)

    def greet(self, data: bytes) -> tuple[Response, Subprotocol | None]:
        """Answer the request that uvicorn read (and wrote down again for us to read)."""
        request = _read(data)
        objection = self._objection(request)
        if objection is not None:
            return self._greeter.reject(*objection), None
        return self._greeter.accept(request), self._greeter.subprotocol

    def _objection(self, request: Request) -> tuple[HTTPStatus, str] | None:
        """Say why this request is turned away before it becomes a WebSocket."""
        if request.path.partition("?")[0] != self.path:
            return HTTPStatus.NOT_FOUND, "There is no WebSocket here.\n"
        # Lists, because whoever says something twice is a stranger too.
        origins = request.headers.get_all("Origin")
        if not origins or (len(origins) == 1 and self._welcomes(origins[0], request)):
            return None
        return HTTPStatus.FORBIDDEN, "This origin is not allowed.\n"

    def _welcomes(self, origin: str, request: Request) -> bool:
        """Tell whether a page may connect: one of ours comes from the address it connects to."""
        address = origin.partition("://")[2].lower()
        hosts = [host.lower() for host in request.headers.get_all("Host")]
        return origin in self.origins or hosts == [address]


def _read(data: bytes) -> Request:
    """Return the request in uvicorn's fair copy of it: one line each, checked by its parser."""
    lines = data.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    path, _, protocol = rest.rpartition(" ")
    fields = [line.partition(": ")[::2] for line in lines[1:] if line]
    return Request(path, Headers(fields), method=method, protocol=protocol)


def between_messages(parser: ServerProtocol) -> bool:
    """Tell whether a parser holds nothing of its connection, so that another may use it."""
    if parser.state is not State.OPEN or parser.current_size is not None or parser.reader.buffer:
        return False
    # Suspended where it waits for a frame's first byte, not inside a frame.
    inner: Any = parser.parser
    while isinstance(inner, GeneratorType):
        if inner.gi_code is _AT_EOF:
            return True
        inner = inner.gi_yieldfrom
    return False


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
        # path write to the socket itself without overtaking the transport.
        self.transport.set_write_buffer_limits(high=0)
        self._server.connections.add(cast("Any", self))
        _forget_http(self.transport, self.loop)

    def data_received(self, data: bytes) -> None:
        if not self._greeted:
            self._greeted = True
            self._shake_hands(data)
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

    def _shake_hands(self, data: bytes) -> None:
        response, subprotocol = self.door.greet(data)
        self.write(response.serialize())
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self.transport.close()
            return
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
            if len(self._fragments) >= FRAGMENTS_MAX:
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
