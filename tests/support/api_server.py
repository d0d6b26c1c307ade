"""The HTTP API behind a real socket, on a free port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from server.api.front import Ground
from server.api.routes import routes


@asynccontextmanager
async def served(ground: Ground) -> AsyncIterator[int]:
    """Serve the API on 127.0.0.1 and give the port."""
    apart = ground._replace(registry=type(ground.registry)())
    config = uvicorn.Config(
        Starlette(routes=routes(apart)), log_config=None, ws="none", proxy_headers=False,
        server_header=False, lifespan="off",
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    listening = socket.create_server(("127.0.0.1", 0))
    task = asyncio.create_task(server._serve([listening]))
    port: int = listening.getsockname()[1]
    try:
        yield port
    finally:
        server.should_exit = True
        await task
        listening.close()
