"""Composition root of the web process: everything is built here, top to bottom, by plain calls.

Most general first: pool, Redis, the desk, the gateway, the routes. `build` is what tests call too.
"""

from __future__ import annotations

import asyncio
import os
import resource
import secrets
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from typing import NamedTuple

import asyncpg
import structlog
import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.applications import Starlette

from server.api import routes as api
from server.api.front import Front, Ground, open_front
from server.api.keys import seal_secrets
from server.broadcast.audio import open_audio
from server.clock import Clock, SystemClock, to_ms
from server.commands import BOOK
from server.db.pool import open_patiently
from server.desk import Desk
from server.events.alarm import Alarm
from server.events.relay import Relay
from server.gateway.gateway import Gateway, Options
from server.gateway.greeting import Doorstep
from server.gateway.ground import PostgresGround
from server.gateway.memory import settle_memory
from server.health.roll import Roll
from server.health.standing import Standing
from server.meters import HouseMeters
from server.sealed import Sealing
from server.settings import WEB, Settings
from server.tls.keeping import KeptCertificate

SHUTDOWN_S_MAX = 35
KEEP_ALIVE_S = 75
BACKLOG = 4096
HANDSHAKE_S_MAX = 10.0
GOODBYE_S_MAX = 5.0
REPORTS_CONNECTIONS_MAX = 2  # people at a printer can wait

_log = structlog.get_logger(__name__)


class House(NamedTuple):
    """A built web process."""

    app: Starlette
    front: Front
    gateway: Gateway
    desk: Desk
    pool: asyncpg.Pool


@asynccontextmanager
async def build(settings: Settings, clock: Clock | None = None) -> AsyncIterator[House]:
    """Build a web process for the length of the block; nothing listens yet."""
    clock = clock or SystemClock()
    node = settings.node_id or secrets.token_hex(6)
    async with AsyncExitStack() as stack:
        pool = await open_patiently(settings.database_url, settings.pool_connections_max)
        stack.push_async_callback(pool.close)
        await seal_secrets(pool, Sealing(settings.seal_key))
        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        mouth = _Mouth()
        relay = Relay(redis, clock, Alarm(redis), own_node=node, deliver=mouth.deliver)
        desk = Desk(pool, clock, BOOK, relay, settings)
        gateway = mouth.gateway = Gateway(
            clock=clock,
            node=node,
            redis=redis,
            ground=PostgresGround(pool, clock),
            execute=desk.execute,
            options=Options(origins=frozenset(settings.origins)),
        )
        registry = CollectorRegistry()
        registry.register(HouseMeters(desk, gateway))

        async def online(shop_id: int) -> frozenset[int]:
            seen = await gateway.presence.online(shop_id)
            return frozenset(device.device_id for device in seen if device.online)

        audio = open_audio(settings.data_dir / "audio", settings.clips_dir, settings.voice_command)
        stack.push_async_callback(audio.close)
        reports = pool
        if settings.reports_database_url:
            reports = await open_patiently(settings.reports_database_url, REPORTS_CONNECTIONS_MAX)
            stack.push_async_callback(reports.close)
        ground = Ground(
            desk.execute,
            pool,
            redis,
            clock,
            settings,
            registry,
            draining=lambda: not gateway.ready,
            online=online,
            audio=audio,
            reports=reports,
        )
        relaying = asyncio.create_task(relay.run(), name="relay")
        stack.push_async_callback(_cancel, relaying)
        stack.push_async_callback(_finish, desk, relay)
        await gateway.start()
        stack.push_async_callback(gateway.stop)
        front = open_front(ground)
        stack.push_async_callback(front.audit.close)
        house = House(Starlette(routes=api.routes(ground, front)), front, gateway, desk, pool)
        process = settings.process or WEB
        await stack.enter_async_context(_on_the_roll(house, redis, clock, node, registry, process))
        yield house


@asynccontextmanager
async def _on_the_roll(
    house: House, redis: Redis, clock: Clock, node: str, registry: CollectorRegistry, process: str
) -> AsyncIterator[None]:
    """Say that this process is there, how it is and what it counts, for the length of the block."""
    roll, started_ms, host = Roll(redis, clock), to_ms(clock.now()), socket.gethostname()

    async def speak(lag_s: float = 0.0) -> None:
        await roll.say(
            Standing(
                node=node, kind="web", host=host, pid=os.getpid(), started_ms=started_ms,
                said_ms=to_ms(clock.now()), lag_ms=round(lag_s * 1000, 1),
                waiting=house.desk.lanes.waiting_jobs, devices=len(house.gateway.devices),
                guard=house.front.guard.state, refused=house.front.meters.refused,
            )
        )  # fmt: skip
        await roll.show(host, process, generate_latest(registry))

    await speak()
    speaking = asyncio.create_task(roll.keep(speak), name="roll")
    try:
        yield
    finally:
        await _cancel(speaking)
        await roll.leave(node)


