"""What the database knows of business services: clients, their keys, nonces; whose a shop is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec

from server.auth import WINDOW_S, Network
from server.sealed import Sealing

Database = asyncpg.Pool

FIND_KEY = """
SELECT c.brand_id, c.id, c.name, c.roles, c.shop_ids, c.ip_allow, c.rate_per_s, c.burst_max,
       k.secret, k.sealed
FROM api_key AS k
JOIN api_client AS c ON c.brand_id = k.brand_id AND c.id = k.client_id
WHERE k.id = $1 AND c.revoked_at IS NULL
"""
BRAND_OF_SHOP = "SELECT brand_id FROM shop WHERE id = $1"

# Old nonces go when a new one comes: the table lives only while Redis is away.
TAKE_NONCE = """
WITH forgotten AS (
    DELETE FROM api_nonce WHERE seen_at < $5
)
INSERT INTO api_nonce (brand_id, client_id, nonce, seen_at)
VALUES ($1, $2, $3, $4)
ON CONFLICT (brand_id, client_id, nonce) DO NOTHING
RETURNING nonce
"""

# Two who are made at once want the same number: one of them finds nothing written, and is made anew. So
# their count holds too.
ADD_CLIENT = """
INSERT INTO api_client (brand_id, id, name, roles, shop_ids, ip_allow, rate_per_s, burst_max)
SELECT $1, coalesce(max(id), 0) + 1, $2, $3, $4, $5, $6, $7 FROM api_client WHERE brand_id = $1
HAVING count(*) FILTER (WHERE revoked_at IS NULL) < $8
ON CONFLICT DO NOTHING
RETURNING id
"""
COUNT_CLIENTS = "SELECT count(*) FROM api_client WHERE brand_id = $1 AND revoked_at IS NULL"
CHANGE_CLIENT = """
UPDATE api_client SET name = $3, roles = $4, shop_ids = $5, ip_allow = $6
 WHERE brand_id = $1 AND id = $2 AND revoked_at IS NULL
RETURNING id
"""
# Live ones by name, then those that ended, the last first.
LIST_CLIENTS = """
SELECT id, name, roles, shop_ids, ip_allow, revoked_at FROM api_client
 WHERE brand_id = $1
 ORDER BY revoked_at DESC NULLS FIRST, name, id
 LIMIT $2::integer
"""
LIST_KEYS = """
SELECT client_id, id, made_at, used_at FROM api_key WHERE brand_id = $1 ORDER BY client_id, made_at, slot
"""
NOTE_KEY_USED = """
UPDATE api_key SET used_at = $2 WHERE id = $1 AND (used_at IS NULL OR used_at < $3)
"""
SHOPS_OF_BRAND = "SELECT id FROM shop WHERE brand_id = $1 AND id = ANY ($2::bigint[])"
LOCK_CLIENT = (
    "SELECT id FROM api_client WHERE brand_id = $1 AND id = $2 AND revoked_at IS NULL FOR UPDATE"
)
# The free slot, else the older key makes room: two keys live, never three.
PUT_KEY = """
INSERT INTO api_key (brand_id, client_id, slot, id, sealed, made_at)
SELECT $1, $2, slots.slot, $3, $4, $5
FROM (VALUES (1::smallint), (2::smallint)) AS slots (slot)
LEFT JOIN api_key AS k ON k.brand_id = $1 AND k.client_id = $2 AND k.slot = slots.slot
ORDER BY k.made_at ASC NULLS FIRST, slots.slot
LIMIT 1
ON CONFLICT (brand_id, client_id, slot) DO UPDATE
SET id = excluded.id, secret = NULL, sealed = excluded.sealed, made_at = excluded.made_at, used_at = NULL
"""
READ_OPEN_KEYS = "SELECT id, secret FROM api_key WHERE secret IS NOT NULL"
SEAL_KEY = "UPDATE api_key SET secret = NULL, sealed = $2 WHERE id = $1 AND secret IS NOT NULL"
ADD_MARK = "INSERT INTO seal_mark (mark) VALUES ($1) ON CONFLICT DO NOTHING"
READ_MARK = "SELECT mark FROM seal_mark"
FIND_CLIENT = "SELECT id FROM api_client WHERE brand_id = $1 AND name = $2 AND revoked_at IS NULL"
END_KEY = "DELETE FROM api_key WHERE brand_id = $1 AND client_id = $2 AND id = $3 RETURNING id"
# Its keys go with it: a secret that opens nothing has no reason to be kept.
REVOKE_CLIENT = """
WITH ended AS (
    DELETE FROM api_key WHERE brand_id = $1 AND client_id = $2
)
UPDATE api_client SET revoked_at = $3 WHERE brand_id = $1 AND id = $2 AND revoked_at IS NULL
RETURNING id
"""


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A business service: of which brand, what it may, from where and how often."""

    brand_id: int
    id: int
    name: str
    roles: tuple[str, ...] = ("business",)
    shop_ids: tuple[int, ...] | None = None
    ip_allow: tuple[Network, ...] = ()
    rate_per_s: int = 50
    burst_max: int = 100

    @property
    def who(self) -> str:
        """Return what the log and audit lines call this client."""
        return f"api:{self.brand_id}:{self.id}"


class KnownKey(msgspec.Struct, frozen=True):
    """A live key and whose it is; its repr shows no secret."""

    client: Client
    secret: str

    def __repr__(self) -> str:
        return f"KnownKey({self.client!r})"


