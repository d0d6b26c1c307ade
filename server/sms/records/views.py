"""What is read of messages: a request with its telephones' copies, a brand's messages, what is unknown.

Numbers come out masked and texts not at all: a text may be somebody's code. Refuses to change anything.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from server.sms.message import Delivery, Kind, Mode, State

LISTED_MAX = 200

READ_REQUEST = """
SELECT r.number, r.messages, r.segments, r.at, r.first_id, r.last_id,
       (SELECT m.kind FROM sms_message m WHERE m.brand_id = r.brand_id AND m.id = r.first_id) AS kind
  FROM sms_request r
 WHERE r.brand_id = $1 AND r.number = $2
"""

# Copies of a request, in the order of their messages; a page begins after (message, mark).
READ_COPIES = """
SELECT m.id, m.state, m.carrier, m.code, m.attempt, m.sent_at, m.payment, m.segments / m.phones AS segments,
       p.mark, p.masked, p.state AS delivery, p.code AS receipt_code, p.at AS receipt_at
  FROM sms_message m
  JOIN sms_phone p ON p.brand_id = m.brand_id AND p.message_id = m.id
 WHERE m.brand_id = $1 AND m.id BETWEEN $2 AND $3 AND m.number = $4
   AND (m.id, p.mark) > ($5::bigint, $6::bytea)
 ORDER BY m.id, p.mark
 LIMIT $7::integer
"""

READ_MESSAGES = """
SELECT m.id, m.number, m.kind, m.mode, m.state, m.phones, m.segments, m.carrier, m.code, m.attempt,
       m.accepted_at, m.sent_at, m.payment
  FROM sms_message m
 WHERE m.brand_id = $1 AND m.id < $2
   AND ($3::text IS NULL OR m.kind = $3) AND ($4::text IS NULL OR m.state = $4)
   AND m.accepted_at >= $5 AND m.accepted_at < $6
 ORDER BY m.id DESC
 LIMIT $7::integer
"""

# What nobody could say of any brand's messages, the oldest first: for a person.
READ_UNKNOWN = """
SELECT m.brand_id, m.id, m.number, m.state, m.attempt, m.carrier, m.segments, m.phones, m.accepted_at, m.due_at
  FROM sms_message m
 WHERE m.state IN ('unknown', 'lapsed') AND ($1::bigint = 0 OR m.brand_id = $1)
 ORDER BY m.brand_id, m.id
 LIMIT $2::integer
"""
READ_ONE_UNKNOWN = """
SELECT m.brand_id, m.id, m.number, m.state, m.attempt, m.carrier, m.segments, m.phones, m.accepted_at, m.due_at
  FROM sms_message m
 WHERE m.brand_id = $1 AND m.id = $2
"""


class Wanted(NamedTuple):
    """Which of a brand's messages; None: all. `before`: the id the page before ended with."""

    kind: Kind | None
    state: State | None
    since: datetime
    until: datetime
    before: int
    limit: int


class Request(NamedTuple):
    """What was asked under one number."""

    number: UUID
    messages: int
    segments: int
    at: datetime
    first_id: int
    last_id: int
    kind: Kind | None  # None: its messages are forgotten already


class Copy(NamedTuple):
    """One telephone's copy of a message."""

    id: int
    state: State
    carrier: str | None
    code: str | None
    attempt: int
    sent_at: datetime | None
    payment: UUID | None
    segments: int
    mark: bytes
    masked: str
    delivery: Delivery
    receipt_code: str | None
    receipt_at: datetime | None


class Message(NamedTuple):
    """A message as it stands."""

    id: int
    number: UUID
    kind: Kind
    mode: Mode
    state: State
    phones: int
    segments: int
    carrier: str | None
    code: str | None
    attempt: int
    accepted_at: datetime
    sent_at: datetime | None
    payment: UUID | None


class Unknown(NamedTuple):
    """A message of which nobody could say what became."""

    brand_id: int
    id: int
    number: UUID
    state: State
    attempt: int
    carrier: str
    segments: int
    phones: int
    accepted_at: datetime
    asked_at: datetime


async def read_request(pool: asyncpg.Pool, brand_id: int, number: UUID) -> Request | None:
    """Return a request by its number."""
    row = await pool.fetchrow(READ_REQUEST, brand_id, number)
    return Request(**row) if row else None


async def read_copies(
    pool: asyncpg.Pool, brand_id: int, request: Request, after: tuple[int, bytes], limit: int
) -> list[Copy]:
    """Return a page of a request's copies."""
    rows = await pool.fetch(
        READ_COPIES, brand_id, request.first_id, request.last_id, request.number, *after, limit
    )
    return [Copy(**row) for row in rows]


async def read_messages(pool: asyncpg.Pool, brand_id: int, wanted: Wanted) -> list[Message]:
    """Return a page of a brand's messages, the newest first."""
    rows = await pool.fetch(
        READ_MESSAGES, brand_id, wanted.before, wanted.kind, wanted.state, wanted.since,
        wanted.until, wanted.limit,
    )  # fmt: skip
    return [Message(**row) for row in rows]


async def read_unknown(pool: asyncpg.Pool, brand_id: int, limit: int) -> list[Unknown]:
    """Return what is unknown, of one brand or (0) of all."""
    return [Unknown(*row) for row in await pool.fetch(READ_UNKNOWN, brand_id, limit)]


async def read_one(pool: asyncpg.Pool, brand_id: int, message_id: int) -> Unknown | None:
    """Return a message as the list of the unknown shows it, whatever its state."""
    row = await pool.fetchrow(READ_ONE_UNKNOWN, brand_id, message_id)
    return Unknown(*row) if row else None
