"""Messages as stored: asked, taken, paid for, sent, given back; each step with its money in one commit.

Refuses to call a carrier, and to move a message that is not where it was read: a late word changes
nothing and costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from server.billing import store as ledger
from server.billing.ledger import Posting
from server.sms.message import Kind, Mode, Queue, State, Verb, sources, target

Connection = ledger.Connection

ADD_REQUESTS = """
INSERT INTO sms_request (brand_id, number, digest, first_id, last_id, messages, segments, at)
SELECT u.*, $8::timestamptz
  FROM unnest($1::bigint[], $2::uuid[], $3::bytea[], $4::bigint[], $5::bigint[], $6::integer[],
              $7::bigint[]) u
ON CONFLICT (brand_id, number) DO NOTHING
RETURNING number
"""

ADD_MESSAGES = """
INSERT INTO sms_message (brand_id, id, kind, mode, phones, segments, number, text, expires_at, due_at, accepted_at)
SELECT u.*, $10::timestamptz, $10::timestamptz
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::smallint[], $6::integer[],
              $7::uuid[], $8::text[], $9::timestamptz[]) u
"""

ADD_PHONES = """
INSERT INTO sms_phone (brand_id, message_id, mark, sealed, masked)
SELECT u.* FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bytea[], $5::text[]) u
"""

READ_REQUESTS = """
SELECT r.number, r.digest, r.first_id, r.last_id, r.messages, r.segments
  FROM unnest($1::bigint[], $2::uuid[]) u(brand_id, number)
  JOIN sms_request r ON r.brand_id = u.brand_id AND r.number = u.number
"""

# A request whose units were refused is as if it had never been: nobody saw it.
DROP_PHONES = """
DELETE FROM sms_phone p USING unnest($1::bigint[], $2::bigint[]) u(brand_id, id)
 WHERE p.brand_id = u.brand_id AND p.message_id = u.id
"""
DROP_MESSAGES = """
DELETE FROM sms_message m USING unnest($1::bigint[], $2::bigint[]) u(brand_id, id)
 WHERE m.brand_id = u.brand_id AND m.id = u.id
"""
DROP_REQUESTS = """
DELETE FROM sms_request r USING unnest($1::bigint[], $2::uuid[]) u(brand_id, number)
 WHERE r.brand_id = u.brand_id AND r.number = u.number
"""

# The heads of so many queues at once; another worker's are passed over.
PICK = """
SELECT m.brand_id, m.id, m.kind, m.mode, m.number, m.segments, m.payment, m.attempt, m.expires_at, m.text
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[]) q(brand_id, kind, mode, most)
 CROSS JOIN LATERAL (
       SELECT *
         FROM sms_message w
        WHERE w.state = 'queued' AND w.brand_id = q.brand_id AND w.kind = q.kind AND w.mode = q.mode
              AND w.due_at <= $5::timestamptz
        ORDER BY w.due_at, w.id
        LIMIT q.most
          FOR NO KEY UPDATE SKIP LOCKED) m
"""

TAKE = """
UPDATE sms_message m
   SET state = u.state, attempt = u.attempt, payment = u.payment, carrier = u.carrier, code = u.code,
       due_at = $8::timestamptz
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::smallint[], $5::uuid[], $6::text[], $7::text[])
       u(brand_id, id, state, attempt, payment, carrier, code)
 WHERE m.brand_id = u.brand_id AND m.id = u.id
"""

READ_PHONES = """
SELECT p.brand_id, p.message_id, p.sealed
  FROM unnest($1::bigint[], $2::bigint[]) u(brand_id, id)
  JOIN sms_phone p ON p.brand_id = u.brand_id AND p.message_id = u.id
 ORDER BY p.mark
