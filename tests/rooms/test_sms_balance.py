"""Whatever happens in whatever order, no segment appears or is lost (R-004-17 … R-004-22)."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections import Counter
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from server.errors import Refusal
from server.sms.packages import Purchase
from tests.support.sms_scene import SmsScene, sms_scene

# What the house took and gave, and what the brands' accounts say: read from the journal and beside it.
READ_SUMS = """
SELECT a.posted, a.held, j.*,
       (SELECT coalesce(sum(l.remaining), 0)::bigint FROM ledger.lot l WHERE l.account = a.id) AS in_lots
  FROM ledger.account a,
       LATERAL (SELECT coalesce(sum(j.amount) FILTER (WHERE j.kind = 'G'), 0)::bigint AS granted,
                       coalesce(sum(j.amount) FILTER (WHERE j.kind = 'C'), 0)::bigint AS paid,
                       coalesce(sum(j.amount) FILTER (WHERE j.kind = 'F'), 0)::bigint AS refunded,
                       coalesce(sum(j.amount) FILTER (WHERE c.code = 'expired'), 0)::bigint AS expired,
                       coalesce(sum(j.amount) FILTER (WHERE c.code = 'returned'), 0)::bigint AS returned
                  FROM ledger.journal j LEFT JOIN ledger.account c ON c.id = j.contra WHERE j.account = a.id) j
 WHERE a.owner = $1
