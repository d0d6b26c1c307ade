"""What is read of the cost centre: freezes, balances, packages, records.

Refuses to change anything.
"""

from __future__ import annotations

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
