"""An evening in a shop: guests come at a pace, cooks and waiters do what there is to do.

Refuses to pair devices and to print; it runs people and counts.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence

from server.client.device import Device
from server.demo.people import SECOND_ROUND, Cook, Guest, Pace, Tally, Waiter
from server.events.view import PlaceView


class Evening:
    """People with devices; `pads` are the guests' own by place, elsewhere a waiter takes orders."""

    def __init__(
        self,
        *,
        cooks: Sequence[Cook],
        waiters: Sequence[Waiter],
        pads: Mapping[int, Device],
        places: Sequence[PlaceView],
        pace: Pace,
        dice: random.Random,
        tally: Tally,
    ) -> None:
        self._cooks = cooks
        self._waiters = waiters
        self._pads = pads
        self._places = places
        self._pace = pace
        self._dice = dice
        self._tally = tally
        self._visits: set[asyncio.Task[None]] = set()
        self.occupied: set[int] = set()

    async def run(self, orders_max: int | None = None) -> None:
        """Let guests come until cancelled, or until so many orders were placed and all are home."""
        async with asyncio.TaskGroup() as people:
            workers = [people.create_task(cook.work()) for cook in self._cooks]
            workers += [people.create_task(waiter.work()) for waiter in self._waiters]
            visits_per_s = self._pace.orders_per_minute / 60 / (1 + SECOND_ROUND)
            while orders_max is None or self._tally.done["PlaceOrder"] < orders_max:
                await self._let_in(people)
                await asyncio.sleep(self._dice.expovariate(visits_per_s))
            if self._visits:
                await asyncio.wait(self._visits)
            for worker in workers:
                worker.cancel()

    async def _let_in(self, people: asyncio.TaskGroup) -> None:
        """Seat a guest; when every place is taken, wait until somebody leaves."""
        while len(self.occupied) == len(self._places):
            await asyncio.wait(self._visits, return_when=asyncio.FIRST_COMPLETED)
        place = self._dice.choice([p for p in self._places if p.id not in self.occupied])
        waiter = self._dice.choice(self._waiters)
        dice = random.Random(self._dice.random())
        pad = self._pads.get(place.id, waiter.device)
        guest = Guest(place, pad, waiter, self._pace, dice, self._tally)
        self.occupied.add(place.id)
        visit = people.create_task(self._visit(guest, place.id))
        self._visits.add(visit)
        visit.add_done_callback(self._visits.discard)

    async def _visit(self, guest: Guest, place_id: int) -> None:
        await guest.visit()
        self.occupied.discard(place_id)
