"""◆ How committed events travel from the relay to gateway nodes: names of keys, shape of an entry.

One stream entry carries any number of events of any shops; bodies are the log's own JSON bytes.
Refuses to talk to Redis: the relay writes what this packs, a node's inbox reads what this opens.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.events.decision import Written

PARTITIONS = 64
INBOX_ENTRIES_MAX = 10_000
EVENTS_FIELD = b"e"
REPLACED_FIELD = b"r"


def partition(shop_id: int) -> str:
    """Return the hash tag that keeps all keys of a shop on one node of a Redis Cluster."""
    return f"{{p{shop_id % PARTITIONS:02d}}}"


def nodes_key(shop_id: int) -> str:
    """Name the hash node → expiry (ms since 1970) of the nodes that have devices of this shop."""
    return f"{partition(shop_id)}:nodes:{shop_id}"


def inbox_key(node: str) -> str:
    """Name the stream a node reads."""
    return f"inbox:{node}"


def pack(shop_id: int, events: Sequence[Written]) -> bytes:
    """Return the value of one `e` field; values of several shops may be concatenated."""
    parts: list[bytes] = []
    for line in events:
        topics = ",".join(sorted(line.topics))
        head = f"{shop_id} {line.seq} {line.at_ms} {len(line.body)} {topics}\n"
        parts.append(head.encode())
        parts.append(line.body)
    return b"".join(parts)


# The same few topic sets come by all day; a bounded memory of them saves building each anew.
_SETS_MAX = 4096
_sets: dict[bytes, frozenset[str]] = {}


def _topics(raw: bytes) -> frozenset[str]:
    known = _sets.get(raw)
    if known is None:
        if len(_sets) >= _SETS_MAX:
            _sets.clear()
        known = _sets[raw] = frozenset(raw.decode().split(",")) if raw else frozenset()
    return known


def unpack(value: bytes) -> list[tuple[int, Written]]:
    """Return (shop, event) for each event of an entry; raises ValueError when it is malformed."""
    found: list[tuple[int, Written]] = []
    at = 0
    while at < len(value):
        end = value.index(b"\n", at)
        shop, seq, at_ms, size, topics = value[at:end].split(b" ", 4)
        at = end + 1 + int(size)
        if at > len(value):
            raise ValueError("the body is shorter than announced")
        line = Written(int(seq), int(at_ms), _topics(topics), value[end + 1 : at])
        found.append((int(shop), line))
    return found
