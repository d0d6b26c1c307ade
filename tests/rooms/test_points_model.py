"""Points against a model of a few dictionaries: whatever is asked in whatever order, each thing counts once."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.clock import ManualClock
from server.db.pool import open_pool
from server.demo.seed import seed
from server.errors import Refusal
from server.points import views
from server.points.book import PointsBook
from server.points.points import HOUSE_RULE, Asked, Exchange
from tests.support.ledger_scene import NOON

BRAND = 1
_guests = itertools.count(1_000, 10)  # every example has guests and sources of its own

SUM_OF_ALL = "SELECT coalesce(sum(posted), 0) FROM ledger.account WHERE unit = 'PTS'"

user, number = st.integers(0, 1), st.integers(0, 4)
steps = st.one_of(
    st.tuples(st.just("buy"), user, number, st.sampled_from([1, 99, 100, 1_250, 100_000])),
    st.tuples(st.just("review"), user, number, st.just(0)),
    st.tuples(st.just("exchange"), user, number, st.integers(1, 1_200)),
    st.tuples(st.just("refund"), number, number, st.integers(1, 600)),
    st.tuples(st.just("wait"), user, number, st.sampled_from([1, 9, 24])),
)


class Model:
    """What every answer should be."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.credit = {0: 0, 1: 0}
        self.sources: dict[tuple[str, int], tuple[int, int, int]] = {}
        self.reviews: dict[tuple[int, Any], int] = {}
        self.exchanges: dict[int, tuple[int, int, int]] = {}
        self.refunds: dict[tuple[int, int], tuple[int, int]] = {}

    def earn(self, kind: str, who: int, source: int, fen: int) -> object:
        known = self.sources.get((kind, source))
        if known is not None:
            return known[2] if known[:2] == (who, fen) else "points_source_reused"
        points = fen // 100
        if kind == "review":
            day = who, (self.clock.now() + timedelta(hours=8)).date()
            reviews = self.reviews.get(day, 0)
            points = HOUSE_RULE.review_points * (reviews < HOUSE_RULE.reviews_per_day_max)
            self.reviews[day] = reviews + (points > 0)
        self.sources[kind, source] = who, fen, points
        self.credit[who] += points
        return points

    def exchange(self, who: int, key: int, credit: int) -> object:
        known = self.exchanges.get(key)
        if known is not None:
            return known[2] if known[:2] == (who, credit) else "command_id_reused"
        if credit > self.credit[who]:
            return "balance_insufficient"
        self.credit[who] -= credit
        self.exchanges[key] = who, credit, self.credit[who]
        return self.credit[who]

    def refund(self, key: int, number: int, credit: int) -> object:
        if key not in self.exchanges:
            return "exchange_not_found"
        known = self.refunds.get((key, number))
        if known is not None:
            return known[1] if known[0] == credit else "posting_id_reused"
        who, taken, _ = self.exchanges[key]
        if credit + sum(c for (k, _), (c, _) in self.refunds.items() if k == key) > taken:
            return "refund_exceeded"
        self.credit[who] += credit
        self.refunds[key, number] = credit, self.credit[who]
        return self.credit[who]


class Asker:
    """Asks the book the same, each thing twice at once."""

    def __init__(self, book: PointsBook, first: int) -> None:
        self.book = book
        self.first = first

    def id(self, *words: object) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{self.first} {words}")

    async def _one(self, what: str, a: int, b: int, amount: int) -> object:
        try:
            if what in {"buy", "review"}:
                kind: Any = "purchase" if what == "buy" else "review"
                asked = Asked(BRAND, self.first + a, kind, f"{self.first}-{b}", amount)
                return (await self.book.earn(asked)).earning.points
            if what == "exchange":
                wanted = Exchange(self.id("x", b), BRAND, self.first + a, amount, 3)
                return (await self.book.exchange(wanted)).balance
            ids = self.id("f", a, b), self.id("x", a)
            return (await self.book.refund(BRAND, *ids, amount))[1]
        except Refusal as refusal:
            return refusal.code

    async def ask(self, what: str, a: int, b: int, amount: int) -> object:
        answers = await asyncio.gather(*(self._one(what, a, b, amount) for _ in range(2)))
        assert answers[0] == answers[1]
        return answers[0]


@settings(
    max_examples=80, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(story=st.lists(steps, min_size=1, max_size=30))
def test_any_story_comes_to_what_the_model_says(
    database_url: str, story: list[tuple[str, int, int, int]]
) -> None:
    """Each source, exchange and refund counts once, nobody is ever below zero, all sums are zero (R-002-1, 2, 10)."""

    async def live() -> None:
        await seed(database_url)
        clock = ManualClock(NOON)
        pool = await open_pool(database_url, 3)
        try:
            asker, model = Asker(PointsBook(pool, clock), next(_guests)), Model(clock)
            for what, a, b, amount in story:
                if what == "wait":
                    clock.advance(seconds=amount * 3_600)
                    continue
                meant = (
                    model.refund(a, b, amount) if what == "refund"
                    else model.exchange(a, b, amount) if what == "exchange"
                    else model.earn(what, a, b, amount)
                )  # fmt: skip
                assert await asker.ask(what, a, b, amount) == meant
                for who, credit in model.credit.items():
                    told = await views.read_balance(pool, BRAND, asker.first + who)
                    assert told.credit == credit >= 0
            assert await pool.fetchval(SUM_OF_ALL) == 0
        finally:
            await pool.close()

    asyncio.run(live())
