"""What the database knows of staff: people, roles, sessions, wrong passwords.

Every write here is one statement that guards itself. Refuses to return a hash to anybody who does
not check a password.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import msgspec

from server.staff.member import Grant, Member
from server.staff.sessions import LIFE_MAX, SESSIONS_MAX, WINDOW

Database = asyncpg.Pool | asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

# A try is charged before the password is looked at, so that a hundred at once count a hundred. A locked
# source stays locked from its last counted try; knocking on does not prolong it.
TAKE_TRY = """
INSERT INTO staff_try AS t (source, tries, last_at)
VALUES ($1, 1, $2)
ON CONFLICT (source) DO UPDATE
SET tries = CASE WHEN t.last_at <= $3 THEN 1 ELSE least(t.tries + 1, $4::integer + 1) END,
    last_at = CASE WHEN t.last_at > $3 AND t.tries >= $4::integer THEN t.last_at ELSE $2 END
RETURNING tries, last_at
"""
FORGET_TRIES = "DELETE FROM staff_try WHERE source = $1"
GIVE_TRY_BACK = "UPDATE staff_try SET tries = greatest(tries - 1, 0) WHERE source = $1"

FIND_LOGIN = """
SELECT password_hash, brand_id, id, login, name, must_change, roles, shops FROM staff_member
WHERE login = $1 AND disabled_at IS NULL
"""
READ_MEMBER = """
SELECT brand_id, id, login, name, must_change, roles, shops FROM staff_member
WHERE brand_id = $1 AND id = $2
"""
ADD_MEMBER = """
WITH person AS (
    INSERT INTO staff (brand_id, id, login, name, password_hash, must_change, password_at, made_at)
    SELECT $1, coalesce(max(id), 0) + 1, $2, $3, $4, true, $5, $5 FROM staff WHERE brand_id = $1
    ON CONFLICT (login) DO NOTHING
    RETURNING id
), given AS (
    INSERT INTO staff_role (brand_id, staff_id, role, shop_id, given_by, given_at)
    SELECT $1, p.id, g.role, g.shop_id, $8, $5
    FROM person AS p, unnest($6::text[], $7::bigint[]) AS g (role, shop_id)
    ON CONFLICT DO NOTHING
)
SELECT id FROM person
"""
SET_GRANTS = """
WITH wanted AS (
    SELECT * FROM unnest($3::text[], $4::bigint[]) AS w (role, shop_id)
), gone AS (
    DELETE FROM staff_role AS r
    WHERE r.brand_id = $1 AND r.staff_id = $2
      AND NOT EXISTS (SELECT FROM wanted AS w WHERE w.role = r.role AND w.shop_id = r.shop_id)
)
INSERT INTO staff_role (brand_id, staff_id, role, shop_id, given_by, given_at)
SELECT $1, $2, w.role, w.shop_id, $5, $6 FROM wanted AS w
ON CONFLICT DO NOTHING
"""
# Two owners who put each other out at once come one after the other, and the second is refused.
LOCK_OWNERS = """
SELECT s.id FROM staff AS s
 WHERE s.brand_id = $1 AND EXISTS (
       SELECT FROM staff_role AS r
        WHERE r.brand_id = s.brand_id AND r.staff_id = s.id AND r.role = 'owner' AND r.shop_id = 0)
 ORDER BY s.id FOR UPDATE