"""

# Only the attempt that was made may say what came of it, and only while nobody else has.
MOVE = """
UPDATE sms_message m
   SET state = $8, due_at = u.due_at, code = u.code,
       carrier_message_id = coalesce(u.carrier_message_id, m.carrier_message_id),
       sent_at = CASE WHEN $8 = 'sent' THEN $7::timestamptz END
  FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::timestamptz[], $5::text[], $6::text[],
              $10::timestamptz[])
       u(brand_id, id, attempt, due_at, code, carrier_message_id, lease)
 WHERE m.brand_id = u.brand_id AND m.id = u.id AND m.attempt = u.attempt AND m.state = ANY ($9::text[])
   AND (u.lease IS NULL OR m.due_at = u.lease)
RETURNING m.brand_id, m.id, m.segments, m.payment
"""

ADD_LOG = """
INSERT INTO sms_log (brand_id, message_id, at, attempt, what, code, sentence)
SELECT u.brand_id, u.id, $1::timestamptz, u.attempt, u.what, u.code, u.sentence
  FROM unnest($2::bigint[], $3::bigint[], $4::smallint[], $5::text[], $6::text[], $7::text[])
       u(brand_id, id, attempt, what, code, sentence)
"""

# The first of each queue, hopping from one to the next along the index: a million behind it cost nothing.
READ_QUEUES = """
WITH RECURSIVE head AS (
    (SELECT brand_id, kind, mode, due_at FROM sms_message WHERE state = 'queued'
      ORDER BY brand_id, kind, mode, due_at LIMIT 1)
    UNION ALL
    SELECT n.* FROM head h CROSS JOIN LATERAL (
        SELECT m.brand_id, m.kind, m.mode, m.due_at FROM sms_message m
         WHERE m.state = 'queued' AND (m.brand_id, m.kind, m.mode) > (h.brand_id, h.kind, h.mode)
         ORDER BY m.brand_id, m.kind, m.mode, m.due_at LIMIT 1) n
)
SELECT brand_id, kind, mode, due_at FROM head LIMIT $1::integer
"""

# What is due to be asked about: an answer that did not come, or a worker that did not come back.
READ_OPEN = """
SELECT brand_id, id, state, attempt, carrier, number, accepted_at, expires_at, due_at
  FROM sms_message
 WHERE state IN ('sending', 'unknown') AND due_at <= $1::timestamptz
 ORDER BY due_at
 LIMIT $2::integer
"""
ASK_NOW = """
UPDATE sms_message SET due_at = $1::timestamptz
 WHERE state = 'unknown' AND ($2::bigint = 0 OR brand_id = $2)
"""
POSTPONE = """
UPDATE sms_message m
   SET due_at = u.due_at
  FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[]) u(brand_id, id, was, due_at)
 WHERE m.brand_id = u.brand_id AND m.id = u.id AND m.state = 'unknown' AND m.due_at = u.was
RETURNING m.brand_id, m.id
"""


class NewMessage(NamedTuple):
    """One message to be written, its telephones as (mark, sealed, masked)."""

    id: int
    kind: Kind
    mode: Mode
    segments: int
    text: str
    expires_at: datetime
    phones: Sequence[tuple[bytes, bytes, str]]


class NewRequest(NamedTuple):
    """One request to be written with its messages and its hold."""

    brand_id: int
    number: UUID
    digest: bytes
    messages: Sequence[NewMessage]
    hold: Posting


class Picked(NamedTuple):
    """A message at the head of its queue, locked."""

    brand_id: int
    id: int
    kind: Kind
    mode: Mode
    number: UUID
    segments: int
    payment: UUID | None
    attempt: int
    expires_at: datetime
    text: str

    @property
    def queue(self) -> Queue:
        """Return where it waited."""
        return Queue(self.brand_id, self.kind, self.mode)


class Taking(NamedTuple):
    """What becomes of a message that was picked."""

    brand_id: int
    id: int
    state: State
    attempt: int
    payment: UUID | None
    carrier: str | None
    code: str | None


class Move(NamedTuple):
    """One message's step, decided on its attempt number `attempt`."""

    brand_id: int
    id: int
    attempt: int
    due_at: datetime
    code: str | None = None
    carrier_message_id: str | None = None
    lease: datetime | None = None  # only while it is held by this lease


