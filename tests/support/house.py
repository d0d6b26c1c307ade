"""A whole running house for tests of screens and sockets: web and worker in this process.

Real PostgreSQL, Redis and sockets, the system clock, the demo shop. `running_house` lives on the
caller's loop; `house_on_thread` has a loop of its own, for tests that drive a browser.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import asyncpg
import msgspec
from redis.asyncio import Redis

from server import app
from server.api import store as api_store
from server.api.keys import KeyMaker
from server.auth import new_token, read_networks, token_hash
from server.clock import Clock, SystemClock
from server.commands import BOOK, PROMISES
from server.db.pool import open_pool
from server.demo.seed import seed
from server.desk import Desk
from server.events.alarm import Alarm
from server.events.decision import Actor, Role
from server.events.keeping import PromiseLoop
from server.events.relay import Relay
from server.events.view import DeviceKind, DeviceView, View
from server.kds.views import snapshot
from server.printing.press import PressGround
from server.printing.pressroom import Pressroom
from server.sealed import Sealing
from server.settings import Settings
from server.worker import open_effects
from tests.support.engines import EnginePair, LoopThread

SHOP = 1
START_S_MAX = 120.0

T = TypeVar("T")


class RunningHouse:
    """Where a running house is reached, and a manager's hands in it."""

    def __init__(self, house: app.House, port: int, clock: Clock, sealing: Sealing) -> None:
        self.sealing = sealing
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/ws"
        self.clock = clock
        self.desk = house.desk
        self.gateway = house.gateway
        self.front = house.front
        self.pool: asyncpg.Pool = house.pool

    async def pair(
        self,
        kind: DeviceKind,
        name: str = "",
        *,
        place_id: int | None = None,
        station_id: int | None = None,
    ) -> str:
        """Make a new device and return its token."""
        if kind == "guest" and place_id is None:
            place_id = 1
        token = new_token()
        await self.ask(
            "manager", "PairDevice", kind=kind, name=name or kind, place_id=place_id,
            station_id=station_id, token_hash=token_hash(token).hex(),
        )  # fmt: skip
        return token

    async def api_key(self, name: str = "test") -> tuple[str, str]:
        """Make a business service that may manage devices; return its key id and secret."""
        client = api_store.Client(brand_id=1, id=0, name=name, roles=("business", "manager"))
        made = await KeyMaker(self.pool, self.clock, self.sealing).make_client(client)
        return made.key_id, made.secret

    async def ask(self, role: Role, command: str, **body: Any) -> dict[str, Any]:
        """Ask the house's own desk as somebody of this role; a guest sits at the place named."""
        actor = Actor(
            role=role, id=f"test:{role}", name=role, shop_id=SHOP, place_id=body.get("place_id")
        )
        return await self.desk.execute(actor, uuid.uuid4(), command, msgspec.json.encode(body))

    async def order(self, place_id: int, *dish_ids: int) -> dict[str, Any]:
        """Order one of each dish for a place, without choices."""
        lines = [{"dish_id": dish_id} for dish_id in dish_ids]
        return await self.ask("waiter", "PlaceOrder", place_id=place_id, lines=lines)

    async def view(
        self, kind: DeviceKind, *, place_id: int | None = None, station_id: int | None = None
    ) -> View:
        """Return a fresh snapshot as a device of this kind sees it: the server's truth."""
        device = DeviceView(0, kind, "test", "test", place_id, station_id)
        found = await snapshot(self.pool, self.clock, SHOP, device)
        assert found is not None
        return found.view


class JumpingClock(SystemClock):
    """The machine's clock, set ahead: a house that runs by it comes to another hour at once."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the moment that the house takes for now."""
        return super().now() + self._ahead

    def jump(self, *, seconds: float) -> None:
        """Set it further ahead."""
        self._ahead += timedelta(seconds=seconds)


