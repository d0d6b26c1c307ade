"""Run the embedded PostgreSQL and Redis for a measurement; print their addresses, wait for a line."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import structlog

from server.engines import start_engines


async def main() -> None:
    """Serve until standard input ends."""
    with tempfile.TemporaryDirectory(prefix="chuancai-bench-") as name:
        Path(name).chmod(0o711)
        async with start_engines(
            Path(name) / "data",
            log=structlog.wrap_logger(structlog.PrintLogger(sys.stderr)),
        ) as engines:
            print(engines.database_url, engines.redis_url, flush=True)
            await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
