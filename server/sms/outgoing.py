"""What a web process needs of messages: it accepts them, and takes receipts. Opened when first asked.

Refuses to send: workers do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import asyncpg
from redis.asyncio import Redis

from server.clock import Clock
from server.settings import Settings
from server.sms.accepting import Acceptance
from server.sms.carriers.chuanglan_words import Account
from server.sms.carriers.configured import ChuanglanSetup
from server.sms.carriers_file import read_carriers
from server.sms.costcentre import CostCentre
from server.sms.ground import lay_ground
from server.sms.phones import open_phones
from server.sms.receipts.receipts import Receipts
from server.sms.receipts.said import Sayings


class Parts(NamedTuple):
    """The open parts."""

    acceptance: Acceptance
    receipts: Receipts
    sayings: Sayings


class Outgoing:
    """Messages, for a web process; `pushers`: the carriers that push receipts, by name."""

    def __init__(
        self, settings: Settings, pool: asyncpg.Pool, redis: Redis, clock: Clock, centre: CostCentre
    ) -> None:  # fmt: skip
        """Raise `CarriersFileError` when the house's files cannot be used."""
        self.pool = pool
        self.clock = clock
        self._settings = settings
        self._redis = redis
        self._centre = centre
        carriers = read_carriers(settings)
        self._routes = carriers.routes
        self.pushers: Mapping[str, Account] = {
            setup.name: setup.account
            for setup in carriers.setups
            if isinstance(setup, ChuanglanSetup)
        }
        self._opening = asyncio.Lock()
        self._parts: Parts | None = None

    def carriers_of(self, brand_id: int) -> frozenset[str]:
        """Return by which carriers a brand's messages go."""
        return self._routes.carriers_of(brand_id)

    async def parts(self) -> Parts:
        """Return what accepts and takes. Raises what `open_phones` raises."""
        async with self._opening:
            if self._parts is None:
                phones = await open_phones(self._settings, self.pool, self.clock)
                ground = lay_ground(self.pool, self._redis, self.clock, phones, self._centre)
                receipts = Receipts(ground)
                sayings = Sayings(self.pool, self._centre, phones, receipts, self.clock)
                self._parts = Parts(Acceptance(ground, self._routes), receipts, sayings)
            return self._parts