async def find_key(db: Database, key_id: str, sealing: Sealing) -> KnownKey | None:
    """Return the client and secret behind a key id. Raises `SealError` with another key file."""
    row = await db.fetchrow(FIND_KEY, key_id)
    if row is None:
        return None
    client = Client(
        brand_id=row["brand_id"],
        id=row["id"],
        name=row["name"],
        roles=tuple(row["roles"]),
        shop_ids=None if row["shop_ids"] is None else tuple(row["shop_ids"]),
        ip_allow=tuple(row["ip_allow"]),
        rate_per_s=row["rate_per_s"],
        burst_max=row["burst_max"],
    )
    # What an older process wrote beside us stands there as it is until the next start seals it.
    secret = row["secret"] or sealing.opened(row["sealed"], _purpose(key_id))
    return KnownKey(client, secret)


def _purpose(key_id: str) -> str:
    return f"api key {key_id}"


async def brand_of_shop(db: Database, shop_id: int) -> int | None:
    """Return the brand a shop belongs to."""
    brand_id: int | None = await db.fetchval(BRAND_OF_SHOP, shop_id)
    return brand_id


async def take_nonce(db: Database, client: Client, nonce: str, now: datetime) -> bool:
    """Remember a nonce; False when it was used before."""
    cutoff = now - timedelta(seconds=2 * WINDOW_S)
    taken = await db.fetchval(TAKE_NONCE, client.brand_id, client.id, nonce, now, cutoff)
    return taken is not None


async def add_client(db: Database, client: Client, clients_max: int) -> int | None:
    """Store a client (its `id` is minted here) and return its id.

    None: the name is taken, the brand has `clients_max` live ones, or somebody made one just now.
    """
    client_id: int | None = await db.fetchval(
        ADD_CLIENT, client.brand_id, client.name, list(client.roles), client.shop_ids,
        list(client.ip_allow), client.rate_per_s, client.burst_max, clients_max,
    )  # fmt: skip
    return client_id


async def count_clients(db: Database, brand_id: int) -> int:
    """Return how many live clients a brand has."""
    return int(await db.fetchval(COUNT_CLIENTS, brand_id))


async def change_client(db: Database, client: Client) -> bool:
    """Write a live client's name, roles, shops and addresses; False when there is none.

    Raises `asyncpg.UniqueViolationError` when another live one has the name.
    """
    changed = await db.fetchval(
        CHANGE_CLIENT, client.brand_id, client.id, client.name, list(client.roles),
        client.shop_ids, list(client.ip_allow),
    )  # fmt: skip
    return changed is not None


async def list_clients(db: Database, brand_id: int, clients_max: int) -> list[asyncpg.Record]:
    """Return a brand's clients, the live ones first, then those that ended last."""
    return list(await db.fetch(LIST_CLIENTS, brand_id, clients_max))


async def list_keys(db: Database, brand_id: int) -> list[asyncpg.Record]:
    """Return a brand's live keys, each client's older one first; no secret."""
    return list(await db.fetch(LIST_KEYS, brand_id))


async def note_key_used(db: Database, key_id: str, now: datetime, step: timedelta) -> None:
    """Remember that a key was used, unless that was written down within `step`."""
    await db.execute(NOTE_KEY_USED, key_id, now, now - step)


async def unknown_shops(db: Database, brand_id: int, shop_ids: Sequence[int]) -> list[int]:
    """Return those shops that are not the brand's."""
    known = {row["id"] for row in await db.fetch(SHOPS_OF_BRAND, brand_id, list(shop_ids))}
    return sorted(set(shop_ids) - known)


async def find_client(db: Database, brand_id: int, name: str) -> int | None:
    """Return the id of a brand's live client of this name."""
    client_id: int | None = await db.fetchval(FIND_CLIENT, brand_id, name)
    return client_id


async def put_key(
    db: Database, client: tuple[int, int], key: tuple[str, str], sealing: Sealing, now: datetime
) -> bool:
    """Give a live client (brand id, id) a further key (id, secret); of three the oldest goes.

    False when there is no such client.
    """
    key_id, secret = key
    sealed = sealing.seal(secret, _purpose(key_id))
    async with db.acquire() as connection, connection.transaction():
        # One after another: two at once would choose the same slot, and one key end the other.
        if await connection.fetchval(LOCK_CLIENT, *client) is None:
            return False
        await connection.execute(PUT_KEY, *client, key_id, sealed, now)
    return True


async def seal_open_keys(db: Database, sealing: Sealing) -> int:
    """Seal the secrets that stand as they are; return how many there were."""
    rows = await db.fetch(READ_OPEN_KEYS)
    await db.executemany(
        SEAL_KEY, [(row["id"], sealing.seal(row["secret"], _purpose(row["id"]))) for row in rows]
    )
    return len(rows)


async def is_seal_key(db: Database, mark: bytes) -> bool:
    """Say whether the key with this mark is the one this database's secrets are sealed with.

    The first one that asks is.
    """
    await db.execute(ADD_MARK, mark)
    return bool(await db.fetchval(READ_MARK) == mark)


async def end_key(db: Database, client: tuple[int, int], key_id: str) -> bool:
    """End a key of a client (brand id, id); False when there is none."""
    return await db.fetchval(END_KEY, *client, key_id) is not None


async def revoke_client(db: Database, client: tuple[int, int], now: datetime) -> bool:
    """End a client (brand id, id) with all its keys; False when there is none."""
    return await db.fetchval(REVOKE_CLIENT, *client, now) is not None
