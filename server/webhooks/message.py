"""◆ What a webhook says, how it is signed, and how a receiver knows that it is ours.

The signature is the API's own (`auth.canonical`), keyed with the secret the receiver chose; the
`Idempotency-Key` is the event's id, the same on every attempt. Refuses to send anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from server import auth

BODY_BYTES_MAX = 32 * 1024


class Posting(msgspec.Struct, frozen=True):
    """A promise: tell a client of a stage of its call."""

    client_id: int
    call_id: int
    stage: str
    at_ms: int
    detail: dict[str, Any] = {}


class Told(msgspec.Struct, frozen=True, rename="camel"):
    """One stage of one call, told until it is answered: the same `event_id` may come twice.

    Stages may overtake each other; `at_ms` says which was first.
    """

    event_id: str
    shop_id: int
    call_id: int
    stage: str
    at_ms: int
    detail: dict[str, Any] = {}


def body_of(told: Told) -> bytes:
    """Return the body, of at most `BODY_BYTES_MAX`: details that do not fit are left out."""
    body = msgspec.json.encode(told)
    if len(body) <= BODY_BYTES_MAX:
        return body
    return msgspec.json.encode(msgspec.structs.replace(told, detail={"leftOut": len(body)}))


def headers_of(
    secret: str, target: str, body: bytes, event_id: str, client_id: int, now_s: int
) -> dict[str, str]:
    """Return the headers of one attempt at `target`, the URL's path and query as they travel."""
    path, _, query = target.partition("?")
    request = auth.Signable("POST", path, query, body, event_id)
    signed = auth.signed_headers(f"webhook-{client_id}", secret, request, now_s)
    return {**signed, "content-type": "application/json", "user-agent": "chuancai-webhook"}


def read_told(
    secret: str, target: str, headers: Mapping[str, str], body: bytes, now_s: float
) -> Told:
    """Return what a webhook says, for whoever receives one.

    Raises `bad_signature` or `stale_request` when it is not ours or was kept for a while.
    """
    claim = auth.read_claim(headers)
    auth.check_fresh(claim, now_s)
    path, _, query = target.partition("?")
    key = auth.read_idempotency_key(headers)
    auth.check_signature(claim, secret, auth.Signable("POST", path, query, body, key))
    return msgspec.json.decode(body, type=Told)
