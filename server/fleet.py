"""Several web processes on one port: each listens for itself, the kernel shares out connections."""

from __future__ import annotations

import asyncio
import os

from server.run import Part
from server.settings import Settings


async def serve_many(settings: Settings, processes: int, stop: asyncio.Event) -> None:
    """Keep so many web processes alive until `stop` is set, then end them together."""
    environment = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "CHUANCAI_DATA_DIR": str(settings.data_dir),
        "CHUANCAI_LOG_LEVEL": settings.log_level,
        "CHUANCAI_GRPC_PORT": str(settings.grpc_port),
        "CHUANCAI_GRPC_TLS_PORT": str(settings.grpc_tls_port),
        "CHUANCAI_TLS_PORT": str(settings.tls_port),
    }
    parts = [
        Part(
            f"web-{number}", "serve", "--host", settings.host, "--port", str(settings.port),
            environment=environment | {"CHUANCAI_PROCESS": f"web-{number}"},
        )
        for number in range(1, processes + 1)
    ]  # fmt: skip
    for part in parts:
        await part.start()
    await stop.wait()
    await asyncio.gather(*(part.stop() for part in parts))