"""
# Somebody else who could undo it: a brand is not left without an owner.
HAS_OTHER_OWNER = """
SELECT EXISTS (
    SELECT FROM staff_role AS r
    JOIN staff AS s ON s.brand_id = r.brand_id AND s.id = r.staff_id
    WHERE r.brand_id = $1 AND r.staff_id <> $2 AND r.role = 'owner' AND r.shop_id = 0
      AND s.disabled_at IS NULL
)
"""
# Whoever held a session is out, but the one in which it was asked ($6), if any.
PUT_HASH = """
WITH ended AS (
    DELETE FROM staff_session
    WHERE brand_id = $1 AND staff_id = $2 AND id IS DISTINCT FROM $6::uuid
)
UPDATE staff SET password_hash = $3, must_change = $4, password_at = $5
WHERE brand_id = $1 AND id = $2
"""
REHASH = """
UPDATE staff SET password_hash = $4 WHERE brand_id = $1 AND id = $2 AND password_hash = $3
"""
SET_DISABLED = """
WITH ended AS (
    DELETE FROM staff_session WHERE brand_id = $1 AND staff_id = $2
)
UPDATE staff SET disabled_at = $3 WHERE brand_id = $1 AND id = $2
"""
SHOPS_OF_BRAND = "SELECT id FROM shop WHERE brand_id = $1 AND id = ANY ($2::bigint[])"

# The one seen longest ago makes room.
ADD_SESSION = """
WITH crowded AS (
    DELETE FROM staff_session
    WHERE brand_id = $1 AND staff_id = $2 AND id IN (
        SELECT id FROM staff_session WHERE brand_id = $1 AND staff_id = $2
        ORDER BY seen_at DESC OFFSET $8
    )
)
INSERT INTO staff_session (brand_id, staff_id, id, token_hash, made_at, seen_at, address, agent)
VALUES ($1, $2, $3, $4, $5, $5, $6, $7)
"""
FIND_SESSION = """
SELECT t.id AS session_id, t.made_at, t.seen_at, s.brand_id, s.id, s.login, s.name, s.must_change,
       s.roles, s.shops
FROM staff_session AS t
JOIN staff_member AS s ON s.brand_id = t.brand_id AND s.id = t.staff_id
WHERE t.token_hash = $1 AND s.disabled_at IS NULL
"""
NOTE_HERE = "UPDATE staff SET seen_at = $3 WHERE brand_id = $1 AND id = $2"
NOTE_SEEN = """
UPDATE staff_session SET seen_at = $4, address = $5 WHERE brand_id = $1 AND staff_id = $2 AND id = $3
"""
LIST_SESSIONS = """
SELECT id, made_at, seen_at, address, agent FROM staff_session
WHERE brand_id = $1 AND staff_id = $2 AND seen_at > $3 AND made_at > $4 ORDER BY seen_at DESC
"""
END_SESSION = """
DELETE FROM staff_session WHERE brand_id = $1 AND staff_id = $2 AND id = $3 RETURNING id
"""
END_SESSIONS = "DELETE FROM staff_session WHERE brand_id = $1 AND staff_id = $2 RETURNING id"
FORGET_OLD_SESSIONS = "DELETE FROM staff_session WHERE made_at < $1"
FORGET_OLD_TRIES = "DELETE FROM staff_try WHERE last_at < $1"


class Session(msgspec.Struct, frozen=True):
    """A session of a member."""

    id: uuid.UUID
    made_at: datetime
    seen_at: datetime
    address: str
    agent: str


class NewSession(NamedTuple):
    """A session to be stored; of its token only the hash."""

    id: uuid.UUID
    token_hash: bytes
    address: str
    agent: str


async def take_try(
    db: Database, source: str, tries_max: int, now: datetime
) -> tuple[int, datetime]:
    """Charge one try; return how many it makes within the window, and when the last was."""
    row = await db.fetchrow(TAKE_TRY, source, now, now - WINDOW, tries_max)
    assert row is not None  # the statement writes in every case
    return row["tries"], row["last_at"]


async def give_tries_back(db: Database, account: str, address: str) -> None:
    """The password was right: the account's tries are forgotten, the address gets this one back.

    Only this one, or who has an account would guess at others' for ever.
    """
    await db.execute(FORGET_TRIES, account)
    await db.execute(GIVE_TRY_BACK, address)


async def forget_tries(db: Database, account: str) -> None:
    """Unlock an account."""
    await db.execute(FORGET_TRIES, account)


async def find_login(db: Database, login: str) -> tuple[Member, str] | None:
    """Return who has this login name and may log in, with his password's hash."""
    row = await db.fetchrow(FIND_LOGIN, login)
    return None if row is None else (_member(row), row["password_hash"])


async def read_member(db: Database, brand_id: int, staff_id: int) -> Member | None:
    """Return a person of a brand, disabled or not."""
    row = await db.fetchrow(READ_MEMBER, brand_id, staff_id)
    return None if row is None else _member(row)


async def add_member(
    db: Database, member: Member, password_hash: str, given_by: str, now: datetime
) -> int | None:
    """Store a person (the `id` is minted here) who must change this password.

    Returns the id, or None when the login name is taken.
    """
    staff_id: int | None = await db.fetchval(
        ADD_MEMBER, member.brand_id, member.login, member.name, password_hash, now,
        *_columns(member.grants), given_by,
    )  # fmt: skip
    return staff_id


