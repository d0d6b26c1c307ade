"""Effects on the outside world: leased in the row, acted, then settled through the desk.

The lease is committed before anything is done (the promise is simply due again when it ends), so a
worker killed in the act loses nothing, and what it did may be done once more: whoever acts hands
`Errand.key` to the outside, which knows a repetition by it. Refuses to know what an effect does,
and to hold up the loop that finds what is due: acting is done beside it, so many at once.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import httpx
import msgspec
import structlog

from server.clock import Clock, to_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.events import promises
from server.events.decision import Due

AT_ONCE_MAX = 100  # effects a worker has under way: its hands
WAITING_MAX = 1000  # due ones a worker keeps at hand for when one ends
ACT_SHARE = 0.8  # of its lease an effect may use; the rest is for settling
SETTLE_EFFECT = "SettleEffect"
SETTLE_REST_S = 0.25
STOP_S_MAX = 5.0

_log = structlog.get_logger(__name__)

Keep = Callable[[Sequence[Due]], Awaitable[list[Refusal | None]]]


class Outside(NamedTuple):
    """What an effect may reach out with."""

    pool: asyncpg.Pool
    clock: Clock
    http: httpx.AsyncClient


class Errand(NamedTuple):
    """One attempt at an effect; `body` is the promise's payload as the kind's struct."""

    shop_id: int
    promise_id: int
    body: Any
    attempt: int  # the first is 1

    @property
    def key(self) -> str:
        """Return what the outside knows a repetition by."""
        return f"{self.shop_id}-{self.promise_id}"


class GaveUpError(Exception):
    """Trying again is of no use: the promise is dead at once, for a person to look at."""


class Effect(NamedTuple):
    """One kind of effect.

    `act` returns what came of it; it joins the payload, and the promise is settled by the line
    `settle` of PROMISES with both. Whatever `act` raises means: not done, try again later.
    """

    struct: type[Any]
    act: Callable[[Errand, Outside], Awaitable[dict[str, Any]]]
    settle: str = SETTLE_EFFECT
    lease_s: float = 30.0
    attempts_max: int = 12


class Effects:
    """Acts for what is due, up to `AT_ONCE_MAX` at once."""

    def __init__(self, kinds: Mapping[str, Effect], outside: Outside, keep: Keep) -> None:
        self.kinds = kinds
        self._outside = outside
        self._keep = keep
        self._waiting: dict[tuple[int, int], Due] = {}  # without a lease: anybody may take them
        self._acting: set[asyncio.Task[None]] = set()
        self._hands_free = AT_ONCE_MAX
        self._filling = False

    @property
    def waiting(self) -> bool:
        """Whether more is due than there are hands."""
        return bool(self._waiting)

    async def begin(self, due: Sequence[Due]) -> Sequence[Due]:
        """Act for promises as soon as there are hands; return those for which there is no room.

        Raises what `LOST` names; nothing was begun then.
        """
        room = max(0, WAITING_MAX - len(self._waiting))
        self._waiting |= {(one.shop_id, one.id): one for one in due[:room]}
        await self._fill()
        return due[room:]

    async def _fill(self) -> None:
        """Lease what waits, as many as there are free hands for, and act; once: hands come free all the time."""
        if self._filling or not self._waiting or not self._hands_free:
            return
        self._filling = True
        try:
            keys = list(itertools.islice(self._waiting, self._hands_free))
            for lease in await self._lease([self._waiting.pop(key) for key in keys]):
                self._hands_free -= 1
                self._beside(self._carry_out(lease))
        except BaseException:
            self._waiting.clear()  # still due in their rows: a sweep comes by; what waits here nobody would look for
            raise
        finally:
            self._filling = False
        if self._waiting and self._hands_free:
            self._beside(self._go_on())

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)

    async def _go_on(self) -> None:
        """Fill hands that came free."""
        try:
            await self._fill()
        except LOST as error:
            _log.warning("effects_wait", error=type(error).__name__)

    async def _lease(self, taken: Sequence[Due]) -> list[promises.Lease]:
        now_ms = to_ms(self._outside.clock.now())
        wanted = []
        for one in taken:
            effect = self.kinds[one.kind]
            wanted.append((one, now_ms + int(effect.lease_s * 1000), effect.attempts_max))
        leases = await promises.lease(self._outside.pool, wanted)
        for lease in leases:
            if lease.dead:
                _say_dead(lease.due, "no attempt came to an end")
        return [lease for lease in leases if not lease.dead]

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._acting:
            await asyncio.wait(self._acting)

    async def stop(self) -> None:
        """Let what is under way come to its end, but not for long: its leases end by themselves."""
        self._waiting.clear()
        if self._acting:
            await asyncio.wait(self._acting, timeout=STOP_S_MAX)
        for task in self._acting:
            task.cancel()

    async def _carry_out(self, lease: promises.Lease) -> None:
        try:
            await self._attempt(lease)
        finally:
            self._hands_free += 1
        await self._go_on()

    async def _attempt(self, lease: promises.Lease) -> None:
        effect = self.kinds[lease.due.kind]
        try:
            came = await self._act(lease.due, effect)
        except GaveUpError as error:
            await self._postpone(lease.due, str(error), attempts_max=0)
        except Exception as error:  # noqa: BLE001
            # The task's edge: whatever went wrong outside, the promise is tried again, then an alarm.
            _log.warning(
                "effect_failed", kind=lease.due.kind, promise=lease.due.id, why=repr(error)
            )
            await self._postpone(lease.due, repr(error), effect.attempts_max)
        else:
            await self._settle(lease, effect, came)

    async def _act(self, due: Due, effect: Effect) -> dict[str, Any]:
        body = msgspec.json.decode(due.payload, type=effect.struct)
        async with asyncio.timeout(effect.lease_s * ACT_SHARE):
            return await effect.act(Errand(due.shop_id, due.id, body, due.attempt), self._outside)

    async def _settle(self, lease: promises.Lease, effect: Effect, came: dict[str, Any]) -> None:
        """Write what came of it; while the database is away try on, until the lease ends."""
        payload = msgspec.json.encode(msgspec.json.decode(lease.due.payload) | came).decode()
        settling = lease.due._replace(kind=effect.settle, payload=payload)
        while True:
            (refusal,) = await self._keep([settling])
            if refusal is None:
                return
            away = refusal.code in {"unavailable", "busy"}
            if not away or to_ms(self._outside.clock.now()) >= lease.until_ms:
                break
            await asyncio.sleep(SETTLE_REST_S)
        _log.error(
            "effect_not_settled", kind=lease.due.kind, promise=lease.due.id, why=refusal.code
        )
        await self._postpone(lease.due, refusal.code, effect.attempts_max)

    async def _postpone(self, due: Due, why: str, attempts_max: int) -> None:
        until_ms = to_ms(self._outside.clock.now()) + int(promises.back_off_s(due.attempt) * 1000)
        try:
            # The attempt was counted when it was leased.
            state = await promises.postpone(
                self._outside.pool, due, due.attempt, until_ms, why, attempts_max
            )
        except LOST:
            return  # the lease ends by itself
        if state == "dead":
            _say_dead(due, why)


def _say_dead(due: Due, why: str) -> None:
    _log.error("promise_dead", shop=due.shop_id, promise=due.id, kind=due.kind, why=why)
