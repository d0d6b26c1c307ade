"""The shop's log in PostgreSQL: the write door's skin, and reading on from a seq.

Refuses to decide anything: it writes decisions and reads lines.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from server.clock import from_ms, to_ms
from server.events.decision import Armed, Write, Written
from server.ids import IdMint

WRITE_COMMANDS = """
SELECT write_commands(
    $1::timestamptz, $2::bigint[], $3::integer[],
    $4::bigint[], $5::uuid[], $6::bytea[], $7::bytea[],
    $8::bigint[], $9::bigint[], $10::integer[],
    $11::integer[], $12::integer[], $13::text[], $14::text[], $15::bytea[],
    $16::bigint[], $17::bigint[], $18::text[], $19::text[], $20::timestamptz[],
    $21::jsonb)
"""

# For batches with printers or papers in them; there may be money in the same batch.
WRITE_AND_PRINT = WRITE_COMMANDS.replace("write_commands", "write_commands_and_print")
PRINT_ROWS = frozenset({"printer", "printer_step", "print_job", "print_job_step"})

# For batches about money: accounts, cards, and postings, which the ledger takes in the same transaction.
WRITE_AND_POST = WRITE_COMMANDS.replace("write_commands", "write_commands_and_post")
MONEY_ROWS = frozenset(
    {"posting", "ledger_account", "ledger_close", "card_user", "card_new", "card_step", "card_trade",
     "card_trade_step"}
)  # fmt: skip

READ_REMEMBERED = """
SELECT c.shop_id, c.id, c.digest, c.reply
  FROM unnest($1::bigint[], $2::uuid[]) AS u(shop_id, id)
  JOIN command c ON c.shop_id = u.shop_id AND c.id = u.id
"""

READ_KEEPABLE = """
SELECT p.shop_id, p.id
  FROM unnest($1::bigint[], $2::bigint[], $3::integer[]) AS u(shop_id, id, attempt)
  JOIN promise p ON p.shop_id = u.shop_id AND p.id = u.id
 WHERE p.state = 'waiting' AND p.attempt = u.attempt
"""

READ_LOG = """
SELECT seq, at, topics, body
  FROM event
 WHERE shop_id = $1 AND seq > $2
 ORDER BY seq
 LIMIT $3
