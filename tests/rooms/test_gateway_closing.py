"""Every way a connection ends: each close code of the table is reached by what causes it."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from websockets.frames import Frame, Opcode

from server.clock import ManualClock
from server.demo.seed import seed
from server.gateway import frames as f
from server.gateway.gateway import Options
from tests.support.gateway_node import SHOP, Node, Peer, gateway_node, peer
from tests.support.patience import PATIENCE_S

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)

Scene = Callable[[Node, Peer], Awaitable[None]]
SCENES: dict[int, list[Scene]] = {}


def scene(code: int) -> Callable[[Scene], Scene]:
    """Say which code a scene ends with."""

    def add(one: Scene) -> Scene:
        SCENES.setdefault(code, []).append(one)
        return one

    return add


@scene(1000)
async def says_bye(node: Node, pad: Peer) -> None:
    """The screen is switched off on purpose."""
    await pad.enter((await node.pair("waiter"))[0])
    await pad.say("bye", reason="closing time")


@scene(1012)
async def restarts(node: Node, pad: Peer) -> None:
    """The process is told to stop."""
    await pad.enter((await node.pair("waiter"))[0])
    node.gateway.drain()


@scene(4001)
async def token_too_old(node: Node, pad: Peer) -> None:
    """The installation lets tokens live for a day; this one is older."""
    token, device_id = await node.pair("waiter")
    await node.pool.execute(
        "UPDATE device SET paired_at = paired_at - interval '2 days' WHERE id = $1", device_id
    )
    await pad.say("hello", token=token)


@scene(4002)
async def never_answers(node: Node, pad: Peer) -> None:
    """The cable was pulled: pings go unanswered."""
    await pad.enter((await node.pair("waiter"))[0])
    clock = node.gateway.clock
    assert isinstance(clock, ManualClock)
    for _ in range(2):
        clock.advance(seconds=31)
        assert (await pad.hear())["t"] == "ping"
    clock.advance(seconds=31)


@scene(4004)
async def log_reborn(node: Node, pad: Peer) -> None:
    """The database was restored: the same seq means something else now."""
    await pad.enter((await node.pair("waiter"))[0])
    await node.pool.execute("UPDATE shop_head SET epoch = epoch + 1 WHERE shop_id = $1", SHOP)


@scene(4004)
async def log_trimmed(node: Node, pad: Peer) -> None:
    """A gap that the log no longer holds."""
    await pad.enter((await node.pair("waiter"))[0])
    node.tell(seq=(await node.head()) + 3)
    await node.pool.execute("UPDATE shop_head SET seq = seq + 2 WHERE shop_id = $1", SHOP)
    await node.order(3)


@scene(4400)
async def speaks_nonsense(node: Node, pad: Peer) -> None:
    """A message that is no JSON."""
    await pad.enter((await node.pair("waiter"))[0])
    await pad.socket.send("{")


@scene(4400)
async def speaks_the_other_tongue(node: Node, pad: Peer) -> None:
    """A binary message on the JSON subprotocol."""
    await pad.socket.send(b"\x80")


@scene(4400)
async def commands_before_hello(node: Node, pad: Peer) -> None:
    """Whoever asks before saying who it is."""
    await pad.say("command", id="x", name="StartItem")


@scene(4401)
async def unknown_token(node: Node, pad: Peer) -> None:
    """A token nobody gave out."""
    await pad.say("hello", token="guessed")


@scene(4401)
async def says_nothing(node: Node, pad: Peer) -> None:
    """Ten seconds of silence after the handshake."""
    clock = node.gateway.clock
    assert isinstance(clock, ManualClock)
    clock.advance(seconds=11)


@scene(4403)
async def no_token(node: Node, pad: Peer) -> None:
    """A screen that was never paired."""
    await pad.say("hello", token="")


@scene(4409)
async def comes_twice(node: Node, pad: Peer) -> None:
    """The same device connects again; the older connection stops."""
    token, _ = await node.pair("waiter")
    await pad.enter(token)
    async with peer(node) as newer:
        await newer.enter(token)


@scene(4410)
async def unpaired_while_connected(node: Node, pad: Peer) -> None:
    """A manager unpairs the device."""
    token, device_id = await node.pair("waiter")
    await pad.enter(token)
    await node.ask("manager", "RevokeDevice", device_id=device_id)


@scene(4410)
async def unpaired_before(node: Node, pad: Peer) -> None:
    """The device was unpaired while it was switched off."""
    token, device_id = await node.pair("waiter")
    await node.ask("manager", "RevokeDevice", device_id=device_id)
    await node.pool.execute(
        "UPDATE device SET token_hash = sha256($1::bytea), revoked_at = now() WHERE id = $2",
        token.encode(), device_id,
    )  # fmt: skip
    await pad.say("hello", token=token)


@scene(4429)
async def floods(node: Node, pad: Peer) -> None:
    """A client in a loop."""
    await pad.enter((await node.pair("waiter"))[0])
    for _ in range(600):
        await pad.say("ping", sent_ms=1)


@scene(1007)
async def sends_broken_text(node: Node, pad: Peer) -> None:
    """A text message that is not UTF-8."""
    pad.socket.transport.write(Frame(Opcode.TEXT, b"\xff\xfe{").serialize(mask=True))


@scene(1009)
async def sends_a_novel(node: Node, pad: Peer) -> None:
    """A message over 64 KiB."""
    await pad.socket.send("x" * (f.FRAME_BYTES_MAX + 1))


@scene(1002)
async def breaks_the_protocol(node: Node, pad: Peer) -> None:
    """A frame without the mask that clients must use."""
    pad.socket.transport.write(Frame(Opcode.TEXT, b"{}").serialize(mask=False))


@pytest.mark.parametrize(
    ("code", "play"), [(code, play) for code, plays in SCENES.items() for play in plays],
    ids=lambda value: getattr(value, "__name__", str(value)),
)  # fmt: skip
async def test_what_ends_with_which_code(
    database_url: str, redis_url: str, code: int, play: Scene
) -> None:
    """Each cause closes with its code, and says so in a bye with when to come back."""
    await seed(database_url)
    options = Options(token_age_s_max=86_400)
    clock = ManualClock(NOW)
    async with gateway_node(database_url, redis_url, clock=clock, options=options) as node:
        async with peer(node) as pad:
            await play(node, pad)
            assert await pad.closed() == code
            if code in f.CLOSE_CODES:
                assert pad.bye is not None
                close = f.CLOSE_CODES[code]
                assert (pad.bye["code"], pad.bye["reason"]) == (code, close.reason)
                assert (pad.bye["reconnect_after_ms"] is not None) == close.reconnect
        assert not node.gateway.devices


def test_every_code_of_the_table_is_reached() -> None:
    """No code is only written down; 1013 and 4003 have tests of their own below."""
    assert set(f.CLOSE_CODES) <= set(SCENES) | {1013, 4003}


async def test_too_many_strangers_are_sent_away(database_url: str, redis_url: str) -> None:
    """Sockets that say nothing cannot fill the house (1013); a known device gives its place back."""
    await seed(database_url)
    options = Options(unauthenticated_max=1)
    async with gateway_node(database_url, redis_url, options=options) as node:
        token, _ = await node.pair("waiter")
        async with peer(node) as pad, peer(node) as stranger:
            assert await stranger.closed() == 1013
            await pad.enter(token)
            async with peer(node) as third:
                await third.say("ping", sent_ms=1)
                assert (await third.hear())["t"] == "pong"


async def test_the_database_away_means_try_again(database_url: str, redis_url: str) -> None:
    """A hello that nobody can check is answered 1013, which a device tries again after."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        await node.pool.close()
        async with peer(node) as pad:
            await pad.say("hello", token="any")
            assert await pad.closed() == 1013


