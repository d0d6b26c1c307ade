"""The way in for new screens: makes codes, takes offers, spends both, once.

The desk makes the device; the command id is derived from the code or offer, so whoever comes second
meets `command_id_reused` there, and a crash between the desk and the note here loses nothing.
Refuses to decide (`pairing.py` does) and to authorise managers (the HTTP API and the CLI do).
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
import structlog

from server.auth import new_token, token_hash
from server.clock import Clock
from server.errors import Refusal
from server.events.decision import Actor
from server.events.view import DeviceKind
from server.pairing import pairing, store
from server.pairing.pairing import Code, Offer, PairedDevice, Wish

# Everybody's wrong tries in ten minutes. With ten open codes, as many guesses as this from a
# thousand addresses find one in 10 000 attempts of ten minutes.
TRIES_ALL_MAX = 1_000
DRAWS_MAX = 5

Execute = Callable[[Actor, uuid.UUID, str, bytes], Awaitable[dict[str, Any]]]

_log = structlog.get_logger(__name__)


class NewCode(msgspec.Struct, frozen=True):
    """A code to be typed on the device."""

    code: str
    expires_at: datetime


class NewOffer(msgspec.Struct, frozen=True):
    """What a new screen gets: the code it shows and the secret it keeps."""

    id: uuid.UUID
    code: str
    secret: str
    expires_at: datetime


class PairingDoor:
    """Everything that turns an unknown screen into a device, and back."""

    def __init__(self, execute: Execute, database: store.Database, clock: Clock) -> None:
        self._execute = execute
        self._db = database
        self._clock = clock

    async def make_code(
        self, actor: Actor, wish: Wish, request_id: uuid.UUID | None = None
    ) -> NewCode:
        """Make a code that a manager hands to whoever sets the device up.

        Raises `command_id_reused` when this request made one before: it cannot be shown again,
        because only its hash is kept.
        """
        now = self._clock.now()
        wish = await self._check_wish(actor.shop_id, wish)
        assert wish.kind is not None
        code_id = request_id or uuid.uuid4()
        for _ in range(DRAWS_MAX):
            digits = pairing.new_code()
            code = Code(
                actor.shop_id, code_id, wish.kind, wish.name, wish.place_id, wish.station_id,
                wish.device_id, actor.name, now + pairing.CODE_LIVES, None,
            )  # fmt: skip
            if await store.add_code(self._db, code, await _hash(digits), now):
                _log.info("pairing_code_made", shop_id=actor.shop_id, by=actor.id)
                return NewCode(digits, code.expires_at)
            if await store.knows_code(self._db, actor.shop_id, code_id):
                raise Refusal("command_id_reused", "This request made a code already.")
        raise Refusal("busy")

    async def claim(self, source: str, typed: str, name: str = "") -> tuple[str, PairedDevice]:
        """Spend a manager's code; return the device's token, shown this once, and the device.

        Raises `pairing_code_wrong`, `…_expired`, `…_used` or `pairing_locked`.
        """
        now = self._clock.now()
        tries_left = await self._charge(source, now)
        digits = pairing.read_code(typed)
        found = None if digits is None else await store.find_code(self._db, await _hash(digits))
        code = pairing.check_code(found, now, tries_left)
        token = new_token()
        actor = Actor("manager", "pairing", code.made_by, code.shop_id)
        device = await self._pair(
            actor, code.id, token_hash(token),
            Wish(kind=code.kind, name=name or code.name, place_id=code.place_id,
                 station_id=code.station_id, device_id=code.device_id),
        )  # fmt: skip
        await store.use_code(self._db, code, device.id, now)
        await store.forget_tries(self._db, source)
        return token, device

    async def make_offer(self, source: str, kind: DeviceKind, name: str) -> NewOffer:
        """Take in a new screen that will show a code.

        Raises `rate_limited` when one address has too many, `busy` when everybody has.
        """
        now = self._clock.now()
        everybody, here = await store.count_offers(self._db, source, now)
        if here >= pairing.OFFERS_OPEN_PER_SOURCE_MAX:
            raise Refusal("rate_limited", retry_after_s=60)
        if everybody >= pairing.OFFERS_OPEN_MAX:
            raise Refusal("busy")
        secret = secrets.token_urlsafe(32)
        offer = Offer(
            uuid.uuid4(), token_hash(secret), token_hash(pairing.token_of(secret)),
            kind, name, now + pairing.CODE_LIVES, None, None, None,
        )  # fmt: skip
        for _ in range(DRAWS_MAX):
            digits = pairing.new_code()
            if await store.add_offer(self._db, offer, await _hash(digits), source, now):
                return NewOffer(offer.id, digits, secret, offer.expires_at)
        raise Refusal("busy")

    async def look_at_offer(
        self, offer_id: uuid.UUID, secret: str
    ) -> tuple[str, PairedDevice] | datetime:
        """Return the token and the device once confirmed; until then, when the offer ends.

        Raises `pairing_code_expired` when it has ended, `bad_token` for a wrong secret.
        """
        now = self._clock.now()
        offer = await store.read_offer(self._db, offer_id)
        given = token_hash(secret)
        if offer is None or not hmac.compare_digest(offer.secret_hash, given):
            raise Refusal("bad_token")
        if pairing.is_over(offer, now):
            raise Refusal("pairing_code_expired")
        if offer.shop_id is None or offer.device_id is None:
            return offer.expires_at
        return pairing.token_of(secret), await self.device(offer.shop_id, offer.device_id)

    async def confirm_offer(
        self, actor: Actor, source: str, typed: str, wish: Wish
    ) -> PairedDevice:
        """Make a device of the screen that shows this code.

        `source` names the manager whose wrong tries are counted. Confirming the same again answers
        the same: the desk remembers. Raises `pairing_code_wrong`,
        `…_expired`, `…_used` or `pairing_locked`, and what is wrong with the wish.
        """
        now = self._clock.now()
        tries_left = await self._charge(source, now)
        digits = pairing.read_code(typed)
        found = None if digits is None else await store.find_offer(self._db, await _hash(digits))
        offer = pairing.check_offer(found, actor.shop_id, now, tries_left)
        await store.forget_tries(self._db, source)
        wish = msgspec.structs.replace(
            wish, name=wish.name or offer.name, kind=wish.kind or offer.kind
        )
        wish = await self._check_wish(actor.shop_id, wish)
        device = await self._pair(actor, offer.id, offer.token_hash, wish)
        await store.confirm_offer(self._db, offer.id, actor.shop_id, device.id, now)
        return device

    async def revoke(self, actor: Actor, command_id: uuid.UUID, device_id: int) -> PairedDevice:
        """Take a device's token away; its connection is closed. Repeating it changes nothing."""
        body = msgspec.json.encode({"device_id": device_id})
        await self._execute(actor, command_id, "RevokeDevice", body)
        return await self.device(actor.shop_id, device_id)

    async def devices(self, shop_id: int) -> list[PairedDevice]:
        """Return all devices of a shop."""
        return await store.list_devices(self._db, shop_id)

    async def _pair(
        self, actor: Actor, spent_id: uuid.UUID, digest: bytes, wish: Wish
    ) -> PairedDevice:
        command = msgspec.structs.asdict(wish) | {"token_hash": digest.hex()}
        body = msgspec.json.encode(command)
        command_id = uuid.uuid5(spent_id, "PairDevice")
        try:
            result = await self._execute(actor, command_id, "PairDevice", body)
        except Refusal as refusal:
            if refusal.code == "command_id_reused":
                raise Refusal("pairing_code_used") from None
            raise
        return await self.device(actor.shop_id, result["device_id"])

    async def device(self, shop_id: int, device_id: int) -> PairedDevice:
        """Return a device of a shop. Raises `device_not_found`."""
        device = await store.read_device(self._db, shop_id, device_id)
        if device is None:
            raise Refusal("device_not_found")
        return device

    async def _check_wish(self, shop_id: int, wish: Wish) -> Wish:
        """Return the wish with what a known device has already; raise what is wrong with it."""
        if wish.device_id is not None:
            known = await self.device(shop_id, wish.device_id)
            return Wish(
                kind=known.kind, name=known.name, place_id=known.place_id,
                station_id=known.station_id, device_id=known.id,
            )  # fmt: skip
        pairing.check_wish(wish)
        place, station = await store.standing_exists(self._db, shop_id, wish)
        if not place:
            raise Refusal("place_not_found")
        if not station:
            raise Refusal("station_not_found")
        return wish

    async def _charge(self, source: str, now: datetime) -> int:
        tries, last_at = await store.take_try(self._db, source, now)
        tries_left = pairing.check_tries(tries, last_at, now)
        if await store.count_tries(self._db, now) > TRIES_ALL_MAX:
            raise Refusal("pairing_locked", retry_after_s=60)
        return tries_left


async def _hash(digits: str) -> bytes:
    return await asyncio.to_thread(pairing.code_hash, digits)
