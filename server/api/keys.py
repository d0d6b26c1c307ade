"""Makes and ends clients and their keys; a secret is shown once, when it is made, and stored sealed."""

from __future__ import annotations

import asyncpg
import msgspec
import structlog

from server.api import store
from server.api.limits import Limits
from server.auth import new_key
from server.clock import Clock
from server.errors import Refusal
from server.sealed import SealError, Sealing
from server.webhooks import store as webhooks

CLIENTS_MAX = 50  # live ones of a brand
MAKINGS_MAX = 5  # of one client, while others are made at the same moment

_log = structlog.get_logger(__name__)


class NewKey(msgspec.Struct, frozen=True):
    """A key to hand over; its repr shows no secret."""

    client_id: int
    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"NewKey({self.client_id}, {self.key_id!r})"


class KeyMaker:
    """Makes, changes and ends clients and keys: the one way to do it, at a desk and at a terminal.

    With `limits` every process hears of it with its next request; without, within `KEY_KEPT_S`.
    """

    def __init__(
        self, db: store.Database, clock: Clock, sealing: Sealing, limits: Limits | None = None
    ) -> None:
        self._db, self._clock, self._sealing, self._limits = db, clock, sealing, limits

    async def make_client(self, client: store.Client) -> NewKey:
        """Store a client (its `id` is minted) with its first key.

        Raises `api_name_taken`, `api_clients_full`, `shop_not_found`.
        """
        await self._check_shops(client)
        for _ in range(MAKINGS_MAX):
            client_id = await store.add_client(self._db, client, CLIENTS_MAX)
            if client_id is not None:
                return await self.add_key(client.brand_id, client_id)
            if await store.find_client(self._db, client.brand_id, client.name) is not None:
                raise Refusal("api_name_taken", name=client.name)
            if await store.count_clients(self._db, client.brand_id) >= CLIENTS_MAX:
                break
        raise Refusal("api_clients_full", clients_max=CLIENTS_MAX)

    async def client_key(self, client: store.Client) -> NewKey:
        """Give a client a key, making the client when there is none of this name.

        The second key of a client lives beside the first: change over, and the third ends the oldest.
        """
        client_id = await store.find_client(self._db, client.brand_id, client.name)
        if client_id is None:
            return await self.make_client(client)
        return await self.add_key(client.brand_id, client_id)

    async def add_key(self, brand_id: int, client_id: int) -> NewKey:
        """Give a client a further key; two live, so of three the oldest ends.

        Raises `api_client_not_found`.
        """
        key_id, secret = new_key()
        client, now = (brand_id, client_id), self._clock.now()
        if not await store.put_key(self._db, client, (key_id, secret), self._sealing, now):
            raise Refusal("api_client_not_found", client_id=client_id)
        await self._tell(client)
        return NewKey(client_id, key_id, secret)

    async def change_client(self, client: store.Client) -> None:
        """Make these a client's name, roles, shops and addresses.

        Raises `api_client_not_found`, `api_name_taken`, `shop_not_found`.
        """
        await self._check_shops(client)
        try:
            changed = await store.change_client(self._db, client)
        except asyncpg.UniqueViolationError as error:
            raise Refusal("api_name_taken", name=client.name) from error
        if not changed:
            raise Refusal("api_client_not_found", client_id=client.id)
        await self._tell((client.brand_id, client.id))

    async def end_key(self, brand_id: int, client_id: int, key_id: str) -> None:
        """End one key; the client's other one lives. Raises `api_key_not_found`."""
        if not await store.end_key(self._db, (brand_id, client_id), key_id):
            raise Refusal("api_key_not_found", key_id=key_id)
        await self._tell((brand_id, client_id))

    async def revoke_client(self, brand_id: int, client_id: int) -> None:
        """End a client with its keys and its webhook; its name is free again.

        Raises `api_client_not_found`.
        """
        client = (brand_id, client_id)
        if not await store.revoke_client(self._db, client, self._clock.now()):
            raise Refusal("api_client_not_found", client_id=client_id)
        await self._tell(client)
        await webhooks.drop_webhook(self._db, client)

    async def _check_shops(self, client: store.Client) -> None:
        named = client.shop_ids or ()
        if unknown := await store.unknown_shops(self._db, client.brand_id, named):
            raise Refusal("shop_not_found", shop_id=unknown[0])

    async def _tell(self, client: tuple[int, int]) -> None:
        if self._limits is not None:
            await self._limits.tell_changed(*client)


async def seal_secrets(db: store.Database, sealing: Sealing) -> None:
    """Seal every secret that still stands in the database as it is.

    Raises `seal_key_differs` when others were sealed with another key: copy the key file of the host
    that was first.
    """
    try:
        known = await store.is_seal_key(db, sealing.mark)
    except SealError as error:
        raise Refusal("seal_key_differs", str(error)) from error
    if not known:
        raise Refusal("seal_key_differs", file=str(sealing))
    sealed = await store.seal_open_keys(db, sealing) + await webhooks.seal_open_secrets(db, sealing)
    if sealed:
        _log.info("secrets_sealed", secrets=sealed)
