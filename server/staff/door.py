"""The way in for people: logging in, sessions, passwords, and who may change whom.

What a stranger is told never depends on whether a login name exists, nor does the time it takes.
Refuses to send anything to anybody: no mail, no message, no system outside (R-000-11).
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg
import msgspec
import structlog

from server.auth import new_token, token_hash
from server.clock import Clock
from server.errors import Refusal
from server.staff import sessions, store
from server.staff.hashing import Hasher
from server.staff.member import WHOLE_BRAND, Grant, Member
from server.staff.password import check_password, first_password, normal
from server.staff.store import NewSession, Session
from server.staff.views import MyShop, Person, Sought, list_members, list_shops

_LOGIN = re.compile(r"[\w.-]{2,40}")

EVERYBODY = Sought()

_log = structlog.get_logger(__name__)


class Origin(NamedTuple):
    """Where a login comes from: the address, whose tries are counted for it, the browser."""

    address: str
    source: str
    agent: str = ""


class StaffDoor:
    """Everything people of a brand do about themselves and each other."""

    def __init__(self, database: asyncpg.Pool, clock: Clock, hasher: Hasher | None = None) -> None:
        self._db = database
        self._clock = clock
        self._hasher = hasher or Hasher()

    async def enter(self, login: str, password: str, origin: Origin) -> tuple[str, Member]:
        """Log somebody in; return the session's token, shown this once, and who it is.

        Raises `login_failed` (whether the name or the password is wrong, or the person was
        disabled) or `login_locked`.
        """
        login = read_login(login)
        member = await self._prove(login, password, origin.source)
        token = new_token()
        session = NewSession(
            uuid.uuid4(), token_hash(token), origin.address,
            origin.agent[: sessions.AGENT_CHARS_MAX],
        )  # fmt: skip
        await store.add_session(self._db, member, session, self._clock.now())
        return token, _in_session(member, session.id)

    async def find(self, token: str, address: str) -> Member:
        """Return who holds a session. Raises `session_ended`."""
        now = self._clock.now()
        found = await store.find_session(self._db, token_hash(token))
        if found is None:
            raise Refusal("session_ended")
        member, made_at, seen_at = found
        sessions.check_session(made_at, seen_at, now)
        if sessions.is_to_be_noted(seen_at, now):
            await store.note_seen(self._db, member, address, now)
        return member

    async def leave(self, member: Member) -> None:
        """End the session somebody is in."""
        assert member.session_id is not None
        await store.end_session(self._db, member, member.session_id)

    async def change_password(self, member: Member, old: str, new: str, source: str) -> None:
        """Exchange one's own password; every other session of this person ends.

        Raises `login_failed` or `login_locked` for the old one, `password_weak` for the new one.
        """
        check_password(new, member.login)
        if normal(old) == normal(new):
            raise Refusal("password_weak", "It is the one you have.", reason="same_as_before")
        await self._prove(member.login, old, source)
        hashed = await self._hasher.hash(new)
        now = self._clock.now()
        await store.set_password(self._db, member, hashed, now, must_change=False)

    async def sessions(self, member: Member) -> list[Session]:
        """Return one's own sessions."""
        now = self._clock.now()
        return await store.list_sessions(self._db, member, now, now - sessions.IDLE_MAX)

    async def end_session(self, member: Member, session_id: uuid.UUID) -> None:
        """End one of one's own sessions; ended before is ended."""
        await store.end_session(self._db, member, session_id)

    async def shops(self, member: Member) -> list[MyShop]:
        """Return the shops somebody works in."""
        return await list_shops(self._db, member)

    async def people(self, brand_id: int, sought: Sought = EVERYBODY) -> list[Person]:
        """Return people of a brand; unless told otherwise everybody, `PEOPLE_MAX` at most."""
        return await list_members(self._db, brand_id, sought, self._clock.now())

    async def add(self, by: Member | None, new: Member) -> tuple[int, str]:
        """Take somebody on; return the id and a first password, shown this once.

        `by` None: the person at the machine's own terminal. Raises `not_allowed` for more than `by`
        may give, `login_taken`, `shop_not_found`, `bad_field`.
        """
        login = read_login(new.login)
        if _LOGIN.fullmatch(login) is None:
            raise Refusal(
                "bad_field", "A login name: 2 to 40 letters, digits, . _ -", field="login"
            )
        await self._check_grants(by, new.brand_id, new.grants)
        password = first_password()
        member = Member(
            brand_id=new.brand_id, id=0, login=login, name=new.name.strip() or login,
            grants=new.grants,
        )  # fmt: skip
        hashed = await self._hasher.hash(password)
        given_by = _giver(by)
        staff_id = await store.add_member(self._db, member, hashed, given_by, self._clock.now())
        if staff_id is None:
            raise Refusal("login_taken", login=login)
        _log.info("staff_added", brand_id=new.brand_id, staff_id=staff_id, by=given_by)
        return staff_id, password

    async def reset(
        self, by: Member | None, brand_id: int, staff_id: int, given: str | None = None
    ) -> str:
        """Give somebody a first password again; his sessions end and his lock opens.

        `given`: one that was typed at the terminal, and need not be changed. Raises `password_weak`.
        """
        member = await self._led(by, brand_id, staff_id)
        if given is not None:
            check_password(given, member.login)
        password = given or first_password()
        hashed = await self._hasher.hash(password)
        now, nowhere = self._clock.now(), _in_session(member, None)
        await store.set_password(self._db, nowhere, hashed, now, must_change=given is None)
        await store.forget_tries(self._db, sessions.account_source(member.login))
        return password

    async def end_sessions(self, by: Member | None, brand_id: int, staff_id: int) -> int:
        """End all logins of somebody, at once; return how many there were. Raises `not_allowed`."""
        return await store.end_sessions(self._db, await self._led(by, brand_id, staff_id))

    async def set_disabled(
        self, by: Member | None, brand_id: int, staff_id: int, *, disabled: bool
    ) -> None:
        """Let somebody in no more, at once; or again. Raises `last_owner`."""
        member = await self._led(by, brand_id, staff_id)
        since = self._clock.now() if disabled else None
        async with self._db.acquire() as connection, connection.transaction():
            if disabled:
                await _check_owner_stays(connection, member, ())
            await store.set_disabled(connection, member, since)

    async def set_roles(
        self, by: Member | None, brand_id: int, staff_id: int, grants: Sequence[Grant]
    ) -> None:
        """Make these somebody's roles. Raises `not_allowed`, `shop_not_found`, `last_owner`."""
        member = await self._led(by, brand_id, staff_id)
        await self._check_grants(by, brand_id, grants)
        async with self._db.acquire() as connection, connection.transaction():
            await _check_owner_stays(connection, member, grants)
            await store.set_grants(connection, member, grants, _giver(by), self._clock.now())

    async def _prove(self, login: str, password: str, source: str) -> Member:
        """Return who has this name and this password, with the same work for who does not exist."""
        now, account = self._clock.now(), sessions.account_source(login)
        for name, tries_max in (
            (source, sessions.ADDRESS_TRIES_MAX),
            (account, sessions.ACCOUNT_TRIES_MAX),
        ):
            tries, last_at = await store.take_try(self._db, name, tries_max, now)
            tries_left = sessions.check_tries(tries, tries_max, last_at, now)
        found = await store.find_login(self._db, login)
        password_hash = None if found is None else found[1]
        if not await self._hasher.is_right(password_hash, password) or found is None:
            _log.warning("login_failed", address=source)
            raise Refusal("login_failed", tries_left=tries_left)
        member, old = found
        await store.give_tries_back(self._db, account, source)
        if self._hasher.is_outdated(old):
            await store.rehash(self._db, member, old, await self._hasher.hash(password))
        return member

    async def _led(self, by: Member | None, brand_id: int, staff_id: int) -> Member:
        """Return somebody whom `by` may change. Raises `staff_not_found`, `not_allowed`."""
        member = await store.read_member(self._db, brand_id, staff_id)
        if member is None:
            raise Refusal("staff_not_found", staff_id=staff_id)
        if by is not None and not by.leads(member.grants):
            raise Refusal("not_allowed", staff_id=staff_id)
        return member

    async def _check_grants(
        self, by: Member | None, brand_id: int, grants: Sequence[Grant]
    ) -> None:
        if by is not None and not by.leads(grants):
            raise Refusal("not_allowed", "Nobody gives a role he could not give.")
        if unknown := await store.unknown_shops(self._db, brand_id, grants):
            raise Refusal("shop_not_found", shop_id=unknown[0])


async def _check_owner_stays(db: store.Database, member: Member, grants: Sequence[Grant]) -> None:
    owner = Grant("owner", WHOLE_BRAND)
    if owner not in member.grants or owner in grants:
        return
    await store.lock_owners(db, member.brand_id)
    if not await store.has_other_owner(db, member):
        raise Refusal("last_owner")


def read_login(typed: str) -> str:
    """Return a login name as it is stored: capitals and full-width letters do not matter."""
    return unicodedata.normalize("NFKC", typed).strip().lower()


def _giver(by: Member | None) -> str:
    return "cli" if by is None else by.who


def _in_session(member: Member, session_id: uuid.UUID | None) -> Member:
    return msgspec.structs.replace(member, session_id=session_id)
