"""Webhooks as stored: one per business service, read anew for each post."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

PUT_WEBHOOK = """
INSERT INTO api_webhook (brand_id, client_id, url, secret, changed_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (brand_id, client_id) DO UPDATE
   SET url = excluded.url, secret = excluded.secret, changed_at = excluded.changed_at
"""
READ_WEBHOOK = """
SELECT url, secret, changed_at FROM api_webhook WHERE brand_id = $1 AND client_id = $2
"""
DROP_WEBHOOK = "DELETE FROM api_webhook WHERE brand_id = $1 AND client_id = $2"

# A client of the brand the shop belongs to; one that was revoked hears nothing more.
READ_OF_SHOP = """
SELECT w.url, w.secret, w.changed_at
  FROM shop s
  JOIN api_client c ON c.brand_id = s.brand_id AND c.id = $2 AND c.revoked_at IS NULL
  JOIN api_webhook w ON w.brand_id = c.brand_id AND w.client_id = c.id
 WHERE s.id = $1
"""


class Webhook(msgspec.Struct, frozen=True):
    """Where a client wants to be told; its repr shows no secret."""

    url: str
    secret: str
    changed_at: datetime

    def __repr__(self) -> str:
        return f"Webhook({self.changed_at})"


async def put_webhook(
    pool: asyncpg.Pool, client: tuple[int, int], url: str, secret: str, now: datetime
) -> None:
    """Remember where a client (brand id, id) wants to be told."""
    await pool.execute(PUT_WEBHOOK, *client, url, secret, now)


async def read_webhook(pool: asyncpg.Pool, client: tuple[int, int]) -> Webhook | None:
    """Return where a client (brand id, id) wants to be told, if anywhere."""
    row = await pool.fetchrow(READ_WEBHOOK, *client)
    return None if row is None else Webhook(*row)


async def drop_webhook(pool: asyncpg.Pool, client: tuple[int, int]) -> None:
    """Forget a client's webhook: what was still to be told is not told."""
    await pool.execute(DROP_WEBHOOK, *client)


async def webhook_of_shop(pool: asyncpg.Pool, shop_id: int, client_id: int) -> Webhook | None:
    """Return the webhook of a client of the shop's brand."""
    row = await pool.fetchrow(READ_OF_SHOP, shop_id, client_id)
    return None if row is None else Webhook(*row)
