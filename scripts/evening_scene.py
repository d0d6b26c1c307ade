"""Stages the last quarter of an hour of an evening in the demo shop: what pictures show and tests of pages read.

A clock is moved through it, so every dish is as old as it should be. Refuses to serve and to open pages.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from server.auth import new_token, token_hash
from server.clock import ManualClock, SystemClock, to_ms
from server.commands import BOOK, PROMISES
from server.demo import menu as demo
from server.desk import Desk
from server.events.decision import Actor, Armed, Due, Role, Written
from server.sealed import Sealing
from server.settings import Settings


class Silent:
    """Nobody listens while the evening is staged."""

    def publish(self, shop_id: int, events: list[Written]) -> None:
        """Drop them."""

    def arm(self, promises: list[Armed]) -> None:
        """Drop them."""


# The pictures show an evening, whatever the hour: the shop moves to where it is evening now.
SET_ZONE = "UPDATE shop SET timezone = $1"
READ_RING = """
SELECT id, payload, attempt FROM promise
 WHERE kind = 'RingCall' AND state = 'waiting' ORDER BY due_at DESC LIMIT 1
"""
READ_SAYING = """
SELECT id, kind, payload, attempt, due_at FROM promise
 WHERE kind IN ('Announce', 'RingEnd') AND state = 'waiting' AND due_at <= $1
 ORDER BY due_at, id LIMIT 1
"""
READ_SAID = (
    "SELECT call_id, ring, end_key FROM im_message WHERE state = 'sent' ORDER BY call_id, ring"
)
# end → which screens tell what of it
HEARS = {
    "kitchen": [(1, "热菜档 1 号屏", "played")],
    "cashier": [(11, "收银台", "played")],
    "call_screen": [(12, "叫号屏", "played")],
    "pad": [(6, "王敏", "played"), (7, "李强", "blocked")],
}
# Which of the demo shop's devices are there, by the name of their picture.
PAIRED = {
    "kitchen": 1, "second": 2, "waiter": 6, "other pad": 7, "guest": 8, "cashier": 11, "screen": 12,
}  # fmt: skip
READ_CALL = "SELECT id FROM im_call WHERE item_id = $1"
EVENING_HOUR = 19


class Evening:
    """The last quarter of an hour, staged with a clock that is moved."""

    def __init__(
        self, pool: asyncpg.Pool, settings: Settings, begin: datetime | None = None
    ) -> None:
        self.pool = pool
        self.sealing = Sealing(settings.seal_key)
        self.end = SystemClock().now() + timedelta(seconds=8)
        self.clock = ManualClock(begin or self.end - timedelta(minutes=20))
        self.desk = Desk(pool, self.clock, BOOK | PROMISES, Silent(), settings)  # type: ignore[arg-type]

    async def at(self, minutes: int, seconds: int) -> None:
        """Move to so long before the pictures; what is to be said on the way is said in its time."""
        then = self.end - timedelta(minutes=minutes, seconds=seconds)
        while row := await self.pool.fetchrow(READ_SAYING, then):
            self._move(max(row["due_at"], self.clock.now()))
            await self.desk.keep(
                [Due(demo.SHOP.id, row["id"], row["kind"], row["payload"], row["attempt"])]
            )
        self._move(then)

    def _move(self, then: datetime) -> None:
        self.clock.advance(seconds=(then - self.clock.now()).total_seconds())

    async def hear(self) -> None:
        """Let the screens tell what became of what was said; one of them had no sound."""
        rings = [
            {
                "call_id": row["call_id"], "ring": row["ring"], "device_id": device,
                "device_name": name, "stage": stage, "at_ms": to_ms(self.clock.now()),
            }
            for row in await self.pool.fetch(READ_SAID)
            for device, name, stage in HEARS.get(row["end_key"], ())
        ]  # fmt: skip
        await self.do("system", "NoteRings", rings=rings)

    async def do(self, role: Role, command: str, **body: Any) -> dict[str, Any]:
        """Ask the desk."""
        names = {
            "kitchen": "张师傅",
            "waiter": "王敏",
            "manager": "店长",
            "cashier": "储值卡 1 号机",
        }
        place = body.get("place_id") if role == "guest" else None
        actor = Actor(role, f"stage:{role}", names.get(role, role), demo.SHOP.id, 6, place)
        return await self.desk.execute(actor, uuid.uuid4(), command, msgspec.json.encode(body))

    async def order(self, place: str, *lines: dict[str, Any], **more: Any) -> list[int]:
        """Order for a place by its name; returns the dishes' ids."""
        place_id = next(p.id for p in demo.PLACES if p.name == place)
        role: Role = "guest" if place.startswith("8") else "waiter"
        placed = await self.do(role, "PlaceOrder", place_id=place_id, lines=list(lines), **more)
        return list(placed["item_ids"])

    def _behind_h(self) -> int:
        """Return by how many hours the shop's clock is behind UTC."""
        return (self.end.hour - EVENING_HOUR + 12) % 24 - 12

    def zone(self) -> str:
        """Return the time zone where it is evening."""
        return f"Etc/GMT{self._behind_h():+d}"

    def yesterday(self) -> datetime:
        """Return when the shop's day before this evening began, at midnight."""
        behind = timedelta(hours=self._behind_h())
        local = (self.end - behind).replace(hour=0, minute=0, second=0, microsecond=0)
        return local - timedelta(days=1) + behind

    async def move_to_evening(self) -> None:
        """Put the shop into the time zone where it is evening."""
        await self.pool.execute(SET_ZONE, self.zone())

    async def ring_again(self) -> None:
        """Keep the latest promise of a further ring."""
        row = await self.pool.fetchrow(READ_RING)
        assert row is not None
        due = Due(demo.SHOP.id, row["id"], "RingCall", row["payload"], row["attempt"])
        await self.desk.keep([due])

    async def cook(self, item: int, *names: str) -> None:
        """Let the kitchen do steps."""
        for name in names:
            await self.do("kitchen", name, item_id=item)


