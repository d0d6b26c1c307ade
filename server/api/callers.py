"""Who calls: proves a signature or a session, counts it, and says for which shops it may speak.

Refuses to read bodies and to answer: it returns a client or raises a refusal. What a stranger is
told never depends on whether a key id exists.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta

import structlog

from server import auth
from server.api import store
from server.api.limits import KEY_KEPT_S, Limits
from server.api.table import Signer
from server.clock import Clock
from server.errors import Refusal
from server.events.decision import Actor, Role
from server.sealed import SealError, Sealing
from server.staff.door import StaffDoor
from server.staff.member import WHOLE_BRAND, Member

KEY_USED_STEP = timedelta(minutes=1)  # how exactly "last used" is written down
KEYS_KEPT_MAX = 10_000
SHOPS_KEPT_MAX = 100_000

# Without a signature: a house full of screens polls from one address every 2 s each.
OPEN_RATE_PER_S = 50.0
OPEN_BURST_MAX = 200
# A person presses buttons; a console draws a page from a dozen doors.
STAFF_RATE_PER_S = 20.0
STAFF_BURST_MAX = 100

_log = structlog.get_logger(__name__)


class Gate:
    """The check every request passes before anything is done for it."""

    def __init__(
        self,
        database: store.Database,
        limits: Limits,
        clock: Clock,
        trusted_proxies: Sequence[auth.Network],
        staff: StaffDoor,
        sealing: Sealing,
    ) -> None:
        self._db = database
        self._sealing = sealing
        self._limits = limits
        self._clock = clock
        self._trusted_proxies = tuple(trusted_proxies)
        self._staff = staff
        self._keys: dict[str, tuple[float, store.KnownKey | None]] = {}
        self._noted: dict[str, float] = {}  # when a key's use is written down again
        self._brands: dict[int, int] = {}

    def address(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """Return where a request came from, believing only our own proxies.

        All `X-Forwarded-For` headers in their order: some proxies add one of their own at the end.
        """
        return auth.caller_address(peer, ",".join(forwarded_for), self._trusted_proxies)

    def is_secure(self, peer: str, scheme: str, forwarded_proto: str) -> bool:
        """Return whether a request came by TLS, to us or to one of our own proxies."""
        trusts = auth.address_in(peer, self._trusted_proxies)
        return (
            forwarded_proto.strip().lower() if trusts and forwarded_proto else scheme
        ) == "https"

    async def admit_stranger(self, address: str) -> None:
        """Raise `rate_limited` when an address calls unsigned too often."""
        await self.limit(f"open:{address}", OPEN_RATE_PER_S, OPEN_BURST_MAX)

    async def limit(self, name: str, rate_per_s: float, burst_max: int) -> None:
        """Raise `rate_limited` when `name` comes too often."""
        _check_wait(await self._limits.take(name, rate_per_s, burst_max))

    async def admit(self, claim: auth.Claim, request: auth.Signable, address: str) -> store.Client:
        """Return the client that signed this request.

        Raises `stale_request`, `bad_signature`, `address_not_allowed`, `nonce_reused` or
        `rate_limited`. A refused nonce is spent: the next attempt is signed afresh.
        """
        auth.check_fresh(claim, self._clock.now().timestamp())
        known = await self._key(claim.key_id)
        try:
            auth.check_signature(claim, None if known is None else known.secret, request)
        except Refusal:
            _log.warning("signature_refused", key_id=claim.key_id, address=address)
            raise
        assert known is not None
        _check_address(known.client, address)
        admission = await self._limits.admit(known.client, claim.nonce)
        if admission.is_changed:  # somebody changed or ended it within these seconds
            known = await self._read_key(claim.key_id)
            if known is None:
                raise Refusal("bad_signature")
            _check_address(known.client, address)
        if not admission.fresh:
            raise Refusal("nonce_reused")
        _check_wait(admission.wait_s)
        await self._note_used(claim.key_id)
        return known.client

    async def admit_member(self, token: str, address: str) -> Member:
        """Return whose session this is. Raises `session_ended` or `rate_limited`."""
        member = await self._staff.find(token, address)
        await self.limit(member.who, STAFF_RATE_PER_S, STAFF_BURST_MAX)
        return member

    async def actor(self, signer: Signer, role: Role, shop_id: int) -> Actor:
        """Return the client or the person speaking in a shop.

        Raises `not_allowed` for a role or shop that was not given, and `shop_not_found` for a shop
        of another brand, as if there were none.
        """
        if role not in roles_of(signer):
            raise Refusal("not_allowed", role=role)
        if await self._brand(shop_id) != signer.brand_id:
            raise Refusal("shop_not_found", shop_id=shop_id)
        if not speaks(signer, role, shop_id):
            raise Refusal("not_allowed", shop_id=shop_id)
        return Actor(role, signer.who, signer.name, shop_id)

    async def _key(self, key_id: str) -> store.KnownKey | None:
        now_s = self._clock.monotonic_s()
        until_s, known = self._keys.get(key_id, (0.0, None))
        return known if now_s < until_s else await self._read_key(key_id)

    async def _read_key(self, key_id: str) -> store.KnownKey | None:
        """Return what the database knows of a key now, and remember it."""
        try:
            known = await store.find_key(self._db, key_id, self._sealing)
        except SealError as error:  # the file was exchanged under a running house
            _log.error("api_secret_unreadable", key_id=key_id)
            raise Refusal("seal_key_differs") from error
        if len(self._keys) >= KEYS_KEPT_MAX:
            self._keys.clear()
        if known is None:  # not remembered: a key made this second works this second
            self._keys.pop(key_id, None)
        else:
            self._keys[key_id] = (self._clock.monotonic_s() + KEY_KEPT_S, known)
        return known

    async def _note_used(self, key_id: str) -> None:
        now_s = self._clock.monotonic_s()
        if now_s < self._noted.get(key_id, 0.0):
            return
        if len(self._noted) >= KEYS_KEPT_MAX:
            self._noted.clear()
        self._noted[key_id] = now_s + KEY_USED_STEP.total_seconds()
        await store.note_key_used(self._db, key_id, self._clock.now(), KEY_USED_STEP)

    async def _brand(self, shop_id: int) -> int | None:
        brand_id = self._brands.get(shop_id)
        if brand_id is None:
            brand_id = await store.brand_of_shop(self._db, shop_id)
            if brand_id is not None and len(self._brands) < SHOPS_KEPT_MAX:
                self._brands[shop_id] = brand_id
        return brand_id


def brand_of(signer: Signer, role: Role, *, whole_brand: bool = False) -> int:
    """Return the brand for which somebody speaks as `role`, in some shop or in all of them.

    Raises `not_allowed`; what all shops share is for who is let into all of them.
    """
    if role not in roles_of(signer):
        raise Refusal("not_allowed", role=role)
    if whole_brand and not speaks(signer, role, WHOLE_BRAND):
        raise Refusal("not_allowed", shop_id=WHOLE_BRAND)
    return signer.brand_id


def money_brand(signer: Signer) -> int:
    """Return the brand whose money somebody may move: segments, cards, points.

    Raises `not_allowed`: without the role `money`, and for who is let into some shops only, because
    what a brand owes its guests and what it paid for is not any one shop's.
    """
    return brand_of(signer, "money", whole_brand=True)


def roles_of(signer: Signer) -> frozenset[str]:
    """Return as whom somebody may speak, in any shop."""
    if isinstance(signer, Member):
        return signer.roles
    return frozenset(signer.roles)


def speaks(signer: Signer, role: Role, shop_id: int) -> bool:
    """Return whether somebody speaks as `role` in a shop; 0: in all of the brand's."""
    if isinstance(signer, Member):
        return signer.speaks(role, shop_id)
    return role in signer.roles and (signer.shop_ids is None or shop_id in signer.shop_ids)


def _check_address(client: store.Client, address: str) -> None:
    if client.ip_allow and not auth.address_in(address, client.ip_allow):
        _log.warning("address_refused", client=client.name, address=address)
        raise Refusal("address_not_allowed", address=address)


def _check_wait(wait_s: float) -> None:
    if wait_s > 0:
        raise Refusal("rate_limited", retry_after_s=max(1, math.ceil(wait_s)))
