"""Who is at the door: a client by its signature, a person by his session, or a stranger.

Refuses to decide what anybody may: the gate and the doors do.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import NamedTuple

import structlog

from server import auth
from server.api import cookie
from server.api.callers import Gate
from server.api.store import Client
from server.api.table import BY_SESSION, BY_SIGNATURE, Door
from server.errors import Refusal
from server.staff.member import Member


class Arrived(NamedTuple):
    """A request as it travelled."""

    request: auth.Signable
    headers: Mapping[str, str]
    address: str


class Known(NamedTuple):
    """Who it is, and the id by which a repetition is known."""

    client: Client | None
    member: Member | None
    command_id: uuid.UUID


NOBODY_YET = Known(None, None, uuid.UUID(int=0))


async def admit(gate: Gate, door: Door, arrived: Arrived, origins: Collection[str]) -> Known:
    """Return who comes to a door. Raises what the gate refuses, and `password_must_change`."""
    if door.access in BY_SIGNATURE and (door.access == "signed" or _is_signed(arrived.headers)):
        return await _by_signature(gate, arrived)
    if door.access in BY_SESSION:
        return await _by_session(gate, door, arrived, origins)
    if door.access == "stranger":
        await gate.admit_stranger(arrived.address)
    return NOBODY_YET._replace(command_id=uuid.uuid4())


def _is_signed(headers: Mapping[str, str]) -> bool:
    """Return whether somebody tried to sign: then what is wrong with it is what is told."""
    return any(headers.get(name.lower()) for name in (auth.KEY_HEADER, auth.SIGNATURE_HEADER))


async def _by_signature(gate: Gate, arrived: Arrived) -> Known:
    claim = auth.read_claim(arrived.headers)
    client = await gate.admit(claim, arrived.request, arrived.address)
    key = arrived.request.idempotency_key
    command_id = auth.command_id(client.brand_id, client.id, key, claim.nonce)
    structlog.contextvars.bind_contextvars(client=client.name, command_id=str(command_id))
    return Known(client, None, command_id)


async def _by_session(gate: Gate, door: Door, arrived: Arrived, origins: Collection[str]) -> Known:
    token = cookie.read_session(arrived.request.method, arrived.headers, origins)
    member = await gate.admit_member(token, arrived.address)
    if member.must_change and not door.before_password:
        raise Refusal("password_must_change")
    command_id = auth.member_command_id(member.who, arrived.request.idempotency_key)
    structlog.contextvars.bind_contextvars(staff=member.who, command_id=str(command_id))
    return Known(None, member, command_id)