"""
ADD_BRANDS = "INSERT INTO brand (id, name) VALUES ($1, '{}'), ($2, '{}')"

brands = st.sampled_from((0, 1))
few = st.integers(0, 3)  # names of orders and payments: few, so that they meet and clash
number = st.integers(0, 1)
some = st.integers(1, 6)
outcomes = st.sampled_from(("sent", "failed"))
STEP = st.one_of(
    st.tuples(st.just("buy"), brands, few, st.integers(5, 60), st.sampled_from((None, 1, 3))),
    st.tuples(st.just("pre_pay"), brands, few, some),
    st.tuples(st.just("pre_pay"), brands, number, st.just(6)),
    st.tuples(st.just("pay"), brands, few, number, some),
    st.tuples(st.just("pay"), brands, few, few, st.integers(1, 2)),
    st.tuples(st.just("release"), brands, few),
    st.tuples(st.just("refund"), brands, few, st.integers(1, 2)),
    st.tuples(st.just("settle"), brands, few, outcomes),
    st.tuples(st.just("give_back"), brands, few, number, some),
    st.tuples(st.just("wait"), st.sampled_from((3_600, 86_400))),
)
FIRST = [("buy", 0, 0, 30, 3), ("buy", 1, 0, 20, None)]
STEPS = st.lists(STEP, min_size=40, max_size=60)


class Story:
    """Does what is drawn, and keeps count of what was said to be done."""

    def __init__(self, scene: SmsScene, number: int) -> None:
        self.scene = scene
        self.brands = (number * 10, number * 10 + 1)
        self.salt = uuid.uuid4()
        self.done: Counter[tuple[int, str]] = Counter()
        self.known: dict[Any, Any] = {}

    def name(self, what: str, *words: int) -> uuid.UUID:
        """Return the id of a thing of this story."""
        return uuid.uuid5(self.salt, f"{what} {words}")

    async def step(self, verb: str, *words: Any) -> None:
        """Do one step, twice at once: the second is a duplicate, whatever the first was answered."""
        if verb == "wait":
            self.scene.clock.advance(seconds=words[0])
        else:
            words = (self.brands[words[0]], *words[1:])
        do = getattr(self, verb)
        answers = await asyncio.gather(do(*words), do(*words), return_exceptions=True)
        for answer in answers:
            assert answer is None or isinstance(answer, Refusal), answer
            if isinstance(answer, Refusal):
                assert answer.code not in {"internal", "unavailable", "busy"}

    async def buy(self, brand_id: int, order: int, segments: int, days: int | None) -> None:
        """Buy a package."""
        purchase = Purchase(
            order_no=f"{self.salt} {order}".replace(" ", "-"), segments=segments, price_fen=1,
            validity_days=days,
        )  # fmt: skip
        await self.scene.packages.buy(brand_id, purchase)
        self.done_once("granted", brand_id, self.name("buy", brand_id, order), segments)

    async def pre_pay(self, brand_id: int, number: int, segments: int) -> None:
        """Freeze."""
        await self.scene.costcentre.pre_pay(
            brand_id, self.name("number", brand_id, number), segments, expires_s=90_000
        )

    async def pay(self, brand_id: int, payment: int, number: int, segments: int) -> None:
        """Pay."""
        payment_id = self.name("payment", brand_id, payment)
        number_id = self.name("number", brand_id, number)
        await self.scene.costcentre.pay(brand_id, payment_id, number_id, segments)
        self.done_once("paid", brand_id, payment_id, segments)

    async def release(self, brand_id: int, number: int) -> None:
        """Release."""
        await self.scene.costcentre.release(brand_id, self.name("number", brand_id, number))

    async def refund(self, brand_id: int, payment: int, segments: int) -> None:
        """Give back a part of a payment."""
        payment_id = self.name("payment", brand_id, payment)
        await self.scene.costcentre.refund(brand_id, payment_id, segments, part="some")
        self.done_once("refunded", brand_id, (payment_id, "some"), segments)

    async def settle(self, brand_id: int, payment: int, state: Any) -> None:
        """Say what became of a payment."""
        payment_id = self.name("payment", brand_id, payment)
        settled = await self.scene.costcentre.settle(brand_id, payment_id, state)
        self.done_once("refunded", brand_id, (payment_id, "all"), settled.refunded)

    async def give_back(self, brand_id: int, order: int, return_no: int, segments: int) -> None:
        """Give segments back to the seller."""
        order_no, name = f"{self.salt}-{order}", f"{self.salt}-{return_no}"
        await self.scene.packages.give_back(brand_id, order_no, name, segments)
        self.done_once("returned", brand_id, ("return", return_no), segments)

    async def wait(self, seconds: int) -> None:
        """Have the keeper sweep after a while."""
        await self.scene.keeper.sweep()

    def done_once(self, what: str, brand_id: int, name: Any, segments: int) -> None:
        """Count what was said to be done, each name once: a duplicate has the same content."""
        known = self.known.setdefault((what, brand_id, name), segments)
        assert known == segments, "one id did two things"
        self.done[brand_id, f"{what}:{name}"] = segments

    def said(self, brand_id: int, what: str) -> int:
        """Return how much of this the brand was told is done."""
        return sum(
            n for (b, name), n in self.done.items() if b == brand_id and name.startswith(what)
        )

    async def check(self) -> None:
        """Granted is what is there, frozen or not, spent, expired, and given back: to the unit."""
        for brand_id in self.brands:
            row = await self.scene.pool.fetchrow(READ_SUMS, f"brand:{brand_id}")
            if row is None:
                assert self.said(brand_id, "") == 0
                continue
            available = row["posted"] - row["held"]
            spent = row["paid"] - row["refunded"]
            gone = spent + row["expired"] + row["returned"]
            assert available >= 0
            assert row["granted"] == available + row["held"] + gone
            assert row["in_lots"] == row["posted"]
            for what in ("granted", "paid", "refunded", "returned"):
                assert row[what] == self.said(brand_id, what)


def test_units_are_conserved(database_url: str) -> None:
    """Granted = available + frozen + spent + expired + returned, in random stories with duplicates."""
    numbers = itertools.count(1)

    async def live(steps: list[tuple[Any, ...]]) -> None:
        async with sms_scene(database_url) as scene:
            story = Story(scene, next(numbers))
            await scene.pool.execute(ADD_BRANDS, *story.brands)
            for verb, *words in [*FIRST, *steps]:
                await story.step(verb, *words)
            await story.check()
            await scene.audited()

    @settings(max_examples=25, deadline=None, phases=(Phase.generate,))
    @given(STEPS)
    def stories(steps: list[tuple[Any, ...]]) -> None:
        asyncio.run(live(steps), debug=True)

    stories()
