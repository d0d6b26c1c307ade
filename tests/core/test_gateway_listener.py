"""The socket between uvicorn and the gateway: whole messages out of any bytes, lent parsers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.server import ServerState
from websockets.frames import Close, Frame, Opcode
from websockets.protocol import State

from server.gateway.door import FRAGMENTS_MAX, PARSERS_MAX, Door, between_messages
from server.gateway.listener import WebSocket
from tests.core.test_gateway_frames import read_frames

REQUEST = (
    b"GET /ws HTTP/1.1\r\nhost: shop\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
)


class Transport(asyncio.Transport):
    """What asyncio would hand over: keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        """Keep."""
        self.written += bytes(data)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Every byte held is news."""
        assert (high, low) == (0, None)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who had the connection before."""
        return asyncio.Protocol()

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self.closed

    def close(self) -> None:
        """Close."""
        self.closed = True


class Heard(WebSocket):
    """Keeps messages."""

    def __init__(self, door: Door, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(door, ServerState(), loop)
        self.messages: list[bytes] = []

    def message(self, data: bytes, *, text: bool) -> None:
        """Keep."""
        assert text
        self.messages.append(data)


def open_socket(door: Door, loop: asyncio.AbstractEventLoop, request: bytes = REQUEST) -> Heard:
    """Return a socket after its handshake."""
    made = Heard(door, loop)
    made.connection_made(Transport())
    made.data_received(request)
    return made


def written(one: Heard) -> bytes:
    """Take what was written since the last time."""
    assert isinstance(one.transport, Transport)
    data, one.transport.written = one.transport.written, b""
    return data


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    """Return a client's frame."""
    return Frame(opcode, data, fin).serialize(mask=True)


@pytest.fixture(scope="module")
def loop() -> Any:
    """Give a loop that never runs."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


_message = st.lists(st.binary(max_size=12).map(lambda b: b.hex().encode()), min_size=1, max_size=3)


@settings(deadline=None)
@given(
    stories=st.lists(st.lists(_message, max_size=5), min_size=2, max_size=3),
    cuts=st.lists(st.integers(1, 40), min_size=1, max_size=60),
)
def test_messages_arrive_whole_however_they_are_cut(
    loop: asyncio.AbstractEventLoop, stories: list[list[list[bytes]]], cuts: list[int]
) -> None:
    """Fragments and TCP pieces of several devices interleave; each hears its own messages whole."""
    door = Door()
    sockets = [open_socket(door, loop) for _ in stories]
    streams = [b"".join(_fragments(parts) for parts in story) for story in stories]
    turn = 0
    while any(streams):
        who, size = turn % len(streams), cuts[turn % len(cuts)]
        piece, streams[who] = streams[who][:size], streams[who][size:]
        if piece:
            sockets[who].data_received(piece)
        turn += 1
    for one, story in zip(sockets, stories, strict=True):
        assert one.messages == [b"".join(parts) for parts in story]
    assert len(door.stock) <= len(sockets), "one parser per socket at most was ever needed"


def _fragments(parts: list[bytes]) -> bytes:
    """Return a message in fragments with pings between them."""
    frames = [
        masked(Opcode.CONT if number else Opcode.TEXT, part, fin=number == len(parts) - 1)
        for number, part in enumerate(parts)
    ]
    return masked(Opcode.PING, b"?").join(frames)


def test_an_idle_socket_holds_no_parser(loop: asyncio.AbstractEventLoop) -> None:
    """Ten thousand quiet devices share a few parsers; half a frame keeps its own."""
    door = Door()
    one = open_socket(door, loop)
    one.data_received(masked(Opcode.TEXT, b"hello"))
    assert len(door.stock) == 1
    for size in (1, 2, 5):
        frame = masked(Opcode.TEXT, b"hello")
        one.data_received(frame[:size])
        assert not door.stock, "mid-frame"
        one.data_received(frame[size:])
        assert len(door.stock) == 1
    one.data_received(masked(Opcode.TEXT, b"he", fin=False))
    assert not door.stock, "mid-message"


def test_the_stock_of_parsers_is_bounded() -> None:
    """After a storm only as many parsers stay as are ever busy at one moment."""
    door = Door()
    for parser in [door.lend() for _ in range(PARSERS_MAX + 5)]:
        door.take_back(parser)
    assert len(door.stock) == PARSERS_MAX


def test_a_fresh_parser_stands_between_messages() -> None:
    """The way we look into the library's parser still fits the library."""
    parser = Door().lend()
    assert between_messages(parser)
    parser.receive_data(masked(Opcode.TEXT, b"x")[:1])
    assert not between_messages(parser)


def test_pongs_come_in_the_order_of_things(loop: asyncio.AbstractEventLoop) -> None:
    """A ping before a message in the same piece is answered before it."""
    one = open_socket(Door(), loop)
    assert written(one).startswith(b"HTTP/1.1 101 ")
    one.data_received(masked(Opcode.PING, b"1") + masked(Opcode.PING, b"2"))
    assert [frame.data for frame in read_frames(written(one))] == [b"1", b"2"]


def test_who_asks_and_never_reads_is_not_answered(loop: asyncio.AbstractEventLoop) -> None:
    """Pongs nobody takes off the line do not pile up in our memory."""
    one = open_socket(Door(), loop)
    written(one)
    one.pause_writing()
    one.data_received(masked(Opcode.PING, b"1") * 1000)
    assert written(one) == b""
    one.resume_writing()
    one.data_received(masked(Opcode.PING, b"2"))
    assert [frame.data for frame in read_frames(written(one))] == [b"2"]


def test_a_message_in_endless_fragments_ends(loop: asyncio.AbstractEventLoop) -> None:
    """Empty fragments never make a message too large; too many of them close the socket (1009)."""
    one = open_socket(Door(), loop)
    written(one)
    one.data_received(masked(Opcode.TEXT, b"", fin=False))
    one.data_received(masked(Opcode.CONT, b"", fin=False) * FRAGMENTS_MAX)
    (frame,) = read_frames(written(one))
    assert Close.parse(frame.data).code == 1009
    assert one.transport.is_closing()


def test_a_close_in_the_middle_of_a_message_is_a_close(loop: asyncio.AbstractEventLoop) -> None:
    """A device that gives up half-way is answered with its own code."""
    one = open_socket(Door(), loop)
    written(one)
    one.data_received(
        masked(Opcode.TEXT, b"he", fin=False) + masked(Opcode.CLOSE, Close(1000, "").serialize())
    )
    (frame,) = read_frames(written(one))
    assert Close.parse(frame.data).code == 1000
    assert one.transport.is_closing()


def test_a_parser_that_said_goodbye_is_never_lent_again(loop: asyncio.AbstractEventLoop) -> None:
    """Closing one device cannot reach another by way of the stock."""
    door = Door()
    first = open_socket(door, loop)
    first.data_received(masked(Opcode.TEXT, b"x"))
    first.close(1012, "restart")
    assert not door.stock
    second = open_socket(door, loop)
    second.data_received(masked(Opcode.TEXT, b"y"))
    assert second.messages == [b"y"]
    assert [parser.state for parser in door.stock] == [State.OPEN]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"GET /ws ", b"GET /ws?x=1 "), b"101"),
        ((b"GET /ws ", b"GET /wsx "), b"404"),
        ((b"GET", b"POST"), b"405"),
        ((b"-version: 13", b"-version: 12"), b"400"),
        ((b"sec-websocket-key: ", b"x-key: "), b"400"),
        ((b"host: shop", b"host: shop\r\norigin: http://shop"), b"101"),
        ((b"host: shop", b"host: shop\r\norigin: http://evil"), b"403"),
        ((b"host: shop", b"host: shop\r\norigin: null"), b"403"),
        ((b"host: shop", b"host: Shop\r\norigin: http://shop"), b"101"),
        ((b"host: shop", b"host: shop\r\norigin: http://["), b"403"),
        ((b"host: shop", b"host: [::1]:8000\r\norigin: http://[::1]:8000"), b"101"),
        ((b"host: shop", b"host: shop\r\norigin: http://shop\r\norigin: http://shop"), b"403"),
        ((b"host: shop", b"host: shop\r\nhost: evil\r\norigin: http://evil"), b"403"),
        ((b"host: shop", b"host: shop\r\norigin: https://console.example"), b"101"),
    ],
)
def test_the_door(
    loop: asyncio.AbstractEventLoop, change: tuple[bytes, bytes], status: bytes
) -> None:
    """Who gets a WebSocket and who gets which refusal."""
    door = Door(origins=frozenset({"https://console.example"}))
    one = open_socket(door, loop, REQUEST.replace(*change))
    assert written(one).split(b" ")[1] == status
    assert one.transport.is_closing() == (status != b"101")
