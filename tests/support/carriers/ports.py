"""Ports on which nobody listens."""

from __future__ import annotations

import socket


def closed_port() -> int:
    """Return a port where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
