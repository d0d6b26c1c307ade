"""Quiet hours as screens are told of them: what a screen sounds by itself is silent then.

A screen cannot know the shop's rules, and its clock may be wrong; so the node reads which calls make
no sound now, every few seconds for all its shops, and tells a screen when that changes. Refuses to
hold back what the server announces: the policy's gate does that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from server.broadcast.policies.store import Hushed
from server.db.pool import LOST
from server.events.catalogue import Channel
from server.events.view import CHANNEL_OF
from server.gateway import frames as f

if TYPE_CHECKING:
    from server.gateway.connection import Connection
    from server.gateway.gateway import Gateway

QUIET_EVERY_S = 5.0  # quiet hours begin and end this late at most, and so does a changed rule
SHOPS_PER_LOOK_MAX = 500
LOOK_S_MAX = 5.0

_logger = structlog.get_logger(__name__)


class Hush:
    """What this node's shops keep silent, and what their screens were told of it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known: dict[int, Hushed] = {}

    def joined(self, connection: Connection) -> None:
        """Tell a live screen what is silent now; a shop that is new here is asked about first."""
        device = connection.device
        if device is None:
            return
        known = self._known.get(device.shop_id)
        if known is None:
            self._known[device.shop_id] = {}
            self._gateway.spawn(self.look([device.shop_id]))
        elif events := known.get(CHANNEL_OF.get(device.kind, "console")):
            connection.say(f.Quiet(events))

    async def run(self) -> None:
        """Look every few seconds until cancelled."""
        while True:
            await asyncio.sleep(QUIET_EVERY_S)
            await self.turn()

    async def turn(self) -> None:
        """Look at all shops of this node, and forget those that left it."""
        for shop_id in self._known.keys() - self._gateway.shops.keys():
            del self._known[shop_id]
        shops = list(self._known)
        for first in range(0, len(shops), SHOPS_PER_LOOK_MAX):
            await self.look(shops[first : first + SHOPS_PER_LOOK_MAX])

    async def look(self, shop_ids: Sequence[int]) -> None:
        """Read what is silent in these shops, and tell the screens for which it changed.

        While the database is away, what was told last holds.
        """
        try:
            async with asyncio.timeout(LOOK_S_MAX):
                found = await self._gateway.ground.read_quiet(list(shop_ids))
        except LOST as error:
            _logger.debug("quiet_unread", error=type(error).__name__)
            return
        for shop_id, now in found.items():
            before = self._known.get(shop_id, {})
            self._known[shop_id] = now
            changed = {one for one in {*before, *now} if before.get(one) != now.get(one)}
            if changed:
                self._tell(shop_id, now, changed)

    def _tell(self, shop_id: int, now: Hushed, changed: set[Channel]) -> None:
        shop = self._gateway.shops.get(shop_id)
        for device_id in list(shop.rooms.members) if shop is not None else ():
            connection = self._gateway.devices.get((shop_id, device_id))
            if connection is None or connection.device is None:
                continue
            channel = CHANNEL_OF.get(connection.device.kind)
            if channel in changed:
                connection.say(f.Quiet(now.get(channel, [])))
