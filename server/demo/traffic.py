"""`chuancai demo-traffic`: life in the demo shop, through the public doors only.

Pairs its own devices over the API, connects them like any other, and takes them away at the end.
Refuses to touch the database: whoever starts it brings a key.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import msgspec

from server.client.api import Api
from server.client.device import Device
from server.demo.evening import Evening
from server.demo.people import Cook, Pace, Tally, Waiter
from server.events.menu import StationView
from server.events.view import DeviceKind, PlaceView

DEFAULT_ORDERS_PER_MINUTE = 12.0
GUEST_PADS = 4
WAITERS = ("陈静", "刘洋")
STATUS_EVERY_S = 15.0

Say = Callable[[str], None]


class Traffic:
    """Devices of one run of the demo, and the shop they are in."""

    def __init__(self, api: Api, url: str, shop_id: int, seed: int) -> None:
        self._api = api
        self._url = url
        self._shop_id = shop_id
        self._seed = seed
        self._made: list[int] = []

    async def pair(
        self, kind: DeviceKind, name: str, *, place_id: int | None = None,
        station_id: int | None = None,
    ) -> Device:  # fmt: skip
        """Make a device of ours and return it, not yet connected."""
        paired = await self._api.pair(
            self._shop_id, kind, name, place_id=place_id, station_id=station_id
        )
        self._made.append(paired.device["id"])
        return Device(self._url, paired.token, dice=self.dice(name))

    async def take_away(self) -> int:
        """Unpair everything made here; return how many devices that were."""
        for device_id in self._made:
            await self._api.unpair(self._shop_id, device_id)
        return len(self._made)

    def dice(self, name: str) -> random.Random:
        """Return somebody's own dice, the same for the same seed."""
        return random.Random(f"{self._seed} {name}")


@asynccontextmanager
async def _open_evening(
    traffic: Traffic, api: Api, shop_id: int, pace: Pace, tally: Tally
) -> AsyncIterator[Evening]:
    """Pair and connect cooks, waiters and guests; disconnect and unpair them at the end."""
    menu = await api.menu(shop_id)
    places = msgspec.convert(menu["places"], list[PlaceView])
    stations = msgspec.convert(menu["stations"], list[StationView])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(traffic.take_away)
        cooks: list[Cook] = []
        for index, station in enumerate(stations):
            name = f"{station.name.zh} 师傅"
            device = await traffic.pair("kitchen", name, station_id=station.id)
            await stack.enter_async_context(device)
            # What no station makes (a blanket, a towel) is seen to by the first.
            makes = {station.id, None} if index == 0 else {station.id}
            cooks.append(Cook(device, makes, pace, traffic.dice(name + " hands"), tally))
        waiters: list[Waiter] = []
        for name in WAITERS:
            device = await traffic.pair("waiter", name)
            await stack.enter_async_context(device)
            waiters.append(Waiter(device, pace, traffic.dice(name + " hands"), tally))
        pads: dict[int, Device] = {}
        for place in [p for p in places if p.kind == "room"][-GUEST_PADS:]:
            pads[place.id] = await traffic.pair("guest", f"{place.name} 平板", place_id=place.id)
            await stack.enter_async_context(pads[place.id])
        yield Evening(
            cooks=cooks, waiters=waiters, pads=pads, places=places, pace=pace,
            dice=traffic.dice("door"), tally=tally,
        )  # fmt: skip


async def run_traffic(
    url: str,
    key: tuple[str, str],
    stop: asyncio.Event,
    say: Say,
    *,
    shop_id: int = 1,
    orders_per_minute: float = DEFAULT_ORDERS_PER_MINUTE,
    seed: int = 0,
) -> Tally:
    """Live in the shop until `stop` is set; leaves no device and no open order behind.

    Raises `Refusal` or `httpx.TransportError` when the doors stay shut.
    """
    tally, pace = Tally(), Pace(orders_per_minute)
    async with Api(url, *key) as api:
        traffic = Traffic(api, url, shop_id, seed)
        async with _open_evening(traffic, api, shop_id, pace, tally) as evening:
            say(f"  {orders_per_minute:g} orders a minute; Ctrl-C ends it and tidies up.")
            living = asyncio.create_task(evening.run())
            stopping = asyncio.create_task(stop.wait())
            while not living.done() and not stopping.done():
                await asyncio.wait(
                    {living, stopping}, timeout=STATUS_EVERY_S,
                    return_when=asyncio.FIRST_COMPLETED,
                )  # fmt: skip
                say(status(tally, evening))
            living.cancel()
            stopping.cancel()
            await asyncio.wait({living, stopping})
            if not living.cancelled():
                living.result()
            for place_id in sorted(evening.occupied):
                await api.clean(shop_id, place_id)
        say("  Every guest has gone, every simulated device is unpaired.")
    return tally


def status(tally: Tally, evening: Evening) -> str:
    """Return one calm line about the evening so far."""
    done = tally.done
    return (
        f"  {done['PlaceOrder']:>4} orders  {done['FinishItem']:>4} dishes cooked  "
        f"{done['DeliverItem']:>4} delivered  {len(evening.occupied):>2} guests here  "
        f"{done['UndoItem']:>3} taken back  {sum(tally.refused.values()):>3} polite refusals"
    )