def dish(dish_id: int, quantity: int = 1, *modifiers: str, note: str = "") -> dict[str, Any]:
    """Return a line of an order."""
    return {
        "dish_id": dish_id, "quantity": quantity, "modifier_ids": list(modifiers), "note": note,
    }  # fmt: skip


async def stage(evening: Evening) -> None:
    """Play what the pictures show."""
    await evening.at(19, 0)
    for place in ("810", "811", "813", "814", "815", "816", "817", "818", "819", "820"):
        await evening.order(place, dish(6))
        place_id = next(p.id for p in demo.PLACES if p.name == place)
        await evening.do("waiter", "CleanPlace", place_id=place_id)
    await evening.at(16, 20)
    beef, _greens = await evening.order("803", dish(17), dish(15, 1, "no-garlic"))
    await evening.at(12, 0)
    chicken, rice = await evening.order("808", dish(20), dish(24, 2))
    await evening.at(9, 44)
    kung_pao, leaves = await evening.order(
        "23", dish(2, 2, "no-peanuts", "no-scallion"), dish(6), allergens=["花生", "坚果"]
    )
    await evening.at(8, 48)
    pork, braised = await evening.order("801", dish(12), dish(13))
    await evening.at(7, 6)
    fish, tofu, _rice_2 = await evening.order("807", dish(3), dish(16), dish(23, 2, "no-scallion"))
    await evening.at(5, 57)
    stew, prawns, *_ = await evening.order(
        "A3", dish(19), dish(14), dish(2), dish(16), dish(13), dish(6, 2), dish(22), dish(23), dish(18)
    )  # fmt: skip
    for minutes, seconds, item in ((6, 2, braised), (5, 10, stew), (4, 10, kung_pao), (3, 5, beef)):
        await evening.at(minutes, seconds)
        await evening.cook(item, "StartItem")
    await evening.cook(chicken, "StartItem")
    await evening.at(2, 38)
    await evening.order("29", dish(5 - 1, 2), dish(1, 2), dish(7))
    await evening.at(2, 20)
    await evening.cook(tofu, "StartItem")
    await evening.do("waiter", "CancelItem", item_id=fish, reason="客人改主意")
    await evening.cook(leaves, "StartItem")
    await evening.at(1, 52)
    await evening.order("801", dish(1, 2), dish(15))
    await evening.cook(rice, "StartItem", "FinishItem")
    for command in ("PickUpItem", "DeliverItem"):
        await evening.do("waiter", command, item_id=rice)
    await evening.cook(chicken, "FinishItem", "CallItem")  # the hall hears number 12
    call = await evening.pool.fetchval(READ_CALL, chicken)
    await evening.do("waiter", "ClaimCall", call_id=call)
    await evening.at(0, 42)
    await evening.order("806", dish(16, 1, "less-salt", "heat-mild"), dish(2), dish(14))
    await evening.cook(prawns, "StartItem", "FinishItem")
    await evening.cook(pork, "StartItem", "FinishItem")
    await evening.at(0, 21)
    await evening.cook(pork, "CallItem")
    await evening.cook(leaves, "FinishItem")
    await evening.at(0, 6)
    await evening.ring_again()
    await evening.at(0, 0)


async def token(evening: Evening, device_id: int) -> str:
    """Pair a demo device and return its token."""
    device = next(d for d in demo.DEVICES if d.id == device_id)
    made = new_token()
    await evening.do(
        "manager", "PairDevice", kind=device.kind, name=device.name, place_id=device.place_id,
        station_id=device.station_id, device_id=device.id, token_hash=token_hash(made).hex(),
    )  # fmt: skip
    return made
