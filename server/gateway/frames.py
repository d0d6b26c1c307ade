"""◆ The words a device and the gateway exchange, and the table of close codes.

Two subprotocols carry the same frames: JSON text (default) and MessagePack binary.
Refuses to know sockets, sessions or shops: only shapes and limits.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from server.events.catalogue import CallEvent, HeardStage
from server.events.view import View

SUBPROTOCOL_JSON = "chuancai.v1.json"
SUBPROTOCOL_MSGPACK = "chuancai.v1.msgpack"

FRAME_BYTES_MAX = 64 * 1024  # an order of 100 lines with notes is about 20 KiB
UNAUTHENTICATED_S_MAX = 10.0
FRAMES_PER_S_MAX = 30.0  # a quick hand presses 8 times a second; a replay of an outbox bursts
FRAMES_BURST_MAX = 300
HEARTBEAT_S = 25.0
HEARTBEAT_JITTER = 0.2
HEARTBEATS_MISSED_MAX = 2
COMMANDS_IN_FLIGHT_MAX = 64
RINGS_PER_ACK_MAX = 500
SHOWN_PER_ACK_MAX = 500

# What every table, every JSON reader and both subprotocols can hold.
Whole = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]


class Resume(msgspec.Struct, frozen=True):
    """Where the device stopped: the log's epoch and the last seq it applied."""

    epoch: Whole
    seq: Whole


class _FromDevice(msgspec.Struct, frozen=True, tag_field="t"):
    """A frame a device may send."""


class Hello(_FromDevice, frozen=True, tag="hello"):
    """First frame: who I am and where I stopped."""

    token: str
    app: str = ""
    resume: Resume | None = None
    capabilities: list[str] = []


class Command(_FromDevice, frozen=True, tag="command"):
    """Do something: `id` is a UUID minted by the device and stored before sending."""

    id: str
    name: str
    body: msgspec.Raw = msgspec.Raw(b"{}")


class RingStage(msgspec.Struct, frozen=True):
    """What became of one ring on this device."""

    call_id: Whole
    ring: Whole
    stage: HeardStage
    at_ms: Whole = 0  # the server's time as the device knows it; 0: when it arrives


class Ack(_FromDevice, frozen=True, tag="ack"):
    """I have everything up to `up_to`; `rings` tells what people could see and hear.

    `shown`: dishes this board painted for the first time, while somebody could see its page.
    `audible`: whether this screen can be heard from now on; without it, as before. A browser may block
    sound, and people mute: then another screen of the kind speaks, if one can.
    """

    up_to: Whole
    rings: Annotated[list[RingStage], msgspec.Meta(max_length=RINGS_PER_ACK_MAX)] = []
    shown: Annotated[list[Whole], msgspec.Meta(max_length=SHOWN_PER_ACK_MAX)] = []
    audible: bool | None = None


class Ping(_FromDevice, frozen=True, tag="ping"):
    """Are you there? The answer is a pong with the server's time."""

    sent_ms: Whole = 0


class Pong(_FromDevice, frozen=True, tag="pong"):
    """Answer to the gateway's ping."""


class Move(_FromDevice, frozen=True, tag="move"):
    """I stand elsewhere now; account and cursor stay."""

    id: str
    place_id: Whole | None = None
    station_id: Whole | None = None


class Bye(_FromDevice, frozen=True, tag="bye"):
    """I leave on purpose."""

    reason: str = ""


FromDevice = Hello | Command | Ack | Ping | Pong | Move | Bye


class _ToDevice(msgspec.Struct, frozen=True, tag_field="t"):
    """A frame the gateway may send."""


class Welcome(_ToDevice, frozen=True, tag="welcome"):
    """You are known; what follows is either the missed events or a snapshot."""

    generation: int
    epoch: int
    seq: int
    mode: Literal["resumed", "snapshot"]
    heartbeat_s: float
    server_ms: int


class Snapshot(_ToDevice, frozen=True, tag="snapshot"):
    """All this kind of device may see, at `seq`."""

    epoch: int
    seq: int
    at_ms: int
    view: View


class EventFrame(_ToDevice, frozen=True, tag="event"):
    """One line of the shop's log; `event` carries its `kind` (`events/catalogue.py`)."""

    seq: int
    at_ms: int
    event: msgspec.Raw


class RefusalBody(msgspec.Struct, frozen=True):
    """Why not."""

    code: str
    sentence: str
    retryable: bool
    detail: dict[str, Any] = {}


class Reply(_ToDevice, frozen=True, tag="reply"):
    """The remembered answer to the command with this id."""

    id: str
    ok: bool
    result: dict[str, Any] | None = None
    refusal: RefusalBody | None = None


