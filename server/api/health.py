"""Doors for the manager who wants to know how the house is, and to bring back what was given up.

Refuses to mend anything by itself, and to tell of shops the person does not lead.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import asyncpg
import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from server.api.table import Call, Door
from server.clock import Clock, to_ms
from server.errors import Refusal
from server.health import store
from server.health.alarms import AlarmKind
from server.health.roll import Roll
from server.health.standing import Standing
from server.health.watch import OVER_AFTER
from server.ids import Id
from server.staff.member import WHOLE_BRAND, Member

CHECK_S_MAX = 2.0
LAG_MS_MAX = 250.0  # a loop later than this is felt at a screen
WAITING_MAX = 1_000  # commands in one process' queue
GUARDS_WELL = "closed"

Level = Literal["well", "slow", "trouble"]


class HealthWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which shop; 0: of all that the person leads."""

    shop_id: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class EngineHealth(msgspec.Struct, frozen=True):
    """Whether an engine answers, and within how many milliseconds."""

    name: Literal["postgresql", "redis"]
    up: bool
    took_ms: float


class DeadPromiseLine(msgspec.Struct, frozen=True):
    """A promise that had all its attempts, and what the last one met."""

    shop_id: int
    id: int
    kind: str
    due_at_ms: int
    attempts: int
    why: str


class AlarmLine(msgspec.Struct, frozen=True):
    """Something that wants somebody's eye now.

    `shop_id` 0: of the house; `subject`: which carrier, which kind of device.
    """

    kind: AlarmKind
    shop_id: int
    subject: str
    count: int
    began_at_ms: int
    seen_at_ms: int


class HealthAnswer(msgspec.Struct, frozen=True):
    """How the house is. `level`: well; slow: works, late or without Redis; trouble: somebody must look.

    `late`: promises overdue by more than 5 s (at most 1,000 are counted), `oldest_late_ms` by how much
    the oldest is. `dead`: at most 100, the latest first. Counts of papers stop at 1,000 as well.
    """

    level: Level
    at_ms: int
    engines: list[EngineHealth]
    processes: list[Standing]
    late: int
    oldest_late_ms: int
    dead: list[DeadPromiseLine]
    printers_troubled: int
    papers_waiting: int
    papers_undecided: int
    alarms: list[AlarmLine]


class PromisePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which promise, of which shop."""

    promise_id: Id
    shop_id: Id


class RevivedAnswer(msgspec.Struct, frozen=True):
    """The promise is due now."""

    id: int
    kind: str


class Health:
    """What may be asked about how the house is."""

    def __init__(
        self, database: asyncpg.Pool, redis_client: redis.asyncio.Redis, clock: Clock
    ) -> None:
        self._db = database
        self._redis = redis_client
        self._roll = Roll(redis_client, clock)
        self._clock = clock

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/v1/ops/health", "readHealth", "How the house is, and what was given up",
                "operations", self.read, "staff", params=HealthWanted, response=HealthAnswer,
            ),
            Door(
                "POST", "/v1/ops/promises/{promise_id}/revive", "revivePromise",
                "Try a promise again that was given up", "operations", self.revive, "staff",
                params=PromisePath, response=RevivedAnswer, refusals=("promise_not_found",),
            ),
        ]  # fmt: skip

    async def read(self, call: Call) -> HealthAnswer:
        """Look at everything once; an engine that does not answer is told, not waited for."""
        asked: HealthWanted = call.params
        of = store.Of.shops(call.person.brand_id, _shops(call.person, asked.shop_id))
        now = self._clock.now()
        began_s = self._clock.monotonic_s()
        late, oldest = await store.read_late(self._db, of, now)
        dead = await store.read_dead(self._db, of)
        papers = await store.read_papers(self._db, of)
        engines = [
            EngineHealth("postgresql", up=True, took_ms=self._since_ms(began_s)),
            await self._ask_redis(),
        ]
        processes = await self._processes()
        alarms = await store.read_alarms(self._db, of, now - OVER_AFTER)
        return HealthAnswer(
            level=_level(engines, processes, late, undecided=bool(dead or papers["undecided"] or alarms)),
            at_ms=to_ms(now),
            engines=engines,
            processes=processes,
            late=late,
            oldest_late_ms=0 if oldest is None else to_ms(now) - to_ms(oldest),
            dead=[
                DeadPromiseLine(
                    row["shop_id"], row["id"], row["kind"], to_ms(row["due_at"]), row["attempt"],
                    row["last_error"] or "",
                )
                for row in dead
            ],
            printers_troubled=papers["troubled"],
            papers_waiting=papers["waiting"],
            papers_undecided=papers["undecided"],
            alarms=[
                AlarmLine(
                    row["kind"], row["shop_id"], row["subject"], row["count"],
                    to_ms(row["began_at"]), to_ms(row["seen_at"]),
                )
                for row in alarms
            ],
        )  # fmt: skip

    async def revive(self, call: Call) -> RevivedAnswer:
        """Make a dead promise due now; a worker's next sweep finds it."""
        asked: PromisePath = call.params
        person = call.person
        if not person.speaks("manager", asked.shop_id):
            raise Refusal("not_allowed", shop_id=asked.shop_id)
        kind = await store.revive(
            self._db, person.brand_id, asked.shop_id, asked.promise_id, self._clock.now()
        )
        if kind is None:
            raise Refusal("promise_not_found")
        call.noted["kind"] = kind
        return RevivedAnswer(asked.promise_id, kind)

    async def _ask_redis(self) -> EngineHealth:
        began_s = self._clock.monotonic_s()
        up = True
        try:
            async with asyncio.timeout(CHECK_S_MAX):
                await self._redis.ping()
        except (RedisError, OSError):
            up = False
        return EngineHealth("redis", up, self._since_ms(began_s))

    async def _processes(self) -> list[Standing]:
        try:
            return await self._roll.call()
        except (RedisError, OSError):
            return []  # nobody knows: Redis is away, which is told beside it

    def _since_ms(self, began_s: float) -> float:
        return round((self._clock.monotonic_s() - began_s) * 1000, 2)


def _shops(person: Member, wanted: int) -> frozenset[int] | None:
    """Return of which shops somebody is told (None: all of the brand). Raises `not_allowed`."""
    led = frozenset(g.shop_id for g in person.grants if person.speaks("manager", g.shop_id))
    if not led or not (wanted == 0 or person.speaks("manager", wanted)):
        raise Refusal("not_allowed", shop_id=wanted)
    if wanted:
        return frozenset({wanted})
    return None if WHOLE_BRAND in led else led


def _level(
    engines: list[EngineHealth], processes: list[Standing], late: int, *, undecided: bool
) -> Level:
    if undecided or any(one.guard != GUARDS_WELL or one.resting for one in processes):
        return "trouble"
    slow = any(one.lag_ms > LAG_MS_MAX or one.waiting > WAITING_MAX for one in processes)
    return "slow" if late or slow or not all(one.up for one in engines) else "well"
