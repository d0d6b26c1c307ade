"""What the gateway asks of the database, and the one that asks PostgreSQL.

A port because two bodies exist: this one, and the bench's that measures the gateway alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import asyncpg

from server.broadcast.policies import store as policies
from server.broadcast.policies.store import Hushed
from server.clock import Clock, to_ms
from server.events import log
from server.events.decision import Written
from server.gateway import store
from server.gateway.devices import Device, Found
from server.gateway.store import Cursor
from server.kds.views import Snapshot, snapshot


class Ground(Protocol):
    """The truths under the gateway; every method may raise what `db.pool.LOST` names."""

    async def find_devices(self, hashes: Sequence[bytes]) -> dict[bytes, Found]:
        """Return token hash → device for the hashes that are known."""
        ...

    async def snapshot(self, device: Device) -> Snapshot | None:
        """Return what this device may see now, at a seq; None when its shop is gone."""
        ...

    async def read_log(self, shop_id: int, after_seq: int) -> Sequence[Written]:
        """Return the next page of lines after a seq, in order; empty at the end."""
        ...

    async def read_heads(self, shop_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """Return shop → (epoch, seq)."""
        ...

    async def read_quiet(self, shop_ids: Sequence[int]) -> dict[int, Hushed]:
        """Return shop → channel → the events that make no sound there now."""
        ...

    async def keep_cursors(self, cursors: Sequence[Cursor]) -> None:
        """Store how far devices are and when they were seen."""
        ...


class PostgresGround:
    """The real ground."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def find_devices(self, hashes: Sequence[bytes]) -> dict[bytes, Found]:
        return await store.find_devices(self._pool, hashes)

    async def snapshot(self, device: Device) -> Snapshot | None:
        return await snapshot(self._pool, self._clock, device.shop_id, device.view())

    async def read_log(self, shop_id: int, after_seq: int) -> Sequence[Written]:
        return await log.read_log(self._pool, shop_id, after_seq)

    async def read_heads(self, shop_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        return await log.read_heads(self._pool, shop_ids)

    async def read_quiet(self, shop_ids: Sequence[int]) -> dict[int, Hushed]:
        return await policies.read_quiet(self._pool, shop_ids, to_ms(self._clock.now()))

    async def keep_cursors(self, cursors: Sequence[Cursor]) -> None:
        await store.keep_cursors(self._pool, cursors)
