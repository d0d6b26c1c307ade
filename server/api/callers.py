"""Who calls: proves a signed request, counts it, and says for which shops it may speak.

Refuses to read bodies and to answer: it returns a client or raises a refusal. What a stranger is
told never depends on whether a key id exists.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import structlog

from server import auth
from server.api import store
from server.api.limits import Limits
from server.clock import Clock
from server.errors import Refusal
from server.events.decision import Actor, Role

KEY_KEPT_S = 5.0  # how long a revoked key may still work
KEYS_KEPT_MAX = 10_000
SHOPS_KEPT_MAX = 100_000

# Without a signature: a house full of screens polls from one address every 2 s each.
OPEN_RATE_PER_S = 50.0
OPEN_BURST_MAX = 200

_log = structlog.get_logger(__name__)


class Gate:
    """The check every request passes before anything is done for it."""

    def __init__(
        self,
        database: store.Database,
        limits: Limits,
        clock: Clock,
        trusted_proxies: Sequence[auth.Network],
    ) -> None:
        self._db = database
        self._limits = limits
        self._clock = clock
        self._trusted_proxies = tuple(trusted_proxies)
        self._keys: dict[str, tuple[float, store.KnownKey | None]] = {}
        self._brands: dict[int, int] = {}

    def address(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """Return where a request came from, believing only our own proxies.

        All `X-Forwarded-For` headers in their order: some proxies add one of their own at the end.
        """
        return auth.caller_address(peer, ",".join(forwarded_for), self._trusted_proxies)

    async def admit_stranger(self, address: str) -> None:
        """Raise `rate_limited` when an address calls unsigned too often."""
        wait_s = await self._limits.take(f"open:{address}", OPEN_RATE_PER_S, OPEN_BURST_MAX)
        _check_wait(wait_s)

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
        client = known.client
        if client.ip_allow and not auth.address_in(address, client.ip_allow):
            _log.warning("address_refused", client=client.name, address=address)
            raise Refusal("address_not_allowed", address=address)
        fresh, wait_s = await self._limits.admit(client, claim.nonce)
        if not fresh:
            raise Refusal("nonce_reused")
        _check_wait(wait_s)
        return client

    async def actor(self, client: store.Client, role: Role, shop_id: int) -> Actor:
        """Return the client speaking in a shop.

        Raises `not_allowed` for a role or shop it was not given, and `shop_not_found` for a shop
        of another brand, as if there were none.
        """
        if role not in client.roles:
            raise Refusal("not_allowed", role=role)
        if await self._brand(shop_id) != client.brand_id:
            raise Refusal("shop_not_found", shop_id=shop_id)
        if client.shop_ids is not None and shop_id not in client.shop_ids:
            raise Refusal("not_allowed", shop_id=shop_id)
        return Actor(role, f"api:{client.brand_id}:{client.id}", client.name, shop_id)

    async def _key(self, key_id: str) -> store.KnownKey | None:
        now_s = self._clock.monotonic_s()
        until_s, known = self._keys.get(key_id, (0.0, None))
        if now_s < until_s:
            return known
        known = await store.find_key(self._db, key_id)
        if len(self._keys) >= KEYS_KEPT_MAX:
            self._keys.clear()
        if known is not None:  # a key made this second works this second
            self._keys[key_id] = (now_s + KEY_KEPT_S, known)
        return known

    async def _brand(self, shop_id: int) -> int | None:
        brand_id = self._brands.get(shop_id)
        if brand_id is None:
            brand_id = await store.brand_of_shop(self._db, shop_id)
            if brand_id is not None and len(self._brands) < SHOPS_KEPT_MAX:
                self._brands[shop_id] = brand_id
        return brand_id


def money_brand(client: store.Client) -> int:
    """Return the brand whose money a client may move: segments, cards, points.

    Raises `not_allowed`: without the role `money`, and for who is let into some shops only, because
    what a brand owes its guests and what it paid for is not any one shop's.
    """
    if "money" not in client.roles:
        raise Refusal("not_allowed", role="money")
    if client.shop_ids is not None:
        raise Refusal("not_allowed", shop_id=0)
    return client.brand_id


def _check_wait(wait_s: float) -> None:
    if wait_s > 0:
        raise Refusal("rate_limited", retry_after_s=max(1, math.ceil(wait_s)))
