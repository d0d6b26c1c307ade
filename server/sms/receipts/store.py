"""Receipts as stored until they are settled, and what they do to a telephone's copy."""

from __future__ import annotations

# By our own reference when the carrier gives it back, else by its message id.
FIND = """
SELECT u.ord, m.brand_id, m.id, m.state, m.attempt
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
       u(carrier, message_id, brand_id, id, ord)
 CROSS JOIN LATERAL (
       (SELECT brand_id, id, state, attempt FROM sms_message
         WHERE brand_id = u.brand_id AND id = u.id)
       UNION ALL
       (SELECT brand_id, id, state, attempt FROM sms_message
         WHERE carrier = u.carrier AND carrier_message_id = u.message_id)
       LIMIT 1) m
"""

# The same as DELIVERED in message.py: the last word stays, but a carrier knows better than a brand.
DELIVER = """
UPDATE sms_phone p
   SET state = u.state, code = u.code, at = u.at, said = u.said
  FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::text[], $5::text[], $6::timestamptz[], $7::boolean[])
       u(brand_id, message_id, mark, state, code, at, said)
 WHERE p.brand_id = u.brand_id AND p.message_id = u.message_id AND p.mark = u.mark
   AND (p.state = 'waiting' OR u.state <> 'unknown' AND (p.state = 'unknown' OR p.said AND NOT u.said))
RETURNING p.brand_id, p.message_id, p.mark, p.state, p.code, p.said
"""

ADD_LOG = """
INSERT INTO sms_log (brand_id, message_id, at, attempt, what, code, mark)
SELECT u.brand_id, u.message_id, $1::timestamptz, 0, u.what, u.code, u.mark
  FROM unnest($2::bigint[], $3::bigint[], $4::bytea[], $5::text[], $6::text[])
       u(brand_id, message_id, mark, what, code)
"""

KEEP = """
INSERT INTO sms_receipt (carrier, message_id, mark, state, code, at, reference, came_at, due_at)
SELECT u.*, $8::timestamptz, $8::timestamptz
  FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::timestamptz[], $7::text[]) u
ON CONFLICT (carrier, message_id, mark, state) DO NOTHING
"""
# Due rows that no other worker has in hand.
CLAIM = """
UPDATE sms_receipt r
   SET due_at = $2::timestamptz
 WHERE r.id IN (SELECT d.id FROM sms_receipt d WHERE d.due_at <= $1::timestamptz
                 ORDER BY d.due_at LIMIT $3::integer FOR UPDATE SKIP LOCKED)
RETURNING id, carrier, message_id, mark, state, code, at, reference, came_at, attempt
"""

# Messages that were sent and paid, of brands that get back what did not arrive; each: segments of one copy.
READ_REFUNDABLE = """
SELECT m.brand_id, m.id, m.payment, m.segments / m.phones AS each
  FROM (SELECT DISTINCT * FROM unnest($1::bigint[], $2::bigint[]) u(brand_id, id)) u
  JOIN sms_brand b ON b.brand_id = u.brand_id AND b.refund_on_undelivered
  JOIN sms_message m ON m.brand_id = u.brand_id AND m.id = u.id AND m.state = 'sent'
"""
DROP = "DELETE FROM sms_receipt WHERE id = ANY ($1::bigint[])"
POSTPONE = """
UPDATE sms_receipt r
   SET attempt = r.attempt + 1, due_at = u.due_at
  FROM unnest($1::bigint[], $2::timestamptz[]) u(id, due_at)
 WHERE r.id = u.id
"""
