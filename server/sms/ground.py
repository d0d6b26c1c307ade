"""What accepting, sending and receipts of one process stand on, built once from the top down."""

from __future__ import annotations

from typing import NamedTuple

import asyncpg
from redis.asyncio import Redis

from server.clock import Clock
from server.sms.costcentre import CostCentre
from server.sms.phones import Phones
from server.sms.poke import Pokes
from server.sms.purse import Purses
from server.sms.settling import Settler


class Ground(NamedTuple):
    """One process' database, Redis, clock and key, and who settles outcomes."""

    pool: asyncpg.Pool
    redis: Redis
    clock: Clock
    phones: Phones
    purses: Purses
    settler: Settler
    pokes: Pokes


def lay_ground(
    pool: asyncpg.Pool, redis: Redis, clock: Clock, phones: Phones, centre: CostCentre
) -> Ground:
    """Return the ground of a process."""
    purses = Purses(centre)
    return Ground(pool, redis, clock, phones, purses, Settler(pool, clock, purses), Pokes(redis))
