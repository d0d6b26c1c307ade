"""Takes carriers' receipts at once and settles them later, each until it is done (R-004-23, R-004-29).

What is taken is a row, many callers' in one commit, before anybody is told that it was taken: neither
a lost Redis nor a lost process loses it. A number is turned into its mark before anything is written.
Receipts that no message is known for yet are tried again for 72 hours. Doubles and disorder change
nothing. Refuses to believe who sends a receipt: the door and the carrier's own words do that.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import structlog

from server.billing import store as ledger
from server.clock import from_ms, to_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.sms.carriers.port import Receipt
from server.sms.ground import Ground
from server.sms.message import RECEIPT_S_MAX, Delivery, read_reference, strongest
from server.sms.outcome import Step
from server.sms.phones import Phone
from server.sms.purse import Purse
from server.sms.receipts import store
from server.sms.settling import Settling
from server.sms.window import Bounds, Window

TAKEN_TOGETHER_MAX = 512
WAITING_MAX = 20_000
BATCH_MAX = 256
LEASE_S = 30.0  # who settles rows and dies gives them back after this
WAIT_S = 0.2
AGAIN_S = 2.0
AGAIN_S_MAX = 600.0

SAID = "said"  # the carrier's name where a brand gives its own word (`said.py`)
_UNDECIDED = {"sending", "unknown", "lapsed"}

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


Copies = dict[tuple[int, int, bytes], list[Kept]]  # by brand, message, mark


class Receipts:
    """Takes and settles receipts."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        bounds = Bounds(TAKEN_TOGETHER_MAX, WAITING_MAX)
        self._window: Window[Sequence[Kept], bool] = Window("sms receipts", self._write, bounds)

    async def take(self, receipts: Sequence[Receipt]) -> None:
        """Write receipts down for good. Raises `busy` and `unavailable`: then they have to come again."""
        await self.keep([self._kept(receipt) for receipt in receipts])

    async def keep(self, kept: Sequence[Kept]) -> None:
        """Write down what is kept of receipts, as `take` does."""
        if kept:
            await self._window.ask(0, kept, len(kept))

    async def deliver(self, receipt: Receipt) -> None:
        """Take one receipt that came over a carrier's own connection."""
        await self.take([receipt])

    def _kept(self, receipt: Receipt) -> Kept:
        mark = self._ground.phones.index(Phone(receipt.phone))
        return Kept(
            receipt.carrier, receipt.message_id, mark, receipt.state, receipt.code[:64],
            receipt.at_ms, receipt.reference,
        )  # fmt: skip

    async def _write(self, _: int, batch: Sequence[Sequence[Kept]]) -> list[bool | Refusal]:
        columns = zip(
            *((k.carrier, k.message_id, k.mark, k.state, k.code, from_ms(k.at_ms), k.reference)
              for kept in batch for k in kept),
            strict=True,
        )  # fmt: skip
        await self._ground.pool.execute(store.KEEP, *map(list, columns), self._ground.clock.now())
        return [True] * len(batch)

    async def run(self) -> None:
        """Settle until cancelled."""
        while True:
            try:
                full = await self.turn() == BATCH_MAX
            except (OSError, Refusal, asyncpg.PostgresError, *LOST) as error:
                _log.warning("receipts_wait", error=type(error).__name__)
                full = False
            if not full:
                await asyncio.sleep(WAIT_S)

    async def turn(self) -> int:
        """Settle what is due; return how many that were. What fails as a whole is due again later."""
        now = self._ground.clock.now()
        lease = now + timedelta(seconds=LEASE_S)
        rows = await self._ground.pool.fetch(store.CLAIM, now, lease, BATCH_MAX)
        if not rows:
            return 0
        kept = {
            row["id"]: Kept(row["carrier"], row["message_id"], row["mark"], row["state"],
                            row["code"], to_ms(row["at"]), row["reference"])
            for row in sorted(rows, key=lambda row: row["id"])
        }  # fmt: skip
        unmatched = {id(one) for one in await self.settle(list(kept.values()))}
        waiting = [row for row in rows if id(kept[row["id"]]) in unmatched]
        late = {r["id"] for r in waiting if now - r["came_at"] > timedelta(seconds=RECEIPT_S_MAX)}
        if late:
            _log.warning("receipts_of_nothing", receipts=len(late))
        again = [row for row in waiting if row["id"] not in late]
        stay = {row["id"] for row in again}
        dues = [now + _again(row["attempt"]) for row in again]
        await self._ground.pool.execute(
            store.DROP, [row["id"] for row in rows if row["id"] not in stay]
        )
        if again:
            await self._ground.pool.execute(store.POSTPONE, [row["id"] for row in again], dues)
        return len(rows)

    async def settle(self, kept: Sequence[Kept]) -> list[Kept]:
        """Do what receipts say; return those that wait: no message is known for them, or it cannot yet."""
        references = [read_reference(one.reference) or (None, None) for one in kept]
        found = await self._ground.pool.fetch(
            store.FIND, [one.carrier for one in kept], [one.message_id for one in kept],
            [brand for brand, _ in references], [message for _, message in references],
        )  # fmt: skip
        matched = {
            row["ord"] - 1: row for row in found
            # While we are asking the carrier, only a carrier knows whether it has the message.
            if row["state"] != "sending" or kept[row["ord"] - 1].carrier != SAID
        }  # fmt: skip
        undecided = [i for i, row in matched.items() if row["state"] in _UNDECIDED]
        accepted = await asyncio.gather(*(self._accept(matched[i], kept[i]) for i in undecided))
        for index, done in zip(undecided, accepted, strict=True):
            if not done:
                del matched[index]
        copies: defaultdict[tuple[int, int, bytes], list[Kept]] = defaultdict(list)
        for index, row in sorted(matched.items()):
            copies[row["brand_id"], row["id"], kept[index].mark].append(kept[index])
        if copies:
            await self._deliver_all(copies)
        return [one for index, one in enumerate(kept) if index not in matched]

    async def _accept(self, row: asyncpg.Record, one: Kept) -> bool:
        """Who reports on a message knows that the carrier took it; return whether that is noted now."""
        carriers_id = None if one.carrier == SAID else one.message_id
        step = Step("accept", self._ground.clock.now(), "receipt", carriers_id)
        try:
            await self._ground.settler.settle(
                Settling(row["brand_id"], row["id"], row["attempt"], step)
            )
        except Refusal as refusal:
            _log.warning("receipt_waits", brand_id=row["brand_id"], why=refusal.code)
            return False
        return True

    async def _deliver_all(self, copies: Copies) -> None:
        """Deliver together; one whose refund the ledger refuses is delivered without it, loudly."""
        try:
            await self._deliver(copies)
        except ledger.PostingRefusedError as error:
            if len(copies) > 1:
                for key, told in copies.items():
                    await self._deliver_all({key: told})
                return
            _log.error("undelivered_not_refunded", why=error.code)
            await self._deliver(copies, refunds=False)

    async def _deliver(self, copies: Copies, *, refunds: bool = True) -> None:
        now: datetime = self._ground.clock.now()
        rows = []
        for key, told in copies.items():
            carriers = [one for one in told if one.carrier != SAID]
            words = carriers or told
            state = strongest(one.state for one in words)
            last = next(one for one in words if one.state == state)
            rows.append((*key, state, last.code, from_ms(last.at_ms), not carriers))
        rows.sort()  # workers take the same rows in the same order
        columns = map(list, zip(*rows, strict=True))
        brands = {brand_id for brand_id, _, _ in copies}
        purses = {brand_id: await self._ground.purses.of(brand_id) for brand_id in brands}
        async with self._ground.pool.acquire() as connection, connection.transaction():
            changed = await connection.fetch(store.DELIVER, *columns)
            if changed:
                lines = map(list, zip(*(tuple(row)[:5] for row in changed), strict=True))
                await connection.execute(store.ADD_LOG, now, *lines)
            if refunds:
                # Nobody is paid for their own word.
                lost = [r for r in changed if r["state"] == "undelivered" and not r["said"]]
                await self._give_back(connection, lost, purses)

    async def _give_back(
        self,
        connection: ledger.Connection,
        lost: Sequence[asyncpg.Record],
        purses: Mapping[int, Purse],
    ) -> None:
        """Refund copies that did not arrive, where their brand wants that (A17); each once."""
        if not lost:
            return
        keys = [row["brand_id"] for row in lost], [row["message_id"] for row in lost]
        paid = {
            (row["brand_id"], row["id"]): row
            for row in await connection.fetch(store.READ_REFUNDABLE, *keys)
        }
        refunds = []
        for copy in lost:
            message = paid.get((copy["brand_id"], copy["message_id"]))
            if message is not None:
                purse = purses[copy["brand_id"]]
                payment: UUID = message["payment"]
                refunds.append(
                    purse.refund_copy(payment, message["id"], copy["mark"], message["each"])
                )
        if refunds:
            await ledger.post_rows(connection, self._ground.clock.now(), refunds)


def _again(attempt: int) -> timedelta:
    return timedelta(seconds=min(AGAIN_S * (1 << min(attempt, 20)), AGAIN_S_MAX))
