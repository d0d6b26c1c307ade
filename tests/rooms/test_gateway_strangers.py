"""What reaches an open port before it is a device, or instead of one: cut, endless, slow, early."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec
import pytest
from websockets.frames import Frame, Opcode

from server.demo.seed import seed
from server.gateway import greeting
from server.gateway.devices import Found
from server.gateway.ground import PostgresGround
from tests.support.gateway_node import Node, gateway_node, peer
from tests.support.patience import PATIENCE_S

KEY = base64.b64encode(b"0123456789abcdef")
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: shop\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"
)


@asynccontextmanager
async def raw(
    node: Node, *parts: bytes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect and send bytes as they are."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def ended(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the other side ends the connection."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def test_a_hello_in_the_segment_of_the_handshake_is_heard(
    database_url: str, redis_url: str
) -> None:
    """A client that does not wait for our answer is welcomed, however its bytes are cut."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, _ = await node.pair("waiter")
        hello = msgspec.json.encode({"t": "hello", "token": token})
        said = UPGRADE + Frame(Opcode.TEXT, hello).serialize(mask=True)
        for cut in (len(said), len(UPGRADE) + 3, len(UPGRADE) - 2):
            async with (
                raw(node, said[:cut], said[cut:]) as (reader, _),
                asyncio.timeout(PATIENCE_S),
            ):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
                assert b'"t":"welcome"' in await reader.readuntil(b"}")


async def test_who_is_turned_away_is_not_listened_to(database_url: str, redis_url: str) -> None:
    """Frames behind a refused handshake reach nobody, and nothing of the visit is kept."""
    async with gateway_node(database_url, redis_url) as node:
        evil = UPGRADE.replace(b"Host: shop", b"Host: shop\r\nOrigin: http://[")
        bye = Frame(Opcode.TEXT, b'{"t":"bye"}').serialize(mask=True)
        async with raw(node, evil + bye) as (reader, _):
            assert (await ended(reader)).startswith(b"HTTP/1.1 403 ")
        assert not node.gateway.connections
        assert node.gateway.unauthenticated == 0


@pytest.mark.parametrize("first", [b"", b"GET /ws HT", b"GET / HTTP/1.1\r\n\r\n", b"\r\n"])
async def test_a_head_must_come_soon(
    database_url: str, redis_url: str, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever connects and says nothing, or half a request, gives the connection back."""
    monkeypatch.setattr(greeting, "HEAD_S_MAX", 0.1)
    async with (
        gateway_node(database_url, redis_url) as node,
        raw(node, first, b"GET / HTTP/1.1\r\nHost") as (reader, _),
    ):
        await ended(reader)


async def test_a_head_must_not_be_endless(database_url: str, redis_url: str) -> None:
    """One endless header ends after a few packets, long before it costs memory or time."""
    async with (
        gateway_node(database_url, redis_url) as node,
        raw(node, b"GET / HTTP/1.1\r\nX-Long: ") as (reader, writer),
    ):
        sent = 0
        with suppress(ConnectionError):
            while sent < 64 * 1024 * 1024:
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        await ended(reader)
        assert sent < 16 * 1024 * 1024  # the kernel's buffers hold some of it


async def test_bodies_and_further_requests_are_no_head(database_url: str, redis_url: str) -> None:
    """A body larger than a head may be, and requests one after another, are answered."""
    async with gateway_node(database_url, redis_url) as node:
        size = 4 * greeting.HEAD_BYTES_MAX
        head = b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n" % size
        again = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
        async with raw(node, head + b"x" * size, again) as (reader, _), asyncio.timeout(PATIENCE_S):
            for _ in range(2):
                assert (await reader.readline()).startswith(b"HTTP/1.1 404 ")
                await reader.readuntil(b"0\r\n\r\n")


class _Meanwhile(PostgresGround):
    """The real ground, where something happens between a lookup and its answer."""

    def __init__(self, node: Node, name: str, **body: int | None) -> None:
        super().__init__(node.pool, node.gateway.clock)
        self._node = node
        self._happens = [(name, body)]

    async def find_devices(self, hashes: Sequence[bytes]) -> dict[bytes, Found]:
        """Look up, then let it happen, once."""
        found = await super().find_devices(hashes)
        while self._happens:
            name, body = self._happens.pop()
            await self._node.ask("manager", name, **body)
        return found


@pytest.mark.parametrize("resumes", [False, True])
async def test_moved_while_it_comes_in(database_url: str, redis_url: str, *, resumes: bool) -> None:
    """A pad that is moved between its hello and its snapshot shows the new room, not the old."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, device_id = await node.pair("guest", place_id=3)
        resume = {"epoch": 1, "seq": await node.head()} if resumes else None
        node.gateway.ground = _Meanwhile(
            node, "MoveDevice", device_id=device_id, place_id=4, station_id=None
        )
        async with peer(node) as guest:
            await guest.say("hello", token=token, resume=resume)
            assert (await guest.hear_a("snapshot"))["view"]["device"]["place_id"] == 4
            heard = await node.order(4)
            event = (await guest.hear_a("event"))["event"]
            assert event["order"]["id"] == heard["order_id"]


@pytest.mark.parametrize("resumes", [False, True])
async def test_unpaired_while_it_comes_in(
    database_url: str, redis_url: str, *, resumes: bool
) -> None:
    """A device whose token is taken away between its hello and its welcome hears nothing (4410)."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        token, device_id = await node.pair("guest", place_id=3)
        resume = {"epoch": 1, "seq": await node.head()} if resumes else None
        node.gateway.ground = _Meanwhile(node, "RevokeDevice", device_id=device_id)
        async with peer(node) as guest:
            await guest.say("hello", token=token, resume=resume)
            assert await guest.closed() in {4401, 4410}
