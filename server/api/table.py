"""One row per door of the HTTP API; the router and the OpenAPI document are both made from it.

Refuses to hold anything that only one of the two would read: what is not here is not served, and
what is here is documented.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from server.api.store import Client
from server.staff.member import Member

BODY_BYTES_MAX = 64 * 1024  # an order of 50 lines with notes is about 20 KiB

# What may happen at any door, at a door with a body, and at a signed one.
REFUSED_ANYWHERE = ("rate_limited", "busy", "unavailable", "internal", "bad_field")
REFUSED_WITH_BODY = ("bad_request", "too_large")
REFUSED_SIGNED = ("bad_signature", "stale_request", "nonce_reused", "address_not_allowed")
REFUSED_IN_SESSION = ("session_ended", "password_must_change", "origin_not_allowed")
REFUSED_KNOWN = ("not_allowed", "shop_not_found")

Access = Literal["signed", "staff", "either", "stranger", "partner", "public"]
Audience = Literal[
    "business", "messages", "rules", "manager", "money", "staff", "device", "operations",
    "documents",
]  # fmt: skip
BY_SIGNATURE = frozenset({"signed", "either"})
BY_SESSION = frozenset({"staff", "either"})
# Whose changes stand in the shop's log anyway; whatever else somebody known changes is audited.
UNAUDITED: frozenset[Audience] = frozenset({"business", "messages"})

Signer = Client | Member


class Plain(NamedTuple):
    """An answer that is not JSON made from a struct."""

    body: bytes
    media_type: str
    status: int = 200
    headers: Mapping[str, str] = {}


class Call(NamedTuple):
    """A request that passed the gate, decoded.

    `client` signed it, or `member` sent it in his session; at open doors both are None. `secure`: it
    came by TLS. An audited door puts into `noted` what its audit line should name beside the
    parameters: ids, amounts, words of our tables, never what somebody typed.
    """

    params: Any
    body: Any
    client: Client | None
    member: Member | None
    address: str
    command_id: uuid.UUID
    headers: Mapping[str, str]
    secure: bool
    noted: dict[str, int | str]

    @property
    def signer(self) -> Client:
        """Return who signed; only signed doors may ask."""
        assert self.client is not None
        return self.client

    @property
    def person(self) -> Member:
        """Return whose session it is; only doors for staff may ask."""
        assert self.member is not None
        return self.member

    @property
    def caller(self) -> Signer:
        """Return who calls, by signature or session; doors open to either ask this."""
        return self.signer if self.member is None else self.member


Answer = Callable[[Call], Awaitable[Any]]


class Door(NamedTuple):
    """One method at one path.

    `params` is a struct of path and query values, `request` of the JSON body, `response` of the
    JSON answer (None: something else, of `media_type`). `access`: signed by a client, in a session of
    staff, either of them, open to strangers at a limited rate, to partners who prove themselves in a
    way of their own, or public for machines and people of the house. `audited` None: as `is_audited`
    says. `before_password`: open also to who must first choose a password of his own.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    name: str
    summary: str
    audience: Audience
    answer: Answer
    access: Access = "signed"
    params: type | None = None
    request: type | None = None
    response: type | None = None
    status: int = 200
    media_type: str = "application/json"
    refusals: tuple[str, ...] = ()
    body_bytes_max: int = BODY_BYTES_MAX
    audited: bool | None = None
    before_password: bool = False

    @property
    def is_audited(self) -> bool:
        """Return whether it is written down who came through: no money or manager door forgets it."""
        if self.audited is not None:
            return self.audited
        is_known = self.access in BY_SIGNATURE | BY_SESSION
        return is_known and self.method != "GET" and self.audience not in UNAUDITED

    def all_refusals(self) -> tuple[str, ...]:
        """Return every refusal code this door can answer."""
        codes = [*self.refusals]
        if self.access != "public":
            codes += REFUSED_ANYWHERE
        if self.request is not None:
            codes += REFUSED_WITH_BODY
            codes += ["command_id_reused"] if self.access in BY_SIGNATURE else []
        if self.access in BY_SIGNATURE:
            codes += REFUSED_SIGNED
        if self.access in BY_SESSION:
            codes += REFUSED_IN_SESSION
        if self.access in BY_SIGNATURE | BY_SESSION:
            codes += REFUSED_KNOWN
        if self.is_audited:
            codes.append("audit_unavailable")
        return tuple(dict.fromkeys(codes))


def for_people_too(doors: Sequence[Door]) -> list[Door]:
    """Return signed doors as doors that take a person's session as well; they ask `call.caller`."""
    return [door._replace(access="either") for door in doors]
