"""◆ The chain: what a block's hash covers, in the very bytes PostgreSQL hashes (`ledger.block_hash`).

Written a second time on purpose: a verifier that asked the database for its hashes would believe it.
Refuses to know accounts or lots.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from server.billing.ledger import Kind

_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Type numbers of pg_type; they stand in an array's binary form.
_CHAR, _INT8, _INT2, _TIMESTAMPTZ, _UUID = 18, 20, 21, 1184, 2950
_NO_LOT = bytes(16)
_NULL = struct.pack(">i", -1)


class ChainLine(NamedTuple):
    """A line of the journal, field by field as it is stored."""

    seq: int
    id: UUID
    kind: Kind
    account: int
    contra: int | None
    amount: int
    ref: UUID | None
    expires: datetime | None
    priority: int
    balance: int
    available: int
    lot: UUID | None
    at: datetime


def genesis(shard: int) -> bytes:
    """Return what the first block of a shard goes on from."""
    return hashlib.sha256(f"chuancai ledger shard {shard}".encode()).digest()


def block_hash(previous: bytes, at: datetime, lines: Sequence[ChainLine]) -> bytes:
    """Return the hash of a block with these lines, in the order of their seq."""
    columns = list(zip(*lines, strict=True))
    parts = [previous, struct.pack(">q", lines[0].seq), _moment(at)]
    parts += [
        _array(oid, send, column)
        for (oid, send), column in zip(_COLUMNS, columns[1:-1], strict=True)
    ]
    return hashlib.sha256(b"".join(parts)).digest()


def _moment(value: datetime) -> bytes:
    return struct.pack(">q", (value - _POSTGRES_EPOCH) // _MICROSECOND)


def _uuid(value: UUID) -> bytes:
    return value.bytes


def _lot(value: UUID | None) -> bytes:
    return value.bytes if value else _NO_LOT


_int8 = struct.Struct(">q").pack
_int2 = struct.Struct(">h").pack

_COLUMNS: tuple[tuple[int, Callable[[Any], bytes]], ...] = (
    (_UUID, _uuid),  # id
    (_CHAR, str.encode),  # kind
    (_INT8, _int8),  # account
    (_INT8, _int8),  # contra
    (_INT8, _int8),  # amount
    (_UUID, _uuid),  # ref
    (_TIMESTAMPTZ, _moment),  # expires
    (_INT2, _int2),  # priority
    (_INT8, _int8),  # balance
    (_INT8, _int8),  # available
    (_UUID, _lot),
)


def _array(oid: int, send: Callable[[Any], bytes], values: Sequence[Any]) -> bytes:
    """Return the bytes of array_send: a head, then every element with its length."""
    has_null = None in values and send is not _lot
    parts = [struct.pack(">iiIii", 1, has_null, oid, len(values), 1)]
    for value in values:
        if value is None and has_null:
            parts.append(_NULL)
        else:
            sent = send(value)
            parts += (struct.pack(">i", len(sent)), sent)
    return b"".join(parts)