async def set_grants(
    db: Database, member: Member, grants: Sequence[Grant], given_by: str, now: datetime
) -> None:
    """Make these a person's roles, all of them."""
    await db.execute(
        SET_GRANTS, member.brand_id, member.id, *_columns(grants), given_by, now
    )  # fmt: skip


async def lock_owners(db: Database, brand_id: int) -> None:
    """Let nobody else change a brand's owners until this transaction ends."""
    await db.execute(LOCK_OWNERS, brand_id)


async def has_other_owner(db: Database, member: Member) -> bool:
    """Return whether somebody else owns the whole brand."""
    return bool(await db.fetchval(HAS_OTHER_OWNER, member.brand_id, member.id))


async def set_password(
    db: Database, member: Member, password_hash: str, now: datetime, *, must_change: bool
) -> None:
    """Give a person a password; all his sessions end, but the one he asks in (`member.session_id`)."""
    keeps = None if must_change else member.session_id
    await db.execute(PUT_HASH, member.brand_id, member.id, password_hash, must_change, now, keeps)


async def rehash(db: Database, member: Member, old: str, new: str) -> None:
    """Exchange a hash for one of the same password, unless the password was changed meanwhile."""
    await db.execute(REHASH, member.brand_id, member.id, old, new)


async def set_disabled(db: Database, member: Member, since: datetime | None) -> None:
    """Let a person in no more (all sessions end), or again (None)."""
    await db.execute(SET_DISABLED, member.brand_id, member.id, since)


async def unknown_shops(db: Database, brand_id: int, grants: Sequence[Grant]) -> list[int]:
    """Return the shops named in grants that are not the brand's."""
    named = {grant.shop_id for grant in grants if grant.shop_id}
    rows = await db.fetch(SHOPS_OF_BRAND, brand_id, sorted(named))
    return sorted(named - {row["id"] for row in rows})


async def add_session(db: Database, member: Member, new: NewSession, now: datetime) -> None:
    """Store a session."""
    await db.execute(
        ADD_SESSION, member.brand_id, member.id, new.id, new.token_hash, now, new.address,
        new.agent, SESSIONS_MAX - 1,
    )  # fmt: skip
    await db.execute(NOTE_HERE, member.brand_id, member.id, now)


async def find_session(db: Database, token_hash: bytes) -> tuple[Member, datetime, datetime] | None:
    """Return whose session this is, when it was made and last seen."""
    row = await db.fetchrow(FIND_SESSION, token_hash)
    return None if row is None else (_member(row), row["made_at"], row["seen_at"])


async def note_seen(db: Database, member: Member, address: str, now: datetime) -> None:
    """Remember when and where a session was used."""
    await db.execute(NOTE_SEEN, member.brand_id, member.id, member.session_id, now, address)
    await db.execute(NOTE_HERE, member.brand_id, member.id, now)


async def list_sessions(
    db: Database, member: Member, now: datetime, idle_since: datetime
) -> list[Session]:
    """Return a person's sessions that are not over."""
    rows = await db.fetch(LIST_SESSIONS, member.brand_id, member.id, idle_since, now - LIFE_MAX)
    return [Session(**row) for row in rows]


async def end_session(db: Database, member: Member, session_id: uuid.UUID) -> bool:
    """End a session; False when there was none."""
    return await db.fetchval(END_SESSION, member.brand_id, member.id, session_id) is not None


async def end_sessions(db: Database, member: Member) -> int:
    """End all sessions of a person; return how many there were."""
    return len(await db.fetch(END_SESSIONS, member.brand_id, member.id))


async def forget_old(db: Database, before: datetime) -> None:
    """Drop sessions and tries that ended before a moment (housekeeping, once a day)."""
    for statement in (FORGET_OLD_SESSIONS, FORGET_OLD_TRIES):
        await db.execute(statement, before)


def _columns(grants: Sequence[Grant]) -> tuple[list[str], list[int]]:
    return [grant.role for grant in grants], [grant.shop_id for grant in grants]


def _member(row: asyncpg.Record) -> Member:
    grants = zip(row["roles"], row["shops"], strict=True)
    return Member(
        brand_id=row["brand_id"], id=row["id"], login=row["login"], name=row["name"],
        grants=tuple(Grant(role, shop_id) for role, shop_id in grants),
        must_change=row["must_change"], session_id=row.get("session_id"),
    )  # fmt: skip
