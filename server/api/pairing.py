"""Doors for new screens: unsigned, because a screen has nothing to sign with yet.

What guards them is the code (eight digits, ten minutes, once, five wrong tries) and a rate per
address. Refuses to tell a wrong secret from an unknown offer.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from server.api.table import Call, Door
from server.clock import to_ms
from server.errors import Refusal
from server.events.view import DeviceKind
from server.pairing.door import PairingDoor
from server.pairing.pairing import NAME_CHARS_MAX, NAME_PATTERN, PairedDevice, source_of

Name = Annotated[str, msgspec.Meta(max_length=NAME_CHARS_MAX, pattern=NAME_PATTERN)]
TypedCode = Annotated[str, msgspec.Meta(min_length=1, max_length=20)]


class OfferRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the screen is; a manager may decide otherwise."""

    kind: DeviceKind
    name: Name = ""


class OfferAnswer(msgspec.Struct, frozen=True):
    """The code to show, and the secret to ask with; both end at `expires_at_ms`."""

    offer_id: uuid.UUID
    code: str
    secret: str
    expires_at_ms: int


class OfferPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which offer."""

    offer_id: uuid.UUID


class DeviceFacts(msgspec.Struct, frozen=True):
    """Who this screen is now."""

    id: int
    kind: DeviceKind
    name: str
    shop_id: int
    place_id: int | None
    station_id: int | None


class OfferStateAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Waiting; or confirmed, with the token; or expired: show a new code."""

    state: Literal["waiting", "confirmed", "expired"]
    token: str | None = None
    device: DeviceFacts | None = None
    expires_at_ms: int | None = None


class ClaimRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A manager's code as it was typed; spaces and dashes do not matter."""

    code: TypedCode
    name: Name = ""


class ClaimAnswer(msgspec.Struct, frozen=True):
    """The device's token, shown this once."""

    token: str
    device: DeviceFacts


class Pairing:
    """What a screen without a token may ask."""

    def __init__(self, door: PairingDoor) -> None:
        self._door = door

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "POST", "/v1/pairing/offers", "makePairingOffer",
                "A new screen asks for a code to show", "device",
                self.make_offer, "stranger", request=OfferRequest, response=OfferAnswer,
                status=201,
            ),
            Door(
                "GET", "/v1/pairing/offers/{offer_id}", "readPairingOffer",
                "Ask whether a manager confirmed the code (Authorization: Bearer <secret>)",
                "device", self.read_offer, "stranger", params=OfferPath,
                response=OfferStateAnswer, refusals=("bad_token",),
            ),
            Door(
                "POST", "/v1/pairing/claims", "claimPairingCode",
                "Become a device with a manager's code", "device",
                self.claim, "stranger", request=ClaimRequest, response=ClaimAnswer, status=201,
                refusals=(
                    "pairing_code_wrong", "pairing_code_expired", "pairing_code_used",
                    "pairing_locked",
                ),
            ),
        ]  # fmt: skip

    async def make_offer(self, call: Call) -> OfferAnswer:
        """Take a new screen in."""
        offer = await self._door.make_offer(source_of(call.address), call.body.kind, call.body.name)
        return OfferAnswer(offer.id, offer.code, offer.secret, to_ms(offer.expires_at))

    async def read_offer(self, call: Call) -> OfferStateAnswer:
        """Say how an offer stands; a confirmed one may be read again until it expires."""
        scheme, _, secret = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Refusal("bad_token")
        try:
            found = await self._door.look_at_offer(call.params.offer_id, secret.strip())
        except Refusal as refusal:
            if refusal.code == "pairing_code_expired":
                return OfferStateAnswer("expired")
            raise
        if isinstance(found, datetime):
            return OfferStateAnswer("waiting", expires_at_ms=to_ms(found))
        token, device = found
        return OfferStateAnswer("confirmed", token, facts_of(device))

    async def claim(self, call: Call) -> ClaimAnswer:
        """Spend a code."""
        source = source_of(call.address)
        token, device = await self._door.claim(source, call.body.code, call.body.name.strip())
        return ClaimAnswer(token, facts_of(device))


def facts_of(device: PairedDevice) -> DeviceFacts:
    """Return what a screen is told about itself."""
    return DeviceFacts(
        device.id, device.kind, device.name, device.shop_id, device.place_id, device.station_id
    )
