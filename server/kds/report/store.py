"""Writes down days of kitchens that are over, so that a month's report reads days and not dishes.

A day is over when it is past and none of its orders is open: nothing can step in it any more.
Refuses to write down a day that may still change.
"""

from __future__ import annotations

from datetime import datetime

import asyncpg
import structlog

from server.db.pool import LOST
from server.kds.report import days as d
from server.kds.report.views import DAYS_MAX, read_days

BATCH_DAYS_MAX = 200
FAILED_DAYS_MAX = 1000  # of one night; then something is wrong with all of them

_log = structlog.get_logger(__name__)

READ_OVER = """
SELECT n.shop_id, n.business_day, s.timezone
  FROM shop_day n
  JOIN shop s ON s.id = n.shop_id
 WHERE n.business_day < business_day($1::timestamptz, s.timezone)
   AND n.business_day >= business_day($1::timestamptz, s.timezone) - $2::integer
   AND NOT EXISTS (SELECT FROM kitchen_day k
                    WHERE k.shop_id = n.shop_id AND k.business_day = n.business_day AND k.format = $3)
   AND NOT EXISTS (SELECT FROM catering_order o
                    WHERE o.shop_id = n.shop_id AND o.business_day = n.business_day AND o.state = 'open')
 ORDER BY n.business_day DESC, n.shop_id
OFFSET $5::integer
 LIMIT $4::integer
"""

WRITE_DAY = """
INSERT INTO kitchen_day (shop_id, business_day, format, made_at, figures)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (shop_id, business_day) DO UPDATE
   SET format = excluded.format, made_at = excluded.made_at, figures = excluded.figures
"""


# Reports go no further back.
FORGET_DAYS = """
DELETE FROM kitchen_day k USING shop s
 WHERE s.id = k.shop_id AND k.business_day < business_day($1::timestamptz, s.timezone) - $2::integer
"""


async def write_days(pool: asyncpg.Pool, now: datetime) -> int:
    """Write down what is over and not written down yet, forget what is too old; return how many days.

    A day that cannot be read is told in the log and left for the next night. Raises what a lost database does.
    """
    written, failed = 0, 0
    await pool.execute(FORGET_DAYS, now, DAYS_MAX)
    while failed < FAILED_DAYS_MAX:
        over = await pool.fetch(READ_OVER, now, DAYS_MAX, d.FORMAT, BATCH_DAYS_MAX, failed)
        for shop_id, day, timezone in over:
            try:
                read = await read_days(pool, shop_id, day, day, timezone)
                figures = d.pack(read.get(day, d.NO_DAY))
                await pool.execute(WRITE_DAY, shop_id, day, d.FORMAT, now, figures)
            except LOST:
                raise
            except Exception:  # noqa: BLE001
                # One shop's day is not the others'.
                _log.exception("kitchen_day_not_written", shop_id=shop_id, day=str(day))
                failed += 1
            else:
                written += 1
        if len(over) < BATCH_DAYS_MAX:
            break
    return written