async def test_a_drained_house_takes_nobody_in(database_url: str, redis_url: str) -> None:
    """While the process ends, who knocks is told to come back (1012)."""
    async with gateway_node(database_url, redis_url) as node:
        node.gateway.drain()
        assert not node.gateway.ready
        async with peer(node) as pad:
            assert await pad.closed() == 1012


class DeafSocket:
    """A device that says hello and then never reads."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)
        self.port = port

    async def hello(self, token: str, seq: int) -> None:
        """Come in by hand, resuming, so that one small answer comes."""
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self.port))
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        await loop.sock_sendall(self.socket, request.encode())
        await loop.sock_recv(self.socket, 4096)
        hello = b'{"t":"hello","token":"%b","resume":{"epoch":1,"seq":%d}}' % (token.encode(), seq)
        await loop.sock_sendall(self.socket, Frame(Opcode.TEXT, hello).serialize(mask=True))
        await loop.sock_recv(self.socket, 4096)

    async def rest(self) -> bytes:
        """Read everything at last."""
        loop, found = asyncio.get_running_loop(), b""
        async with asyncio.timeout(PATIENCE_S):
            while data := await loop.sock_recv(self.socket, 1 << 16):
                found += data
        return found


async def test_a_device_that_does_not_read_is_cut_and_harms_nobody(
    database_url: str, redis_url: str
) -> None:
    """Others hear every line at once; the deaf one is closed with 4003 when the ring passed it."""
    await seed(database_url)
    async with gateway_node(database_url, redis_url) as node:
        healthy, deaf_token = (await node.pair("waiter"))[0], (await node.pair("waiter"))[0]
        async with peer(node, max_queue=None) as pad:
            seq = await pad.enter(healthy)
            deaf = DeafSocket(node.port)
            await deaf.hello(deaf_token, seq)
            for number in range(1, 2_001):
                node.tell(seq + number, size=1_000)
                if number % 100 == 0:
                    assert await pad.seqs(seq + number) == list(
                        range(seq + number - 99, seq + number + 1)
                    )
            assert await deaf.rest() != b""
            closing = await _closed_code(node, 4003)
            deaf.socket.close()
            assert closing == 1


async def _closed_code(node: Node, code: int) -> int:
    async with asyncio.timeout(PATIENCE_S):
        while code not in node.gateway.closed:  # noqa: ASYNC110 - the product has no event for it
            await asyncio.sleep(0)
    return node.gateway.closed[code]