@asynccontextmanager
async def running_house(
    database_url: str, redis_url: str, *, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[RunningHouse]:
    """Seed the demo shop and serve it on a free port for the length of the block."""
    await seed(database_url)
    clock = clock or SystemClock()
    known = Settings(database_url=database_url, redis_url=redis_url, port=0, **settings)
    sock = app.listen("127.0.0.1", 0)
    async with AsyncExitStack() as stack:
        stack.callback(sock.close)
        house = await stack.enter_async_context(app.build(known, clock))
        await stack.enter_async_context(_worker(known, clock))
        server = app.web_server(house)
        serving = asyncio.create_task(server._serve(sockets=[sock]))
        stack.push_async_callback(_stop, server, serving)
        async with asyncio.timeout(START_S_MAX):
            while not server.started:
                if serving.done():
                    serving.result()
                await asyncio.sleep(0.005)
        yield RunningHouse(house, sock.getsockname()[1], clock, Sealing(known.seal_key))


async def _stop(server: app.WebServer, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    await serving


@asynccontextmanager
async def _worker(settings: Settings, clock: Clock) -> AsyncIterator[None]:
    """Keep promises, as the worker process does."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, 2)
        stack.push_async_callback(pool.close)
        redis = Redis.from_url(settings.redis_url)
        stack.push_async_callback(redis.aclose)
        relay = Relay(redis, clock, Alarm(redis))
        desk = Desk(pool, clock, BOOK | PROMISES, relay, settings)
        effects = await stack.enter_async_context(open_effects(settings, pool, clock, desk))
        promises = PromiseLoop(pool, redis, clock, desk.keep, effects)
        ground = PressGround(
            pool,
            clock,
            desk.execute,
            settings.data_dir,
            "test",
            read_networks(settings.printer_networks),
            retry_s=0.1,
        )
        running = (relay.run(), promises.run(), Pressroom(ground).run())
        tasks = [asyncio.create_task(one) for one in running]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


class HouseOnThread:
    """The same house on a thread of its own; every method waits for its answer."""

    def __init__(self, thread: LoopThread, house: RunningHouse) -> None:
        self._thread = thread
        self.house = house
        self.url = house.url
        self.ws_url = house.ws_url
        self.port = house.port
        self.clock = house.clock

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` on the house's loop: `house.call(house.house.view("waiter"))`."""
        return self._thread.call(work)

    def pair(
        self,
        kind: DeviceKind,
        name: str = "",
        *,
        place_id: int | None = None,
        station_id: int | None = None,
    ) -> str:
        """Make a new device and return its token."""
        return self.call(self.house.pair(kind, name, place_id=place_id, station_id=station_id))

    def ask(self, role: Role, command: str, **body: Any) -> dict[str, Any]:
        """Ask the house's own desk as somebody of this role."""
        return self.call(self.house.ask(role, command, **body))

    def order(self, place_id: int, *dish_ids: int) -> dict[str, Any]:
        """Order one of each dish for a place."""
        return self.call(self.house.order(place_id, *dish_ids))

    def view(
        self, kind: DeviceKind, *, place_id: int | None = None, station_id: int | None = None
    ) -> View:
        """Return the server's truth as a device of this kind sees it."""
        return self.call(self.house.view(kind, place_id=place_id, station_id=station_id))


@contextmanager
def house_on_thread(database_url: str, redis_url: str, **settings: Any) -> Iterator[HouseOnThread]:
    """Run a house on a thread of its own for the length of the block."""
    with LoopThread() as thread:
        opened = running_house(database_url, redis_url, **settings)
        house = thread.call(opened.__aenter__())
        try:
            yield HouseOnThread(thread, house)
        finally:
            thread.call(opened.__aexit__(None, None, None))


@contextmanager
def fresh_house(engines: EnginePair) -> Iterator[HouseOnThread]:
    """Run a house with a database of its own on a thread of its own for the length of the block."""
    url = engines.fresh_database()
    try:
        with house_on_thread(url, engines.empty_redis()) as house:
            yield house
    finally:
        engines.drop(url)
