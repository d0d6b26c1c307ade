"""Doors for an owner about business services that call the API: who they are, what they may, their keys.

A secret is shown once, when its key is made. Refuses whoever does not own the whole brand, and to show
a secret again.
"""

from __future__ import annotations

from typing import Annotated, Literal

import asyncpg
import msgspec

from server.api import store
from server.api.keys import CLIENTS_MAX, KeyMaker
from server.api.staff_own import DoneAnswer
from server.api.table import Call, Door
from server.auth import Network, read_networks
from server.clock import to_ms
from server.errors import Refusal
from server.ids import Id
from server.webhooks import store as webhooks

ENDED_SHOWN_MAX = 50
SHOPS_MAX = 200
ADDRESSES_MAX = 20

ApiRole = Literal["business", "manager", "money"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]
KeyId = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[A-Za-z0-9_]+$")]


class ClientRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A business service: what it is called and may, in which shops (null: in all of the brand), from where.

    `addresses`: networks like `10.0.0.0/8`, or bare addresses; none: from anywhere.
    """

    name: Name
    roles: Annotated[list[ApiRole], msgspec.Meta(min_length=1, max_length=3)] = msgspec.field(
        default_factory=lambda: ["business"]
    )
    shop_ids: Annotated[list[Id], msgspec.Meta(min_length=1, max_length=SHOPS_MAX)] | None = None
    addresses: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=50)]],
        msgspec.Meta(max_length=ADDRESSES_MAX),
    ] = []


class ClientPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which business service."""

    client_id: Id


class KeyPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which key of which business service."""

    client_id: Id
    key_id: KeyId


class NewKeyAnswer(msgspec.Struct, frozen=True):
    """A key to hand over; its secret is shown this once."""

    client_id: int
    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"NewKeyAnswer({self.client_id}, {self.key_id!r})"


class KeyInfo(msgspec.Struct, frozen=True):
    """A live key. `used_at_ms` null: never; to the minute."""

    id: str
    made_at_ms: int
    used_at_ms: int | None


class ClientInfo(msgspec.Struct, frozen=True):
    """A business service with its live keys. `webhook`: where it is told; `ended_at_ms`: since when it may nothing."""

    id: int
    name: str
    roles: list[str]
    shop_ids: list[int] | None
    addresses: list[str]
    ended_at_ms: int | None
    webhook: str | None
    keys: list[KeyInfo]


class ClientsAnswer(msgspec.Struct, frozen=True):
    """The brand's business services, the live ones first; of those that ended, the last."""

    clients: list[ClientInfo]
    clients_max: int


