"""One row per door of the HTTP API; the router and the OpenAPI document are both made from it.

Refuses to hold anything that only one of the two would read: what is not here is not served, and
what is here is documented.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

from server.api.store import Client

BODY_BYTES_MAX = 64 * 1024  # an order of 50 lines with notes is about 20 KiB

# What may happen at any door, at a door with a body, and at a signed one.
REFUSED_ANYWHERE = ("rate_limited", "busy", "unavailable", "internal", "bad_field")
REFUSED_WITH_BODY = ("bad_request", "too_large")
REFUSED_SIGNED = (
    "bad_signature",
    "stale_request",
    "nonce_reused",
    "address_not_allowed",
    "not_allowed",
    "shop_not_found",
)

Access = Literal["signed", "stranger", "public"]
Audience = Literal["business", "messages", "manager", "money", "device", "operations", "documents"]


class Plain(NamedTuple):
    """An answer that is not JSON made from a struct."""

    body: bytes
    media_type: str
    status: int = 200
    headers: Mapping[str, str] = {}


class Call(NamedTuple):
    """A request that passed the gate, decoded; `client` is None at unsigned doors."""

    params: Any
    body: Any
    client: Client | None
    address: str
    command_id: uuid.UUID
    headers: Mapping[str, str]

    @property
    def signer(self) -> Client:
        """Return who signed; only signed doors may ask."""
        assert self.client is not None
        return self.client


Answer = Callable[[Call], Awaitable[Any]]


class Door(NamedTuple):
    """One method at one path.

    `params` is a struct of path and query values, `request` of the JSON body, `response` of the
    JSON answer (None: something else, of `media_type`). `access`: signed by a client, open to
    strangers at a limited rate, or public for machines and people of the house.
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

    def all_refusals(self) -> tuple[str, ...]:
        """Return every refusal code this door can answer."""
        codes = [*self.refusals]
        if self.access != "public":
            codes += REFUSED_ANYWHERE
        if self.request is not None:
            codes += REFUSED_WITH_BODY
            codes += ["command_id_reused"] if self.access == "signed" else []
        if self.access == "signed":
            codes += REFUSED_SIGNED
        return tuple(dict.fromkeys(codes))
