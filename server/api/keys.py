"""Makes clients and their keys, for the command line; a secret is shown once, when it is made."""

from __future__ import annotations

import msgspec

from server.api import store
from server.auth import new_key
from server.clock import Clock


class NewKey(msgspec.Struct, frozen=True):
    """A key to hand over; its repr shows no secret."""

    client_id: int
    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"NewKey({self.client_id}, {self.key_id!r})"


async def make_client(db: store.Database, clock: Clock, client: store.Client) -> NewKey:
    """Store a client (its `id` is minted) with its first key.

    Raises `asyncpg.UniqueViolationError` when the brand has a client of this name.
    """
    client_id = await store.add_client(db, client)
    return await add_key(db, clock, client.brand_id, client_id)


async def client_key(db: store.Database, clock: Clock, client: store.Client) -> NewKey:
    """Give a client a key, making the client when there is none of this name.

    The second key of a client lives beside the first: change over, and the third ends the oldest.
    """
    client_id = await store.find_client(db, client.brand_id, client.name)
    if client_id is None:
        return await make_client(db, clock, client)
    return await add_key(db, clock, client.brand_id, client_id)


async def add_key(db: store.Database, clock: Clock, brand_id: int, client_id: int) -> NewKey:
    """Give a client a further key; two live, so of three the oldest ends within seconds.

    Raises `asyncpg.ForeignKeyViolationError` when there is no such client.
    """
    key_id, secret = new_key()
    await store.put_key(db, (brand_id, client_id), key_id, secret, clock.now())
    return NewKey(client_id, key_id, secret)
