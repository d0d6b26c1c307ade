"""Which shops somebody works in, and who works there. Refuses to say what may be done: `member.py` does."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from server.clock import to_ms
from server.events.words import Text
from server.staff.member import WHOLE_BRAND, Grant, Member
from server.staff.sessions import IDLE_MAX, LIFE_MAX

SHOPS_LISTED_MAX = 1_000
PEOPLE_MAX = 1_000  # of one list

LIST_SHOPS = """
SELECT s.id, s.name, b.name AS brand, s.timezone
  FROM shop s
  JOIN brand b ON b.id = s.brand_id
 WHERE s.brand_id = $1 AND ($2::bigint[] IS NULL OR s.id = ANY ($2))
 ORDER BY s.id
 LIMIT $3::integer
"""
# Whoever leads in some shops finds the people of these ($2), of all shops, and of none.
LIST_MEMBERS = """
SELECT s.brand_id, s.id, s.login, s.name, s.must_change, s.roles, s.shops, s.disabled_at, s.password_at,
       p.seen_at,
       (SELECT count(*) FROM staff_session AS t
         WHERE t.brand_id = s.brand_id AND t.staff_id = s.id AND t.seen_at > $7 AND t.made_at > $8) AS sessions
FROM staff_member AS s
JOIN staff AS p ON p.brand_id = s.brand_id AND p.id = s.id
WHERE s.brand_id = $1 AND s.id > $5
  AND ($2::bigint[] IS NULL OR s.shops = '{}' OR 0 = ANY (s.shops) OR s.shops && $2::bigint[])
  AND ($3::text = '' OR strpos(s.login, lower($3)) > 0 OR strpos(lower(s.name), lower($3)) > 0)
  AND ($4::boolean IS NULL OR (s.disabled_at IS NOT NULL) = $4::boolean)
ORDER BY s.id LIMIT $6::integer
"""

_text = msgspec.json.Decoder(Text).decode


class MyShop(msgspec.Struct, frozen=True):
    """A shop somebody works in, whose it is, and where its clocks are set."""

    id: int
    name: Text
    brand: Text
    timezone: str


class Person(msgspec.Struct, frozen=True):
    """A member as a list of staff shows him; `sessions`: how many are under way."""

    id: int
    login: str
    name: str
    roles: list[Grant]
    must_change: bool
    disabled: bool
    password_at_ms: int
    seen_at_ms: int | None
    sessions: int


class Sought(NamedTuple):
    """Which people: of which shops (None: of all), by words of their names, in or out, after which id."""

    shop_ids: frozenset[int] | None = None
    words: str = ""
    disabled: bool | None = None
    after: int = 0
    people_max: int = PEOPLE_MAX


async def list_shops(db: asyncpg.Pool, member: Member) -> list[MyShop]:
    """Return the shops in which somebody holds a role, at most `SHOPS_LISTED_MAX`."""
    held = {grant.shop_id for grant in member.grants}
    wanted = None if WHOLE_BRAND in held else list(held)
    rows = await db.fetch(LIST_SHOPS, member.brand_id, wanted, SHOPS_LISTED_MAX)
    return [
        MyShop(row["id"], _text(row["name"]), _text(row["brand"]), row["timezone"]) for row in rows
    ]


async def list_members(
    db: asyncpg.Pool, brand_id: int, sought: Sought, now: datetime
) -> list[Person]:
    """Return people of a brand in the order they came, those who left too."""
    shops = None if sought.shop_ids is None else sorted(sought.shop_ids)
    rows = await db.fetch(
        LIST_MEMBERS, brand_id, shops, sought.words, sought.disabled, sought.after,
        sought.people_max, now - IDLE_MAX, now - LIFE_MAX,
    )  # fmt: skip
    return [
        Person(
            row["id"], row["login"], row["name"], _roles(row), row["must_change"],
            row["disabled_at"] is not None, to_ms(row["password_at"]),
            None if row["seen_at"] is None else to_ms(row["seen_at"]), row["sessions"],
        )
        for row in rows
    ]  # fmt: skip


def _roles(row: asyncpg.Record) -> list[Grant]:
    grants = zip(row["roles"], row["shops"], strict=True)
    return [Grant(role, shop_id) for role, shop_id in grants]