class _Mouth:
    """Ties the knot: the relay tells the gateway, which needs the desk, which needs the relay."""

    gateway: Gateway

    def deliver(self, shop_id: int, events: object) -> None:
        """Pass committed events on to this process' devices."""
        self.gateway.deliver(shop_id, events)  # type: ignore[arg-type]


async def _finish(desk: Desk, relay: Relay) -> None:
    """Answer what was asked, and tell the other nodes, before this one is gone."""
    await desk.lanes.drain()
    try:
        await relay.flush()
    except (RedisError, OSError) as error:
        _log.warning("untold_at_the_end", error=type(error).__name__)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


class SecureDoor(NamedTuple):
    """A listening socket for HTTPS and what it proves itself with."""

    sock: socket.socket
    context: ssl.SSLContext


class WebServer(uvicorn.Server):
    """uvicorn that sends devices away politely before it stops."""

    def __init__(
        self, config: uvicorn.Config, gateway: Gateway, secure: SecureDoor | None = None
    ) -> None:
        super().__init__(config)
        self._gateway = gateway
        self._secure = secure

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and on the second socket for TLS: the same connections, only wrapped."""
        made = None
        if self._secure is not None:
            made = await asyncio.get_running_loop().create_server(
                self._doorstep,
                sock=self._secure.sock,
                ssl=self._secure.context,
                backlog=BACKLOG,
                ssl_handshake_timeout=HANDSHAKE_S_MAX,
                ssl_shutdown_timeout=GOODBYE_S_MAX,
            )
        await super().startup(sockets)  # it starts a list of its own, and says `started`
        if made is not None:
            self.servers.append(made)

    def _doorstep(self) -> asyncio.Protocol:
        return Doorstep(self.config, self.server_state, self.lifespan.state)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal, but do not raise it again: the house has yet to finish what it owes."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain first: say bye with a spread of reconnect times, then stop as usual."""
        self._gateway.drain()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket that several processes may share (SO_REUSEPORT).

    Raises `OSError` when the port is taken by somebody who does not share.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def web_server(house: House, secure: SecureDoor | None = None) -> WebServer:
    """Return a server for a built house; `serve(sockets=[…])` runs it."""
    config = uvicorn.Config(
        house.app,
        http=Doorstep,
        ws=house.gateway.websocket_class(),
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the API reads X-Forwarded-For itself, from trusted proxies only
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=SHUTDOWN_S_MAX,
    )
    return WebServer(config, house.gateway, secure)


def allow_many_sockets() -> None:
    """Raise the number of open files to what the system allows: a device is one file."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@asynccontextmanager
async def _grpc(
    settings: Settings, house: House, kept: KeptCertificate | None
) -> AsyncIterator[None]:
    """Serve gRPC as well, when there is a port for it; over TLS where HTTPS is."""
    if not settings.grpc_port:
        yield
        return
    from server.api.grpc import SecurePort, serve_grpc  # noqa: PLC0415 - who does without saves its megabytes

    secure = SecurePort(settings.grpc_tls_port, kept) if kept and settings.grpc_tls_port else None
    async with serve_grpc(house.front, settings.host, settings.grpc_port, secure):
        yield


async def serve(settings: Settings) -> None:
    """Serve devices and callers until a signal says stop."""
    allow_many_sockets()
    async with AsyncExitStack() as stack:
        sock = stack.enter_context(closing(listen(settings.host, settings.port)))
        kept = await stack.enter_async_context(_certificate(settings))
        secure = None
        if kept is not None:
            tls_sock = stack.enter_context(closing(listen(settings.host, settings.tls_port)))
            secure = SecureDoor(tls_sock, kept.context)
        house = await stack.enter_async_context(build(settings))
        settle_memory()
        _log.info(
            "web_ready", host=settings.host, port=sock.getsockname()[1], tls_port=settings.tls_port
        )
        await stack.enter_async_context(_grpc(settings, house, kept))
        await web_server(house, secure).serve(sockets=[sock])


@asynccontextmanager
async def _certificate(settings: Settings) -> AsyncIterator[KeptCertificate | None]:
    """Keep this machine's certificate in time, when there is a port for HTTPS."""
    if not settings.tls_port:
        yield None
        return
    kept = KeptCertificate(settings.data_dir, SystemClock(), settings.tls_names)
    kept.look()
    keeping = asyncio.create_task(kept.keep(), name="certificate")
    try:
        yield kept
    finally:
        await _cancel(keeping)
