"""Simulated people: guests who order, cooks who cook, waiters who run.

Each acts through a device of its own and sees nothing but that device's view; durations are those
of a real evening divided by the pace's speed. Refuses to know where the devices come from and when
the evening ends: `traffic.py` does.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Collection
from typing import Any

from server.client.device import Device
from server.errors import Refusal
from server.events import catalogue as c
from server.events.menu import Dish, Menu
from server.events.view import PlaceView
from server.kds.item import is_unconfirmed

# How long a visit of a real evening lasts from the first order to a clean room, and how many of
# them a lively board shows: more orders a minute make everybody quicker, never the board longer.
VISIT_S = 1_800.0
VISITS_STANDING = 14.0

COOK_HANDS = 6
WAITER_HANDS = 4
MISTAKEN_START = 0.03
MISTAKEN_FINISH = 0.04
CALLED_AGAIN = 0.03
MISTAKEN_DELIVERY = 0.02
CANCELLED = 0.06
SECOND_ROUND = 0.25
CHANGED = 0.06
ON_HOLD = 0.08
RUSHED = 0.08
OVERHEARD_ONE_IN = 10  # calls that nobody hears until they ring again
UNSERVED_S_MAX = 3_600.0  # then the guest has gone home hungry and the room is cleaned

NOTES = ("", "", "", "", "快一点", "少油少盐", "分两盘", "给小朋友的")


class Pace:
    """How fast an evening goes: `orders_per_minute` placings, everything else to match."""

    def __init__(self, orders_per_minute: float) -> None:
        self.orders_per_minute = orders_per_minute
        self.speed = VISIT_S * orders_per_minute / 60 / VISITS_STANDING

    async def take(self, dice: random.Random, low_s: float, high_s: float) -> None:
        """Let somebody take a while, in seconds of a real evening."""
        await asyncio.sleep(dice.uniform(low_s, high_s) / self.speed)


class Tally:
    """What the evening came to."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()  # command → how often it changed something
        self.refused: Counter[str] = Counter()  # refusal code → how often

    async def ask(self, device: Device, name: str, /, **body: Any) -> dict[str, Any] | None:
        """Ask politely: a no is counted and lived with."""
        try:
            result = await device.ask(name, **body)
        except Refusal as refusal:
            self.refused[refusal.code] += 1
            return None
        self.done[name] += bool(result.get("changed", True))
        return result


