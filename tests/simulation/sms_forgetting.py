"""Forgetting while everything else goes on: requests are made old, and the nightly turn comes again and again.

What the turn drops is kept aside by triggers, so that afterwards it is judged with what still stands. Only what
would be over after so long is made old (its receipts are here), and what is unknown, which has to stay.
"""

from __future__ import annotations

import asyncpg

from server.clock import SystemClock
from server.db.pool import LOST
from server.settings import Settings
from server.sms.retention import retention

KEEP_ASIDE = """
CREATE TABLE gone_sms_message (LIKE sms_message);
CREATE TABLE gone_sms_phone (LIKE sms_phone);
CREATE TABLE gone_sms_log (LIKE sms_log);
CREATE FUNCTION keep_aside() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO gone_%s SELECT ($1).*', TG_TABLE_NAME) USING OLD;
    RETURN NULL;
END $$;
CREATE TRIGGER kept AFTER DELETE ON sms_message FOR EACH ROW EXECUTE FUNCTION keep_aside();
CREATE TRIGGER kept AFTER DELETE ON sms_phone FOR EACH ROW EXECUTE FUNCTION keep_aside();
CREATE TRIGGER kept AFTER DELETE ON sms_log FOR EACH ROW EXECUTE FUNCTION keep_aside();
CREATE VIEW every_message AS SELECT * FROM sms_message UNION ALL SELECT * FROM gone_sms_message;
CREATE VIEW every_phone AS SELECT * FROM sms_phone UNION ALL SELECT * FROM gone_sms_phone;
CREATE VIEW every_log AS SELECT * FROM sms_log UNION ALL SELECT * FROM gone_sms_log;
CREATE FUNCTION uid_of(brand bigint, message bigint, number uuid) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT left(number::text, 4) || lpad(to_hex(brand), 14, '0') || lpad(to_hex(message), 14, '0')
$$;
CREATE INDEX ON gone_sms_message (uid_of(brand_id, id, number));
CREATE INDEX ON gone_sms_phone (brand_id, message_id);
CREATE INDEX ON gone_sms_log (brand_id, message_id);
CREATE INDEX ON sms_receipt (reference);
"""
MAKE_OLD = """
UPDATE sms_request r SET at = r.at - interval '200 days'
 WHERE r.at BETWEEN now() - interval '100 days' AND now() - interval '1 s' AND NOT EXISTS (
       SELECT FROM sms_message m
        WHERE m.brand_id = r.brand_id AND m.id BETWEEN r.first_id AND r.last_id AND m.number = r.number
          AND (m.state IN ('queued', 'sending')
               OR EXISTS (SELECT FROM sms_receipt t WHERE t.reference = uid_of(m.brand_id, m.id, m.number))
               OR m.state = 'sent' AND EXISTS (
                  SELECT FROM sms_phone p WHERE p.brand_id = m.brand_id AND p.message_id = m.id
                                            AND p.state NOT IN ('delivered', 'undelivered'))))
"""
MAKE_YOUNG = """
UPDATE sms_request SET at = at + interval '200 days' WHERE at < now() - interval '100 days'
"""
READ_GONE = "SELECT uid_of(brand_id, id, number) AS uid, state FROM gone_sms_message"


async def forget(pool: asyncpg.Pool, gone: set[str]) -> None:
    """Have one nightly turn; tell in `gone` what was dropped so far."""
    try:
        await pool.execute(MAKE_YOUNG)
        await pool.execute(MAKE_OLD)
        ages = retention.ages_of(Settings())
        await retention.forget(pool, SystemClock().now(), ages)
    except (OSError, *LOST):
        pass  # the next night's
    try:
        await pool.execute(MAKE_YOUNG)
        gone.update(row["uid"] for row in await pool.fetch(READ_GONE))
    except (OSError, *LOST):
        pass  # the next turn begins with it
