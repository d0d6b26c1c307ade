"""The product's listener as an echo server, for a foreign conformance suite to attack.

Everything but the echo is what devices meet: uvicorn, our protocol class, the library's parser, the
lent parsers, the write path.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import Any

import uvicorn
import uvloop
from uvicorn.server import ServerState

from server.gateway.door import Door
from server.gateway.frames import wrap
from server.gateway.greeting import Doorstep
from server.gateway.listener import WebSocket, protocol_class

MESSAGE_BYTES_MAX = 32 * 1024 * 1024  # the suite sends 16 MiB in one message
FRAGMENTS_MAX = 128 * 1024  # and 4 MiB in pieces of 64 bytes


class Echo(WebSocket):
    """Sends every message back as it came."""

    __slots__ = ()

    def message(self, data: bytes, *, text: bool) -> None:
        """Echo."""
        self.write(wrap(data, packed=not text))


async def _nothing_here(scope: Any, receive: Any, send: Any) -> None:
    raise RuntimeError("only the socket is tested")


async def serve(port: int) -> None:
    """Serve on this port of the loopback until killed."""
    door = Door(
        path="/",
        message_bytes_max=MESSAGE_BYTES_MAX,
        fragments_max=FRAGMENTS_MAX,
        subprotocols=(),
    )

    def make(state: ServerState, loop: asyncio.AbstractEventLoop | None) -> Echo:
        return Echo(door, state, loop)

    config = uvicorn.Config(
        _nothing_here,
        port=port,
        http=Doorstep,
        ws=protocol_class(make),
        lifespan="off",
        log_level="warning",
    )
    await uvicorn.Server(config).serve()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=9001)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
