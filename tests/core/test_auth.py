"""Signatures, freshness, addresses and the ids of commands: vectors that other languages share."""

from __future__ import annotations

import pytest

from server import auth
from server.errors import Refusal

SECRET = "q7Yp0Jm3oT6c1m4nXf8w2zK5v9b1d3f5h7j9l1n3p5r"
AT_S = 1732000000
NONCE = "nonce-of-22-characters"

# The first and the fifth were reckoned with `openssl dgst` too.
VECTORS = [
    (("GET", "/v1/shops/1/board", "", b"", ""),
     "9cf30efb6ed2ce1b2177172a863cd798d692647b1e712d15945e610462975d72"),
    (("GET", "/v1/orders/7", "shop_id=1", b"", ""),
     "c26224581d0842318d4e179f927b8f59abcdce70ccfcf87fc1850c15cf11370e"),
    (("GET", "/v1/orders/7", "b=2&a=1&b=1", b"", ""),
     "d1501794a95909a7e523d4e10f1ad0c6839f5eedfa84426c0e60a3fe75dd6a0a"),
    (("POST", "/v1/orders", "", b'{"shop_id":1}', ""),
     "7bcc893eaf7e9b67ccaa86259964ea5d366edb048e39b7a86585b6f83156d088"),
    (("POST", "/v1/orders", "", b'{"shop_id":1}', "till-4-000123"),
     "1e5806e78b3fbc43ce6e28a0b4d838518ff5663b18f0213b25cf27c0204a918c"),
    (("POST", "/v1/orders", "", '{"note":"少辣"}'.encode(), "till-4-000123"),
     "552a466cce13dc335263d1ab985629e1ef1cb218901490e6f2cf1b59a2e50520"),
    (("DELETE", "/v1/shops/1/devices/9", "", b"", ""),
     "7f46126b043ca19e412dfd63dc4b9d327921039a4c69c7de1bf9978ba735dba1"),
    (("GET", "/v1/shops/1/places/%E5%8C%85%E5%8E%A2", "", b"", ""),
     "5b9761a111476a19d7f4c5528bbfa9921c3bfc66132963d30c9c0770be568e4b"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "signature"), VECTORS)
def test_signature_vectors(request_: tuple[str, str, str, bytes, str], signature: str) -> None:
    """A caller in any language reckons the same signature, and it is accepted."""
    request = auth.Signable(*request_)
    assert auth.sign(SECRET, request, AT_S, NONCE) == signature
    auth.check_signature(auth.Claim("k", AT_S, NONCE, signature), SECRET, request)


