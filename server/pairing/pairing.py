"""◆ The rules by which an unknown screen becomes a device of a shop.

Either way round: the screen shows a code (an *offer*) that a manager confirms, or a manager makes
a *code* that is typed on the screen. Eight digits, ten minutes, used once; five wrong tries lock
ten minutes. Refuses to store or to look up: `door.py` asks and obeys.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID

import msgspec

from server.errors import Refusal
from server.events.screens import AS_IT_LIKES, ScreenSettings
from server.events.view import DeviceKind

CODE_DIGITS = 8
CODE_LIVES = timedelta(minutes=10)
TRIES_MAX = 5
LOCK = timedelta(minutes=10)
# A confirmed screen that lost its answer may ask again for as long as a code lives.
ANSWER_KEPT = CODE_LIVES
OFFERS_OPEN_MAX = 5_000
OFFERS_OPEN_PER_SOURCE_MAX = 100
NAME_CHARS_MAX = 40
NAME_PATTERN = r"^[^\x00-\x1f\x7f]*$"  # no table can hold U+0000, no board shows the others


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a manager wants the device to be; kind None: what the screen says it is."""

    name: str
    kind: DeviceKind | None = None
    place_id: int | None = None
    station_id: int | None = None
    device_id: int | None = None


class Code(msgspec.Struct, frozen=True):
    """A stored code; `device_id` before it is used names the device that gets new hardware."""

    shop_id: int
    id: UUID
    kind: DeviceKind
    name: str
    place_id: int | None
    station_id: int | None
    device_id: int | None
    made_by: str
    expires_at: datetime
    used_at: datetime | None


class Offer(msgspec.Struct, frozen=True):
    """A stored offer of a new screen."""

    id: UUID
    secret_hash: bytes
    token_hash: bytes
    kind: DeviceKind
    name: str
    expires_at: datetime
    confirmed_at: datetime | None
    shop_id: int | None
    device_id: int | None


class PairedDevice(msgspec.Struct, frozen=True):
    """A device as a manager sees it."""

    id: int
    kind: DeviceKind
    name: str
    shop_id: int
    place_id: int | None
    station_id: int | None
    account_id: int
    paired: bool
    paired_at_ms: int | None
    last_seen_at_ms: int | None
    settings: ScreenSettings = AS_IT_LIKES
    settings_version: int = 0
    app: str = ""


def new_code() -> str:
    """Return eight random digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def source_of(address: str) -> str:
    """Return whose wrong tries are counted for an address: an IPv6 house has a /64 to itself."""
    try:
        found = ip_address(address)
    except ValueError:
        return f"address:{address[:64]}"
    bits = 64 if isinstance(found, IPv6Address) else 32
    network = ip_network((found, bits), strict=False)
    return f"address:{network}"


def read_code(typed: str) -> str | None:
    """Return the digits of a code as people type it (`1234 5678`, `1234-5678`, full-width).

    None when it cannot be one.
    """
    digits = re.sub(r"[\s\-·]", "", typed)
    if len(digits) != CODE_DIGITS or not digits.isdecimal():
        return None
    return "".join(str(int(digit)) for digit in digits)


def code_hash(code: str) -> bytes:
    """Return what is stored of a code.

    Slow on purpose (some 10 ms, so call it in a thread): all 10^8 codes under a fast hash are tried
    in seconds, under this one in days, and a code lives ten minutes.
    """
    return hashlib.scrypt(code.encode(), salt=b"chuancai pairing code", n=4096, r=8, p=1, dklen=32)


def token_of(secret: str) -> str:
    """Return the device token that belongs to an offer's secret.

    The screen holds the secret and the server only hashes, so the token can be promised before it
    is given, given again after a lost answer, and never lies readable in a table.
    """
    digest = hmac.new(secret.encode(), b"chuancai device token", hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def check_wish(wish: Wish) -> None:
    """Raise `bad_field` when something is not said, or a device cannot stand there."""
    if wish.device_id is not None:
        return  # its kind and place are known
    if not wish.name.strip():
        raise Refusal("bad_field", "The device needs a name.", field="name")
    if wish.kind is None:
        raise Refusal("bad_field", "Which kind of device is it?", field="kind")
    if wish.kind == "guest" and wish.place_id is None:
        raise Refusal("bad_field", "A guest's pad needs a place.", field="place_id")
    if wish.kind != "kitchen" and wish.station_id is not None:
        raise Refusal("bad_field", "Only a kitchen screen has a station.", field="station_id")


def check_tries(tries: int, last_at: datetime, now: datetime) -> int:
    """Return how many tries are left should this one be wrong; `tries` counts it already.

    Raises `pairing_locked` when it is one too many.
    """
    if tries > TRIES_MAX:
        left_s = max(1, round((last_at + LOCK - now).total_seconds()))
        raise Refusal("pairing_locked", retry_after_s=left_s)
    return TRIES_MAX - tries


def check_code(code: Code | None, now: datetime, tries_left: int) -> Code:
    """Return a manager's code that opens. Raises `pairing_code_wrong`, `…_used`, `…_expired`."""
    if code is None:
        raise Refusal("pairing_code_wrong", tries_left=tries_left)
    if code.used_at is not None:
        raise Refusal("pairing_code_used")
    if code.expires_at <= now:
        raise Refusal("pairing_code_expired")
    return code


def check_offer(offer: Offer | None, shop_id: int, now: datetime, tries_left: int) -> Offer:
    """Return an offer this shop may confirm. Raises as `check_code` does.

    One that this shop confirmed passes until it expires: whether it is the same confirmation again
    or another one, the desk knows by the command id.
    """
    if offer is None:
        raise Refusal("pairing_code_wrong", tries_left=tries_left)
    if offer.expires_at <= now:
        raise Refusal("pairing_code_expired")
    if offer.shop_id not in {None, shop_id}:
        raise Refusal("pairing_code_used")
    return offer


def is_over(offer: Offer, now: datetime) -> bool:
    """Return whether a screen must start again: nobody confirmed, or the answer was kept enough."""
    if offer.confirmed_at is None:
        return offer.expires_at <= now
    return offer.confirmed_at + ANSWER_KEPT <= now