class PingOut(_ToDevice, frozen=True, tag="ping"):
    """Are you there? `seq` is the shop's head, `room_seq` the last line meant for this device."""

    seq: int
    room_seq: int
    server_ms: int


class PongOut(_ToDevice, frozen=True, tag="pong"):
    """Answer to the device's ping, with the same figures as a ping."""

    seq: int
    room_seq: int
    server_ms: int
    sent_ms: int


class Voice(_ToDevice, frozen=True, tag="voice"):
    """Whether this screen speaks for its kind: of several screens in one kitchen, one does."""

    speaks: bool


class Quiet(_ToDevice, frozen=True, tag="quiet"):
    """Quiet hours hold here for what these calls are about: what a screen sounds by itself is silent.

    Sent when it changes, and after a welcome unless there is none; a welcome ends what held before.
    """

    events: list[CallEvent]


class ByeOut(_ToDevice, frozen=True, tag="bye"):
    """The gateway closes; wait `reconnect_after_ms` (null: do not come back by yourself)."""

    code: int
    reason: str
    reconnect_after_ms: int | None


ToDevice = Welcome | Snapshot | EventFrame | Reply | PingOut | PongOut | Voice | Quiet | ByeOut


class Close(NamedTuple):
    """One row of the close-code table."""

    reason: str
    reconnect: bool
    zh: str


CLOSE_CODES: dict[int, Close] = {
    1000: Close("goodbye", False, "正常结束"),
    1012: Close("restart", True, "服务重启"),
    1013: Close("overloaded", True, "服务繁忙"),
    4001: Close("token_expired", True, "凭证过期"),
    4002: Close("heartbeat_lost", True, "心跳丢失"),
    4003: Close("too_slow", True, "接收太慢"),
    4004: Close("resync", True, "需要重新同步"),
    4400: Close("bad_frame", False, "消息格式错误"),
    4401: Close("bad_token", False, "凭证无效"),
    4403: Close("not_paired", False, "设备未配对"),
    4409: Close("replaced", False, "本设备在别处登录"),
    4410: Close("unpaired", False, "设备已解除配对"),
    4429: Close("rate_limited", True, "操作太频繁"),
}


TEXT_HEADER = 0x81  # FIN and the opcode, as every frame of ours begins: never fragmented
BINARY_HEADER = 0x82

_to_json = msgspec.json.Encoder()
_to_msgpack = msgspec.msgpack.Encoder()
_from_json: msgspec.json.Decoder[FromDevice] = msgspec.json.Decoder(FromDevice)
_from_msgpack: msgspec.msgpack.Decoder[FromDevice] = msgspec.msgpack.Decoder(FromDevice)


class BadFrameError(ValueError):
    """The device said something that is no frame of the catalogue."""


def decode(payload: bytes | bytearray | memoryview, *, packed: bool) -> FromDevice:
    """Return the frame in a message; raises BadFrameError, ignores fields it does not know."""
    try:
        return _from_msgpack.decode(payload) if packed else _from_json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrameError(str(error)) from error


def command_body(raw: msgspec.Raw, *, packed: bool) -> bytes:
    """Return a command's body as JSON bytes, whatever the device speaks."""
    if not packed:
        return bytes(raw)
    try:
        return _to_json.encode(msgspec.msgpack.decode(raw))
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise BadFrameError(str(error)) from error


def encode(frame: ToDevice, *, packed: bool) -> bytes:
    """Return the bytes of one frame as they go to the socket, WebSocket header included."""
    payload = _to_msgpack.encode(frame) if packed else _to_json.encode(frame)
    return wrap(payload, packed=packed)


def encode_event(seq: int, at_ms: int, body: bytes) -> bytes:
    """Return the event frame around a log line's JSON body, for JSON devices."""
    start = b'{"t":"event","seq":%d,"at_ms":%d,"event":' % (seq, at_ms)
    return _header(TEXT_HEADER, len(start) + len(body) + 1) + start + body + b"}"


def encode_event_packed(seq: int, at_ms: int, body: bytes) -> bytes:
    """Return the same event frame for MessagePack devices."""
    event = msgspec.Raw(_to_msgpack.encode(msgspec.json.decode(body)))
    return encode(EventFrame(seq=seq, at_ms=at_ms, event=event), packed=True)


def wrap(payload: bytes, *, packed: bool) -> bytes:
    """Put the header of an unmasked, unfragmented server message before its payload."""
    return _header(BINARY_HEADER if packed else TEXT_HEADER, len(payload)) + payload


def _header(first: int, size: int) -> bytes:
    if size < 126:  # noqa: PLR2004 - RFC 6455, 5.2
        return bytes((first, size))
    if size < 65536:  # noqa: PLR2004
        return bytes((first, 126, size >> 8, size & 255))
    return bytes((first, 127)) + size.to_bytes(8)
