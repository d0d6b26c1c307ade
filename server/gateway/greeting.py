"""The port that strangers reach: a doorstep for devices, and uvicorn's reader made safe for the rest.

A device's plain request becomes a WebSocket at once; everything else is read by uvicorn. Adds what
uvicorn leaves out: a request's head is bounded in time and bytes (one endless header would
otherwise stop the whole process), and bytes that follow an upgrade in the same TCP segment are
handed to the socket. Refuses to know what is asked for.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, cast

import structlog
from httptools import HttpParserUpgrade
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from server.gateway.listener import WebSocket
from server.gateway.upgrade import read_upgrade

HEAD_S_MAX = 10.0  # a phone at the edge of the network takes two or three
HEAD_BYTES_MAX = 32 * 1024  # more than any browser sends with all its cookies

_logger = structlog.get_logger(__name__)


class Doorstep(asyncio.Protocol):
    """One connection until its first bytes came; `uvicorn.Config(http=…)` takes the class."""

    __slots__ = ("_app_state", "_config", "_due", "_loop", "_server", "_transport")

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config, self._server, self._app_state = config, server_state, app_state
        self._loop = _loop or asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(cast("Any", self))
        self._due = self._loop.call_later(HEAD_S_MAX, _give_up, self._transport, "head_too_slow")

    def connection_lost(self, exc: Exception | None) -> None:
        self._due.cancel()
        self._server.connections.discard(cast("Any", self))

    def data_received(self, data: bytes) -> None:
        self._server.connections.discard(cast("Any", self))
        made_with = (self._config, self._server, self._app_state, self._loop)
        upgrade = read_upgrade(data)
        if upgrade is None:
            greeting = Greeting(*made_with)
            greeting.take_over(self._transport, self._due)
            greeting.data_received(data)
            return
        self._due.cancel()
        build = cast("Any", self._config.ws_protocol_class)
        socket: WebSocket = build(*made_with)
        self._transport.set_protocol(socket)
        socket.connection_made(self._transport)
        socket.asked(upgrade)

    def shutdown(self) -> None:
        """Hear from uvicorn that the process ends."""
        self._transport.close()


class Greeting(HttpToolsProtocol):
    """One connection that wants something else, or says what it wants in another way."""

    _head_bytes = 0
    _head_due: asyncio.TimerHandle | None = None
    _segment = b""

    def take_over(self, transport: asyncio.Transport, head_due: asyncio.TimerHandle) -> None:
        """Read on where somebody waited for a head until `head_due`."""
        self._head_due = head_due
        transport.set_protocol(self)
        self.connection_made(transport)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is None or cycle.response_complete:
            self._expect_head()
        self._segment = data
        super().data_received(data)
        if self._head_due is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                _give_up(self.transport, "head_too_large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        self._head_came()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, and what the client said without waiting for our answer."""
        upgrade = sys.exception()
        assert isinstance(upgrade, HttpParserUpgrade), "uvicorn calls this while it handles one"
        rest, transport = self._segment[upgrade.args[0] :], self.transport
        super().handle_websocket_upgrade()
        if rest and not transport.is_closing():
            cast("asyncio.Protocol", transport.get_protocol()).data_received(rest)

    def _expect_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(
                HEAD_S_MAX, _give_up, self.transport, "head_too_slow"
            )

    def _head_came(self) -> None:
        self._head_bytes = 0
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None


def _give_up(transport: asyncio.Transport, why: str) -> None:
    _logger.info(why, client=transport.get_extra_info("peername"))
    transport.abort()
