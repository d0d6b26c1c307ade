"""What is read of the ledger: for an audit, for statements, for the report that sets sums side by side.

Refuses to change anything.
"""

from __future__ import annotations

READ_SHARDS = "SELECT id, next_seq, head FROM ledger.shard ORDER BY id"

READ_BLOCKS = """
SELECT first_seq, last_seq, at, previous, hash
  FROM ledger.block
 WHERE shard = $1::smallint AND first_seq > $2::bigint
 ORDER BY first_seq
 LIMIT $3::integer
"""

READ_LINES = """
SELECT seq, id, convert_from(charsend(kind), 'UTF8'), account, contra, amount, ref, expires, priority,
       balance, available, lot, at
  FROM ledger.journal
 WHERE shard = $1::smallint AND seq BETWEEN $2::bigint AND $3::bigint
 ORDER BY seq
"""

READ_USES = """
SELECT j.seq, u.lot, u.amount
  FROM ledger.journal j JOIN ledger.lot_use u ON u.posting = j.id
 WHERE j.shard = $1::smallint AND j.seq BETWEEN $2::bigint AND $3::bigint
 ORDER BY j.seq, u.position
"""

# What lies beyond the last block was written by nobody we know.
READ_UNSEALED = """
SELECT seq, account FROM ledger.journal WHERE shard = $1::smallint AND seq > $2::bigint ORDER BY seq LIMIT 1
"""

READ_REFUNDED = "SELECT DISTINCT ref FROM ledger.journal WHERE kind = 'F'"

READ_ACCOUNTS = """
SELECT id, shard, owner, unit, guarded, lotted, expiry_first, grace_s, posted, held
  FROM ledger.account ORDER BY id
"""

READ_LOTS = """
SELECT id, account, seq, priority, turn, expires, quantity, remaining FROM ledger.lot
"""

READ_HELD = "SELECT id, account, amount, used, due FROM ledger.hold WHERE state = 'held'"

READ_BLOCK_OF = """
SELECT first_seq, last_seq, hash FROM ledger.block
 WHERE shard = $1::smallint AND first_seq <= $2::bigint ORDER BY first_seq DESC LIMIT 1
"""

# A page of a customer's lines, the newest last; `seq` is the cursor.
READ_STATEMENT = """
SELECT j.seq, j.at, convert_from(charsend(j.kind), 'UTF8') AS kind, j.amount, j.balance, j.available,
       c.code AS contra, j.id, j.ref, j.expires
  FROM ledger.journal j
  LEFT JOIN ledger.account c ON c.id = j.contra
 WHERE j.account = $1::bigint AND j.seq > $2::bigint
   AND j.at >= $3::timestamptz AND j.at < $4::timestamptz
 ORDER BY j.seq
 LIMIT $5::integer
"""

# Per unit, house account and kind: how many postings and how much. Set beside what was sold and what the
# carriers bill, they show where the two worlds differ.
READ_TURNOVER = """
SELECT a.unit, c.code AS contra, convert_from(charsend(j.kind), 'UTF8') AS kind,
       count(*) AS postings, ledger.whole_sum(j.amount) AS amount
  FROM ledger.journal j
  JOIN ledger.account a ON a.id = j.account
  LEFT JOIN ledger.account c ON c.id = j.contra
 WHERE j.at >= $1::timestamptz AND j.at < $2::timestamptz
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3
"""

READ_SUMS = """
SELECT unit, ledger.whole_sum(posted) AS posted, ledger.whole_sum(held) AS held,
       ledger.whole_sum(posted) FILTER (WHERE guarded) AS customers,
       count(*) FILTER (WHERE guarded) AS accounts, count(*) FILTER (WHERE state = 'frozen') AS frozen
  FROM ledger.account
 GROUP BY unit
 ORDER BY unit
"""

READ_DUE_HOLDS = """
SELECT id, account FROM ledger.hold
 WHERE state = 'held' AND due <= $1::timestamptz ORDER BY due LIMIT $2::integer
"""

READ_DUE_LOTS = """
SELECT l.id, l.account, l.remaining, a.posted - a.held AS available, a.unit, a.shard
  FROM ledger.lot l JOIN ledger.account a ON a.id = l.account
 WHERE l.open AND l.expires <= $1::timestamptz AND a.posted > a.held AND a.state = 'open'
 ORDER BY l.expires LIMIT $2::integer
"""
