"""Makes clients and their keys; a secret is shown once, when it is made, and stored sealed."""

from __future__ import annotations

import msgspec
import structlog

from server.api import store
from server.auth import new_key
from server.clock import Clock
from server.errors import Refusal
from server.sealed import SealError, Sealing
from server.webhooks import store as webhooks

_log = structlog.get_logger(__name__)


class NewKey(msgspec.Struct, frozen=True):
    """A key to hand over; its repr shows no secret."""

    client_id: int
    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"NewKey({self.client_id}, {self.key_id!r})"


class KeyMaker:
    """Makes keys; their secrets are stored sealed."""

    def __init__(self, db: store.Database, clock: Clock, sealing: Sealing) -> None:
        self._db, self._clock, self._sealing = db, clock, sealing

    async def make_client(self, client: store.Client) -> NewKey:
        """Store a client (its `id` is minted) with its first key.

        Raises `asyncpg.UniqueViolationError` when the brand has a client of this name.
        """
        client_id = await store.add_client(self._db, client)
        return await self.add_key(client.brand_id, client_id)

    async def client_key(self, client: store.Client) -> NewKey:
        """Give a client a key, making the client when there is none of this name.

        The second key of a client lives beside the first: change over, and the third ends the oldest.
        """
        client_id = await store.find_client(self._db, client.brand_id, client.name)
        if client_id is None:
            return await self.make_client(client)
        return await self.add_key(client.brand_id, client_id)

    async def add_key(self, brand_id: int, client_id: int) -> NewKey:
        """Give a client a further key; two live, so of three the oldest ends within seconds.

        Raises `asyncpg.ForeignKeyViolationError` when there is no such client.
        """
        key_id, secret = new_key()
        now = self._clock.now()
        await store.put_key(self._db, (brand_id, client_id), (key_id, secret), self._sealing, now)
        return NewKey(client_id, key_id, secret)


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
