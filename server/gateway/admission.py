"""From hello to welcome: whose token, which generation, resume or snapshot.

Hellos that arrive while a lookup is under way are looked up together with the next one, so that a
storm of ten thousand costs a few hundred statements. Refuses to keep anything: whoever is let in is
the gateway's.
"""

from __future__ import annotations

import asyncio
import random
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import structlog

from server.db.pool import LOST
from server.gateway import frames as f
from server.gateway.devices import Device, Found, verdict
from server.gateway.presence import Claim
from server.gateway.ring import Line
from server.gateway.topics import audience, personal

if TYPE_CHECKING:
    from server.gateway.connection import Connection
    from server.gateway.gateway import Gateway
    from server.gateway.shops import Shop

BATCH_MAX = 500
STORM_BATCH = 4  # so many hellos at once are a storm: then a pause lets the next batch fill
STORM_PAUSE_S = 0.005
REPLAY_LINES_MAX = 5_000  # beyond this a snapshot is smaller
SNAPSHOTS_AT_ONCE_MAX = 4  # the pool is small and commands need it too
LOOKUP_S_MAX = 10.0
OVERLOADED = 1013

_logger = structlog.get_logger(__name__)


class _Asked(NamedTuple):
    connection: Connection
    hello: f.Hello
    token_hash: bytes


class _Looked(NamedTuple):
    """How a device was found, and where its shop's log stood then."""

    asked: _Asked
    seq: int


