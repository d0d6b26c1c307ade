"""Where photographs lie: by brand and by what they are. Refuses to change one, and to keep more than menus show."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from server.errors import Refusal
from server.pictures.photograph import Photograph

PICTURES_MAX = 5_000  # of a brand: some 500 MB

PUT = """
INSERT INTO picture (brand_id, name, body, made_at)
SELECT $1, $2, $3, $4
 WHERE (SELECT count(*) FROM picture WHERE brand_id = $1) < $5::integer
    OR EXISTS (SELECT FROM picture WHERE brand_id = $1 AND name = $2)
    ON CONFLICT (brand_id, name) DO UPDATE SET made_at = excluded.made_at
RETURNING 1
"""

READ = "SELECT body FROM picture WHERE name = $1 LIMIT 1"

# What no dish names, once there was time to save the dish it was taken for.
FORGET = """
DELETE FROM picture
 WHERE ctid = ANY (ARRAY(
     SELECT p.ctid FROM picture p
      WHERE p.made_at < $1::timestamptz
        AND NOT EXISTS (SELECT FROM dish d WHERE d.picture = '/pictures/' || p.name AND d.picture LIKE '/pictures/%')
      LIMIT $2::integer))
RETURNING 1
"""


async def put(pool: asyncpg.Pool, brand_id: int, one: Photograph, now: datetime) -> None:
    """Keep a photograph; the same twice is one. Raises `pictures_too_many`."""
    if await pool.fetchval(PUT, brand_id, one.name, one.body, now, PICTURES_MAX) is None:
        raise Refusal("pictures_too_many", pictures_max=PICTURES_MAX)


async def read(pool: asyncpg.Pool, name: str) -> bytes | None:
    """Return a photograph's WebP, or None."""
    body: bytes | None = await pool.fetchval(READ, name)
    return body
