"""Where another device finds this house: by the name somebody asked it by, else by an address of its network.

Refuses to believe a `Host` that is none, and to send a pad to a desk's own `localhost`.
"""

from __future__ import annotations

import re

import segno

from server.settings import Settings
from server.tls.names import lan_addresses, own_names

_HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:\d{1,5})?")
_HERE = frozenset({"", "localhost", "127.0.0.1", "[::1]", "::1"})


def host_and_port(asked: str, settings: Settings) -> tuple[str, str]:
    """Return host and port (":8080", or nothing) for others, from a `Host` header.

    A house that only its own machine reaches is called `localhost`, which screens tell from an address that works.
    """
    found = _HOST.fullmatch(asked)
    host, port = (found[1].lower(), found[2] or "") if found else ("", "")
    if host in _HERE and settings.host not in _HERE:
        host = next(iter(lan_addresses(own_names(settings.tls_names))), host)
    return host or "localhost", port


def code_drawn(text: str) -> segno.QRCode:
    """Return a QR code that a telephone reads off a screen."""
    return segno.make(text, error="m")