class Admission:
    """The way in."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._queue: list[_Asked] = []
        self._running = False
        self._snapshots = asyncio.Semaphore(SNAPSHOTS_AT_ONCE_MAX)

    def ask(self, connection: Connection, hello: f.Hello) -> None:
        """Find out whose token this is, together with whoever else asks now."""
        digest = sha256(hello.token.encode("utf-8", "surrogatepass")).digest()
        self._queue.append(_Asked(connection, hello, digest))
        if not self._running:
            self._running = True
            self._gateway.spawn(self._run())

    async def _run(self) -> None:
        try:
            while self._queue:
                batch = self._queue[:BATCH_MAX]
                del self._queue[:BATCH_MAX]
                await self._look_up(batch)
                if len(batch) >= STORM_BATCH:
                    await asyncio.sleep(STORM_PAUSE_S)
        finally:
            self._running = False

    async def _look_up(self, batch: list[_Asked]) -> None:
        try:
            async with asyncio.timeout(LOOKUP_S_MAX):
                found = await self._gateway.ground.find_devices([a.token_hash for a in batch])
        except LOST as error:
            _logger.warning("lookup_failed", hellos=len(batch), error=type(error).__name__)
            for asked in batch:
                asked.connection.do(asked.connection.session.refused(OVERLOADED))
            return
        good: list[tuple[_Asked, Found]] = []
        for asked in batch:
            one = found.get(asked.token_hash)
            code = self._verdict(asked, one)
            if code is not None or one is None:
                asked.connection.do(asked.connection.session.refused(code or 4401))
            elif asked.connection.session.state == "checking":
                good.append((asked, one))
        if good:
            await self._let_in(good)

    async def _let_in(self, good: list[tuple[_Asked, Found]]) -> None:
        claims = [Claim(one.device.shop_id, one.device.id) for _, one in good]
        generations = await self._gateway.presence.claim(claims)
        for (asked, one), generation in zip(good, generations, strict=True):
            connection = asked.connection
            if connection.session.state != "checking":
                continue  # it left meanwhile
            self._gateway.settle(connection, one.device, generation, asked.hello.app)
            connection.do(connection.session.admitted())
            shop = self._gateway.shop(one.device.shop_id)
            self._resume(connection, shop, one, _Looked(asked, one.seq))

    def _resume(self, connection: Connection, shop: Shop, found: Found, looked: _Looked) -> None:
        """Choose the cheapest way that loses nothing: the ring, the log, else a snapshot."""
        resume = looked.asked.hello.resume
        fits = (
            resume is not None
            and resume.epoch == found.epoch
            and (shop.feed.head is None or shop.feed.epoch == found.epoch)
            and 0 <= resume.seq <= found.seq
            and found.seq - resume.seq <= REPLAY_LINES_MAX
        )
        if not fits or resume is None:
            self.send_snapshot(connection, looked=looked)
            return
        shop.hear_of(found.seq)
        if shop.feed.head is None and resume.seq == found.seq:
            shop.start(found.seq, found.epoch)
        if shop.feed.head is not None and resume.seq >= shop.rooms.ring.floor:
            self._enter_resumed(connection, shop, looked, resume.seq, [])
        else:
            self._gateway.spawn(self._replay(connection, shop, looked, resume))

    async def _replay(
        self, connection: Connection, shop: Shop, looked: _Looked, resume: f.Resume
    ) -> None:
        """Send what the ring no longer holds from the log, then go on from the ring."""
        lines = await shop.read_since(resume.seq)
        if connection.session.state != "joining":
            return
        shop = self._gateway.shop(shop.id)  # it may have been given up while we read
        top = lines[-1].seq if lines else resume.seq
        if lines is None or top < shop.rooms.ring.floor:
            self.send_snapshot(connection, looked=looked)
            return
        if shop.feed.head is None:
            shop.start(top, resume.epoch)
        self._enter_resumed(connection, shop, looked, resume.seq, lines)

    def _enter_resumed(
        self, connection: Connection, shop: Shop, looked: _Looked, seq: int, lines: list[Line]
    ) -> None:
        """Welcome a device back, unless it was moved: then what it shows is of another place."""
        device, ring = connection.device, shop.rooms.ring
        assert device is not None
        newer = ring.after(max(seq, ring.floor))
        if _changed(device.id, [line for line in lines if line.seq > seq] + newer):
            self.send_snapshot(connection, looked=looked)
            return
        self._welcome(connection, "resumed", shop.feed.epoch, max(ring.head, seq))
        self._enter(connection, shop, seq, lines)

    def send_snapshot(
        self, connection: Connection, *, looked: _Looked | None = None, again: bool = False
    ) -> None:
        """Send this device everything it may see, then go on from there."""
        self._gateway.spawn(self._snapshot(connection, looked, again=again))

    async def _snapshot(
        self, connection: Connection, looked: _Looked | None, *, again: bool
    ) -> None:
        device = connection.device
        assert device is not None
        place = (device.place_id, device.station_id)
        try:
            async with self._snapshots, asyncio.timeout(LOOKUP_S_MAX):
                view = await self._gateway.ground.snapshot(device)
                code = None if view is None else await self._look_again(device, looked, view.seq)
        except LOST as error:
            _logger.warning(
                "snapshot_failed", shop_id=device.shop_id, device_id=device.id,
                error=type(error).__name__,
            )  # fmt: skip
            connection.do(connection.session.refused(OVERLOADED))
            return
        if connection.session.state != "joining":
            return
        if view is None or code is not None:
            connection.do(connection.session.refused(code or 4403))
            return
        if place != (device.place_id, device.station_id):
            self.send_snapshot(connection, looked=looked, again=again)  # moved while this was read
            return
        shop = self._gateway.shop(device.shop_id)
        if shop.feed.head is not None and shop.feed.epoch != view.epoch:
            self._gateway.resync(shop)
            connection.do(connection.session.refused(4004))
            return
        if not again:
            self._welcome(connection, "snapshot", view.epoch, view.seq)
        connection.say(f.Snapshot(view.epoch, view.seq, view.at_ms, view.view))
        shop.hear_of(view.seq)
        if shop.feed.head is None:
            shop.start(view.seq, view.epoch)
        if view.seq >= shop.rooms.ring.floor:
            self._enter(connection, shop, view.seq, [])
        else:
            self._gateway.spawn(self._bridge(connection, shop, view.seq))

    async def _look_again(self, device: Device, looked: _Looked | None, seq: int) -> int | None:
        """Take in what was done to a device between its lookup and `seq`; a code turns it away.

        Its events up to `seq` are in the snapshot, so nobody else will tell that it was moved.
        """
        if looked is None or looked.seq >= seq:
            return None
        token_hash = looked.asked.token_hash
        found = (await self._gateway.ground.find_devices([token_hash])).get(token_hash)
        code = self._verdict(looked.asked, found)
        if code is None and found is not None:
            device.place_id, device.station_id = found.device.place_id, found.device.station_id
            device.settings = found.device.settings
        return code

    def _verdict(self, asked: _Asked, found: Found | None) -> int | None:
        age_s_max = self._gateway.options.token_age_s_max
        return verdict(asked.hello.token, found, self._gateway.now_ms(), age_s_max)

    async def _bridge(self, connection: Connection, shop: Shop, seq: int) -> None:
        """Fill the rare hole between a snapshot and a ring that moved on while it was read."""
        lines = await shop.read_since(seq)
        if connection.session.state != "joining":
            return
        given_up = self._gateway.shops.get(shop.id) is not shop
        if given_up or not lines or lines[-1].seq < shop.rooms.ring.floor:
            connection.do(connection.session.refused(4004))
            return
        self._enter(connection, shop, seq, lines)

    def _welcome(self, connection: Connection, mode: str, epoch: int, seq: int) -> None:
        connection.say(
            f.Welcome(
                generation=connection.generation,
                epoch=epoch,
                seq=seq,
                mode="resumed" if mode == "resumed" else "snapshot",
                heartbeat_s=f.HEARTBEAT_S,
                server_ms=self._gateway.now_ms(),
            )
        )

    def _enter(self, connection: Connection, shop: Shop, seq: int, lines: list[Line]) -> None:
        """Put the device into its room from the line after `seq` on; `lines` precede the ring."""
        device, member = connection.device, connection.member
        assert device is not None
        assert member is not None
        heard = audience(device.kind, device.place_id, device.station_id)
        floor = shop.rooms.ring.floor
        member.first = [
            line.frame(packed=connection.packed)
            for line in lines
            if seq < line.seq <= floor and member.hears(line, heard)
        ]
        self._gateway.outgoing.join(
            shop.rooms, member, heard, packed=connection.packed, seq=max(seq, floor)
        )
        connection.do(connection.session.joined(random.random()))
        self._gateway.joined(connection)


def _changed(device_id: int, lines: list[Line]) -> bool:
    """Tell whether one of these lines moved this device to another place, or unpaired it."""
    return any(
        device_id in personal(line.topics)[0]
        and (b'"DeviceMoved"' in line.body or b'"DeviceUnpaired"' in line.body)
        for line in lines
    )
