"""uvicorn's reader of requests, made safe for a port that strangers reach.

Adds what uvicorn leaves out: a request's head is bounded in time and bytes (one endless header
would otherwise stop the whole process), and bytes that follow an upgrade in the same TCP segment
are handed to the socket. Refuses to know what is asked for.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, cast

import structlog
from httptools import HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEAD_S_MAX = 10.0  # a phone at the edge of the network takes two or three
HEAD_BYTES_MAX = 32 * 1024  # more than any browser sends with all its cookies

_logger = structlog.get_logger(__name__)


class Greeting(HttpToolsProtocol):
    """One connection until it has said what it wants; `uvicorn.Config(http=…)` takes the class."""

    _head_bytes = 0
    _head_due: asyncio.TimerHandle | None = None
    _segment = b""

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
                self._give_up("head_too_large")

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
            self._head_due = self.loop.call_later(HEAD_S_MAX, self._give_up, "head_too_slow")

    def _head_came(self) -> None:
        self._head_bytes = 0
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _give_up(self, why: str) -> None:
        _logger.info(why, client=cast("Any", self.client))
        self.transport.abort()