class Cook:
    """Cooks what its stations have to make, oldest first, a few dishes at a time."""

    def __init__(
        self,
        device: Device,
        stations: Collection[int | None],
        pace: Pace,
        dice: random.Random,
        tally: Tally,
    ) -> None:
        self._device = device
        self._stations = frozenset(stations)
        self._pace = pace
        self._dice = dice
        self._tally = tally
        self._taken: set[int] = set()
        self._told: set[int] = set()

    async def work(self) -> None:
        """Cook until cancelled."""
        async with asyncio.TaskGroup() as hands:
            hands.create_task(self._look())
            hands.create_task(self._read_slips())
            for _ in range(COOK_HANDS):
                hands.create_task(self._hand())

    async def _look(self) -> None:
        """See what came, as a screen that is on shows it."""
        while True:
            await self._device.until(lambda _: bool(self._unseen() - self._told))
            unseen = self._unseen()
            self._device.tell_shown(sorted(unseen - self._told))
            self._told = unseen

    def _unseen(self) -> set[int]:
        waiting = {"held", "queued"}
        return {i.id for i in self._mine() if i.state in waiting and i.shown_at_ms is None}

    async def _read_slips(self) -> None:
        """Say yes to what was changed or cancelled."""
        while True:
            await self._device.until(lambda _: self._slip() is not None)
            slip = self._slip()
            assert slip is not None
            await self._pace.take(self._dice, 5, 40)
            await self._tally.ask(self._device, "ConfirmItem", item_id=slip.id)

    def _mine(self) -> list[c.Item]:
        view = self._device.replica.view
        orders = view.orders if view is not None else []
        return [i for o in orders for i in o.items if i.station_id in self._stations]

    def _slip(self) -> c.Item | None:
        return next((item for item in self._mine() if is_unconfirmed(item)), None)

    async def _hand(self) -> None:
        while True:
            await self._device.until(lambda _: self._next() is not None)
            item = self._next()
            assert item is not None  # nothing ran in between
            self._taken.add(item.id)
            await self._cook(item)
            self._taken.discard(item.id)

    def _next(self) -> c.Item | None:
        """What somebody waits for goes first, then what waits longest."""
        waiting = (
            item
            for item in self._mine()
            if item.state == "queued" and item.id not in self._taken and not is_unconfirmed(item)
        )
        return min(
            waiting, key=lambda item: (item.rushes == 0, item.placed_at_ms, item.id), default=None
        )

    async def _cook(self, item: c.Item) -> None:
        ask, device, dice = self._tally.ask, self._device, self._dice
        await self._pace.take(dice, 2, 30)
        if await ask(device, "StartItem", item_id=item.id) is None:
            return await self._pace.take(dice, 5, 10)  # cancelled a moment ago
        if dice.random() < MISTAKEN_START:
            await self._pace.take(dice, 5, 30)
            await ask(device, "UndoItem", item_id=item.id, state="cooking")
            return None  # it waits again, and somebody will see it
        await self._pace.take(dice, item.target_s * 0.5, item.target_s * 1.1)
        await ask(device, "FinishItem", item_id=item.id)
        if dice.random() < MISTAKEN_FINISH:
            await self._pace.take(dice, 1, 10)
            if await ask(device, "UndoItem", item_id=item.id, state="ready") is not None:
                await self._pace.take(dice, 30, 90)
                await ask(device, "FinishItem", item_id=item.id)
        if dice.random() < CALLED_AGAIN:
            await self._pace.take(dice, 60, 120)
            await ask(device, "CallItem", item_id=item.id)
        return None


