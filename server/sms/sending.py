"""Takes messages out of their queues, pays for them, and hands them to carriers (R-004-27).

Taken and paid is one commit, before a byte leaves; what came of it is the next. A process killed in
between leaves a message `sending`: when its lease ends it is asked about (`asking.py`), never sent
again blindly. Refuses to decide whose turn it is (`queue.py`) and what an answer means (`outcome.py`).
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from server.billing import store as ledger
from server.billing.ledger import Posting
from server.clock import to_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.sms.carriers.port import Message, Outcome, Refused, Unknown
from server.sms.ground import Ground
from server.sms.lines import Lines
from server.sms.message import KINDS, Queue, reference_of
from server.sms.outcome import EXPIRED, NO_CARRIER, step_of
from server.sms.purse import payment_of, shard_of
from server.sms.queue import QUEUES_MAX, Bounds, Grant, Rotation
from server.sms.records import store
from server.sms.routing import NOBODY, Routes
from server.sms.settling import Settling

BATCH_MESSAGES_MAX = 128  # taken in one commit: a code that comes meanwhile waits for it
LEASE_S = 60.0
SEND_SHARE = 0.5  # of the lease a carrier has for its answer; the rest is for writing it down
SWEEP_S = 1.0
REST_S = 0.25  # after the database was lost
LOOK_S = 0.02  # how often a carrier that takes no more is looked at while something waits
PACE_S_MAX = 5.0  # a message in hand waits so long for its carrier's rate
STOP_S_MAX = 5.0

_log = structlog.get_logger(__name__)


class _Plan(NamedTuple):
    """What becomes of messages that were picked, and what is posted for it."""

    takings: list[store.Taking]
    postings: list[Posting]
    paid: list[UUID | None]  # in the postings' order: the payment, or None for a refund
    entries: list[store.Entry]


class Sender:
    """Sends for one worker."""

    def __init__(
        self, ground: Ground, routes: Routes, lines: Lines, *,
        bounds: Bounds | None = None, lease_s: float = LEASE_S,
    ) -> None:  # fmt: skip
        self._ground = ground
        self._routes = routes
        self._lines = lines
        self._lease_s = lease_s
        self.rotation = Rotation(routes.carrier_of, bounds)
        self._poke = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._swept_s = float("-inf")

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._ground.pokes.listen(self._hear, self._sweep_soon))
                while True:
                    await self._rest(await self.turn())
        finally:
            await self.stop()

    def _hear(self, queues: Sequence[Queue]) -> None:
        now_ms = to_ms(self._ground.clock.now())
        for queue in queues:
            self.rotation.note(queue, now_ms)
        self._poke.set()

    def _sweep_soon(self) -> None:
        self._swept_s = float("-inf")
        self._poke.set()

    async def _rest(self, wait_s: float) -> None:
        if wait_s <= 0:
            await asyncio.sleep(0)  # somebody else's answer may be here
            return
        try:
            async with asyncio.timeout(wait_s):
                await self._poke.wait()
        except TimeoutError:
            pass
        self._poke.clear()

    async def turn(self) -> float:
        """Take one batch and begin to send it; return how long there is nothing to do, in seconds."""
        try:
            await self._sweep()
            taken = await self._take()
        except LOST as error:
            _log.warning("sms_waits", error=type(error).__name__)
            return REST_S
        if taken:
            return 0.0
        due_ms = self.rotation.next_due_ms()
        if due_ms is None:
            return SWEEP_S
        return min(max((due_ms - to_ms(self._ground.clock.now())) / 1000, LOOK_S), SWEEP_S)

    async def _sweep(self) -> None:
        """Find the queues that have something, whatever was told and forgotten."""
        now_s = self._ground.clock.monotonic_s()
        if now_s - self._swept_s < SWEEP_S:
            return
        for queue, due_at in await store.read_queues(self._ground.pool, QUEUES_MAX):
            self.rotation.note(queue, to_ms(due_at))
        self._swept_s = now_s

    async def _take(self) -> int:
        rooms = {
            (name, kind): line.room(kind) for name, line in self._lines.items() for kind in KINDS
        }
        # What nobody carries any more must not wait for ever: it is given back.
        rooms |= {(NOBODY, kind): BATCH_MESSAGES_MAX for kind in KINDS}
        now = self._ground.clock.now()
        grants = self.rotation.take(to_ms(now), rooms, BATCH_MESSAGES_MAX)
        by_shard: defaultdict[int, list[Grant]] = defaultdict(list)
        for grant in grants:
            by_shard[shard_of(grant.queue.brand_id)].append(grant)
        took = await asyncio.gather(
            *(self._take_of(shard, its, now) for shard, its in by_shard.items()),
            return_exceptions=True,
        )
        for one in took:
            if isinstance(one, BaseException):
                raise one
        return sum(one for one in took if isinstance(one, int))

    async def _take_of(self, shard: int, grants: Sequence[Grant], now: datetime) -> int:
        """Take, pay and begin to send; return how many were picked."""
        for grant in grants:
            self._count(grant.queue, grant.messages)
        left = Counter({grant.queue: grant.messages for grant in grants})
        picked: list[store.Picked] = []
        sending: list[store.Taking] = []
        try:
            async with self._ground.pool.acquire() as connection, connection.transaction():
                wanted = [(grant.queue, grant.messages) for grant in grants]
                picked = await store.pick(connection, wanted, now)
                if picked:
                    sending = await self._pay(connection, shard, picked, now)
            phones = await store.read_phones(
                self._ground.pool, [(one.brand_id, one.id) for one in sending]
            ) if sending else {}  # fmt: skip
        except BaseException:
            # Whether that was committed nobody knows; that nothing was sent we do.
            self._untake(picked, now + timedelta(seconds=self._lease_s))
            self._free(left)
            raise
        found = Counter(one.queue for one in picked)
        for grant in grants:
            if found[grant.queue] < grant.messages:
                self.rotation.empty(grant)
        by_id = {(one.brand_id, one.id): one for one in picked}
        for taking in sending:
            one = by_id[taking.brand_id, taking.id]
            left[one.queue] -= 1
            task = asyncio.create_task(self._carry(one, taking, phones[one.brand_id, one.id]))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        self._free(left)
        return len(picked)

    def _untake(self, picked: Sequence[store.Picked], lease: datetime) -> None:
        """Put back what may have been taken; not what was taken anew meanwhile, under the same number."""
        for one in picked:
            refused = Refused("not_taken", "The database was lost before it was handed over.", True)
            step = step_of(refused, 1, one.expires_at, self._ground.clock.now())
            settling = Settling(one.brand_id, one.id, one.attempt + 1, step, lease)
            task = asyncio.create_task(self._insist(settling))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _insist(self, settling: Settling) -> None:
        await self._ground.settler.insist(settling)

    def _free(self, left: Counter[Queue]) -> None:
        for queue, messages in left.items():
            if messages:
                self.rotation.give_back(queue, messages)
                self._count(queue, -messages)

    def _count(self, queue: Queue, messages: int) -> None:
        line = self._lines.get(self._routes.carrier_of(queue))
        if line is not None:
            line.count(queue.kind, messages)

    async def _pay(
        self, connection: ledger.Connection, shard: int, picked: Sequence[store.Picked],
        now: datetime,
    ) -> list[store.Taking]:  # fmt: skip
        """Write takings and payments; return what is to be sent once this is committed."""
        plan = await self._plan(picked, now)
        await store.take(connection, plan.takings, now + timedelta(seconds=self._lease_s))
        await store.write_log(connection, now, plan.entries)
        bad: set[UUID] = set()
        if plan.postings:
            receipts = await ledger.post(connection, shard, now, plan.postings)
            for payment, receipt in zip(plan.paid, receipts, strict=True):
                if receipt.status != "ok" and payment is not None:
                    _log.error("sms_not_paid", payment=str(payment), why=receipt.status)
                    bad.add(payment)
        if bad:
            unpaid = [
                taking._replace(state="failed", payment=None, code="not_paid")
                for taking in plan.takings
                if taking.payment in bad
            ]
            await store.take(connection, unpaid, now)
        return [t for t in plan.takings if t.state == "sending" and t.payment not in bad]

    async def _plan(self, picked: Sequence[store.Picked], now: datetime) -> _Plan:
        unpaid: defaultdict[tuple[int, UUID], list[store.Picked]] = defaultdict(list)
        for one in picked:
            if one.payment is None:
                unpaid[one.brand_id, one.number].append(one)
        plan = _Plan([], [], [], [])
        payments: dict[tuple[int, UUID], UUID] = {}
        for (brand_id, number), group in unpaid.items():
            purse = await self._ground.purses.of(brand_id)
            payment = payment_of(number, [one.id for one in group])
            payments[brand_id, number] = payment
            total = sum(one.segments for one in group)
            plan.postings.append(purse.pay(payment, number, total))
            plan.paid.append(payment)
        for one in picked:
            payment = one.payment or payments[one.brand_id, one.number]
            carrier = self._routes.carrier_of(one.queue)
            if one.expires_at > now and carrier != NOBODY:
                plan.takings.append(
                    store.Taking(
                        one.brand_id, one.id, "sending", one.attempt + 1, payment, carrier, None
                    )
                )
                continue
            # A hold ends as a whole only, so what is not sent is paid for and given back at once.
            code = NO_CARRIER if carrier == NOBODY else EXPIRED
            purse = await self._ground.purses.of(one.brand_id)
            plan.takings.append(
                store.Taking(one.brand_id, one.id, "failed", one.attempt, payment, None, code)
            )
            plan.postings.append(purse.refund(payment, one.id, one.segments))
            plan.paid.append(None)
            plan.entries.append(
                store.Entry(one.brand_id, one.id, one.attempt, "expire", code, None)
            )
        return plan

    async def _carry(
        self, one: store.Picked, taking: store.Taking, sealed: Sequence[bytes]
    ) -> None:
        try:
            try:
                outcome = await self._send(one, sealed)
            finally:  # its connection is free, whatever writing it down takes
                self._count(one.queue, -1)
                self._poke.set()
            step = step_of(outcome, taking.attempt, one.expires_at, self._ground.clock.now())
            await self._ground.settler.insist(Settling(one.brand_id, one.id, taking.attempt, step))
            if step.verb == "put_back":
                self.rotation.note(one.queue, to_ms(step.due_at))
        finally:
            self.rotation.give_back(one.queue, 1)
            self._poke.set()

    async def _send(self, one: store.Picked, sealed: Sequence[bytes]) -> Outcome:
        line = self._lines[self._routes.carrier_of(one.queue)]
        carrier = line.carrier
        if len(sealed) > carrier.phones_max:
            return Refused("too_many_phones", "The carrier takes fewer telephones at once.", False)
        try:
            phones = tuple(self._ground.phones.open(each) for each in sealed)
        except Refusal as refusal:
            return Refused(refusal.code, refusal.sentence, retryable=False)
        while (wait_s := line.wait_s(one.kind, len(phones))) > 0:
            if wait_s > PACE_S_MAX:
                return Refused("too_fast", "The carrier takes no more just now.", retryable=True)
            await asyncio.sleep(wait_s)
        if not line.may_send():
            return Refused("carrier_rests", "The carrier did not answer and rests.", retryable=True)
        reference = reference_of(one.brand_id, one.id, one.number)
        outcome: Outcome = Unknown("ended before it was answered")
        try:
            async with asyncio.timeout(self._lease_s * SEND_SHARE):
                outcome = await carrier.send(Message(reference, phones, one.text))
        except TimeoutError:
            outcome = Unknown("no answer in time")
        except Exception as error:  # noqa: BLE001 - the task's edge: bytes may have left
            _log.error("carrier_broke", carrier=carrier.name, error=type(error).__name__)
            outcome = Unknown(type(error).__name__)
        finally:
            line.record(outcome)
        return outcome

    async def drain(self) -> None:
        """Wait until nothing is under way."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def stop(self) -> None:
        """Let what is under way come to its end, but not for long: its leases end by themselves."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=STOP_S_MAX)
        for task in self._sending:
            task.cancel()
