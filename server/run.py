"""`chuancai run`: a whole shop from one command, and a clean end with Ctrl-C.

Starts the engines, migrates, seeds the demo shop, keeps a web and a worker process alive, prints
where to look. Refuses to be a process manager: in production systemd or containers do this.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import msgspec
import structlog

from server import addresses
from server.db.migrate import migrate
from server.demo.seed import seed, set_up_paper
from server.engines import start_engines
from server.settings import Settings
from server.sms.carriers_file import PAPER

STOP_S_MAX = 40.0
BACK_OFF_S = 0.2
BACK_OFF_S_MAX = 5.0
STEADY_S = 10.0
CHECK_S = 0.02
READY_S_MAX = 60.0

_log = structlog.get_logger(__name__)


class Part:
    """One process of ours, started again whenever it ends."""

    def __init__(self, name: str, *arguments: str, environment: dict[str, str]) -> None:
        self.name = name
        self._arguments = arguments
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and keep it."""
        await self._spawn()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep-{self.name}")

    async def _spawn(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "--parent", str(os.getpid()), *self._arguments,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we stop the parts in order
        )  # fmt: skip

    async def _keep(self) -> None:
        back_off_s = BACK_OFF_S
        loop = asyncio.get_running_loop()
        while True:
            assert self._process is not None
            since = loop.time()
            status = await self._process.wait()
            back_off_s = BACK_OFF_S if loop.time() - since > STEADY_S else back_off_s
            _log.warning("part_ended", part=self.name, status=status, again_in_s=back_off_s)
            await asyncio.sleep(back_off_s)
            back_off_s = min(back_off_s * 2, BACK_OFF_S_MAX)
            try:
                await self._spawn()
            except OSError as error:
                # No room for a process just now: the old one is still ended, so round again.
                _log.warning("part_not_started", part=self.name, error=str(error))

    async def stop(self) -> None:
        """Ask it to end, and make it end when it takes too long."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S_MAX):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def run(
    settings: Settings,
    processes: int,
    announce: Callable[[Settings], Awaitable[None]],
    stop: asyncio.Event,
) -> None:
    """Run everything until `stop` is set; raises `EngineRefusal` or `OSError` when it cannot."""
    async with AsyncExitStack() as stack:
        _refuse_taken_port(settings)
        engines = await stack.enter_async_context(
            start_engines(
                settings.data_dir,
                log=_log,
                postgres=not settings.database_url,
                redis=not settings.redis_url,
            )
        )
        settings = msgspec.structs.replace(
            settings,
            database_url=settings.database_url or engines.database_url or "",
            redis_url=settings.redis_url or engines.redis_url or "",
        )
        addresses.leave(settings)
        stack.callback(addresses.take_back, settings.data_dir)
        await migrate(settings.database_url)
        if await seed(settings.database_url):
            await set_up_paper(settings.database_url)
        environment = os.environ | {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "CHUANCAI_DATA_DIR": str(settings.data_dir),
            "CHUANCAI_LOG_LEVEL": settings.log_level,
            "CHUANCAI_GRPC_PORT": str(settings.grpc_port),
            "CHUANCAI_GRPC_TLS_PORT": str(settings.grpc_tls_port),
            "CHUANCAI_TLS_PORT": str(settings.tls_port),
            # Somebody who tries sending out sees it go, and nobody's telephone rings.
            "CHUANCAI_SMS_CARRIERS": settings.sms_carriers or PAPER,
        }
        for part in (
            Part("worker", "worker", environment=environment),
            Part(
                "web", "serve", "--host", settings.host, "--port", str(settings.port),
                "--processes", str(processes), environment=environment,
            ),
        ):  # fmt: skip
            stack.push_async_callback(part.stop)
            await part.start()
        await _until_it_answers(settings)
        await announce(settings)
        await stop.wait()


def _refuse_taken_port(settings: Settings) -> None:
    """Say at once that a port is taken; sharing is for our own processes only."""
    ports = {settings.port, settings.grpc_port, settings.tls_port, settings.grpc_tls_port}
    for port in ports - {0}:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, port))


async def _until_it_answers(settings: Settings) -> None:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    async with asyncio.timeout(READY_S_MAX):
        while True:
            try:
                if await _ready(host, settings.port):
                    return
            except OSError:
                pass  # not there yet, or gone in the middle of a word: ask again
            await asyncio.sleep(CHECK_S)


async def _ready(host: str, port: int) -> bool:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        return b" 200 " in await reader.readline()
    finally:
        writer.close()