class Waiter:
    """Answers calls: coming, picked up, delivered."""

    def __init__(self, device: Device, pace: Pace, dice: random.Random, tally: Tally) -> None:
        self.device = device
        self._pace = pace
        self._dice = dice
        self._tally = tally
        self._taken: set[int] = set()

    async def work(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as hands:
            for _ in range(WAITER_HANDS):
                hands.create_task(self._hand())

    async def _hand(self) -> None:
        while True:
            await self.device.until(lambda _: bool(self._free()))
            call = self._dice.choice(self._free())
            self._taken.add(call.id)
            await self._serve(call)
            self._taken.discard(call.id)

    def _free(self) -> list[c.Call]:
        """Return the few oldest calls nobody has answered."""
        view = self.device.replica.view
        calls = view.calls if view is not None else []
        free = [k for k in calls if k.id not in self._taken and _is_heard(k)]
        return sorted(free, key=lambda call: call.raised_at_ms)[:4]

    async def _serve(self, call: c.Call) -> None:
        ask, dice, item_id = self._tally.ask, self._dice, call.item_id
        await self._pace.take(dice, 5, 40)
        if await ask(self.device, "ClaimCall", call_id=call.id) is None:
            return await self._pace.take(dice, 5, 10)  # a colleague was quicker
        await self._pace.take(dice, 20, 60)
        if await ask(self.device, "PickUpItem", item_id=item_id) is None:
            return None  # the cook took it back
        await self._pace.take(dice, 30, 120)
        await ask(self.device, "DeliverItem", item_id=item_id)
        if dice.random() < MISTAKEN_DELIVERY:
            await self._pace.take(dice, 5, 20)
            if await ask(self.device, "UndoItem", item_id=item_id, state="delivered") is not None:
                await self._pace.take(dice, 20, 60)
                await ask(self.device, "DeliverItem", item_id=item_id)
        return None

    async def clean(self, place_id: int) -> None:
        """Clean a place."""
        await self._tally.ask(self.device, "CleanPlace", place_id=place_id)


class Guest:
    """One visit at one place: orders, waits, perhaps orders more, leaves; then the place is cleaned.

    `pad` is who orders: the place's own pad, or a waiter's (wrist tags and tables have none).
    """

    def __init__(
        self,
        place: PlaceView,
        pad: Device,
        waiter: Waiter,
        pace: Pace,
        dice: random.Random,
        tally: Tally,
    ) -> None:
        self._place = place
        self._pad = pad
        self._waiter = waiter
        self._pace = pace
        self._dice = dice
        self._tally = tally
        self._seen = False

    async def visit(self) -> None:
        """Live through the visit."""
        dice, pace = self._dice, self._pace
        placed = await self._order()
        if placed is None:
            return
        await pace.take(dice, 10, 120)
        if dice.random() < CANCELLED:
            item_id = dice.choice(placed["item_ids"])
            await self._tally.ask(self._pad, "CancelItem", item_id=item_id, reason="不要了")
        if dice.random() < CHANGED:
            item_id, quantity = dice.choice(placed["item_ids"]), dice.choice((1, 2, 3))
            await self._tally.ask(self._pad, "ChangeItem", item_id=item_id, quantity=quantity)
        if placed["held"]:
            await pace.take(dice, 200, 500)
            await self._tally.ask(self._pad, "FireItems", order_id=placed["order_id"])
        if dice.random() < RUSHED:
            await pace.take(dice, 300, 700)
            await self._tally.ask(self._pad, "RushItems", order_id=placed["order_id"])
        if dice.random() < SECOND_ROUND:
            await pace.take(dice, 120, 600)
            await self._order()
        try:
            async with asyncio.timeout(UNSERVED_S_MAX / pace.speed):
                await self._waiter.device.until(lambda _: self._served(placed["order_id"]))
        except TimeoutError:
            self._tally.refused["guest_left_unserved"] += 1
        await pace.take(dice, 120, 600)
        await self._waiter.clean(self._place.id)

    async def _order(self) -> dict[str, Any] | None:
        await self._pad.until(lambda d: d.replica.view is not None)
        assert self._pad.replica.view is not None
        menu = self._pad.replica.view.menu
        assert menu is not None  # guests and waiters see one
        lines = choose(menu, self._dice)
        held = len(lines) > 1 and self._dice.random() < ON_HOLD
        lines[-1]["hold"] = held
        note = self._dice.choice(NOTES)
        placed = await self._tally.ask(
            self._pad, "PlaceOrder", place_id=self._place.id, lines=lines, note=note
        )
        return placed and placed | {"held": held}

    def _served(self, order_id: int) -> bool:
        view = self._waiter.device.replica.view
        orders = view.orders if view is not None else []
        order = next((o for o in orders if o.id == order_id), None)
        if order is None:
            return self._seen  # the waiter may not have heard of it yet
        self._seen = True
        return all(item.state in {"delivered", "cancelled"} for item in order.items)


def _is_heard(call: c.Call) -> bool:
    if call.state == "ringing":
        return call.rings > 1 or call.id % OVERHEARD_ONE_IN > 0
    return call.state == "unanswered"


def choose(menu: Menu, dice: random.Random) -> list[dict[str, Any]]:
    """Return one to four lines of an order, with choices the menu allows."""
    dishes = [dish for dish in menu.dishes if not dish.sold_out]
    picked = dice.sample(dishes, dice.choice((1, 2, 2, 3, 3, 4)))
    return [
        {
            "dish_id": dish.id,
            "quantity": dice.choice((1, 1, 1, 1, 2, 3)),
            "modifier_ids": _modifiers(dish, dice),
        }
        for dish in picked
    ]


def _modifiers(dish: Dish, dice: random.Random) -> list[str]:
    found: list[str] = []
    for group in dish.modifier_groups:
        most = min(group.max, len(group.choices), group.min + 1)
        count = dice.choice((group.min, group.min, most))
        found += [choice.id for choice in dice.sample(group.choices, count)]
    return found
