"""By which names and addresses this machine is opened in its network.

Refuses to ask anybody: what is not known here stands in `CHUANCAI_TLS_NAMES`.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What the kernel answers to, one line each; elsewhere than on Linux the way out is asked for.
_ROUTES = Path("/proc/net/fib_trie")
_LOCAL = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")
_WAYS_OUT = ("10.255.255.255", "192.168.255.255", "172.31.255.255", "223.5.5.5")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-)){0,6}")
NAMES_MAX = 32


class Names(NamedTuple):
    """Host names, lower case, and addresses; both sorted."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]


def own_names(given: Iterable[str] = ()) -> Names:
    """Return what this machine is called: itself, its name, its addresses, and what is given.

    Raises `ValueError` when a given name is neither a host name nor an address.
    """
    name = socket.gethostname().lower()
    hosts = {"localhost"}
    if _HOST.fullmatch(name):
        hosts |= {name} | ({f"{name}.local"} if "." not in name else set())
    addresses: set[Address] = {ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")}
    addresses |= _own_addresses()
    for one in given:
        word = one.strip().lower()
        try:
            addresses.add(ipaddress.ip_address(word))
        except ValueError:
            if not _HOST.fullmatch(word):
                raise ValueError(f"{one!r} is neither a host name nor an address") from None
            hosts.add(word)
    listed = sorted(addresses, key=lambda one: (one.version, int(one)))
    return Names(tuple(sorted(hosts)[:NAMES_MAX]), tuple(listed[:NAMES_MAX]))


def lan_addresses(names: Names) -> list[str]:
    """Return the addresses another device can open, the likeliest first."""
    found = [
        one for one in names.addresses if one.version == 4 and not one.is_loopback  # noqa: PLR2004
    ]  # fmt: skip
    # Bridges of containers come last: a pad is never there.
    return [str(one) for one in sorted(found, key=lambda one: (str(one).startswith("172."), one))]


def _own_addresses() -> set[Address]:
    try:
        listed = _LOCAL.findall(_ROUTES.read_text())
    except OSError:
        listed = [way for way in map(_way_out, _WAYS_OUT) if way]
    found = {ipaddress.ip_address(one) for one in listed}
    return {one for one in found if one.is_private and not one.is_loopback}


def _way_out(towards: str) -> str:
    """Return from which address packets would go there; none is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((towards, 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])
