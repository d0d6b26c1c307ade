"""Webhooks as stored: one per business service, read anew for each post."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from server.sealed import Sealing

PUT_WEBHOOK = """
INSERT INTO api_webhook (brand_id, client_id, url, sealed, changed_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (brand_id, client_id) DO UPDATE
   SET url = excluded.url, secret = NULL, sealed = excluded.sealed, changed_at = excluded.changed_at
"""
READ_WEBHOOK = """
SELECT url, changed_at FROM api_webhook WHERE brand_id = $1 AND client_id = $2
"""
LIST_WEBHOOKS = "SELECT client_id, url FROM api_webhook WHERE brand_id = $1"
DROP_WEBHOOK = "DELETE FROM api_webhook WHERE brand_id = $1 AND client_id = $2"

# A client of the brand the shop belongs to; one that was revoked hears nothing more.
READ_OF_SHOP = """
SELECT w.url, w.secret, w.sealed, w.brand_id
  FROM shop s
  JOIN api_client c ON c.brand_id = s.brand_id AND c.id = $2 AND c.revoked_at IS NULL
  JOIN api_webhook w ON w.brand_id = c.brand_id AND w.client_id = c.id
 WHERE s.id = $1
"""
READ_OPEN = "SELECT brand_id, client_id, secret FROM api_webhook WHERE secret IS NOT NULL"
SEAL = """
UPDATE api_webhook SET secret = NULL, sealed = $3
 WHERE brand_id = $1 AND client_id = $2 AND secret = $4
"""


class Wish(msgspec.Struct, frozen=True):
    """Where a client wants to be told, and since when."""

    url: str
    changed_at: datetime


class Webhook(msgspec.Struct, frozen=True):
    """Where to tell, and what to sign with; its repr shows neither."""

    url: str
    secret: str

    def __repr__(self) -> str:
        return "Webhook()"


async def put_webhook(
    pool: asyncpg.Pool, client: tuple[int, int], webhook: Webhook, sealing: Sealing, now: datetime
) -> None:
    """Remember where a client (brand id, id) wants to be told."""
    sealed = sealing.seal(webhook.secret, _purpose(*client))
    await pool.execute(PUT_WEBHOOK, *client, webhook.url, sealed, now)


def _purpose(brand_id: int, client_id: int) -> str:
    return f"webhook {brand_id}.{client_id}"


async def read_webhook(pool: asyncpg.Pool, client: tuple[int, int]) -> Wish | None:
    """Return where a client (brand id, id) wants to be told, if anywhere."""
    row = await pool.fetchrow(READ_WEBHOOK, *client)
    return None if row is None else Wish(*row)


async def list_urls(pool: asyncpg.Pool, brand_id: int) -> dict[int, str]:
    """Return where a brand's clients want to be told, by the client's id."""
    rows = await pool.fetch(LIST_WEBHOOKS, brand_id)
    return {row["client_id"]: row["url"] for row in rows}


async def drop_webhook(pool: asyncpg.Pool, client: tuple[int, int]) -> None:
    """Forget a client's webhook: what was still to be told is not told."""
    await pool.execute(DROP_WEBHOOK, *client)


async def webhook_of_shop(
    pool: asyncpg.Pool, shop_id: int, client_id: int, sealing: Sealing
) -> Webhook | None:
    """Return the webhook of a client of the shop's brand. Raises `SealError` with another key file."""
    row = await pool.fetchrow(READ_OF_SHOP, shop_id, client_id)
    if row is None:
        return None
    purpose = _purpose(row["brand_id"], client_id)
    return Webhook(row["url"], row["secret"] or sealing.opened(row["sealed"], purpose))


async def seal_open_secrets(pool: asyncpg.Pool, sealing: Sealing) -> int:
    """Seal the secrets that stand as they are; return how many there were."""
    rows = await pool.fetch(READ_OPEN)
    await pool.executemany(
        SEAL,
        [(*client, sealing.seal(secret, _purpose(*client)), secret) for *client, secret in rows],
    )
    return len(rows)
