"""Where devices and the shop's log meet: one `Gateway` per web process.

Committed events enter by `deliver` (this process) or by the inbox (others); devices enter by the
listener. Everything is built here by plain constructor calls. Refuses to decide business and to
keep truths: it forgets everything at any moment and devices find their place again.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

import msgspec
import structlog
from redis.asyncio import Redis
from uvicorn.server import ServerState

from server.clock import Clock, to_ms
from server.events.decision import Actor, Written
from server.events.screens import ScreenSettings
from server.gateway import frames as f
from server.gateway.admission import Admission
from server.gateway.connection import RECONNECT_MS_MAX, Connection
from server.gateway.cursors import Cursors
from server.gateway.devices import UNPAIRED, Device
from server.gateway.door import Door
from server.gateway.ground import Ground
from server.gateway.hush import Hush
from server.gateway.inbox import Inbox
from server.gateway.listener import protocol_class
from server.gateway.outgoing import Outgoing
from server.gateway.presence import Claim, Presence
from server.gateway.receipts import Receipts
from server.gateway.rooms import Member
from server.gateway.shops import Shop
from server.gateway.topics import personal
from server.gateway.upkeep import Upkeep
from server.gateway.voices import Voices
from server.gateway.wheel import Wheel

DRAIN_PER_S = 500
DRAIN_S_MAX = 30.0
REPLACED = 4409
RESYNC = 4004
OVERLOADED = 1013
RESTART = 1012

T = TypeVar("T")
Execute = Callable[[Actor, uuid.UUID, str, bytes], Awaitable[dict[str, Any]]]
VOICES_S = 0.02  # screens that come together are chosen among together

_logger = structlog.get_logger(__name__)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What may differ between installations, tests and measurements."""

    origins: frozenset[str] = frozenset()
    connections_max: int = 20_000
    unauthenticated_max: int = 4_000
    token_age_s_max: float | None = None
    join_writes: bool = True


