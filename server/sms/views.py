"""What is read of the cost centre: freezes, balances, packages, records.

Refuses to change anything, and to read without end: a page of records looks at a bounded number of lines.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg

RECORDS_MAX = 200
# A filter that fits nothing must not read a year of lines: a page ends here, too, and says where to go on.
SCANNED_LINES_MAX = 5_000

RecordKind = Literal["package", "freeze", "payment", "release", "refund", "expiry", "return"]

READ_HOLD = """
SELECT h.amount, h.used, h.state, h.due, j.at
  FROM ledger.hold h JOIN ledger.journal j ON j.id = h.id
 WHERE h.id = $1 AND h.account = $2
"""

READ_PACKAGE = """
SELECT id, order_no, name, segments, remaining, returned, price_fen, bought_at, expires
  FROM sms_package_queue
 WHERE brand_id = $1 AND order_no = $2
"""

# As units are taken from them.
READ_OPEN_PACKAGES = """
SELECT id, order_no, name, segments, remaining, returned, price_fen, bought_at, expires
  FROM sms_package_queue
 WHERE brand_id = $1 AND account = $2::bigint AND open
 ORDER BY priority, turn, seq
 LIMIT $3::integer
"""

READ_PACKAGES = """
SELECT id, order_no, name, segments, remaining, returned, price_fen, bought_at, expires
  FROM sms_package_queue
 WHERE brand_id = $1
   AND ($2::text = '' OR (bought_at, id) < (SELECT b.bought_at, b.id FROM sms_package b
                                             WHERE b.brand_id = $1 AND b.order_no = $2))
 ORDER BY bought_at DESC, id DESC
 LIMIT $3::integer
"""

# The lots that expire next are what is lost first if nothing is sent.
READ_BALANCE = """
SELECT a.posted, a.held, n.expires,
       CASE WHEN n.expires IS NOT NULL THEN
           (SELECT ledger.whole_sum(l.remaining) FROM ledger.lot l
             WHERE l.account = a.id AND l.open AND l.expires = n.expires) END AS expiring
  FROM ledger.account a,
       LATERAL (SELECT min(l.expires) AS expires FROM ledger.lot l WHERE l.account = a.id AND l.open) n
 WHERE a.id = $1::bigint
"""

# Lines of an account, the newest first; only so many are looked at, whatever is wanted of them.
READ_RECORDS = """
WITH looked AS MATERIALIZED (
    SELECT j.seq, j.at, j.id, j.amount, j.balance, j.available, j.ref, j.expires,
           CASE j.kind WHEN 'G' THEN 'package' WHEN 'H' THEN 'freeze' WHEN 'C' THEN 'payment' WHEN 'R' THEN 'release'
                       WHEN 'F' THEN 'refund' WHEN 'X' THEN CASE c.code WHEN 'returned' THEN 'return' ELSE 'expiry' END
           END AS kind
      FROM (SELECT * FROM ledger.journal
             WHERE account = $1::bigint AND seq < $2::bigint ORDER BY seq DESC LIMIT $8::integer) j
      LEFT JOIN ledger.account c ON c.id = j.contra
), whole AS (SELECT count(*) AS lines, min(seq) AS oldest, min(at) AS oldest_at FROM looked)
SELECT whole.lines, whole.oldest, whole.oldest_at,
       l.seq, l.at, l.id, l.kind, l.amount, l.balance, l.available, l.ref, l.expires, o.state
  FROM whole
  LEFT JOIN (SELECT * FROM looked
              WHERE at >= $3::timestamptz AND at < $4::timestamptz
                AND ($5::text[] IS NULL OR kind = ANY ($5)) AND ($6::uuid IS NULL OR $6 IN (id, ref))
              ORDER BY seq DESC LIMIT $7::integer) l ON true
  LEFT JOIN sms_outcome o ON o.brand_id = $9::bigint AND o.payment = l.id AND l.kind = 'payment'
 ORDER BY l.seq DESC
"""


class Balance(NamedTuple):
    """What a brand has: `available` can be frozen, `held` is; of it all, `expiring` goes at `expires`."""

    available: int
    held: int
    expires: datetime | None
    expiring: int


class Record(NamedTuple):
    """One line of a brand's account.

    `refers_to`: the freeze of a payment or release, the payment of a refund, the package that
    expired or was returned. `state`: of a payment, once it was said.
    """

    line: int
    at: datetime
    id: UUID
    kind: RecordKind
    segments: int
    balance: int
    available: int
    refers_to: UUID | None
    expires: datetime | None
    state: Literal["sent", "failed"] | None


class Wanted(NamedTuple):
    """Which records: of these kinds (empty: all), from `since` until before `until`, about one id."""

    kinds: tuple[RecordKind, ...]
    since: datetime
    until: datetime
    about: UUID | None
    before: int
    rows_max: int


class Records(NamedTuple):
    """A page, the newest first; `next` goes into `before` for the next one, None: there is none."""

    records: list[Record]
    next: int | None


async def read_balance(db: asyncpg.Pool, account: int) -> Balance:
    """Return what an account has."""
    row = await db.fetchrow(READ_BALANCE, account)
    assert row is not None
    return Balance(row["posted"] - row["held"], row["held"], row["expires"], row["expiring"] or 0)


async def read_records(db: asyncpg.Pool, brand_id: int, account: int, wanted: Wanted) -> Records:
    """Return a page of a brand's records; it may be short, or empty, and still have a `next`."""
    rows = await db.fetch(
        READ_RECORDS, account, wanted.before, wanted.since, wanted.until, wanted.kinds or None,
        wanted.about, wanted.rows_max, SCANNED_LINES_MAX, brand_id,
    )  # fmt: skip
    lines, oldest, oldest_at = rows[0][:3]
    records = [Record(*row[3:]) for row in rows if row["seq"] is not None]
    if len(records) == wanted.rows_max:
        return Records(records, records[-1].line)
    more = lines == SCANNED_LINES_MAX and oldest_at >= wanted.since
    return Records(records, oldest if more else None)
