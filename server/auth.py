"""◆ How a business service proves who it is, and what device tokens are.

A request carries four headers: key id, timestamp, nonce and an HMAC-SHA256 over everything that
matters in it. `docs/api.md` shows the scheme with a worked example.
Refuses to look anything up: keys, seen nonces and rates belong to `api/callers.py`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from server.errors import Refusal

SCHEME = "CHUANCAI-HMAC-SHA256"
KEY_HEADER = "X-Chuancai-Key"
TIMESTAMP_HEADER = "X-Chuancai-Timestamp"
NONCE_HEADER = "X-Chuancai-Nonce"
SIGNATURE_HEADER = "X-Chuancai-Signature"
IDEMPOTENCY_HEADER = "Idempotency-Key"

WINDOW_S = 300  # clocks of shop servers drift by minutes when nobody looks after them
IDEMPOTENCY_KEY_CHARS_MAX = 128
TOKEN_BYTES = 32
HEADER_CHARS_MAX = 128

_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_IDEMPOTENCY_KEY = re.compile(rf"[\x21-\x7e]{{1,{IDEMPOTENCY_KEY_CHARS_MAX}}}")
_COMMANDS = uuid.UUID("0d0f6a0e-6a3c-5f0e-9b7e-6c6875616e63")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Signable(NamedTuple):
    """What of a request is signed; path and query exactly as they travel, percent signs and all."""

    method: str
    path: str
    query: str
    body: bytes
    idempotency_key: str = ""


class Claim(NamedTuple):
    """What the four headers say; nothing of it is believed yet."""

    key_id: str
    timestamp_s: int
    nonce: str
    signature: str


def canonical(request: Signable, timestamp_s: int, nonce: str) -> bytes:
    """Return the exact bytes that are signed: eight lines joined by line feeds."""
    query = "&".join(sorted(part for part in request.query.split("&") if part))
    return "\n".join(
        (
            SCHEME,
            request.method.upper(),
            request.path,
            query,
            str(timestamp_s),
            nonce,
            request.idempotency_key,
            hashlib.sha256(request.body).hexdigest(),
        )
    ).encode()


def sign(secret: str, request: Signable, timestamp_s: int, nonce: str) -> str:
    """Return the signature: 64 lower-case hex digits."""
    message = canonical(request, timestamp_s, nonce)
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signed_headers(
    key_id: str, secret: str, request: Signable, timestamp_s: int, nonce: str = ""
) -> dict[str, str]:
    """Return the headers a caller adds to `request`; a fresh nonce unless one is given."""
    nonce = nonce or secrets.token_urlsafe(16)
    headers = {
        KEY_HEADER: key_id,
        TIMESTAMP_HEADER: str(timestamp_s),
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: sign(secret, request, timestamp_s, nonce),
    }
    if request.idempotency_key:
        headers[IDEMPOTENCY_HEADER] = request.idempotency_key
    return headers


def read_claim(headers: Mapping[str, str]) -> Claim:
    """Return what the headers claim. Raises `bad_signature` naming the header that is wrong."""
    return Claim(
        _header(headers, KEY_HEADER, None),
        int(_header(headers, TIMESTAMP_HEADER, _TIMESTAMP)),
        _header(headers, NONCE_HEADER, _NONCE),
        _header(headers, SIGNATURE_HEADER, _SIGNATURE),
    )


def _header(headers: Mapping[str, str], name: str, shape: re.Pattern[str] | None) -> str:
    value = headers.get(name) or headers.get(name.lower()) or ""
    if not value:
        raise Refusal("bad_signature", f"The header {name} is missing.", header=name)
    if len(value) > HEADER_CHARS_MAX or (shape is not None and shape.fullmatch(value) is None):
        raise Refusal("bad_signature", f"The header {name} is malformed.", header=name)
    return value


def read_idempotency_key(headers: Mapping[str, str]) -> str:
    """Return the caller's key, or "" without one. Raises `bad_field` when it is malformed."""
    value = headers.get(IDEMPOTENCY_HEADER) or headers.get(IDEMPOTENCY_HEADER.lower()) or ""
    if value and _IDEMPOTENCY_KEY.fullmatch(value) is None:
        raise Refusal(
            "bad_field",
            f"{IDEMPOTENCY_HEADER} is 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters.",
            field=IDEMPOTENCY_HEADER,
        )
    return value


def check_fresh(claim: Claim, now_s: float) -> None:
    """Raise `stale_request` when the timestamp is more than `WINDOW_S` off, either way."""
    off_s = now_s - claim.timestamp_s
    if abs(off_s) > WINDOW_S:
        raise Refusal("stale_request", off_s=round(off_s), window_s=WINDOW_S)


def check_signature(claim: Claim, secret: str | None, request: Signable) -> None:
    """Raise `bad_signature` unless the claim was signed with `secret`, in constant time.

    `secret` None is a key nobody has: the same work is done and the same answer given, so that a
    stranger cannot find out which key ids exist.
    """
    expected = sign(secret or "nobody has this key", request, claim.timestamp_s, claim.nonce)
    if not hmac.compare_digest(expected, claim.signature) or secret is None:
        raise Refusal("bad_signature")


def command_id(brand_id: int, client_id: int, idempotency_key: str, nonce: str) -> uuid.UUID:
    """Return the command id of a request: the same for every repeat of it.

    Without an Idempotency-Key the nonce stands in, so a request that is played back takes effect
    once even when every memory of nonces was lost.
    """
    word = f"key:{idempotency_key}" if idempotency_key else f"nonce:{nonce}"
    return uuid.uuid5(_COMMANDS, f"{brand_id}:{client_id}:{word}")


def member_command_id(who: str, idempotency_key: str) -> uuid.UUID:
    """Return the command id of what a person asks: the same for every repeat with the same key."""
    if not idempotency_key:
        return uuid.uuid4()
    return uuid.uuid5(_COMMANDS, f"{who}:key:{idempotency_key}")


def caller_address(peer: str, forwarded_for: str, trusted: Iterable[Network]) -> str:
    """Return the address a request came from.

    `X-Forwarded-For` is read from its end and only as far as our own proxies wrote it; what a
    stranger put in front of that is not believed.
    """
    trusted = list(trusted)
    address = peer
    for hop in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not address_in(address, trusted):
            break
        if _address(hop) is None:
            break
        address = hop
    found = _address(address)
    return address if found is None else str(found)


def address_in(address: str, networks: Sequence[Network]) -> bool:
    """Return whether an address lies in one of the networks; no address lies in none."""
    found = _address(address)
    return found is not None and any(
        found.version == network.version and found in network for network in networks
    )


def is_address(text: str) -> bool:
    """Return whether a text is an address, and not a name."""
    return _address(text) is not None


def _address(text: str) -> Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def read_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return networks from `10.0.0.0/8` or bare addresses. Raises `ValueError` otherwise."""
    return tuple(ip_network(text.strip(), strict=False) for text in texts)


def new_key() -> tuple[str, str]:
    """Return a fresh key id and its secret (256 random bits), to be shown once."""
    return f"ck_{secrets.token_hex(8)}", secrets.token_urlsafe(TOKEN_BYTES)


def new_token() -> str:
    """Return a fresh device token: 256 random bits, opaque."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> bytes:
    """Return what is stored of a token. Fast on purpose: 256 bits cannot be guessed."""
    return hashlib.sha256(token.encode()).digest()
