"""A cost centre of two brands for tests, with packages, the keeper and a clock that stands still."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from server.billing.anchors import Anchors
from server.billing.keeper import Keeper
from server.billing.teller import Teller
from server.billing.verify import audit
from server.clock import ManualClock
from server.db.pool import open_pool
from server.sms.costcentre import CostCentre
from server.sms.packages import Package, Packages, Purchase

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
BRAND, OTHER = 1, 2

ADD_BRANDS = """
INSERT INTO brand (id, name) VALUES (1, '{"zh": "本家", "en": "Ours"}'), (2, '{"zh": "别家", "en": "Others"}')
ON CONFLICT DO NOTHING
"""
READ_HAVE = "SELECT posted, held FROM ledger.account WHERE owner = $1 AND unit = 'SMS'"


class SmsScene:
    """The cost centre with everything around it."""

    def __init__(self, pool: asyncpg.Pool, clock: ManualClock, folder: Path) -> None:
        self.pool = pool
        self.clock = clock
        self.teller = Teller(pool, clock)
        self.costcentre = CostCentre(pool, self.teller, clock)
        self.packages = Packages(pool, self.costcentre, clock)
        self.keeper = Keeper(pool, clock, Anchors(folder))

    async def buy(
        self, segments: int, order_no: str = "", *, brand_id: int = BRAND, days: float | None = None
    ) -> Package:
        """Buy a package; without days it never expires."""
        purchase = Purchase(
            order_no=order_no or uuid.uuid4().hex,
            segments=segments,
            price_fen=segments * 5,
            expires=None if days is None else self.clock.now() + timedelta(days=days),
        )
        return await self.packages.buy(brand_id, purchase)

    async def freeze(self, segments: int, *, brand_id: int = BRAND) -> uuid.UUID:
        """Freeze segments and return the number."""
        number = uuid.uuid4()
        await self.costcentre.pre_pay(brand_id, number, segments)
        return number

    async def paid(self, segments: int, *, brand_id: int = BRAND) -> uuid.UUID:
        """Freeze and pay segments and return the payment's id."""
        number, payment = await self.freeze(segments, brand_id=brand_id), uuid.uuid4()
        await self.costcentre.pay(brand_id, payment, number, segments)
        return payment

    async def have(self, brand_id: int = BRAND) -> tuple[int, int]:
        """Return a brand's balance and how much of it is frozen."""
        row = await self.pool.fetchrow(READ_HAVE, f"brand:{brand_id}")
        return (0, 0) if row is None else tuple(row)

    async def left(self, brand_id: int = BRAND) -> list[int]:
        """Return what is left of a brand's open packages, the next to be used first."""
        found = await self.packages.list(brand_id, open_only=True)
        return [package.left for package in found]

    async def audited(self) -> None:
        """The ledger's own audit finds nothing."""
        async with self.pool.acquire() as connection:
            found = await audit(connection)  # type: ignore[arg-type]  # it acts like one
        assert found.findings == []


@asynccontextmanager
async def sms_scene(database_url: str) -> AsyncIterator[SmsScene]:
    """Open a cost centre on a fresh database for the length of the block."""
    pool = await open_pool(database_url, 4)
    try:
        await pool.execute(ADD_BRANDS)
        with TemporaryDirectory() as folder:
            yield SmsScene(pool, ManualClock(NOON), Path(folder))
    finally:
        await pool.close()
