"""Doors for owners and managers about their people: take on, reset, let out, give roles.

Nobody gives more than he has, and nobody changes somebody who may more than he could give.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from server.api.staff_own import DoneAnswer
from server.api.table import Call, Door
from server.errors import Refusal
from server.ids import Id
from server.staff.door import StaffDoor
from server.staff.member import GRANTS_MAX, MAY, Grant, Member
from server.staff.views import Person, Sought

PAGE_PEOPLE_MAX = 200

Grants = Annotated[list[Grant], msgspec.Meta(max_length=GRANTS_MAX)]


class NewPersonRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to take on, with which roles (`shop_id` 0: in all shops of the brand)."""

    login: Annotated[str, msgspec.Meta(min_length=2, max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    roles: Grants = []


class FirstPasswordAnswer(msgspec.Struct, frozen=True):
    """A password to hand over, shown this once; it must be changed at the first login."""

    id: int
    password: str

    def __repr__(self) -> str:
        return f"FirstPasswordAnswer({self.id})"


class PeopleWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which people: by words of their names, `active` or `disabled` only, after whom (`next` of the page before)."""

    words: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[^\x00]*$")] = ""
    state: Literal["active", "disabled"] | None = None
    after: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_PEOPLE_MAX)] = PAGE_PEOPLE_MAX


class PersonInfo(Person, frozen=True):
    """Somebody of the brand. `sessions`: logins under way; `may_change`: whether who asks may."""

    may_change: bool


class PeopleAnswer(msgspec.Struct, frozen=True):
    """A page of people in the order they came, those who left too; `next` null: there are no more."""

    people: list[PersonInfo]
    next: int | None


class EndedAnswer(msgspec.Struct, frozen=True):
    """How many logins were ended."""

    ended: int


class PersonPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who."""

    staff_id: Id


class RolesRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All roles the person shall have."""

    roles: Grants


class Staff:
    """What owners and managers may do about people."""

    def __init__(self, staff: StaffDoor) -> None:
        self._staff = staff

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        person = "/v1/staff/people/{staff_id}"
        return [
            Door(
                "GET", "/v1/staff/people", "listStaff", "List the people of the brand", "staff",
                self.list_people, "staff", params=PeopleWanted, response=PeopleAnswer,
            ),
            Door(
                "POST", "/v1/staff/people", "addStaff", "Take somebody on", "staff", self.add,
                "staff", request=NewPersonRequest, response=FirstPasswordAnswer, status=201,
                refusals=("login_taken",),
            ),
            Door(
                "POST", f"{person}/reset", "resetStaff",
                "Give somebody a first password again; his sessions end", "staff", self.reset,
                "staff", params=PersonPath, response=FirstPasswordAnswer,
                refusals=("staff_not_found",),
            ),
            Door(
                "POST", f"{person}/end-sessions", "endStaffSessions",
                "End all logins of somebody, at once", "staff", self.end_sessions, "staff",
                params=PersonPath, response=EndedAnswer, refusals=("staff_not_found",),
            ),
            Door(
                "POST", f"{person}/disable", "disableStaff", "Let somebody in no more", "staff",
                self.disable, "staff", params=PersonPath, response=DoneAnswer,
                refusals=("staff_not_found", "last_owner"),
            ),
            Door(
                "POST", f"{person}/enable", "enableStaff", "Let somebody in again", "staff",
                self.enable, "staff", params=PersonPath, response=DoneAnswer,
                refusals=("staff_not_found",),
            ),
            Door(
                "PUT", f"{person}/roles", "setStaffRoles", "Say which roles somebody has", "staff",
                self.set_roles, "staff", params=PersonPath, request=RolesRequest,
                response=DoneAnswer, refusals=("staff_not_found", "last_owner"),
            ),
        ]  # fmt: skip

    async def list_people(self, call: Call) -> PeopleAnswer:
        """List people: of the shops in which who asks gives roles."""
        by, asked = _leader(call), call.params
        disabled = None if asked.state is None else asked.state == "disabled"
        sought = Sought(by.leads_in(), asked.words.strip(), disabled, asked.after, asked.limit)
        people = await self._staff.people(by.brand_id, sought)
        told = [
            PersonInfo(**msgspec.structs.asdict(one), may_change=by.leads(one.roles))
            for one in people
        ]
        return PeopleAnswer(told, told[-1].id if len(told) == asked.limit else None)

    async def add(self, call: Call) -> FirstPasswordAnswer:
        """Take somebody on."""
        by, asked = _leader(call), call.body
        new = Member(
            brand_id=by.brand_id, id=0, login=asked.login, name=asked.name,
            grants=tuple(asked.roles),
        )  # fmt: skip
        staff_id, password = await self._staff.add(by, new)
        call.noted.update(staff_id=staff_id, roles=_said(asked.roles))
        return FirstPasswordAnswer(staff_id, password)

    async def reset(self, call: Call) -> FirstPasswordAnswer:
        """Reset somebody's password."""
        by, staff_id = _leader(call), call.params.staff_id
        return FirstPasswordAnswer(staff_id, await self._staff.reset(by, by.brand_id, staff_id))

    async def end_sessions(self, call: Call) -> EndedAnswer:
        """End somebody's logins."""
        by, staff_id = _leader(call), call.params.staff_id
        ended = await self._staff.end_sessions(by, by.brand_id, staff_id)
        call.noted["ended"] = ended
        return EndedAnswer(ended)

    async def disable(self, call: Call) -> DoneAnswer:
        """Let somebody in no more."""
        return await self._set_disabled(call, disabled=True)

    async def enable(self, call: Call) -> DoneAnswer:
        """Let somebody in again."""
        return await self._set_disabled(call, disabled=False)

    async def _set_disabled(self, call: Call, *, disabled: bool) -> DoneAnswer:
        by = _leader(call)
        await self._staff.set_disabled(by, by.brand_id, call.params.staff_id, disabled=disabled)
        return DoneAnswer()

    async def set_roles(self, call: Call) -> DoneAnswer:
        """Change somebody's roles."""
        by, roles = _leader(call), call.body.roles
        call.noted["roles"] = _said(roles)
        await self._staff.set_roles(by, by.brand_id, call.params.staff_id, roles)
        return DoneAnswer()


def _leader(call: Call) -> Member:
    """Return a person who may give at least one role. Raises `not_allowed`."""
    if not any(MAY[grant.role].gives for grant in call.person.grants):
        raise Refusal("not_allowed")
    return call.person


def _said(roles: list[Grant]) -> str:
    return ",".join(f"{grant.role}@{grant.shop_id}" for grant in roles) or "none"
