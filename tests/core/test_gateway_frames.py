"""Frames, their bytes, audiences and the relay's envelope."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from server.events.decision import Written
from server.events.envelope import pack, partition, unpack
from server.gateway import frames as f
from server.gateway.ring import Line
from server.gateway.topics import audience, personal


def read_frames(data: bytes) -> list[Frame]:
    """Return the WebSocket frames in `data` as the library's own client reads them."""
    client = ClientProtocol(parse_uri("ws://x/"), state=State.OPEN, max_size=None)
    client.receive_data(data)
    assert client.parser_exc is None
    return [event for event in client.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 200_000])
@pytest.mark.parametrize("packed", [False, True])
def test_our_headers_are_read_by_the_library(size: int, *, packed: bool) -> None:
    """Prepared frames of every header length arrive whole at a foreign client."""
    (frame,) = read_frames(f.wrap(b"x" * size, packed=packed))
    assert frame.opcode is (Opcode.BINARY if packed else Opcode.TEXT)
    assert (frame.fin, len(frame.data)) == (True, size)


def test_both_subprotocols_say_the_same() -> None:
    """A MessagePack device reads the same event as a JSON device, number and words."""
    line = Line(Written(812, 5, frozenset({"pad"}), '{"kind":"X","note":"少辣"}'.encode()))
    (as_text,), (as_bytes,) = (
        read_frames(line.frame(packed=False)),
        read_frames(line.frame(packed=True)),
    )
    read = msgspec.json.decode(as_text.data)
    assert read == {"t": "event", "seq": 812, "at_ms": 5, "event": {"kind": "X", "note": "少辣"}}
    assert msgspec.msgpack.decode(as_bytes.data) == read
    assert line.frame(packed=True) is line.frame(packed=True), "encoded once"


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b'{"t":"shout"}', b'{"token":"x"}', b'{"t":"hello"}', b"\xff\xfe",
     b'{"t":"ack","up_to":"x"}', b'{"t":"ack","up_to":1e999}',
     b'{"t":"ack","up_to":9007199254740993}', b'{"t":"ping","sent_ms":1%0100d}' % 0,
     b'{"t":"hello","token":"x","resume":{"epoch":1,"seq":-9007199254740993}}', b"[" * 50_000,
     b'{"t":"ack","up_to":1,"rings":[{"call_id":1,"ring":1,"stage":"eaten"}]}'],
)  # fmt: skip
def test_what_is_no_frame_is_refused(text: bytes) -> None:
    """Garbage of any kind is one error, never an accident."""
    with pytest.raises(f.BadFrameError):
        f.decode(text, packed=False)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_decoders(data: bytes) -> None:
    """Whatever a broken device sends is a frame or a BadFrameError, in both subprotocols."""
    for packed in (False, True):
        try:
            f.decode(data, packed=packed)
        except f.BadFrameError:
            continue


def test_unknown_fields_are_ignored() -> None:
    """A newer device may say more than we know."""
    frame = f.decode(b'{"t":"ping","sent_ms":3,"battery":80}', packed=False)
    assert frame == f.Ping(sent_ms=3)


def test_a_packed_command_reaches_the_desk_as_json() -> None:
    """The desk sees the same body bytes whatever the device speaks."""
    body = {"item_id": 5, "reason": "少辣"}
    command = {"t": "command", "id": "x", "name": "X", "body": body}
    packed = f.decode(msgspec.msgpack.encode(command), packed=True)
    plain = f.decode(msgspec.json.encode(command), packed=False)
    assert isinstance(packed, f.Command)
    assert isinstance(plain, f.Command)
    assert f.command_body(packed.body, packed=True) == f.command_body(plain.body, packed=False)


@pytest.mark.parametrize(
    ("kind", "place", "station", "topics"),
    [
        ("kitchen", None, None, {"kitchen"}),
        ("kitchen", None, 3, {"kitchen"}),
        ("waiter", None, None, {"pad"}),
        ("guest", 801, None, {"place:801", "menu"}),
        ("guest", None, None, {"menu"}),
        ("cashier", None, None, {"cashier", "screen"}),
        ("call_screen", None, None, {"screen"}),
    ],
)  # fmt: skip
def test_audiences(kind: str, place: int | None, station: int | None, topics: set[str]) -> None:
    """Each kind of device hears its topics and no others."""
    assert audience(kind, place, station) == topics


def test_personal_topics() -> None:
    """An event can name devices and accounts."""
    topics = frozenset({"pad", "device:7", "account:9", "station:3"})
    assert personal(topics) == ([7], [9])


_topic = st.sampled_from(["pad", "kitchen", "screen", "station:3", "place:801", "device:7"])
_line = st.builds(
    Written, st.integers(0, 2**53), st.integers(0, 2**43), st.frozensets(_topic), st.binary()
)


@given(st.lists(st.tuples(st.integers(0, 2**53), st.lists(_line, max_size=4)), max_size=5))
def test_the_envelope_keeps_everything(batches: list[tuple[int, list[Written]]]) -> None:
    """What the relay packs, a node unpacks: any bodies, any shops, in order."""
    value = b"".join(pack(shop, lines) for shop, lines in batches)
    assert unpack(value) == [(shop, line) for shop, lines in batches for line in lines]


@pytest.mark.parametrize("value", [b"x", b"1 2 3 400 pad\n{}", b"1 2 3 pad\n{}", b"a b c d e\n"])
def test_a_torn_envelope_is_an_error(value: bytes) -> None:
    """A malformed entry is told apart, not half delivered."""
    with pytest.raises(ValueError):  # noqa: PT011 - whichever part is torn
        unpack(value)


def test_all_keys_of_a_shop_share_a_tag() -> None:
    """On a Redis Cluster a shop's keys live together."""
    assert partition(7) == "{p07}"
    assert {partition(shop) for shop in range(640)} == {f"{{p{k:02d}}}" for k in range(64)}
