"""Keeps promises: wakes when something is due and hands it, batch by batch, to the desk.

The alarm clock says what is due and when to wake next. One worker's sweep at a time arms what the
alarm clock lost; while Redis is away every worker goes by the rows. Refuses to decide what a
promise means, and to be the only one: any number of workers may run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import asyncpg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from server.clock import Clock, to_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.events import promises
from server.events.alarm import BATCH_PROMISES_MAX, POKE_CHANNEL, Alarm, pokes
from server.events.decision import Armed, Due
from server.events.effects import Effects, Keep
from server.events.envelope import PARTITIONS

SWEEP_S = 1.0  # all workers together
ASK_S = 0.5  # how often each asks whether the sweep is its own
REST_S = 0.25  # what could not be kept just now is tried again after this
NO_ROOM_S = 2.0  # and this long when more effects are due than hands can take
LOOK_AHEAD_S = 60  # the sweep arms what is due soon, so a wiped clock is set again
SWEEP_PROMISES_MAX = 1000
SOON_PROMISES_MAX = 100  # arming a thousand each second would make what is due now late
LANES = 2  # batches under way at once: while one is written the other is decided
SLICES_MAX = 16  # of the alarm clock, asked at once
# While batches come back full the next ask fewer: then a batch is many rings of few shops, and a shop's
# head, stamps and nodes are asked for once a batch and not once a ring.
SLICES_MIN = 2
_NEVER = 2**62

_log = structlog.get_logger(__name__)


class PromiseLoop:
    """Wakes when a promise is due and keeps it."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        redis: Redis,
        clock: Clock,
        keep: Keep,
        effects: Effects | None = None,
    ) -> None:
        self._pool = pool
        self._redis = redis
        self._alarm = Alarm(redis)
        self._clock = clock
        self._keep = keep
        self._effects = effects
        self._poke = asyncio.Event()
        self._next_ms = [0] * PARTITIONS  # when each slice is due next, as far as known; 0: ask
        self._taken: set[int] = set()  # slices a lane is at: a shop is in one batch at a time
        self._slices = SLICES_MAX  # to ask at once
        self._wakes_ms = 0
        self._asked_s = float("-inf")
        self._redis_away = False
        self._unkept = False  # something due could not be kept in this turn

    async def run(self) -> None:
        """Keep promises until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._listen())
                while True:
                    wait_s = await self.turn()
                    try:
                        async with asyncio.timeout(wait_s):
                            await self._poke.wait()
                    except TimeoutError:
                        pass
                    self._poke.clear()
        finally:
            if self._effects:
                await self._effects.stop()

    async def turn(self) -> float:
        """Keep everything that is due now and return how long there is nothing to do, in seconds."""
        self._unkept = False
        try:
            wait_s = await self._by_alarm()
        except (RedisError, OSError) as error:
            self._lose_redis(error)
            await self._by_rows()
            wait_s = REST_S
        else:
            self._redis_away = False
        self._wakes_ms = to_ms(self._clock.now()) + int(wait_s * 1000)
        return wait_s

    def _lose_redis(self, error: Exception) -> None:
        if not self._redis_away:
            _log.warning("alarm_away", error=type(error).__name__)
        self._redis_away = True
        self._next_ms = [0] * PARTITIONS

    async def _by_alarm(self) -> float:
        """Keep what the alarm clock names, and beside it sweep if it is ours to do."""
        sweeping, *others = await asyncio.gather(
            self._sweep_and_keep(), *(self._lane() for _ in range(LANES - 1)),
            return_exceptions=True,
        )  # fmt: skip
        for trouble in (sweeping, *others):
            if isinstance(trouble, BaseException):
                raise trouble
        more = sweeping is True
        if more and not self._unkept:
            await self._alarm.leave_sweep()
            self._asked_s = float("-inf")
            return 0.0  # a full sweep: there may be more, go on without a rest
        wait_s = max(0.0, self._asked_s + ASK_S - self._clock.monotonic_s())
        until_next_s = (min(self._next_ms) - to_ms(self._clock.now())) / 1000
        return min(wait_s, max(0.0, until_next_s))

    async def _sweep_and_keep(self) -> bool:
        more = await self._sweep()
        await self._lane()
        return more

    async def _lane(self) -> None:
        while slices := self._due_slices():
            now_ms = to_ms(self._clock.now())
            try:
                share = BATCH_PROMISES_MAX // len(slices)
                names, nexts = await self._alarm.pop(slices, now_ms, share)
                self._note(nexts)
                if len(names) == share * len(slices):
                    self._slices = max(SLICES_MIN, len(slices) // 2)
                else:
                    self._slices = min(SLICES_MAX, self._slices * 2)
                if names:
                    await self._keep_named(names, now_ms)
            finally:
                self._taken.difference_update(slices)

    def _due_slices(self) -> list[int]:
        """Take the slices that are longest due and nobody is at."""
        now_ms = to_ms(self._clock.now())
        due = [s for s in range(PARTITIONS) if self._next_ms[s] <= now_ms and s not in self._taken]
        due.sort(key=self._next_ms.__getitem__)
        slices = due[: self._slices]
        self._taken.update(slices)
        for slice_ in slices:
            self._next_ms[slice_] = _NEVER  # what is armed from here on notes itself
        return slices

    def _note(self, nexts: dict[int, int]) -> None:
        for slice_, due_ms in nexts.items():
            self._next_ms[slice_] = min(self._next_ms[slice_], due_ms)

    async def _keep_named(self, names: Sequence[tuple[int, int]], now_ms: int) -> None:
        try:
            due = await promises.read_named(self._pool, names, now_ms)
        except LOST as error:
            _log.warning("promises_wait", error=type(error).__name__)
            await self._put_back(names)
            return
        await self._keep_all(due)

    async def _sweep(self) -> bool:
        """Arm what the alarm clock may have lost, in turn with other workers; True: it was full."""
        if self._clock.monotonic_s() - self._asked_s < ASK_S:
            return False
        self._asked_s = self._clock.monotonic_s()
        now_ms = to_ms(self._clock.now())
        turn = await self._alarm.take_sweep(now_ms, int(SWEEP_S * 1000))
        if turn is None:
            return False
        soon_max = SWEEP_PROMISES_MAX if turn == "clock is new" else SOON_PROMISES_MAX
        try:
            found = await promises.read_soon(self._pool, now_ms, SWEEP_PROMISES_MAX)
            more = len(found) == SWEEP_PROMISES_MAX
            if not more:
                until_ms = now_ms + LOOK_AHEAD_S * 1000
                found = await promises.read_soon(self._pool, until_ms, len(found) + soon_max)
        except LOST as error:
            _log.warning("sweep_without_database", error=type(error).__name__)
            return False
        await self._arm(found)
        return more

    async def _by_rows(self) -> None:
        """Keep what is due by its rows, until nothing is or nothing can be kept."""
        while True:
            now_ms = to_ms(self._clock.now())
            without = list(self._effects.kinds) if self._effects and self._effects.waiting else []
            try:
                due = await promises.read_due(self._pool, now_ms, BATCH_PROMISES_MAX, without)
            except LOST as error:
                _log.warning("promises_wait", error=type(error).__name__)
                return
            kept = await self._keep_all(due)
            if kept == 0 or len(due) < BATCH_PROMISES_MAX:
                return

    async def _keep_all(self, due: Sequence[Due]) -> int:
        """Keep promises, then begin effects (nobody rings later for them); return how many are settled."""
        kinds = self._effects.kinds if self._effects else {}
        outside = [one for one in due if one.kind in kinds]
        inside = [one for one in due if one.kind not in kinds]
        moved = await self._keep_inside(inside) if inside else 0
        return moved + await self._begin(outside)

    async def _keep_inside(self, due: Sequence[Due]) -> int:
        outcomes = await self._keep(due)
        moved, unkept = 0, []
        for one, refusal in zip(due, outcomes, strict=True):
            if refusal is None:
                moved += 1
            elif refusal.code in {"unavailable", "busy"}:
                unkept.append((one.shop_id, one.id))
            else:
                moved += await self._postpone(one, refusal)
        await self._put_back(unkept)
        return moved

    async def _begin(self, due: Sequence[Due]) -> int:
        if not self._effects or not due:
            return 0
        try:
            without_room = await self._effects.begin(due)
        except LOST:
            without_room = due
        await self._put_back([(one.shop_id, one.id) for one in without_room], NO_ROOM_S)
        self._unkept = self._unkept or self._effects.waiting
        return len(due) - len(without_room)

    async def _postpone(self, one: Due, refusal: Refusal) -> bool:
        until_ms = to_ms(self._clock.now()) + int(promises.back_off_s(one.attempt) * 1000)
        try:
            state = await promises.postpone(
                self._pool, one, one.attempt + 1, until_ms, refusal.code, promises.ATTEMPTS_MAX
            )
        except LOST:
            return False  # still due: a sweep comes by
        if state == "dead":
            _log.error(
                "promise_dead", shop=one.shop_id, promise=one.id, kind=one.kind, why=refusal.code
            )
        return True

    async def _put_back(self, names: Iterable[tuple[int, int]], rest_s: float = REST_S) -> None:
        """Arm anew what could not be kept just now."""
        again_ms = to_ms(self._clock.now()) + int(rest_s * 1000)
        again = [Armed(shop_id, promise_id, again_ms) for shop_id, promise_id in names]
        self._unkept = self._unkept or bool(again)
        await self._arm(again)

    async def _arm(self, armed: Sequence[Armed]) -> None:
        for one in armed:
            slice_ = one.shop_id % PARTITIONS
            self._next_ms[slice_] = min(self._next_ms[slice_], one.due_ms)
        if armed and not self._redis_away:
            await self._alarm.arm(armed)

    async def _listen(self) -> None:
        """Wake early when something earlier than our sleep is armed."""
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(POKE_CHANNEL)
                    self._next_ms = [0] * PARTITIONS  # what was armed while we did not hear
                    self._poke.set()
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._hear(pokes(message["data"]))
            except (RedisError, OSError):
                await asyncio.sleep(REST_S)

    def _hear(self, armed: dict[int, int]) -> None:
        self._note(armed)
        if min(armed.values()) < self._wakes_ms:
            self._poke.set()
