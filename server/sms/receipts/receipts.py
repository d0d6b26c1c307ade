"""Takes carriers' receipts at once and settles them later, each until it is done (R-004-23, R-004-29).

One of a few Redis streams, chosen at random, has what was just taken; while Redis is away, or a stream
is full, PostgreSQL has it. A number is turned into its mark before anything is written. Receipts that
no message is known for yet are kept and tried again for 72 hours. Doubles and disorder change nothing.
Refuses to believe who sends a receipt: the door and the carrier's own words do that.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
import msgspec
import structlog
from redis.exceptions import RedisError

from server.clock import from_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.sms.carriers.port import Receipt
from server.sms.ground import Ground
from server.sms.message import RECEIPT_S_MAX, Delivery, read_reference, strongest
from server.sms.outcome import Step
from server.sms.phones import Phone
from server.sms.receipts import store
from server.sms.settling import Settling

STREAMS = 8
STREAM_RECEIPTS_MAX = 100_000
REDIS_S_MAX = 0.5
BATCH_MAX = 256
WAIT_MS = 500
SWEEP_S = 1.0
REST_S = 0.25
AGAIN_S = 2.0
AGAIN_S_MAX = 600.0

_FIELD = b"r"
_log = structlog.get_logger(__name__)


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """A receipt as it is written down: whose it is only its mark says."""

    carrier: str
    message_id: str
    mark: bytes
    state: Delivery
    code: str
    at_ms: int
    reference: str = ""


_decode = msgspec.json.Decoder(Kept).decode


def stream(number: int) -> str:
    """Name one of the streams."""
    return f"sms:receipts:{number}"


class Receipts:
    """Takes and settles receipts."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._swept_s = float("-inf")

    async def take(self, receipts: Sequence[Receipt]) -> None:
        """Write receipts down where they are found again. Raises what `LOST` names when nowhere can."""
        kept = [self._kept(receipt) for receipt in receipts]
        name = stream(random.randrange(STREAMS))
        redis = self._ground.redis
        try:
            async with asyncio.timeout(REDIS_S_MAX), redis.pipeline(transaction=False) as pipeline:
                if await redis.xlen(name) < STREAM_RECEIPTS_MAX:
                    for one in kept:
                        pipeline.xadd(name, {_FIELD: msgspec.json.encode(one)})
                    await pipeline.execute()
                    return
        except (RedisError, OSError) as error:
            _log.warning("receipts_past_redis", error=type(error).__name__)
        await self._keep(kept)

    async def deliver(self, receipt: Receipt) -> None:
        """Take one receipt that came over a carrier's own connection."""
        await self.take([receipt])

    def _kept(self, receipt: Receipt) -> Kept:
        mark = self._ground.phones.index(Phone(receipt.phone))
        return Kept(
            receipt.carrier, receipt.message_id, mark, receipt.state, receipt.code[:64],
            receipt.at_ms, receipt.reference,
        )  # fmt: skip

    async def _keep(self, kept: Sequence[Kept]) -> None:
        now = self._ground.clock.now()
        columns = zip(
            *((k.carrier, k.message_id, k.mark, k.state, k.code, from_ms(k.at_ms), k.reference)
              for k in kept),
            strict=True,
        )  # fmt: skip
        due_at = now + timedelta(seconds=AGAIN_S)
        await self._ground.pool.execute(store.KEEP, *map(list, columns), now, due_at)

    async def run(self) -> None:
        """Settle until cancelled."""
        while True:
            try:
                await self.turn()
            except (RedisError, OSError, *LOST) as error:
                _log.warning("receipts_wait", error=type(error).__name__)
                await self._sweep_anyway()
                await asyncio.sleep(REST_S)

    async def _sweep_anyway(self) -> None:
        try:
            await self.sweep()
        except LOST:
            return  # the database is what is away

    async def turn(self, wait_ms: int | None = WAIT_MS) -> int:
        """Settle what lies in the streams, and now and then what waits; return how many came."""
        if self._ground.clock.monotonic_s() - self._swept_s >= SWEEP_S:
            self._swept_s = self._ground.clock.monotonic_s()
            await self.sweep()
        names = {stream(number): "0" for number in range(STREAMS)}
        found = await self._ground.redis.xread(names, count=BATCH_MAX // STREAMS, block=wait_ms)  # type: ignore[arg-type]
        entries = [_decode(fields[_FIELD]) for _, lines in found for _, fields in lines]
        if entries:
            unmatched = await self.settle(entries)
            if unmatched:
                await self._keep(unmatched)
            async with self._ground.redis.pipeline(transaction=False) as pipeline:
                for name, lines in found:
                    pipeline.xdel(name, *(entry for entry, _ in lines))
                await pipeline.execute()
        return len(entries)

    async def sweep(self) -> int:
        """Try again with those no message was known for; return how many are settled."""
        now = self._ground.clock.now()
        rows = await self._ground.pool.fetch(store.READ_DUE, now, BATCH_MAX)
        kept = {
            row["id"]: Kept(row["carrier"], row["message_id"], row["mark"], row["state"],
                            row["code"], _ms(row["at"]), row["reference"])
            for row in rows
        }  # fmt: skip
        unmatched = {id(one) for one in await self.settle(list(kept.values()))} if kept else set()
        again = [row for row in rows if id(kept[row["id"]]) in unmatched]
        late = [row for row in again if now - row["came_at"] > timedelta(seconds=RECEIPT_S_MAX)]
        if late:
            _log.warning("receipts_of_nothing", receipts=len(late))
        again = [row for row in again if row not in late]
        done = [row["id"] for row in rows if row not in again]
        await self._ground.pool.execute(store.DROP, done)
        dues = [now + _again(row["attempt"]) for row in again]
        await self._ground.pool.execute(store.POSTPONE, [row["id"] for row in again], dues)
        return len(done)

    async def settle(self, kept: Sequence[Kept]) -> list[Kept]:
        """Do what receipts say; return those no message is known for."""
        references = [read_reference(one.reference) or (None, None) for one in kept]
        found = await self._ground.pool.fetch(
            store.FIND, [one.carrier for one in kept], [one.message_id for one in kept],
            [brand for brand, _ in references], [message for _, message in references],
        )  # fmt: skip
        matched = {row["ord"] - 1: row for row in found}
        await asyncio.gather(
            *(self._accept(row, kept[index]) for index, row in matched.items()
              if row["state"] in {"sending", "unknown", "lapsed"})
        )  # fmt: skip
        copies: defaultdict[tuple[int, int, bytes], list[Kept]] = defaultdict(list)
        for index, row in sorted(matched.items()):
            copies[row["brand_id"], row["id"], kept[index].mark].append(kept[index])
        if copies:
            await self._deliver(copies)
        return [one for index, one in enumerate(kept) if index not in matched]

    async def _accept(self, row: asyncpg.Record, one: Kept) -> None:
        """A carrier that reports on a message has taken it, whatever became of its answer."""
        step = Step("accept", self._ground.clock.now(), "receipt", one.message_id)
        try:
            await self._ground.settler.settle(
                Settling(row["brand_id"], row["id"], row["attempt"], step)
            )
        except Refusal as refusal:
            raise OSError(refusal.code) from refusal  # what it was for is tried again as a whole

    async def _deliver(self, copies: dict[tuple[int, int, bytes], list[Kept]]) -> None:
        now: datetime = self._ground.clock.now()
        rows = []
        for key, told in copies.items():
            state = strongest(one.state for one in told)
            last = next(one for one in told if one.state == state)
            rows.append((*key, state, last.code, from_ms(last.at_ms)))
        columns = map(list, zip(*rows, strict=True))
        async with self._ground.pool.acquire() as connection, connection.transaction():
            changed = await connection.fetch(store.DELIVER, *columns)
            if changed:
                lines = map(list, zip(*(tuple(row) for row in changed), strict=True))
                await connection.execute(store.ADD_LOG, now, *lines)


def _again(attempt: int) -> timedelta:
    return timedelta(seconds=min(AGAIN_S * (1 << min(attempt, 20)), AGAIN_S_MAX))


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
