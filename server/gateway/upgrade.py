"""◆ The plain upgrade request that every device sends, read in one look.

Knows one way to ask for a WebSocket: a whole head in one piece, each header once, no body, nothing odd.
Refuses to refuse: whatever it does not know is None, and the general reader says what is wrong
with it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha1
from typing import NamedTuple

HEAD_BYTES_MAX = 4 * 1024  # a browser sends 600; who sends more is read in the general way

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 4.2.2
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# Each line has one way to match, so that no head takes longer than its length.
_HEAD = re.compile(rb'GET (/[!"$-~]*) HTTP/1\.1\r\n((?:' + _TOKEN + rb":[\t -~]*\r\n)+)\r\n")
_KEY = re.compile(r"[A-Za-z0-9+/]{21}[AQgw]==")  # sixteen bytes, nothing else
_OFFERED = re.compile(f"{_TOKEN.decode()}(?:, ?{_TOKEN.decode()})*")
_CONNECTION = frozenset({"upgrade", "keep-alive, upgrade"})
_NEEDED = frozenset({"host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version"})
_BODY = frozenset({"content-length", "transfer-encoding", "expect", "trailer"})


class Upgrade(NamedTuple):
    """A request for a WebSocket: header names are in small letters, each occurs once."""

    path: str
    fields: dict[str, str]
    rest: bytes  # what came behind the head

    def offers(self) -> list[str]:
        """Return the subprotocols the client speaks, its favourite first."""
        offered = self.fields.get("sec-websocket-protocol")
        return [] if offered is None else [name.strip(" \t") for name in offered.split(",")]


def read_upgrade(data: bytes) -> Upgrade | None:
    """Read a connection's first bytes; None when they are anything but a plain upgrade request."""
    head = _HEAD.match(data, 0, HEAD_BYTES_MAX)
    if head is None:
        return None
    lines = head[2].decode("ascii").split("\r\n")
    lines.pop()
    fields = {}
    for line in lines:
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip(" \t")
    names = fields.keys()
    if len(fields) != len(lines) or not names >= _NEEDED or not _BODY.isdisjoint(names):
        return None
    plain = (
        fields["upgrade"].lower() == "websocket"
        and fields["connection"].lower() in _CONNECTION
        and fields["sec-websocket-version"] == "13"
        and _KEY.fullmatch(fields["sec-websocket-key"])
        and _OFFERED.fullmatch(fields.get("sec-websocket-protocol", "none"))
    )
    return Upgrade(head[1].decode("ascii"), fields, data[head.end() :]) if plain else None


def accept(upgrade: Upgrade, subprotocol: str | None) -> bytes:
    """Return the answer that makes the connection a WebSocket."""
    key = upgrade.fields["sec-websocket-key"].encode("ascii")
    proof = b64encode(sha1(key + _MAGIC, usedforsecurity=False).digest())
    named = b"" if subprotocol is None else f"Sec-WebSocket-Protocol: {subprotocol}\r\n".encode()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + proof + b"\r\n" + named + b"\r\n"
    )
