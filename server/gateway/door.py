"""Whom to let in as a WebSocket, and the parsers that all sockets of a process share.

Handshake, parsing and close codes are the `websockets` library's (its sans-I/O `ServerProtocol`);
the plain request that devices send is answered without it (`upgrade.py`). A connection between two
messages holds no parser at all: parsers are lent from a small stock. Refuses to own connections.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from types import GeneratorType
from typing import Any

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.streams import StreamReader
from websockets.typing import Subprotocol

from server.gateway.frames import FRAME_BYTES_MAX, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK
from server.gateway.upgrade import Upgrade, accept

PATH = "/ws"
PARSERS_MAX = 256  # more are never busy at one moment; beyond this they are made and thrown away
FRAGMENTS_MAX = 4096  # per message; empty ones would pile up without ever being too many bytes

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
        fragments_max: int = FRAGMENTS_MAX,
        subprotocols: tuple[str, ...] = (SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK),
    ) -> None:
        self.origins = origins
        self.path = path
        self.message_bytes_max = message_bytes_max
        self.fragments_max = fragments_max
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

    def welcome(self, upgrade: Upgrade) -> tuple[bytes, str | None] | None:
        """Answer a plain request with a WebSocket; None when `greet` should say what is wrong."""
        fields, offers = upgrade.fields, upgrade.offers()
        subprotocol = next((name for name in self.subprotocols if name in offers), None)
        origin = fields.get("origin")
        if (
            upgrade.path.partition("?")[0] != self.path
            or (offers and subprotocol is None)
            or (origin is not None and not self._welcomes(origin, [fields["host"]]))
        ):
            return None
        return accept(upgrade, subprotocol), subprotocol

    def greet(self, request: Request) -> tuple[Response, str | None]:
        """Answer any request, in the library's words."""
        objection = self._objection(request)
        if objection is not None:
            return self._greeter.reject(*objection), None
        return self._greeter.accept(request), self._greeter.subprotocol

    def _objection(self, request: Request) -> tuple[HTTPStatus, str] | None:
        """Say why this request is turned away before it becomes a WebSocket."""
        if request.path.partition("?")[0] != self.path:
            return HTTPStatus.NOT_FOUND, "There is no WebSocket here.\n"
        # Lists, because whoever says something twice is a stranger too.
        origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
        if not origins or (len(origins) == 1 and self._welcomes(origins[0], hosts)):
            return None
        return HTTPStatus.FORBIDDEN, "This origin is not allowed.\n"

    def _welcomes(self, origin: str, hosts: list[str]) -> bool:
        """Tell whether a page may connect: one of ours comes from the address it connects to."""
        address = origin.partition("://")[2].lower()
        return origin in self.origins or [host.lower() for host in hosts] == [address]


def read_fair_copy(data: bytes) -> Request:
    """Return the request in uvicorn's fair copy of it: one line each, checked by its parser."""
    lines = data.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    path, _, protocol = rest.rpartition(" ")
    fields = [line.partition(": ")[::2] for line in lines[1:] if line]
    return Request(path, Headers(fields), method=method, protocol=protocol)


def as_request(upgrade: Upgrade) -> Request:
    """Return a plain request as the library knows requests."""
    return Request(upgrade.path, Headers(upgrade.fields.items()), method="GET", protocol="HTTP/1.1")


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
