"""What every door of a process shares: the gate, the meters, the way of calls to the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import asyncpg
import redis.asyncio
from prometheus_client import CollectorRegistry

from server.api.callers import Gate
from server.api.guard import STATES, Guard
from server.api.im_calls import Calls, Online
from server.api.keys import KeyMaker
from server.api.limits import Limits
from server.api.meters import Meters
from server.api.sms import SmsMoney
from server.audit.book import AuditBook
from server.auth import read_networks
from server.billing.teller import Teller
from server.broadcast.audio import Audio
from server.clock import Clock
from server.pairing.door import Execute
from server.sealed import Sealing
from server.settings import Settings
from server.sms.costcentre import CostCentre
from server.sms.outgoing import Outgoing
from server.sms.packages import Packages
from server.staff.door import StaffDoor


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
    audio: Audio | None = None
    reports: asyncpg.Pool | None = None  # a replica, for what need not be of this moment


class Front(NamedTuple):
    """What HTTP and gRPC share: rates are counted once, however somebody comes in."""

    gate: Gate
    guard: Guard
    meters: Meters
    calls: Calls
    clock: Clock
    sms: SmsMoney
    outgoing: Outgoing
    staff: StaffDoor
    audit: AuditBook
    keys: KeyMaker


def open_front(ground: Ground) -> Front:
    """Build what the doors of one process share."""
    limits = Limits(ground.database, ground.redis, ground.clock)
    trusted = read_networks(ground.settings.trusted_proxies)
    staff = StaffDoor(ground.database, ground.clock)
    sealing = Sealing(ground.settings.seal_key)
    gate = Gate(ground.database, limits, ground.clock, trusted, staff, sealing)
    calls = Calls(ground.execute, gate, ground.clock, ground.online)
    centre = CostCentre(ground.database, Teller(ground.database, ground.clock), ground.clock)
    sms = SmsMoney(centre, Packages(ground.database, centre, ground.clock))
    outgoing = Outgoing(ground.settings, ground.database, ground.redis, ground.clock, centre)
    keys = KeyMaker(ground.database, ground.clock, sealing, limits)
    audit = AuditBook(ground.database, ground.clock)
    guard, meters = Guard(ground.clock), Meters(ground.registry)
    meters.guard.set_function(lambda: STATES[guard.state])
    return Front(gate, guard, meters, calls, ground.clock, sms, outgoing, staff, audit, keys)
