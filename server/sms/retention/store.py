"""Old requests as read, made unreadable and dropped; each batch is one statement.

Refuses a request of which a message is in one of the states it is handed: whose outcome is open, or
may still be settled by a person, stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from server.sms.message import State

READ_READABLE = """
SELECT at, brand_id, number, segments
  FROM sms_request
 WHERE readable AND at < $1::timestamptz AND (at, brand_id, number) > ($2::timestamptz, $3::bigint, $4::uuid)
 ORDER BY at, brand_id, number
 LIMIT $5::integer
"""
READ_UNREADABLE = """
SELECT at, brand_id, number, segments
  FROM sms_request
 WHERE NOT readable AND at < $1::timestamptz AND (at, brand_id, number) > ($2::timestamptz, $3::bigint, $4::uuid)
 ORDER BY at, brand_id, number
 LIMIT $5::integer
"""

# The messages of the requests none of which is in an open state.
# The limit keeps the planner to the primary key: joined by number it reads all messages there are.
_THEIRS = """
message AS MATERIALIZED (
    SELECT r.brand_id, r.number, m.id, m.state
      FROM unnest($1::bigint[], $2::uuid[]) u(brand_id, number)
      JOIN sms_request r ON r.brand_id = u.brand_id AND r.number = u.number
     CROSS JOIN LATERAL (
           SELECT w.id, w.state FROM sms_message w
            WHERE w.brand_id = r.brand_id AND w.id BETWEEN r.first_id AND r.last_id AND w.number = r.number
            ORDER BY w.id LIMIT r.messages) m
), done AS MATERIALIZED (
    SELECT brand_id, number FROM message
     GROUP BY brand_id, number HAVING NOT bool_or(state = ANY ($3::text[]))
), theirs AS MATERIALIZED (
    SELECT m.brand_id, m.id FROM message m JOIN done d ON d.brand_id = m.brand_id AND d.number = m.number
"""

BLANK = f"""
WITH {_THEIRS}), texts AS (
    UPDATE sms_message m SET text = '' FROM theirs t WHERE m.brand_id = t.brand_id AND m.id = t.id
), numbers AS (
    UPDATE sms_phone p SET sealed = NULL FROM theirs t WHERE p.brand_id = t.brand_id AND p.message_id = t.id
), requests AS (
    UPDATE sms_request r SET readable = false FROM done d WHERE r.brand_id = d.brand_id AND r.number = d.number
)
SELECT count(*) FROM theirs
"""  # noqa: S608 - parts of our own

DROP = f"""
WITH {_THEIRS}), log AS (
    DELETE FROM sms_log l USING theirs t WHERE l.brand_id = t.brand_id AND l.message_id = t.id
), phones AS (
    DELETE FROM sms_phone p USING theirs t WHERE p.brand_id = t.brand_id AND p.message_id = t.id
), messages AS (
    DELETE FROM sms_message m USING theirs t WHERE m.brand_id = t.brand_id AND m.id = t.id
), requests AS (
    DELETE FROM sms_request r USING done d WHERE r.brand_id = d.brand_id AND r.number = d.number
)
SELECT count(*) FROM theirs
"""  # noqa: S608 - parts of our own


# What was said of payments, as long as nobody may say it again.
DROP_OUTCOMES = """
DELETE FROM sms_outcome o USING (
    SELECT brand_id, payment FROM sms_outcome
     WHERE said_at < $1::timestamptz ORDER BY said_at LIMIT $2::integer) old
 WHERE o.brand_id = old.brand_id AND o.payment = old.payment
RETURNING 1
"""
DROP_WORDS = """
DELETE FROM sms_payment_receipt r USING (
    SELECT brand_id, payment FROM sms_payment_receipt
     WHERE said_at < $1::timestamptz ORDER BY said_at LIMIT $2::integer) old
 WHERE r.brand_id = old.brand_id AND r.payment = old.payment
RETURNING 1
"""


class Old(NamedTuple):
    """An old request; its copies are no more than its segments."""

    at: datetime
    brand_id: int
    number: UUID
    segments: int


async def read_old(
    pool: asyncpg.Pool, statement: str, before: datetime, after: Old, rows_max: int
) -> list[Old]:
    """Return old requests behind `after`, the oldest first."""
    rows = await pool.fetch(statement, before, *after[:3], rows_max)
    return [Old(*row) for row in rows]


async def forget(
    pool: asyncpg.Pool, statement: str, old: Sequence[Old], open_states: Sequence[State]
) -> int:
    """Blank or drop requests none of whose messages is in an open state; return how many messages."""
    keys = [one.brand_id for one in old], [one.number for one in old]
    return int(await pool.fetchval(statement, *keys, list(open_states)))
