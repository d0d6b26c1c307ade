"""The shop's log in PostgreSQL: the write door's skin, and reading on from a seq.

Refuses to decide anything: it writes decisions and reads lines.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import asyncpg
import msgspec

from server.clock import from_ms, to_ms
from server.events.decision import CARD_RANG, END_RANG, END_SAID, Armed, Write, Written
from server.ids import IdMint

# Words go as lines of one text and times as milliseconds: an array of either costs the driver five times as much.
WRITE_COMMANDS = """
SELECT write_commands(
    $1::timestamptz, $2::bigint[], $3::integer[],
    $4::bigint[], $5::uuid[], $6::bytea[], $7::bytea[],
    $8::bigint[], $9::bigint[], $10::integer[],
    $11::integer[], $12::integer[], string_to_array($13::text, E'\\n'), $14::text[], $15::bytea[],
    $16::bigint[], $17::bigint[], string_to_array($18::text, E'\\n'), string_to_array($19::text, E'\\n'),
    ARRAY(SELECT from_ms(due_ms) FROM unnest($20::bigint[]) AS due_ms),
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


def _and_ring(door: str) -> str:
    """Return the statement that writes what rang after what a door wrote (migration 0124).

    Columns: the promises that rang, rings of ends, rings of cards, ends that rang with a card.
    """
    return f"""
SELECT write_rings(({door}), $1::timestamptz,
    $22::bigint[], $23::bigint[], $24::integer[],
    $25::bigint[], $26::bigint[], $27::integer[], $28::text[], $29::integer[], $30::bigint[],
    $31::bigint[], $32::bigint[], $33::integer[], $34::integer[], $35::integer[], $36::integer[],
    $37::bigint[], $38::bigint[], $39::text[], $40::integer[], $41::bigint[])
"""


WRITE_COMMANDS_AND_RING = _and_ring(WRITE_COMMANDS)
WRITE_AND_PRINT_AND_RING = _and_ring(WRITE_AND_PRINT)
WRITE_AND_POST_AND_RING = _and_ring(WRITE_AND_POST)
_RINGING = {
    WRITE_COMMANDS: WRITE_COMMANDS_AND_RING,
    WRITE_AND_PRINT: WRITE_AND_PRINT_AND_RING,
    WRITE_AND_POST: WRITE_AND_POST_AND_RING,
}
RING_COLUMNS: dict[str, tuple[str, ...]] = {
    END_RANG: ("shop_id", "id", "read", "end_key", "ring", "next_ms"),
    CARD_RANG: ("shop_id", "id", "read", "rings", "rings_max", "interval_s"),
    END_SAID: ("shop_id", "id", "end_key", "ring", "due_ms"),
}

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
    shops = sorted({w.shop_id for w in writes})
    position = {shop: index for index, shop in enumerate(shops, 1)}
    counts = dict.fromkeys(shops, 0)
    ranks: list[int] = []
    for w in writes:
        for _ in w.decision.said:
            counts[w.shop_id] += 1
            ranks.append(counts[w.shop_id])
    said = [(w.shop_id, one) for w in writes for one in w.decision.said]
    bodies = [_encode(one.event) for _, one in said]
    made = [(w.shop_id, promise) for w in writes for promise in w.decision.promises]
    armed = [Armed(shop, mint.next_id(now_ms), promise.due_ms) for shop, promise in made]
    door, rows, rings = _rows(writes)
    rang = [_rings(w) for w in writes] if rings else [False] * len(writes)
    try:
        base = await connection.fetchval(
            door,
            from_ms(now_ms),
            shops,
            list(counts.values()),
            *_columns(_remembered(writes), 4),
            *_kept([w for w, rings_ in zip(writes, rang, strict=True) if not rings_]),
            [position[shop] for shop, _ in said],
            ranks,
            _lines(type(one.event).__name__ for _, one in said),
            [" ".join(one.topics) for _, one in said],
            bodies,
            [one.shop_id for one in armed],
            [one.id for one in armed],
            _lines(promise.kind for _, promise in made),
            _lines(_encode(promise.payload).decode() for _, promise in made),
            [one.due_ms for one in armed],
            rows,
            *(
                (*_kept([w for w, r in zip(writes, rang, strict=True) if r]), *rings)
                if rings
                else ()
            ),
        )
    except asyncpg.PostgresError as error:
        refusal = _DOOR_REFUSALS.get(error.sqlstate or "")
        if refusal is None:
            raise
        raise refusal(str(error)) from error
    lines = (
        Written(base[position[shop] - 1] + rank, now_ms, one.topics, body)
        for (shop, one), rank, body in zip(said, ranks, bodies, strict=True)
    )
    return [list(islice(lines, len(w.decision.said))) for w in writes], armed


def _lines(words: Iterable[str]) -> str:
    """Return words, none empty nor with a line break, as one text; PostgreSQL takes it apart."""
    return "\n".join(words)


def _columns(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width


def _remembered(writes: Sequence[Write]) -> list[tuple[Any, ...]]:
    return [(w.shop_id, w.command_id, w.digest, w.reply) for w in writes if w.command_id]


def _kept(writes: Sequence[Write]) -> list[list[Any]]:
    return _columns([(w.shop_id, *w.kept) for w in writes if w.kept], 3)


def _rings(write: Write) -> bool:
    return any(row.kind in RING_COLUMNS for row in write.decision.rows)


def _rows(writes: Sequence[Write]) -> tuple[str, str, list[list[Any]]]:
    """Return by which door rows go, those that go as JSON, and the columns of those that ring."""
    grouped: dict[str, Any] = {}
    rings: dict[str, list[dict[str, Any]]] = {kind: [] for kind in RING_COLUMNS}
    for w in writes:
        for row in w.decision.rows:
            row.values["shop_id"] = w.shop_id
            if row.kind in rings:
                rings[row.kind].append(row.values)
                continue
            kind, _, part = row.kind.partition(".")
            if part:
                grouped.setdefault(kind, {}).setdefault(part, []).append(row.values)
            else:
                grouped.setdefault(kind, []).append(row.values)
    door = WRITE_COMMANDS if MONEY_ROWS.isdisjoint(grouped) else WRITE_AND_POST
    if not PRINT_ROWS.isdisjoint(grouped):
        door = WRITE_AND_PRINT
    rows = _encode(grouped).decode()
    if not any(rings.values()):
        return door, rows, []
    columns = [
        [one[name] for one in rings[kind]] for kind, names in RING_COLUMNS.items() for name in names
    ]
    return _RINGING[door], rows, columns


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
    rows = await connection.fetch(READ_KEEPABLE, *_kept(writes))
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