CHANGES = [
    {"method": "PUT"},
    {"path": "/v1/orders/"},
    {"query": "a=1"},
    {"body": b'{"shop_id":2}'},
    {"idempotency_key": "another"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_everything_that_matters_is_signed(change: dict[str, object]) -> None:
    """Whoever changes any part of a request on its way is found out."""
    request = auth.Signable("POST", "/v1/orders", "", b'{"shop_id":1}', "till-4")
    claim = auth.Claim("k", AT_S, NONCE, auth.sign(SECRET, request, AT_S, NONCE))
    auth.check_signature(claim, SECRET, request)
    with pytest.raises(Refusal, match="bad_signature"):
        auth.check_signature(claim, SECRET, request._replace(**change))  # type: ignore[arg-type]


def test_nobody_has_the_key_of_nobody() -> None:
    """A key id that does not exist is refused even with the stand-in secret."""
    request = auth.Signable("GET", "/", "", b"")
    signature = auth.sign("nobody has this key", request, AT_S, NONCE)
    with pytest.raises(Refusal, match="bad_signature"):
        auth.check_signature(auth.Claim("k", AT_S, NONCE, signature), None, request)


@pytest.mark.parametrize(
    ("off_s", "fresh"),
    [(0, True), (300, True), (-300, True), (301, False), (-301, False), (10**9, False)],
)
def test_window_of_five_minutes(off_s: int, fresh: bool) -> None:
    """A clock may be off by five minutes either way, not by more."""
    claim = auth.Claim("k", AT_S - off_s, NONCE, "0" * 64)
    if fresh:
        auth.check_fresh(claim, AT_S)
    else:
        with pytest.raises(Refusal, match="stale_request"):
            auth.check_fresh(claim, AT_S)


GOOD = {
    "X-Chuancai-Key": "ck_1",
    "X-Chuancai-Timestamp": "1732000000",
    "X-Chuancai-Nonce": NONCE,
    "X-Chuancai-Signature": "a" * 64,
}
BAD_HEADERS = [
    ("X-Chuancai-Key", ""),
    ("X-Chuancai-Key", "k" * 129),
    ("X-Chuancai-Timestamp", "2026-11-20"),
    ("X-Chuancai-Timestamp", "-1"),
    ("X-Chuancai-Timestamp", "٣٤"),
    ("X-Chuancai-Nonce", "short"),
    ("X-Chuancai-Nonce", "with a space in it, long"),
    ("X-Chuancai-Signature", "A" * 64),
    ("X-Chuancai-Signature", "a" * 63),
]


@pytest.mark.parametrize(("name", "value"), BAD_HEADERS)
def test_malformed_header_is_named(name: str, value: str) -> None:
    """Whoever writes a client is told which header is wrong."""
    assert auth.read_claim(GOOD).key_id == "ck_1"
    with pytest.raises(Refusal, match="bad_signature") as refused:
        auth.read_claim(GOOD | {name: value})
    assert refused.value.detail == {"header": name}


@pytest.mark.parametrize(
    ("given", "good"),
    [("", True), ("till-4-000123", True), ("k" * 128, True), ("k" * 129, False), ("a b", False),
     ("订单", False)],
)  # fmt: skip
def test_idempotency_key_is_visible_ascii(given: str, good: bool) -> None:
    """A key that would be mangled on its way is refused at once."""
    if good:
        assert auth.read_idempotency_key({"Idempotency-Key": given}) == given
    else:
        with pytest.raises(Refusal, match="bad_field"):
            auth.read_idempotency_key({"Idempotency-Key": given})


def test_command_id_stays_for_repeats() -> None:
    """A repeat is known by its key; without one by its nonce; another client's key is another's."""
    same = auth.command_id(1, 2, "till-4", "nonce-a")
    assert same == auth.command_id(1, 2, "till-4", "nonce-b")
    assert same != auth.command_id(1, 3, "till-4", "nonce-a")
    assert auth.command_id(1, 2, "", "nonce-a") == auth.command_id(1, 2, "", "nonce-a")
    assert auth.command_id(1, 2, "", "nonce-a") != auth.command_id(1, 2, "", "nonce-b")
    assert auth.command_id(1, 2, "nonce-a", "x") != auth.command_id(1, 2, "", "nonce-a")


ADDRESSES = [
    # peer, X-Forwarded-For, trusted proxies → the address believed
    ("203.0.113.9", "", (), "203.0.113.9"),
    ("203.0.113.9", "198.51.100.1", (), "203.0.113.9"),
    ("10.0.0.2", "198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
    ("10.0.0.2", "1.2.3.4, 198.51.100.1", ("10.0.0.0/8",), "198.51.100.1"),
    ("10.0.0.2", "198.51.100.1, 10.0.0.7", ("10.0.0.0/8",), "198.51.100.1"),
    ("10.0.0.2", "10.0.0.9, 10.0.0.7", ("10.0.0.0/8",), "10.0.0.9"),
    ("10.0.0.2", "nonsense", ("10.0.0.0/8",), "10.0.0.2"),
    ("::ffff:10.0.0.2", "198.51.100.1", ("10.0.0.2",), "198.51.100.1"),
    ("2001:db8::1", "198.51.100.1", ("10.0.0.0/8",), "2001:db8::1"),
    ("::ffff:203.0.113.9", "", (), "203.0.113.9"),
    ("", "198.51.100.1", ("10.0.0.0/8",), ""),
]


@pytest.mark.parametrize(("peer", "forwarded_for", "trusted", "believed"), ADDRESSES)
def test_only_own_proxies_are_believed(
    peer: str, forwarded_for: str, trusted: tuple[str, ...], believed: str
) -> None:
    """A stranger cannot write itself onto the address list with a header."""
    found = auth.caller_address(peer, forwarded_for, auth.read_networks(trusted))
    assert found == believed


@pytest.mark.parametrize(
    ("address", "inside"),
    [("10.1.2.3", True), ("11.1.2.3", False), ("2001:db8::5", True), ("2001:db9::5", False),
     ("::ffff:10.1.2.3", True), ("", False), ("nonsense", False)],
)  # fmt: skip
def test_address_list(address: str, inside: bool) -> None:
    """An address list of networks of both families lets in who is on it, and no nonsense."""
    networks = auth.read_networks(["10.0.0.0/8", "2001:db8::/32"])
    assert auth.address_in(address, networks) is inside


def test_tokens_and_keys_are_long_and_never_the_same() -> None:
    """A device token has 256 bits and only its hash is kept (R-000-10)."""
    tokens = {auth.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 43 for token in tokens)
    assert len(auth.token_hash("x")) == 32
    key_id, secret = auth.new_key()
    assert key_id.startswith("ck_")
    assert len(secret) == 43
