"""◆ Where a webhook may be: public addresses over TLS, and the private networks the house allows.

A URL comes from outside, and whoever posts for it stands inside: without this check a caller could
have the house knock on doors that only the house can reach. Names are looked up when a post is
made and each address is checked then, so a name that moves gains nothing. Refuses to look names up.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Network, ip_address
from typing import NoReturn
from urllib.parse import SplitResult, urlsplit

from server.auth import Network, address_in, is_address
from server.errors import Refusal

URL_CHARS_MAX = 500
_LOCALHOST = "localhost"
# Public by their number, but what they lead to may be anything: NAT64 and 6to4.
_TUNNELS = (IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16"))


def check_url(url: str, allowed: Sequence[Network]) -> None:
    """Raise `bad_field` unless a webhook may have this URL, as far as the URL itself tells."""
    parts = _split(url)
    host = parts.hostname or ""
    if host == _LOCALHOST:
        host = "127.0.0.1"
    if is_address(host) and not may_reach(host, allowed, secure=True):
        _refuse("Webhooks do not go to private addresses.")
    if parts.scheme == "http" and not address_in(host, allowed):
        _refuse("A webhook is https; http only on this machine and in networks the house allows.")


def may_reach(address: str, allowed: Sequence[Network], *, secure: bool) -> bool:
    """Return whether a post may go to this address: without TLS only into allowed networks."""
    if address_in(address, allowed):
        return True
    if not secure:
        return False
    found = ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (
        (mapped or found).is_global and not found.is_multicast and not address_in(address, _TUNNELS)
    )


def _split(url: str) -> SplitResult:
    if len(url) > URL_CHARS_MAX or not url.isascii() or not url.isprintable() or " " in url:
        _refuse(f"A webhook's URL is at most {URL_CHARS_MAX} visible ASCII characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        _refuse("This is not a URL.")
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        _refuse("A webhook's URL begins with https:// and names a host.")
    if "@" in parts.netloc or parts.fragment:
        _refuse("A webhook's URL has no user, password or fragment; posts are signed instead.")
    return parts


def _refuse(sentence: str) -> NoReturn:
    raise Refusal("bad_field", sentence, field="url")
