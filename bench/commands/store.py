"""Many small shops at once, for measuring: ten rooms, eight dishes, ten devices each."""

from __future__ import annotations

import hashlib

import asyncpg

PLACES = 10
DISHES = 8
DEVICES = 10

MAKE_SHOPS = """
INSERT INTO brand (id, name) VALUES (900, '{"zh": "连锁", "en": "Chain"}') ON CONFLICT DO NOTHING;
"""
MAKE = (
    """INSERT INTO shop (id, brand_id, name)
       SELECT s, 900, '{"zh": "分店", "en": "Branch"}' FROM generate_series($1::bigint, $2::bigint) s""",
    """INSERT INTO shop_head (shop_id) SELECT s FROM generate_series($1::bigint, $2::bigint) s""",
    """INSERT INTO station (shop_id, id, name)
       SELECT s, 1, '{"zh": "热菜档", "en": "Wok"}' FROM generate_series($1::bigint, $2::bigint) s""",
    f"""INSERT INTO place (shop_id, id, kind, name, area)
       SELECT s, p, 'room', (800 + p)::text, '{{"zh": "八楼", "en": "8F"}}'
         FROM generate_series($1::bigint, $2::bigint) s, generate_series(1, {PLACES}) p""",
    """INSERT INTO menu_category (shop_id, id, position, name)
       SELECT s, 'hot', 1, '{"zh": "热菜", "en": "Hot"}' FROM generate_series($1::bigint, $2::bigint) s""",
    f"""INSERT INTO dish (shop_id, id, position, category, name, about, price_fen, station_id, target_s,
                         modifier_groups, allergens)
       SELECT s, d, d, 'hot', '{{"zh": "水饺", "en": "Dumplings"}}', '{{"zh": "", "en": ""}}', 3800, 1, 600, '[]', '[]'
         FROM generate_series($1::bigint, $2::bigint) s, generate_series(1, {DISHES}) d""",
    f"""INSERT INTO account (shop_id, id, kind, name)
       SELECT s, a, 'kitchen', 'bench ' || a
         FROM generate_series($1::bigint, $2::bigint) s, generate_series(1, {DEVICES}) a""",
    f"""INSERT INTO device (shop_id, id, kind, name, account_id, token_hash, paired_at)
       SELECT s, d, 'kitchen', 'bench ' || d, d,
              sha256(convert_to('bench-' || s || '-' || d, 'UTF8')), now()
         FROM generate_series($1::bigint, $2::bigint) s, generate_series(1, {DEVICES}) d""",
)
ANALYZE = "VACUUM ANALYZE"


def token(shop_id: int, device_id: int) -> str:
    """Return the token a bench device says hello with."""
    return f"bench-{shop_id}-{device_id}"


def token_hash(shop_id: int, device_id: int) -> bytes:
    """Return what the database knows of it."""
    return hashlib.sha256(token(shop_id, device_id).encode()).digest()


async def make_shops(database_url: str, first: int, last: int) -> None:
    """Write shops `first` to `last`, set by set."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(MAKE_SHOPS)
        for statement in MAKE:
            await connection.execute(statement, first, last)
        await connection.execute(ANALYZE)
    finally:
        await connection.close()
