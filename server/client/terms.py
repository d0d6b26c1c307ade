"""◆ The words a device client uses about its link: how patient, what was heard, why it ended.

Refuses to hold a link: `device.py` does.
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import msgspec

from server.errors import REFUSALS, Refusal
from server.events import catalogue as c
from server.gateway import frames as f

LinkState = Literal["idle", "connecting", "open", "waiting", "stopped"]


class Tempo(msgspec.Struct, frozen=True, kw_only=True):
    """How patient a device is, in seconds."""

    ping_s: float = 5.0
    silence_s_max: float = 20.0  # three of our pings unanswered; the gateway's own come every 25 s
    welcome_s_max: float = 10.0
    backoff_first_s: float = 0.2
    backoff_s_max: float = 20.0


class Heard(NamedTuple):
    """One event as it reached this device."""

    seq: int
    at_ms: int
    event: c.Event


class Ending(NamedTuple):
    """Why a link ended, and when the server would like to see us again."""

    code: int
    reason: str
    after_s: float | None = None


def refusal_of(body: f.RefusalBody) -> Refusal:
    """Return the refusal a reply carries; a code this version does not know becomes `internal`."""
    code = body.code if body.code in REFUSALS else "internal"
    return Refusal(code, body.sentence, **body.detail)


def socket_url(url: str) -> str:
    """Return where devices connect: `http://host:port` → `ws://host:port/ws`."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    path = parts.path if parts.path not in {"", "/"} else "/ws"
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))
