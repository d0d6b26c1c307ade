"""The plain upgrade request: what is read at once, what is left to the general reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.gateway.door import Door, as_request
from server.gateway.upgrade import HEAD_BYTES_MAX, accept, read_upgrade

# What Chromium sends.
BROWSER = (
    b"GET /ws HTTP/1.1\r\nHost: 192.168.1.5:8080\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
    b"Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
    b"Upgrade: websocket\r\nOrigin: http://192.168.1.5:8080\r\nSec-WebSocket-Version: 13\r\n"
    b"Accept-Encoding: gzip, deflate\r\nAccept-Language: zh-CN,zh;q=0.9\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    b"Sec-WebSocket-Protocol: chuancai.v1.msgpack, chuancai.v1.json\r\n\r\n"
)


def test_a_browser_is_understood_at_once() -> None:
    """A screen's request is answered without the general reader, with RFC 6455's own example."""
    upgrade = read_upgrade(BROWSER + b"rest")
    assert upgrade is not None
    assert (upgrade.path, upgrade.rest) == ("/ws", b"rest")
    assert upgrade.offers() == ["chuancai.v1.msgpack", "chuancai.v1.json"]
    answer = accept(upgrade, "chuancai.v1.json")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    assert b"\r\nSec-WebSocket-Protocol: chuancai.v1.json\r\n" in answer


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (b"GET", b"POST"),
        (b", chuancai.v1.json", b", chuancai:v1.json"),
        (b", chuancai.v1.json", b",, chuancai.v1.json"),
        (b"GET", b"get"),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"/ws ", b"/ws#there "),
        (b"/ws ", b"http://shop/ws "),
        (b"/ws ", b"/w s "),
        (b"Host: 192.168.1.5:8080\r\n", b""),
        (b"Host:", b"Host: twice\r\nHost:"),
        (b"Host:", b"Host :"),
        (b"Host: ", b"Host: \r\n folded"),
        (b"no-cache", b"no\x00cache"),
        (b"no-cache", b"no\ncache"),
        (b"no-cache", b"no\rcache"),
        (b"no-cache", "这".encode()),
        (b"Connection: Upgrade", b"Connection: close"),
        (b"websocket", b"h2c"),
        (b"Version: 13", b"Version: 8"),
        (b"Pragma: no-cache", b"Content-Length: 4"),
        (b"Pragma: no-cache", b"Transfer-Encoding: chunked"),
        (b"Pragma: no-cache", b"Expect: 100-continue"),
        (b"jZQ==", b"jZR=="),  # bits beyond the sixteenth byte
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"short"),
        (b"\r\n\r\n", b"\r\n"),
    ],
)
def test_the_rest_is_left_to_the_general_reader(said: bytes, instead: bytes) -> None:
    """Whatever is not the plain request, odd or harmless, is nobody's here."""
    assert said in BROWSER
    assert read_upgrade(BROWSER.replace(said, instead, 1)) is None


def test_a_long_head_is_left_to_the_general_reader() -> None:
    """Nothing longer than a browser's head is looked through here."""
    long = BROWSER.replace(b"no-cache", b"x" * HEAD_BYTES_MAX, 1)
    assert read_upgrade(long) is None


@given(
    at=st.integers(0, len(BROWSER) - 1),
    size=st.integers(0, 12),
    instead=st.sampled_from([b"", b"\r", b"\n", b"\r\n", b":", b" ", b"\t", b",", b"=", b"A", b"\xff"])
    | st.binary(max_size=3),
)  # fmt: skip
def test_who_is_let_in_at_once_is_let_in_by_the_library_too(
    at: int, size: int, instead: bytes
) -> None:
    """However a request is bent: what we answer, the library answers alike, word for word."""
    upgrade = read_upgrade(BROWSER[:at] + instead + BROWSER[at + size :])
    door = Door()
    welcome = None if upgrade is None else door.welcome(upgrade)
    if upgrade is None or welcome is None:
        return
    answer, subprotocol = welcome
    response, theirs = door.greet(as_request(upgrade))
    assert response.status_code == 101
    assert subprotocol == theirs
    for name in ("Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol"):
        said = response.headers.get(name)
        assert (f"\r\n{name}: {said}\r\n".encode() in answer) == (said is not None)
