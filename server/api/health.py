"""Doors for the manager who wants to know how the house is, and to bring back what was given up.

Refuses to mend anything by itself, to tell of shops the person does not lead, and, in a house that several
brands share, to tell one of them of machines and of what others do at its doors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

import asyncpg
import redis.asyncio
from redis.exceptions import RedisError

from server.api import health_words as w
from server.api.table import Call, Door
from server.clock import Clock, to_ms
from server.errors import Refusal
from server.health import store
from server.health.neighbours import Work, is_felt, work_of
from server.health.roll import Roll
from server.health.standing import Standing
from server.health.watch import OVER_AFTER
from server.staff.member import WHOLE_BRAND, Member

CHECK_S_MAX = 2.0
LAG_MS_MAX = 250.0  # a loop later than this is felt at a screen
WAITING_MAX = 1_000  # commands in one process' queue
GUARDS_WELL = "closed"

Carriers = Callable[[int], frozenset[str]]


class Health:
    """What may be asked about how the house is."""

    def __init__(
        self,
        database: asyncpg.Pool,
        redis_client: redis.asyncio.Redis,
        clock: Clock,
        carriers: Carriers,
    ) -> None:
        """`carriers`: by which a brand's texts go."""
        self._db = database
        self._redis = redis_client
        self._roll = Roll(redis_client, clock)
        self._clock = clock
        self._carriers = carriers

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        promise = "/v1/ops/promises/{promise_id}"
        return [
            Door(
                "GET", "/v1/ops/health", "readHealth", "How the house is, and what was given up",
                "operations", self.read, "staff", params=w.HealthWanted, response=w.HealthAnswer,
            ),
            Door(
                "GET", promise, "readPromise", "How a promise stands that was tried again", "operations",
                self.read_promise, "staff", params=w.PromisePath, response=w.PromiseAnswer,
                refusals=("promise_not_found",),
            ),
            Door(
                "POST", f"{promise}/revive", "revivePromise",
                "Try a promise again that was given up", "operations", self.revive, "staff",
                params=w.PromisePath, response=w.RevivedAnswer, refusals=("promise_not_found",),
            ),
        ]  # fmt: skip

    async def read(self, call: Call) -> w.HealthAnswer:
        """Look at everything once; an engine that does not answer is told, not waited for."""
        asked: w.HealthWanted = call.params
        brand_id = call.person.brand_id
        of = store.Of.shops(brand_id, _shops(call.person, asked.shop_id))
        now = self._clock.now()
        began_s = self._clock.monotonic_s()
        late, oldest = await store.read_late(self._db, of, now)
        dead = await store.read_dead(self._db, of)
        papers = await store.read_papers(self._db, of)
        engines = [
            w.EngineHealth("postgresql", up=True, took_ms=self._since_ms(began_s)),
            await self._ask_redis(),
        ]
        shared = await store.read_shared(self._db, brand_id)
        own = self._carriers(brand_id)
        processes = await self._processes()
        work = work_of(processes)
        alarms = [
            one
            for one in await store.read_alarms(self._db, of, now - OVER_AFTER)
            if not (shared and one.of_house) or is_felt(one.kind, one.subject, own)
        ]
        level = _level(
            engines, work, stopped=_stopped(processes, own if shared else None), late=late,
            undecided=bool(dead or papers["undecided"] or alarms),
        )  # fmt: skip
        return w.HealthAnswer(
            level=level,
            at_ms=to_ms(now),
            shared=shared,
            engines=engines,
            work=w.WorkHealth(*work),
            processes=[] if shared else processes,
            late=late,
            oldest_late_ms=0 if oldest is None else to_ms(now) - to_ms(oldest),
            dead=[
                w.DeadPromiseLine(
                    row["shop_id"], row["id"], row["kind"], to_ms(row["due_at"]), row["attempt"],
                    row["last_error"] or "",
                )
                for row in dead
            ],
            printers_troubled=papers["troubled"],
            printers=[_printer(row) for row in await store.read_troubled_printers(self._db, of)],
            papers_waiting=papers["waiting"],
            papers_undecided=papers["undecided"],
            alarms=[_alarm(one, counted=not (shared and one.of_house)) for one in alarms],
        )  # fmt: skip

    async def read_promise(self, call: Call) -> w.PromiseAnswer:
        """Tell how a promise of a led shop stands."""
        asked: w.PromisePath = call.params
        _check_leads(call.person, asked.shop_id)
        row = await store.read_promise(
            self._db, call.person.brand_id, asked.shop_id, asked.promise_id
        )
        if row is None:
            raise Refusal("promise_not_found")
        return w.PromiseAnswer(
            asked.promise_id, row["kind"], row["state"], row["attempt"], to_ms(row["due_at"]),
            row["last_error"] or "",
        )  # fmt: skip

    async def revive(self, call: Call) -> w.RevivedAnswer:
        """Make a dead promise due now; a worker's next sweep finds it."""
        asked: w.PromisePath = call.params
        person = call.person
        _check_leads(person, asked.shop_id)
        kind = await store.revive(
            self._db, person.brand_id, asked.shop_id, asked.promise_id, self._clock.now()
        )
        if kind is None:
            raise Refusal("promise_not_found")
        call.noted["kind"] = kind
        return w.RevivedAnswer(asked.promise_id, kind)

    async def _ask_redis(self) -> w.EngineHealth:
        began_s = self._clock.monotonic_s()
        up = True
        try:
            async with asyncio.timeout(CHECK_S_MAX):
                await self._redis.ping()
        except (RedisError, OSError):
            up = False
        return w.EngineHealth("redis", up, self._since_ms(began_s))

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


def _check_leads(person: Member, shop_id: int) -> None:
    if not person.speaks("manager", shop_id):
        raise Refusal("not_allowed", shop_id=shop_id)


def _stopped(processes: list[Standing], carriers: Collection[str] | None) -> bool:
    """Return whether a breaker is open: before the database, or before one of these carriers (None: any)."""
    return any(
        one.guard != GUARDS_WELL
        or any(carriers is None or name in carriers for name in one.resting)
        for one in processes
    )


def _level(
    engines: list[w.EngineHealth], work: Work, *, stopped: bool, late: int, undecided: bool
) -> w.Level:
    up = all(one.up for one in engines)
    # Without Redis nobody knows who is at work; with it, a house without a worker lets everything be late.
    if undecided or stopped or (up and not work.workers):
        return "trouble"
    slow = work.lag_ms > LAG_MS_MAX or work.waiting > WAITING_MAX
    return "slow" if late or slow or not up else "well"


def _printer(row: asyncpg.Record) -> w.PrinterLine:
    since = row["condition_at"]
    return w.PrinterLine(
        row["shop_id"], row["id"], row["name"], row["condition"],
        None if since is None else to_ms(since), row["waiting"],
    )  # fmt: skip


def _alarm(one: store.Alarm, *, counted: bool) -> w.AlarmLine:
    return w.AlarmLine(
        one.kind, one.shop_id, one.subject, one.number if counted else 0, to_ms(one.began_at),
        to_ms(one.seen_at),
    )  # fmt: skip
