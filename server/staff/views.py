"""Which shops somebody works in, by their names. Refuses to say what may be done there: `member.py` does."""

from __future__ import annotations

import asyncpg
import msgspec

from server.events.words import Text
from server.staff.member import WHOLE_BRAND, Member

SHOPS_LISTED_MAX = 1_000

LIST_SHOPS = """
SELECT s.id, s.name, b.name AS brand, s.timezone
  FROM shop s
  JOIN brand b ON b.id = s.brand_id
 WHERE s.brand_id = $1 AND ($2::bigint[] IS NULL OR s.id = ANY ($2))
 ORDER BY s.id
 LIMIT $3::integer
"""

_text = msgspec.json.Decoder(Text).decode


class MyShop(msgspec.Struct, frozen=True):
    """A shop somebody works in, whose it is, and where its clocks are set."""

    id: int
    name: Text
    brand: Text
    timezone: str


async def list_shops(db: asyncpg.Pool, member: Member) -> list[MyShop]:
    """Return the shops in which somebody holds a role, at most `SHOPS_LISTED_MAX`."""
    held = {grant.shop_id for grant in member.grants}
    wanted = None if WHOLE_BRAND in held else list(held)
    rows = await db.fetch(LIST_SHOPS, member.brand_id, wanted, SHOPS_LISTED_MAX)
    return [
        MyShop(row["id"], _text(row["name"]), _text(row["brand"]), row["timezone"]) for row in rows
    ]
