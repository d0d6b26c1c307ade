"""Doors for people about themselves: log in, log out, who am I, my password, my sessions.

Logging in is the one door for strangers here, and has its own lines in the audit: who is known by
then, but only if the password was right. Refuses to say whether a login name exists.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

import msgspec

from server.api import cookie
from server.api.callers import Gate
from server.api.front import Front
from server.api.table import Call, Door, Plain
from server.audit.line import NOBODY
from server.clock import to_ms
from server.errors import Refusal
from server.pairing.pairing import source_of
from server.staff.door import Origin
from server.staff.member import MAY, Grant, Member
from server.staff.sessions import IDLE_MAX, LIFE_MAX
from server.staff.views import MyShop

Typed = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]

# A shift that begins together, then one a second: an address with more is a machine.
LOGIN_RATE_PER_S = 1.0
LOGIN_BURST_MAX = 20


class LoginRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Name and password. `bearer`: a program wants the token in the answer, and no cookie."""

    login: Typed
    password: Typed
    bearer: bool = False

    def __repr__(self) -> str:
        return "LoginRequest()"


class MyRole(msgspec.Struct, frozen=True):
    """A role, where it is held (`shop_id` 0: all shops of the brand), and what it gives."""

    role: str
    shop_id: int
    speaks: list[str]
    gives: list[str]
    reads_audit: bool


class MeAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is logged in. `must_change`: first a password of one's own. `token` only when asked for."""

    brand_id: int
    id: int
    login: str
    name: str
    roles: list[MyRole]
    must_change: bool
    session_id: uuid.UUID
    idle_s_max: int
    life_s_max: int
    shops: list[MyShop]
    token: str | None = None


class DoneAnswer(msgspec.Struct, frozen=True):
    """It is done."""

    done: Literal[True] = True


class PasswordRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password one has, and the one one wants."""

    old: Typed
    new: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]

    def __repr__(self) -> str:
        return "PasswordRequest()"


class SessionInfo(msgspec.Struct, frozen=True):
    """A session: where it was used last. `own`: the one that asks."""

    id: uuid.UUID
    made_at_ms: int
    seen_at_ms: int
    address: str
    agent: str
    own: bool


class SessionsAnswer(msgspec.Struct, frozen=True):
    """One's own sessions, the last used first."""

    sessions: list[SessionInfo]


class SessionPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which session."""

    session_id: uuid.UUID


class OwnStaff:
    """What a person may ask about himself."""

    def __init__(self, front: Front, origins: frozenset[str]) -> None:
        self._staff = front.staff
        self._gate: Gate = front.gate
        self._audit = front.audit
        self._origins = origins

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        failed = ("login_failed", "login_locked")
        return [
            Door(
                "POST", "/v1/staff/login", "logIn", "Log in", "staff", self.log_in, "stranger",
                request=LoginRequest, response=MeAnswer,
                refusals=(*failed, "origin_not_allowed", "audit_unavailable"),
            ),
            Door(
                "POST", "/v1/staff/logout", "logOut", "Log out", "staff", self.log_out, "staff",
                response=DoneAnswer, before_password=True,
            ),
            Door(
                "GET", "/v1/staff/me", "readMe", "Who am I, and what may I?", "staff", self.me,
                "staff", response=MeAnswer, before_password=True,
            ),
            Door(
                "POST", "/v1/staff/password", "changePassword", "Change one's own password",
                "staff", self.change_password, "staff", request=PasswordRequest,
                response=DoneAnswer, refusals=(*failed, "password_weak"), before_password=True,
            ),
            Door(
                "GET", "/v1/staff/sessions", "listSessions", "List one's own sessions", "staff",
                self.list_sessions, "staff", response=SessionsAnswer,
            ),
            Door(
                "DELETE", "/v1/staff/sessions/{session_id}", "endSession",
                "End one of one's own sessions", "staff", self.end_session, "staff",
                params=SessionPath, response=DoneAnswer,
            ),
        ]  # fmt: skip

    async def log_in(self, call: Call) -> Plain:
        """Let somebody in, with a cookie, or a token for programs."""
        if call.headers.get("origin"):  # a page; programs name none
            cookie.check_origin(call.headers, self._origins)
        origin = Origin(call.address, source_of(call.address), call.headers.get("user-agent", ""))
        await self._gate.limit(f"login:{origin.source}", LOGIN_RATE_PER_S, LOGIN_BURST_MAX)
        try:
            token, member = await self._staff.enter(call.body.login, call.body.password, origin)
        except Refusal as refusal:
            await self._note_stranger(call, refusal)
            raise
        line = await self._audit.begin(
            "logIn", member.who, member.name, call.address, brand_id=member.brand_id
        )
        self._audit.finish(line, "ok")
        shops = await self._staff.shops(member)
        told = msgspec.json.encode(_me(member, shops, token if call.body.bearer else None))
        headers = {} if call.body.bearer else {"set-cookie": cookie.give(token, secure=call.secure)}
        return Plain(told, "application/json", headers=headers)

    async def _note_stranger(self, call: Call, refusal: Refusal) -> None:
        """Write down that somebody failed, not with which name: people type passwords there."""
        line = await self._audit.begin("logIn", "unknown", "", call.address, brand_id=NOBODY)
        self._audit.finish(line, refusal.code)

    async def log_out(self, call: Call) -> Plain:
        """End this session."""
        await self._staff.leave(call.person)
        headers = {"set-cookie": cookie.take(secure=call.secure)}
        return Plain(msgspec.json.encode(DoneAnswer()), "application/json", headers=headers)

    async def me(self, call: Call) -> MeAnswer:
        """Say who is logged in."""
        return _me(call.person, await self._staff.shops(call.person), None)

    async def change_password(self, call: Call) -> DoneAnswer:
        """Exchange the password; other sessions end."""
        source = source_of(call.address)
        await self._staff.change_password(call.person, call.body.old, call.body.new, source)
        return DoneAnswer()

    async def list_sessions(self, call: Call) -> SessionsAnswer:
        """List one's own sessions."""
        own = call.person.session_id
        return SessionsAnswer(
            [
                SessionInfo(
                    one.id, to_ms(one.made_at), to_ms(one.seen_at), one.address, one.agent,
                    one.id == own,
                )
                for one in await self._staff.sessions(call.person)
            ]
        )  # fmt: skip

    async def end_session(self, call: Call) -> DoneAnswer:
        """End a session of one's own; what ended before has ended."""
        await self._staff.end_session(call.person, call.params.session_id)
        return DoneAnswer()


def _me(member: Member, shops: list[MyShop], token: str | None) -> MeAnswer:
    assert member.session_id is not None
    return MeAnswer(
        member.brand_id, member.id, member.login, member.name,
        [_role(grant) for grant in member.grants], member.must_change, member.session_id,
        int(IDLE_MAX.total_seconds()), int(LIFE_MAX.total_seconds()), shops, token,
    )  # fmt: skip


def _role(grant: Grant) -> MyRole:
    may = MAY[grant.role]
    return MyRole(grant.role, grant.shop_id, sorted(may.speaks), sorted(may.gives), may.reads_audit)
