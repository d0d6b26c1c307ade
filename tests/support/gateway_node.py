"""Web nodes as devices meet them (real sockets, PostgreSQL, Redis), and a device of a few lines.

A node's clock may be a `ManualClock`, so that a test waits for a heartbeat by moving it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import uvicorn
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from server.auth import new_token, token_hash
from server.clock import Clock, SystemClock
from server.commands import BOOK
from server.db.pool import open_pool
from server.desk import Desk
from server.events.alarm import Alarm
from server.events.decision import Actor, Role, Written
from server.events.relay import Relay
from server.events.view import DeviceKind
from server.gateway.gateway import Gateway, Options
from server.gateway.greeting import Doorstep
from server.gateway.ground import PostgresGround
from server.settings import Settings

SHOP = 1
ANSWER_S_MAX = 60.0


class Node:
    """One web process: its gateway, its desk and its port."""

    def __init__(
        self, gateway: Gateway, desk: Desk, pool: asyncpg.Pool, redis: Redis, port: int
    ) -> None:
        self.gateway = gateway
        self.desk = desk
        self.pool = pool
        self.redis = redis
        self.port = port
        self.url = f"ws://127.0.0.1:{port}/ws"

    async def ask(self, role: Role, name: str, /, **body: Any) -> dict[str, Any]:
        """Ask this node's desk as somebody of this role."""
        actor = Actor(role=role, id=f"test:{role}", name=role, shop_id=SHOP)
        return await self.desk.execute(actor, uuid.uuid4(), name, msgspec.json.encode(body))

    async def pair(self, kind: DeviceKind, **place: int) -> tuple[str, int]:
        """Make a new device; return its token and its id."""
        token = new_token()
        made: dict[str, Any] = await self.ask(
            "manager", "PairDevice", kind=kind, name=kind, token_hash=token_hash(token).hex(),
            **({"place_id": 1} if kind == "guest" and not place else place),
        )  # fmt: skip
        return token, made["device_id"]

    async def order(self, place_id: int, dishes: int = 1) -> dict[str, Any]:
        """Order dishes for a place: one event that kitchen and pads hear."""
        lines = [{"dish_id": 1}] * dishes
        return await self.ask("waiter", "PlaceOrder", place_id=place_id, lines=lines)

    async def head(self) -> int:
        """Return the log's last seq."""
        seq: int = await self.pool.fetchval("SELECT seq FROM shop_head WHERE shop_id = $1", SHOP)
        return seq

    def tell(self, seq: int, topics: str = "pad", size: int = 0) -> None:
        """Let this node hear a line that is in no log."""
        body = b'{"kind":"Noise","text":"%b"}' % (b"x" * size)
        self.gateway.deliver(SHOP, [Written(seq, 0, frozenset(topics.split()), body)])


@asynccontextmanager
async def gateway_node(
    database_url: str,
    redis_url: str | None,
    name: str = "one",
    *,
    clock: Clock | None = None,
    options: Options | None = None,
) -> AsyncIterator[Node]:
    """Serve one node for the length of the block; the demo shop is seeded already."""
    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        pool = await open_pool(database_url, 4)
        stack.push_async_callback(pool.close)
        redis = Redis.from_url(redis_url or "redis://127.0.0.1:1")
        stack.push_async_callback(redis.aclose)
        heard: list[Gateway] = []
        relay = Relay(
            redis, clock, Alarm(redis), own_node=name,
            deliver=lambda shop_id, events: heard[0].deliver(shop_id, events),  # noqa: PLW0108 - not there yet
        )  # fmt: skip
        desk = Desk(pool, clock, BOOK, relay, Settings())
        gateway = Gateway(
            clock=clock, node=name, redis=redis if redis_url else None,
            ground=PostgresGround(pool, clock), execute=desk.execute, options=options,
        )  # fmt: skip
        heard.append(gateway)
        relaying = asyncio.create_task(relay.run())
        stack.push_async_callback(_end, relaying)
        await gateway.start()
        stack.push_async_callback(gateway.stop)
        config = uvicorn.Config(
            _nothing_here, port=0, http=Doorstep, ws=gateway.websocket_class(),
            lifespan="off", log_config=None,
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve())
        stack.push_async_callback(_stop, server, gateway, serving)
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Node(gateway, desk, pool, redis, port)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _stop(server: uvicorn.Server, gateway: Gateway, serving: asyncio.Task[None]) -> None:
    for connection in list(gateway.connections):
        connection.abort()
    server.should_exit = True
    await serving


async def _nothing_here(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Peer:
    """A device: says frames, hears frames."""

    def __init__(self, socket: ClientConnection, *, packed: bool) -> None:
        self.socket = socket
        self.packed = packed
        self.bye: dict[str, Any] | None = None

    async def say(self, t: str, **fields: Any) -> None:
        """Send a frame."""
        frame = {"t": t, **fields}
        if self.packed:
            await self.socket.send(msgspec.msgpack.encode(frame))
        else:
            await self.socket.send(msgspec.json.encode(frame).decode())

    async def hear(self) -> dict[str, Any]:
        """Return the next frame."""
        async with asyncio.timeout(ANSWER_S_MAX):
            data = await self.socket.recv()
        assert isinstance(data, bytes) is self.packed
        read: dict[str, Any] = (
            msgspec.msgpack.decode(data) if isinstance(data, bytes) else msgspec.json.decode(data)
        )
        return read

    async def hear_a(self, t: str) -> dict[str, Any]:
        """Return the next frame of this kind, passing over others."""
        while (frame := await self.hear())["t"] != t:
            pass
        return frame

    async def hello(self, token: str, **fields: Any) -> dict[str, Any]:
        """Say hello; return the welcome."""
        await self.say("hello", token=token, **fields)
        frame = await self.hear()
        assert frame["t"] == "welcome", frame
        return frame

    async def enter(self, token: str) -> int:
        """Say hello and take the snapshot; return its seq."""
        assert (await self.hello(token))["mode"] == "snapshot"
        frame = await self.hear()
        assert frame["t"] == "snapshot"
        seq: int = frame["seq"]
        return seq

    async def ask(self, name: str, command_id: str = "", /, **body: Any) -> dict[str, Any]:
        """Ask for a command; return its reply."""
        await self.say("command", id=command_id or str(uuid.uuid4()), name=name, body=body)
        return await self.hear_a("reply")

    async def seqs(self, until: int) -> list[int]:
        """Return the seqs of the events heard up to and with `until`."""
        found: list[int] = []
        while not found or found[-1] < until:
            found.append((await self.hear_a("event"))["seq"])
        return found

    async def closed(self) -> int:
        """Hear on until the connection is closed; return its code and keep the bye."""
        try:
            while True:
                frame = await self.hear()
                if frame["t"] == "bye":
                    self.bye = frame
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else 1006


@asynccontextmanager
async def peer(node: Node, *, packed: bool = False, **options: Any) -> AsyncIterator[Peer]:
    """Connect a device to a node."""
    protocol = Subprotocol("chuancai.v1.msgpack" if packed else "chuancai.v1.json")
    options = {"compression": None, "subprotocols": [protocol], **options}
    async with connect(node.url, **options) as socket:
        yield Peer(socket, packed=packed)
