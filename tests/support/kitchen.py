"""A desk on a real database with the demo shop in it, and an ear that hears what is told."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec

from server.clock import Clock, ManualClock
from server.commands import BOOK, PROMISES
from server.db.pool import open_pool
from server.demo.seed import seed
from server.desk import Desk
from server.events import catalogue as c
from server.events.decision import Actor, Armed, Role, Written
from server.events.view import DeviceKind, DeviceView, View, apply
from server.gateway.topics import audience
from server.kds.views import snapshot
from server.settings import Settings

SHOP = 1
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
DUMPLINGS = 2

_decode_event = msgspec.json.Decoder(c.Event).decode


class Ear:
    """Hears what the desk tells, as the relay would."""

    def __init__(self) -> None:
        self.heard: list[Written] = []
        self.armed: list[Armed] = []

    def publish(self, shop_id: int, events: Sequence[Written]) -> None:
        """Remember events."""
        self.heard.extend(events)

    def arm(self, promises: Sequence[Armed]) -> None:
        """Remember promises."""
        self.armed.extend(promises)


class Kitchen:
    """One desk, its clock, its ear, and people to act as."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock, settings: Settings | None = None) -> None:
        self.pool = pool
        self.clock = clock
        self.ear = Ear()
        self.desk = Desk(pool, clock, BOOK | PROMISES, self.ear, settings or Settings())

    async def ask(
        self, role: Role, command: str, command_id: uuid.UUID | None = None, **body: Any
    ) -> dict[str, Any]:
        """Ask the desk as somebody of this role; returns the result or raises the refusal."""
        return await self.desk.execute(
            actor(role), command_id or uuid.uuid4(), command, msgspec.json.encode(body)
        )

    async def order(self, place_id: int, *dish_ids: int, role: Role = "waiter") -> dict[str, Any]:
        """Order one of each dish for a place."""
        lines = [{"dish_id": dish} for dish in dish_ids]
        return await self.ask(role, "PlaceOrder", place_id=place_id, lines=lines)

    async def pair(
        self, kind: DeviceKind, *, place_id: int | None = None, account: str | None = None
    ) -> int:
        """Pair a device and return its id."""
        made = await self.ask(
            "manager", "PairDevice", kind=kind, name=account or kind, place_id=place_id,
            station_id=None, token_hash=uuid.uuid4().hex * 2,
        )  # fmt: skip
        device_id: int = made["device_id"]
        return device_id

    def advance(self, *, seconds: float) -> None:
        """Let time pass; only a clock that stands still can be moved."""
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(seconds=seconds)

    async def view(self, kind: DeviceKind, place_id: int | None = None) -> View:
        """Return a fresh snapshot as a device of this kind sees it."""
        device = DeviceView(99, kind, "test", "test", place_id)
        found = await snapshot(self.pool, self.clock, SHOP, device)
        assert found is not None
        return found.view

    def events(self, since: int = 0) -> list[c.Event]:
        """Return what was said after the first `since` events."""
        return [_decode_event(line.body) for line in self.ear.heard[since:]]

    def carry(self, view: View, since: int) -> View:
        """Apply to `view` the events after `since` that its device hears."""
        hears = audience(view.device.kind, view.device.place_id, view.device.station_id)
        for line in self.ear.heard[since:]:
            if line.topics & hears:
                apply(view, _decode_event(line.body))
        return view


def actor(role: Role, device_id: int = 7, place_id: int | None = 1) -> Actor:
    """Return somebody of this role; a guest sits at place 1."""
    return Actor(
        role=role,
        id=f"device:{device_id}:{role}",
        name={"waiter": "王敏", "kitchen": "张师傅"}.get(role, role),
        shop_id=SHOP,
        device_id=device_id,
        place_id=place_id if role == "guest" else None,
    )


@asynccontextmanager
async def open_kitchen(
    database_url: str, clock: Clock | None = None, settings: Settings | None = None
) -> AsyncIterator[Kitchen]:
    """Seed the demo shop and open a desk on it."""
    await seed(database_url)
    pool = await open_pool(database_url, 8)
    try:
        yield Kitchen(pool, clock or ManualClock(NOON), settings)
    finally:
        await pool.close()