class Moved(NamedTuple):
    """A message that took the step."""

    brand_id: int
    id: int
    segments: int
    payment: UUID | None


class Entry(NamedTuple):
    """A line of the log."""

    brand_id: int
    id: int
    attempt: int
    what: str
    code: str | None
    sentence: str | None


async def add_requests(
    connection: Connection, requests: Sequence[NewRequest], at: datetime
) -> set[UUID]:
    """Write requests and their messages; return the numbers that were not there before."""
    rows = [
        (r.brand_id, r.number, r.digest, r.messages[0].id, r.messages[-1].id, len(r.messages),
         r.hold.amount)
        for r in requests
    ]  # fmt: skip
    new = {row["number"] for row in await connection.fetch(ADD_REQUESTS, *_columns(rows), at)}
    messages = [(r, m) for r in requests if r.number in new for m in r.messages]
    if not messages:
        return new
    values = [
        (
            r.brand_id,
            m.id,
            m.kind,
            m.mode,
            len(m.phones),
            m.segments,
            r.number,
            m.text,
            m.expires_at,
        )
        for r, m in messages
    ]
    await connection.execute(ADD_MESSAGES, *_columns(values), at)
    phones = [(r.brand_id, m.id, *phone) for r, m in messages for phone in m.phones]
    await connection.execute(ADD_PHONES, *_columns(phones))
    return new


async def drop_requests(connection: Connection, requests: Sequence[NewRequest]) -> None:
    """Undo what the same transaction wrote."""
    ids = _columns([(r.brand_id, m.id) for r in requests for m in r.messages])
    await connection.execute(DROP_PHONES, *ids)
    await connection.execute(DROP_MESSAGES, *ids)
    await connection.execute(DROP_REQUESTS, *_columns([(r.brand_id, r.number) for r in requests]))


async def pick(
    connection: Connection, wanted: Sequence[tuple[Queue, int]], now: datetime
) -> list[Picked]:
    """Lock the first of each queue that are due, so many of each."""
    rows = await connection.fetch(PICK, *_columns([(*queue, most) for queue, most in wanted]), now)
    return [Picked(*row) for row in rows]


async def take(connection: Connection, takings: Sequence[Taking], lease: datetime) -> None:
    """Write what becomes of messages that were picked in this transaction."""
    await connection.execute(TAKE, *_columns(takings), lease)


async def read_phones(
    pool: asyncpg.Pool, messages: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], list[bytes]]:
    """Return the sealed numbers of messages (brand, id)."""
    found: dict[tuple[int, int], list[bytes]] = {message: [] for message in messages}
    for row in await pool.fetch(READ_PHONES, *_columns(messages)):
        found[row["brand_id"], row["message_id"]].append(row["sealed"])
    return found


async def move(
    connection: Connection, verb: Verb, moves: Sequence[Move], at: datetime
) -> list[Moved]:
    """Take one step with each message that is still where it was; return which did."""
    *columns, leases = _columns(moves)
    rows = await connection.fetch(MOVE, *columns, at, target(verb), sources(verb), leases)
    return [Moved(*row) for row in rows]


async def write_log(connection: Connection, at: datetime, entries: Sequence[Entry]) -> None:
    """Write down what came of attempts."""
    if entries:
        await connection.execute(ADD_LOG, at, *_columns(entries))


async def read_queues(pool: asyncpg.Pool, queues_max: int) -> list[tuple[Queue, datetime]]:
    """Return every queue that is not empty, and since when its first is due."""
    rows = await pool.fetch(READ_QUEUES, queues_max)
    return [(Queue(*row[:3]), row["due_at"]) for row in rows]


def _columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