class Gateway:
    """All connections of a process."""

    def __init__(
        self,
        *,
        clock: Clock,
        node: str,
        redis: Redis | None,
        ground: Ground,
        execute: Execute,
        options: Options | None = None,
    ) -> None:
        self.options = options or Options()
        self.clock = clock
        self.node = node
        self.ground = ground
        self.execute = execute
        self.door = Door(origins=self.options.origins)
        self.loop = asyncio.get_running_loop()
        self.now_s = clock.monotonic_s
        self.outgoing = Outgoing(self.later, self.now_s, join=self.options.join_writes)
        self.presence = Presence(redis, clock, node)
        self.admission = Admission(self)
        self.cursors = Cursors(ground)
        self.shops: dict[int, Shop] = {}
        self.devices: dict[tuple[int, int], Connection] = {}
        self.connections: set[Connection] = set()
        self.ready = False
        self.unauthenticated = 0
        self.commands_run = 0
        self.gaps = 0
        self.lag_s = 0.0
        self.closed: dict[int, int] = {}
        self.voices = Voices(redis)
        self.hush = Hush(self)
        self.receipts = Receipts(execute, self.now_ms)
        self._inbox = Inbox(redis, node, self) if redis is not None else None
        self.wheel: Wheel[Connection] = Wheel(self.now_s())
        self._tasks: set[asyncio.Task[Any]] = set()
        self.released: list[Claim] = []
        self._drain_s = 0.0
        self._upkeep = Upkeep(self)

    # life

    async def start(self) -> None:
        """Begin to serve."""
        self.ready = True
        self.spawn(self._upkeep.tick_on())
        self.spawn(self._upkeep.flush_on())
        self.spawn(self.receipts.run())
        self.spawn(self.hush.run())
        if self._inbox is not None:
            self.spawn(self._inbox.run())

    async def stop(self) -> None:
        """End what `drain` left, store what is noted."""
        self.drain()
        for connection in list(self.connections):
            connection.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.cursors.flush()
        await self.receipts.flush()
        await self.presence.release(self.released)
        await self.presence.leave()

    def drain(self) -> None:
        """Take nobody in any more and send everybody away, spread over time."""
        if not self.ready:
            return
        self.ready = False
        self._drain_s = min(len(self.connections) / DRAIN_PER_S, DRAIN_S_MAX)
        _logger.info("gateway_draining", connections=len(self.connections))
        for connection in list(self.connections):
            connection.do(connection.session.close(RESTART))

    def websocket_class(self) -> type[asyncio.Protocol]:
        """Return what `uvicorn.Config(ws=…)` takes."""

        def make(state: ServerState, loop: asyncio.AbstractEventLoop | None) -> Connection:
            return Connection(self, state, loop)

        return protocol_class(make)

    # events

    def deliver(self, shop_id: int, events: Iterable[Written]) -> None:
        """Take committed lines of a shop's log; what nobody here listens to is nothing to us."""
        shop = self.shops.get(shop_id)
        if shop is not None:
            shop.deliver(events)

    def replaced(self, shop_id: int, device_id: int, generation: int) -> None:
        """Let go of a device that has a newer connection elsewhere."""
        connection = self.devices.get((shop_id, device_id))
        if connection is not None and connection.generation < generation:
            connection.do(connection.session.close(REPLACED))

    def look_at(self, shop: Shop, written: Written) -> None:
        """Act on lines about a connected device itself: unpaired, or moved by somebody."""
        devices, _ = personal(written.topics)
        for device_id in devices:
            connection = self.devices.get((shop.id, device_id))
            if connection is None:
                continue
            event = msgspec.json.decode(written.body)
            if event["kind"] == "DeviceUnpaired":
                connection.do(connection.session.close(UNPAIRED))
            elif event["kind"] == "DeviceMoved":
                self.relocate(connection, event["place_id"], event["station_id"])
            elif event["kind"] == "ScreenSet" and connection.device is not None:
                connection.device.settings = msgspec.convert(event["settings"], ScreenSettings)

    def resync(self, shop: Shop) -> None:
        """The log is not what this node thought: everybody of the shop starts from a snapshot."""
        _logger.warning("shop_resync", shop_id=shop.id, head=shop.feed.head)
        self.shops.pop(shop.id, None)
        for connection in [c for (shop_id, _), c in self.devices.items() if shop_id == shop.id]:
            connection.do(connection.session.close(RESYNC))

    # connections

    def entered(self, connection: Connection) -> int | None:
        """Count a new socket; return the close code when there is no place for it."""
        self.connections.add(connection)
        self.unauthenticated += 1
        if not self.ready:
            return RESTART
        full = len(self.connections) > self.options.connections_max
        if full or self.unauthenticated > self.options.unauthenticated_max:
            return OVERLOADED
        return None

    def settle(self, connection: Connection, device: Device, generation: int, app: str) -> None:
        """Make this the device's one connection here; an older one is told to stop. `app`: what it says it runs."""
        key = (device.shop_id, device.id)
        older = self.devices.get(key)
        connection.device, connection.generation = device, generation
        connection.member = Member(device.id, device.account_id, connection.sender(), connection)
        connection.member.paused = connection.held
        self.devices[key] = connection
        self.unauthenticated -= 1
        if older is not None:
            older.do(older.session.close(REPLACED))
        self.cursors.note(device.shop_id, device.id, 0, self.now_ms(), app)

    def closing(self, connection: Connection, code: int) -> None:
        """Count a close from our side and let the device go."""
        self.closed[code] = self.closed.get(code, 0) + 1
        device = connection.device
        if device is not None:
            self._let_go(connection, device)
            if code not in {1000, RESTART}:
                _logger.info(
                    "device_closed", shop_id=device.shop_id, device_id=device.id, code=code
                )

    def left(self, connection: Connection) -> None:
        """Forget a connection that is over."""
        if connection not in self.connections:
            return
        self.connections.discard(connection)
        self.wheel.drop(connection)
        connection.session.state = "closing"
        device = connection.device
        if device is None:
            self.unauthenticated -= 1
            return
        if connection.member is not None:
            self.outgoing.leave(connection.member)
            connection.member = None
        self._let_go(connection, device)

    def _let_go(self, connection: Connection, device: Device) -> None:
        passed = self.voices.left(connection)
        if passed is not None:
            self.spawn(self.voices.pass_on(*passed))
        key = (device.shop_id, device.id)
        if self.devices.get(key) is connection:
            del self.devices[key]
            self.released.append(Claim(*key, connection.generation))
            self.cursors.note(*key, connection.acked, self.now_ms())

    def relocate(
        self, connection: Connection, place_id: int | None, station_id: int | None
    ) -> None:
        """Let a moved device hear its new place, beginning with a fresh snapshot."""
        device = connection.device
        if device is None or (device.place_id, device.station_id) == (place_id, station_id):
            return
        device.place_id, device.station_id = place_id, station_id
        if connection.session.state != "live":
            return  # its first snapshot is under way and will notice
        if connection.member is not None:
            self.outgoing.leave(connection.member)
        connection.do(connection.session.again())
        self.admission.send_snapshot(connection, again=True)

    def noted(self, connection: Connection, ack: f.Ack) -> None:
        """Take an acknowledgement: the cursor only grows, stages of rings go on.

        Of a line the log has not reached nothing is believed: it could never be taken back.
        """
        device = connection.device
        assert device is not None, "the session notes nothing before it knows the device"
        shop = self.shops.get(device.shop_id)
        if shop is not None and connection.acked < ack.up_to <= shop.feed.known_top:
            connection.acked = ack.up_to
            self.cursors.note(device.shop_id, device.id, ack.up_to, self.now_ms())
        if ack.rings:
            self.receipts.hear(device, ack.rings)
        if ack.shown and device.kind == "kitchen" and device.settings.mode != "expo":
            self.receipts.see(device, ack.shown)
        if ack.audible is not None and self.voices.heard(connection, audible=ack.audible):
            self._settle_voices()

    def joined(self, connection: Connection) -> None:
        """Take a device in that is live from here on: one screen of a kind gets the voice."""
        self.hush.joined(connection)
        if self.voices.joined(connection):
            self.later(VOICES_S, self._settle_voices)

    def _settle_voices(self) -> None:
        self.spawn(self.voices.settle())

    def figures(self, connection: Connection) -> tuple[int, int]:
        """Return the shop's head as known here and the last line meant for this device."""
        device, member = connection.device, connection.member
        if device is None or member is None:
            return 0, 0
        shop = self.shops.get(device.shop_id)
        head = shop.feed.head if shop is not None else None
        return head or 0, self.outgoing.room_seq(member)

    def reconnect_after_ms(self, code: int) -> int:
        """Return when a device should come back: spread, so that they do not all come at once."""
        spread_ms = self._drain_s * 1000 if code == RESTART else 0.0
        return int(random.random() * max(spread_ms, RECONNECT_MS_MAX))

    def shop(self, shop_id: int) -> Shop:
        """Return the shop, opening it for its first device."""
        shop = self.shops.get(shop_id)
        if shop is None:
            shop = self.shops[shop_id] = Shop(self, shop_id)
        return shop

    # time and tasks

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds since 1970."""
        return to_ms(self.clock.now())

    def wake(self, connection: Connection, after_s: float) -> None:
        """Let this connection's alarm ring, forgetting an earlier one."""
        self.wheel.put(connection, self.now_s() + after_s)

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Run a call on the loop, soon when the delay is nothing."""
        if delay_s <= 0.0:
            self.loop.call_soon(call)
        else:
            self.loop.call_later(delay_s, call)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something beside everything else; what it raises is logged."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _logger.error("gateway_task_failed", exc_info=task.exception())
