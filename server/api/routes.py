"""The front door of the HTTP API: one table of doors, and the routes made from it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import asyncpg
import redis.asyncio
from prometheus_client import CollectorRegistry
from starlette.routing import BaseRoute, Route

from server.api.business import Business
from server.api.callers import Gate
from server.api.devices import Devices, Online
from server.api.documents import Documents
from server.api.limits import Limits
from server.api.meters import Meters
from server.api.operations import Operations
from server.api.pages import page_routes
from server.api.pairing import Pairing
from server.api.requests import Endpoint
from server.api.table import Door
from server.auth import read_networks
from server.clock import Clock
from server.pairing.door import Execute, PairingDoor
from server.settings import Settings


class Ground(NamedTuple):
    """What the API stands on. `draining`: the process is told to stop, so it is not ready."""

    execute: Execute
    database: asyncpg.Pool
    redis: redis.asyncio.Redis
    clock: Clock
    settings: Settings
    registry: CollectorRegistry
    draining: Callable[[], bool] = lambda: False
    online: Online | None = None


def table(ground: Ground, gate: Gate) -> list[Door]:
    """Return every door there is."""
    pairing = PairingDoor(ground.execute, ground.database, ground.clock)
    doors = [
        *Business(ground.execute, ground.database, gate, ground.clock).doors(),
        *Devices(ground.execute, pairing, gate, ground.online).doors(),
        *Pairing(pairing).doors(),
        *Operations(ground.database, ground.redis, ground.registry, ground.draining).doors(),
    ]
    return [*doors, *Documents(doors, _version()).doors()]


def routes(ground: Ground) -> list[BaseRoute]:
    """Return all routes: the doors of the table, the pages, and an answer for all the rest."""
    limits = Limits(ground.database, ground.redis, ground.clock)
    trusted = read_networks(ground.settings.trusted_proxies)
    gate = Gate(ground.database, limits, ground.clock, trusted)
    meters = Meters(ground.registry)
    by_path: dict[str, dict[str, Door]] = {}
    for door in table(ground, gate):
        by_path.setdefault(door.path, {})[door.method] = door
    served: list[BaseRoute] = [
        Route(path, Endpoint(doors, gate, meters, ground.clock)) for path, doors in by_path.items()
    ]
    return [*served, *page_routes()]


def _version() -> str:
    try:
        return version("chuancai")
    except PackageNotFoundError:  # run from a tree that was never installed
        return "0"