"""

READ_HEADS = "SELECT shop_id, epoch, seq FROM shop_head WHERE shop_id = ANY ($1::bigint[])"

LOG_PAGE_EVENTS_MAX = 1000

_encode = msgspec.json.Encoder().encode


class DoorError(Exception):
    """The door refused a batch: nothing of it was written."""


class StaleError(DoorError):
    """A row changed between reading and writing: read and decide again."""


class SeenError(DoorError):
    """The command id is known."""


class KeptError(DoorError):
    """The promise was kept or moved by somebody else."""


class PostingError(DoorError):
    """The ledger refused a posting; `code` is in the catalogue of refusals."""

    @property
    def code(self) -> str:
        """Return why."""
        return str(self)


class NoShopError(DoorError):
    """The shop has no head row."""


_DOOR_REFUSALS: dict[str, type[DoorError]] = {
    "CC001": StaleError,
    "CC002": SeenError,
    "CC003": KeptError,
    "CC004": NoShopError,
    "CC012": PostingError,
    # Two processes opened the same guest's order, or minted the same id: decide again.
    "23505": StaleError,
    "40P01": StaleError,
    "40001": StaleError,
}


async def write(
    connection: asyncpg.Connection, writes: Sequence[Write], now_ms: int, mint: IdMint
) -> tuple[list[list[Written]], list[Armed]]:
    """Commit all of `writes` (or nothing); return what each said, with seqs, and all promises made.

    Raises a `DoorError`: nothing was written then.
    """
    at = from_ms(now_ms)
    shops = sorted({w.shop_id for w in writes})
    position = {shop: index for index, shop in enumerate(shops, 1)}
    counts = dict.fromkeys(shops, 0)
    armed = [
        Armed(w.shop_id, mint.next_id(now_ms), promise.due_ms)
        for w in writes
        for promise in w.decision.promises
    ]
    ranks: list[list[int]] = []
    bodies: list[list[bytes]] = []
    for one in writes:
        first = counts[one.shop_id] + 1
        counts[one.shop_id] += len(one.decision.said)
        ranks.append(list(range(first, counts[one.shop_id] + 1)))
        bodies.append([_encode(said.event) for said in one.decision.said])
    try:
        base = await connection.fetchval(
            _door(writes),
            at,
            shops,
            [counts[shop] for shop in shops],
            *_columns(_remembered(writes), 4),
            *_columns([(w.shop_id, *w.kept) for w in writes if w.kept], 3),
            *_columns(_events(writes, position, ranks, bodies), 5),
            *_columns(_promises(writes, armed), 5),
            _rows(writes),
        )
    except asyncpg.PostgresError as error:
        refusal = _DOOR_REFUSALS.get(error.sqlstate or "")
        if refusal is None:
            raise
        raise refusal(str(error)) from error
    written = [
        [
            Written(base[position[w.shop_id] - 1] + rank, now_ms, said.topics, body)
            for rank, said, body in zip(w_ranks, w.decision.said, w_bodies, strict=True)
        ]
        for w, w_ranks, w_bodies in zip(writes, ranks, bodies, strict=True)
    ]
    return written, armed


def _door(writes: Sequence[Write]) -> str:
    kinds = {row.kind for w in writes for row in w.decision.rows}
    if not kinds.isdisjoint(PRINT_ROWS):
        return WRITE_AND_PRINT
    return WRITE_COMMANDS if kinds.isdisjoint(MONEY_ROWS) else WRITE_AND_POST


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width


def _remembered(writes: Sequence[Write]) -> list[tuple[Any, ...]]:
    return [(w.shop_id, w.command_id, w.digest, w.reply) for w in writes if w.command_id]


def _events(
    writes: Sequence[Write],
    position: dict[int, int],
    ranks: list[list[int]],
    bodies: list[list[bytes]],
) -> list[tuple[Any, ...]]:
    return [
        (position[w.shop_id], rank, type(said.event).__name__, " ".join(said.topics), body)
        for w, w_ranks, w_bodies in zip(writes, ranks, bodies, strict=True)
        for rank, said, body in zip(w_ranks, w.decision.said, w_bodies, strict=True)
    ]


def _promises(writes: Sequence[Write], armed: list[Armed]) -> list[tuple[Any, ...]]:
    made = [promise for w in writes for promise in w.decision.promises]
    return [
        (
            one.shop_id,
            one.id,
            promise.kind,
            _encode(promise.payload).decode(),
            from_ms(one.due_ms),
        )
        for one, promise in zip(armed, made, strict=True)
    ]


def _rows(writes: Sequence[Write]) -> str:
    grouped: dict[str, Any] = {}
    for w in writes:
        for row in w.decision.rows:
            row.values["shop_id"] = w.shop_id
            kind, _, part = row.kind.partition(".")
            if part:
                grouped.setdefault(kind, {}).setdefault(part, []).append(row.values)
            else:
                grouped.setdefault(kind, []).append(row.values)
    return _encode(grouped).decode()


async def read_remembered(
    connection: asyncpg.Connection, writes: Sequence[Write]
) -> dict[tuple[int, uuid.UUID], tuple[bytes, bytes]]:
    """Return (shop, command id) → (digest, reply) for the commands that are known."""
    rows = await connection.fetch(
        READ_REMEMBERED, [w.shop_id for w in writes], [w.command_id for w in writes]
    )
    return {(row["shop_id"], row["id"]): (row["digest"], row["reply"]) for row in rows}


async def read_keepable(
    connection: asyncpg.Connection, writes: Sequence[Write]
) -> set[tuple[int, int]]:
    """Return (shop, promise) of the promises that still wait as they were read."""
    kept = [(w.shop_id, *w.kept) for w in writes if w.kept]
    rows = await connection.fetch(READ_KEEPABLE, *_columns(kept, 3))
    return {(row["shop_id"], row["id"]) for row in rows}


async def read_log(pool: asyncpg.Pool, shop_id: int, after_seq: int) -> list[Written]:
    """Return up to `LOG_PAGE_EVENTS_MAX` lines after a seq, in order."""
    rows = await pool.fetch(READ_LOG, shop_id, after_seq, LOG_PAGE_EVENTS_MAX)
    return [
        Written(row["seq"], to_ms(row["at"]), frozenset(row["topics"]), row["body"]) for row in rows
    ]


async def read_heads(pool: asyncpg.Pool, shop_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return shop → (epoch, seq) for the shops that have a head."""
    rows = await pool.fetch(READ_HEADS, list(shop_ids))
    return {row["shop_id"]: (row["epoch"], row["seq"]) for row in rows}


MAKE_PARTITION = "SELECT make_event_partition($1::date)"


async def make_partitions(pool: asyncpg.Pool, now: datetime) -> None:
    """Make sure this month's and the next month's log have their own partition."""
    this_month = now.date().replace(day=1)
    for month in (this_month, this_month + timedelta(days=31)):
        await pool.execute(MAKE_PARTITION, month)


# By address: rows named by key are looked for in the whole table, once a batch.
FORGET_COMMANDS = """
DELETE FROM command
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM command
                          WHERE at < $1::timestamptz ORDER BY at LIMIT $2::integer))
RETURNING 1
"""

FORGET_PROMISES = """
DELETE FROM promise
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM promise
                          WHERE state IN ('done', 'cancelled') AND due_at < $1::timestamptz
                          LIMIT $2::integer))
RETURNING 1
"""