class ApiClients:
    """What an owner may do about business services and their keys."""

    def __init__(self, database: asyncpg.Pool, maker: KeyMaker) -> None:
        self._db = database
        self._maker = maker

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        clients = "/v1/staff/api-clients"
        one, gone = f"{clients}/{{client_id}}", ("api_client_not_found",)
        return [
            Door(
                "GET", clients, "listApiClients", "List business services and their keys",
                "staff", self.list_clients, "staff", response=ClientsAnswer,
            ),
            Door(
                "POST", clients, "addApiClient", "Let a business service call; its first key",
                "staff", self.add, "staff", request=ClientRequest, response=NewKeyAnswer,
                status=201, refusals=("api_name_taken", "api_clients_full"),
            ),
            Door(
                "PUT", one, "changeApiClient", "Say what a business service is called and may",
                "staff", self.change, "staff", params=ClientPath, request=ClientRequest,
                response=DoneAnswer, refusals=(*gone, "api_name_taken"),
            ),
            Door(
                "DELETE", one, "revokeApiClient", "End a business service and its keys, at once",
                "staff", self.revoke, "staff", params=ClientPath, response=DoneAnswer,
                refusals=gone,
            ),
            Door(
                "POST", f"{one}/keys", "makeApiKey",
                "Make a further key; two live, so a third ends the oldest", "staff",
                self.add_key, "staff", params=ClientPath, response=NewKeyAnswer, status=201,
                refusals=gone,
            ),
            Door(
                "DELETE", f"{one}/keys/{{key_id}}", "endApiKey", "End one key, at once", "staff",
                self.end_key, "staff", params=KeyPath, response=DoneAnswer,
                refusals=("api_key_not_found",),
            ),
        ]  # fmt: skip

    async def list_clients(self, call: Call) -> ClientsAnswer:
        """List business services; no secret is among what is told."""
        brand_id = _owned(call)
        rows = await store.list_clients(self._db, brand_id, CLIENTS_MAX + ENDED_SHOWN_MAX)
        urls = await webhooks.list_urls(self._db, brand_id)
        keys: dict[int, list[KeyInfo]] = {}
        for key in await store.list_keys(self._db, brand_id):
            used_at = key["used_at"]
            info = KeyInfo(
                key["id"], to_ms(key["made_at"]), None if used_at is None else to_ms(used_at)
            )
            keys.setdefault(key["client_id"], []).append(info)
        return ClientsAnswer(
            [_info(row, urls.get(row["id"]), keys.get(row["id"], [])) for row in rows], CLIENTS_MAX
        )

    async def add(self, call: Call) -> NewKeyAnswer:
        """Make a business service with its first key."""
        client = _asked(_owned(call), 0, call.body)
        call.noted["roles"] = ",".join(client.roles)
        made = await self._maker.make_client(client)
        call.noted.update(client_id=made.client_id, key_id=made.key_id)
        return NewKeyAnswer(made.client_id, made.key_id, made.secret)

    async def change(self, call: Call) -> DoneAnswer:
        """Change what a business service is called and may."""
        client = _asked(_owned(call), call.params.client_id, call.body)
        call.noted["roles"] = ",".join(client.roles)
        await self._maker.change_client(client)
        return DoneAnswer()

    async def revoke(self, call: Call) -> DoneAnswer:
        """End a business service."""
        await self._maker.revoke_client(_owned(call), call.params.client_id)
        return DoneAnswer()

    async def add_key(self, call: Call) -> NewKeyAnswer:
        """Give a business service a further key."""
        made = await self._maker.add_key(_owned(call), call.params.client_id)
        call.noted["key_id"] = made.key_id
        return NewKeyAnswer(made.client_id, made.key_id, made.secret)

    async def end_key(self, call: Call) -> DoneAnswer:
        """End one key."""
        await self._maker.end_key(_owned(call), call.params.client_id, call.params.key_id)
        return DoneAnswer()


def _owned(call: Call) -> int:
    """Return the brand that is the caller's own. Raises `not_allowed`."""
    if not call.person.keeps_keys:
        raise Refusal("not_allowed")
    return call.person.brand_id


def _asked(brand_id: int, client_id: int, asked: ClientRequest) -> store.Client:
    name = asked.name.strip()
    if not name:
        raise Refusal("bad_field", "A name is needed.", field="name")
    return store.Client(
        brand_id=brand_id, id=client_id, name=name, roles=tuple(dict.fromkeys(asked.roles)),
        shop_ids=None if asked.shop_ids is None else tuple(sorted(set(asked.shop_ids))),
        ip_allow=_networks(asked.addresses),
    )  # fmt: skip


def _networks(texts: list[str]) -> tuple[Network, ...]:
    try:
        return read_networks(texts)
    except ValueError as error:
        raise Refusal("bad_field", str(error), field="addresses") from error


def _info(row: asyncpg.Record, webhook: str | None, keys: list[KeyInfo]) -> ClientInfo:
    ended_at = row["revoked_at"]
    return ClientInfo(
        row["id"], row["name"], list(row["roles"]), row["shop_ids"],
        [_written(network) for network in row["ip_allow"]],
        None if ended_at is None else to_ms(ended_at), webhook, keys,
    )  # fmt: skip


def _written(network: Network) -> str:
    """Return a network as people write it: one address without its length."""
    whole = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if whole else str(network)
