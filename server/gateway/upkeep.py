"""What a gateway does by the clock: alarms, presence, a look at the heads, cursors.

A heartbeat's work is spread over many short ticks, so that no event waits behind it.
Refuses to be late for one thing because of another: what awaits runs beside the tick.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from server.db.pool import LOST
from server.gateway.cursors import FLUSH_S
from server.gateway.presence import HEARTBEAT_S, Claim
from server.gateway.shops import Shop

if TYPE_CHECKING:
    from server.gateway.gateway import Gateway

TICK_S = 0.02  # short, so that a tick's work for a few shops is not felt by an event beside it
PRESENCE_SLICES = 250  # each shop's turn comes every 5 s
HEADS_SLICES = 100  # what Redis lost is found within 2 s
ROUND_TICKS = 5  # alarms, empty shops, and a Redis that is away are looked at once a round
SEEN_EVERY_S = 60.0
EMPTY_SHOP_KEPT_S = 30.0

_logger = structlog.get_logger(__name__)


class Upkeep:
    """The clockwork of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._renewing = 0  # under way; while Redis or the database is away, one is enough
        self._looking = 0
        self._heads_away = False

    async def tick_on(self) -> None:
        """Ring alarms, renew presence and look at heads, a slice of the shops each tick."""
        tick = 0
        renewals: list[list[Shop]] = []
        looks: list[list[Shop]] = []
        while True:
            turn = tick % ROUND_TICKS
            if turn == 0:
                self._ring_alarms()
                self._close_empty()
                renewals = self._turns(tick, PRESENCE_SLICES)
                looks = self._turns(tick, HEADS_SLICES)
            self._begin(renewals[turn], looks[turn], first_of_round=turn == 0)
            planned_s = self._gateway.now_s() + TICK_S
            await asyncio.sleep(TICK_S)
            self._gateway.lag_s = max(self._gateway.now_s() - planned_s, 0.0)
            tick += 1

    def _begin(self, renew: list[Shop], look: list[Shop], *, first_of_round: bool) -> None:
        """Begin a tick's work beside it; of what is away, one at a time asks whether it is back."""
        presence = self._gateway.presence
        if presence.away:
            wanted = first_of_round and self._renewing == 0
        else:
            wanted = bool(renew or self._gateway.released or presence.leaving)
        if wanted:
            self._gateway.spawn(self._renew_presence(renew))
        if look and (self._looking == 0 or not self._heads_away):
            self._gateway.spawn(self._look_at_heads(look))

    def _ring_alarms(self) -> None:
        for connection in self._gateway.wheel.due(self._gateway.now_s()):
            try:
                connection.due()
            except Exception:
                # The task's edge: one broken connection must not stop everybody's heartbeat.
                _logger.exception("alarm_failed")
                connection.abort()

    def _turns(self, tick: int, slices: int) -> list[list[Shop]]:
        """Return the shops whose turn it is at this and at each later tick of a round."""
        turns: list[list[Shop]] = [[] for _ in range(ROUND_TICKS)]
        for shop in self._gateway.shops.values():
            turn = (shop.id - tick) % slices
            if turn < ROUND_TICKS:
                turns[turn].append(shop)
        return turns

    def _close_empty(self) -> None:
        now_s = self._gateway.now_s()
        for shop in list(self._gateway.shops.values()):
            if shop.rooms.members:
                shop.empty_s = now_s
            elif now_s - shop.empty_s > EMPTY_SHOP_KEPT_S:
                self._gateway.shops.pop(shop.id, None)
                self._gateway.presence.forget(shop.id)

    async def _renew_presence(self, shops: list[Shop]) -> None:
        self._renewing += 1
        try:
            await self._say_who_is_here(shops)
        finally:
            self._renewing -= 1

    async def _say_who_is_here(self, shops: list[Shop]) -> None:
        ids = {shop.id for shop in shops}
        held = [
            Claim(shop.id, device_id, connection.generation)
            for shop in shops
            for device_id in list(shop.rooms.members)
            if (connection := self._gateway.devices.get((shop.id, device_id))) is not None
        ]
        released, self._gateway.released = self._gateway.released, []
        await self._gateway.presence.release(released)
        for shop_id, device_id, generation in await self._gateway.presence.renew(ids, held):
            self._gateway.replaced(shop_id, device_id, generation)
        await self._gateway.voices.renew(ids)

    async def _look_at_heads(self, shops: list[Shop]) -> None:
        """Find out what was committed without reaching this node."""
        self._looking += 1
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                heads = await self._gateway.ground.read_heads([shop.id for shop in shops])
        except LOST as error:
            if not self._heads_away:
                _logger.warning("heads_unread", error=type(error).__name__)
            self._heads_away = True
            return
        finally:
            self._looking -= 1
        self._heads_away = False
        for shop in shops:
            epoch, seq = heads.get(shop.id, (shop.feed.epoch, 0))
            if shop.feed.head is not None and epoch != shop.feed.epoch:
                self._gateway.resync(shop)
            else:
                shop.hear_of(seq)

    async def flush_on(self) -> None:
        """Store cursors every few seconds, and once a minute that who is here is here."""
        last_seen_s = self._gateway.now_s()
        while True:
            await asyncio.sleep(FLUSH_S)
            if self._gateway.now_s() - last_seen_s > SEEN_EVERY_S:
                last_seen_s, now_ms = self._gateway.now_s(), self._gateway.now_ms()
                for (shop_id, device_id), connection in self._gateway.devices.items():
                    self._gateway.cursors.note(shop_id, device_id, connection.acked, now_ms)
            try:
                await self._gateway.cursors.flush()
            except Exception:
                # The task's edge: what one device said must not end it for all the others.
                _logger.exception("cursors_lost")
