"""A whole HTTP API on real engines for one test, and callers who sign."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import redis.asyncio
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from server.api import store
from server.api.front import Front, Ground, open_front
from server.api.keys import KeyMaker
from server.api.routes import routes
from server.auth import Signable, new_token, read_networks, signed_headers, token_hash
from server.clock import ManualClock
from server.commands import BOOK
from server.db.pool import open_pool
from server.demo.seed import seed
from server.desk import Desk
from server.events.decision import Actor
from server.events.view import DeviceKind
from server.sealed import Sealing
from server.settings import Settings
from tests.support.kitchen import Ear

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SHOP, ROOM_801, OTHER_SHOP = 1, 1, 2

ADD_OTHER_BRAND = """
INSERT INTO brand (id, name) VALUES (2, '{"zh": "别家", "en": "Others"}');
INSERT INTO shop (id, brand_id, name) VALUES (2, 2, '{"zh": "别家", "en": "Others"}');
INSERT INTO shop_head (shop_id) VALUES (2);
"""


class Caller:
    """A business service or manager that signs what it sends."""

    def __init__(
        self, http: httpx.AsyncClient, key: tuple[str, str], now: Callable[[], datetime]
    ) -> None:
        self.http = http
        self.key = key
        self.now = now

    def headers(
        self, method: str, target: str, body: bytes = b"", key: str = "", **given: Any
    ) -> dict[str, str]:
        """Return signed headers; `given` may set `nonce` or `timestamp_s`."""
        path, _, query = target.partition("?")
        timestamp_s = given.pop("timestamp_s", int(self.now().timestamp()))
        request = Signable(method, path, query, body, key)
        return signed_headers(*self.key, request, timestamp_s, **given)

    async def ask(
        self, method: str, target: str, body: Any = None, key: str = "", **given: Any
    ) -> httpx.Response:
        """Send a signed request; `body` is encoded as JSON unless it is bytes already."""
        raw = b"" if body is None else body if isinstance(body, bytes) else encode(body)
        headers = self.headers(method, target, raw, key, **given)
        if body is not None:
            headers["content-type"] = "application/json"
        return await self.http.request(method, target, content=raw, headers=headers)

    async def order(self, *dish_ids: int, place_id: int = ROOM_801) -> dict[str, Any]:
        """Order dishes for a place and return the answer."""
        lines = [{"dish_id": dish_id} for dish_id in dish_ids]
        answer = await self.ask(
            "POST", "/v1/orders", {"shop_id": SHOP, "place_id": place_id, "lines": lines}
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


class ApiHouse:
    """The API with its ground, as a test needs it."""

    def __init__(self, ground: Ground, front: Front, http: httpx.AsyncClient) -> None:
        self.ground = ground
        self.front = front
        self.http = http
        assert isinstance(ground.clock, ManualClock)
        self.clock = ground.clock
        self.db = ground.database
        self.sealing = Sealing(ground.settings.seal_key)
        self.keys = KeyMaker(ground.database, ground.clock, self.sealing)
        self.draining = False
        self.online: set[int] | None = None  # devices connected now; None: nobody knows
        self.dishes: dict[str, int] = {}

    async def pair(self, kind: DeviceKind, **where: Any) -> int:
        """Make a device of the shop and return its id."""
        actor = Actor(role="manager", id="test", name="test", shop_id=SHOP)
        body = {"kind": kind, "name": kind, "token_hash": token_hash(new_token()).hex(), **where}
        made = await self.ground.execute(actor, uuid.uuid4(), "PairDevice", encode(body))
        return int(made["device_id"])

    async def token(self, kind: DeviceKind) -> str:
        """Make a device of the shop and return its token."""
        actor = Actor(role="manager", id="test", name="test", shop_id=SHOP)
        token = new_token()
        body = {"kind": kind, "name": kind, "token_hash": token_hash(token).hex()}
        await self.ground.execute(actor, uuid.uuid4(), "PairDevice", encode(body))
        return token

    async def caller(self, name: str = "pos", **client: Any) -> Caller:
        """Make a client with one key and return it as somebody who calls."""
        if "ip_allow" in client:
            client["ip_allow"] = read_networks(client["ip_allow"])
        fields: dict[str, Any] = {"brand_id": 1, "id": 0, "name": name}
        known = store.Client(**(fields | client))
        made = await self.keys.make_client(known)
        return Caller(self.http, (made.key_id, made.secret), self.clock.now)

    async def key_for(self, brand_id: int, client_id: int) -> Caller:
        """Give a client a further key, a moment later."""
        self.clock.advance(seconds=1)
        made = await self.keys.add_key(brand_id, client_id)
        return Caller(self.http, (made.key_id, made.secret), self.clock.now)

    async def manager(self) -> Caller:
        """Make a client that may manage devices."""
        return await self.caller("console", roles=("business", "manager"))


@asynccontextmanager
async def api_house(
    database_url: str, redis_url: str, *, peer: str = "127.0.0.1", **settings: Any
) -> AsyncIterator[ApiHouse]:
    """Open a seeded house whose API is called in process, on a clock that stands still."""
    await seed(database_url)
    clock = ManualClock(NOON)
    database = await open_pool(database_url, 4)
    redis_client = redis.asyncio.Redis.from_url(redis_url)
    house: ApiHouse
    known = Settings(**settings)
    desk = Desk(database, clock, BOOK, Ear(), known)

    async def online(shop_id: int) -> frozenset[int]:
        if house.online is None:
            raise ConnectionError
        return frozenset(house.online)

    ground = Ground(
        desk.execute, database, redis_client, clock, known, CollectorRegistry(),
        draining=lambda: house.draining, online=online,
    )  # fmt: skip
    front = open_front(ground)
    transport = httpx.ASGITransport(Starlette(routes=routes(ground, front)), client=(peer, 12345))
    async with httpx.AsyncClient(transport=transport, base_url="http://house") as http:
        house = ApiHouse(ground, front, http)
        await database.execute(ADD_OTHER_BRAND)
        try:
            yield house
        finally:
            await redis_client.aclose()
            await database.close()


def encode(body: Any) -> bytes:
    """Return JSON."""
    return msgspec.json.encode(body)


def is_problem(answer: httpx.Response, code: str) -> dict[str, Any]:
    """Assert that an answer is this refusal, whole and well formed; return it."""
    told = dict(answer.json())
    assert told["code"] == code, told
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["status"] == answer.status_code
    assert told["request_id"] == answer.headers["x-request-id"]
    assert told["type"] == f"/docs#{code}"
    assert ("retry-after" in answer.headers) == told["retryable"], told
    return told
