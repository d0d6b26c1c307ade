"""◆ The session of a person in HTTP: a cookie for browsers, a bearer token for programs.

The cookie is out of reach of scripts and of other sites (HttpOnly, SameSite=Strict). SameSite counts
another port of this host as the same site, so a change must also name this page as its origin.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from server.errors import Refusal
from server.staff.sessions import LIFE_MAX

COOKIE = "chuancai_session"
TOKEN_CHARS_MAX = 128
_READS = frozenset({"GET", "HEAD"})


def read_session(method: str, headers: Mapping[str, str], origins: Collection[str]) -> str:
    """Return the session's token.

    Raises `session_ended` without one, `origin_not_allowed` for a change that another page asks for.
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer:
        return bearer.strip()[:TOKEN_CHARS_MAX]
    token = _cookie(headers.get("cookie", ""))
    if not token:
        raise Refusal("session_ended")
    if method not in _READS:
        check_origin(headers, origins)
    return token


def check_origin(headers: Mapping[str, str], origins: Collection[str]) -> None:
    """Raise `origin_not_allowed` unless a page of this house asks; a browser always names the page."""
    origin = headers.get("origin", "")
    if origin in origins:
        return
    if not origin or urlsplit(origin).netloc != headers.get("host", ""):
        raise Refusal("origin_not_allowed", origin=origin[:TOKEN_CHARS_MAX])


def give(token: str, *, secure: bool) -> str:
    """Return the header that puts a session into a browser for as long as it can live."""
    return _set(token, int(LIFE_MAX.total_seconds()), secure=secure)


def take(*, secure: bool) -> str:
    """Return the header that takes it out again."""
    return _set("", 0, secure=secure)


def _set(token: str, age_s: int, *, secure: bool) -> str:
    tail = "; Secure" if secure else ""  # a shop's own network has no TLS
    return f"{COOKIE}={token}; Max-Age={age_s}; Path=/; HttpOnly; SameSite=Strict{tail}"


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value[:TOKEN_CHARS_MAX]
    return ""
