"""The ledger's posting in PostgreSQL against its model: every way, every refusal, every lot."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.billing import store
from server.billing.ledger import Posting
from server.db.pool import open_pool
from tests.support.ledger_scene import NOON, Scene


@asynccontextmanager
async def scene(database_url: str, *, seed: int = 1, customers: int = 6) -> AsyncIterator[Scene]:
    """Open a scene on a connection as the product's are."""
    pool = await open_pool(database_url, 1)
    try:
        async with pool.acquire() as connection:
            made = Scene(connection, seed)  # type: ignore[arg-type]  # it acts like one
            await made.lay(customers)
            yield made
    finally:
        await pool.close()


async def test_a_package_is_bought_held_used_and_given_back(database_url: str) -> None:
    """Freeze, pay in parts, release and refund leave the lots as the documents say (R-004-18..22)."""
    async with scene(database_url) as s:
        brand = s.customers[0]
        first, second = s.posting("G", brand, 100), s.posting("G", brand, 100)
        await s.post([first, second])
        hold = s.posting("H", brand, 150)
        assert (await s.post([hold]))[0] == ("ok", 200, 50)
        part = s.posting("C", brand, 120, ref=hold.id)  # over the border of two packages
        assert (await s.post([part]))[0] == ("ok", 80, 50)
        release = s.posting("R", brand, 0, ref=hold.id)
        assert (await s.post([release]))[0] == ("ok", 80, 80)
        back = s.posting("F", brand, 30, ref=part.id)
        assert (await s.post([back]))[0] == ("ok", 110, 110)
        lots = s.books.lots[brand].by_id
        # 120 took 100 + 20; 30 go back: the last used first.
        assert [lots[one.id].remaining for one in (first, second)] == [10, 100]
        await s.compare()


async def test_what_comes_back_into_an_expired_lot_gets_a_grace(database_url: str) -> None:
    """A refund into a package that has expired may be used a little longer (R-004-22, A16)."""
    async with scene(database_url) as s:
        brand = s.customers[0]
        lot = s.posting("G", brand, 10, expires=NOON + timedelta(hours=1))
        debit = s.posting("D", brand, 10)
        await s.post([lot])
        await s.post([debit])
        s.at = NOON + timedelta(hours=2)
        await s.post([s.posting("F", brand, 4, ref=debit.id)])
        assert s.books.lots[brand].by_id[lot.id].expires == s.at + timedelta(seconds=3600)
        await s.compare()


REFUSALS = (
    # kind, amount, what it refers to,       code
    ("D", 101, None, "balance_insufficient"),
    ("H", 51, None, "balance_insufficient"),
    ("D", 0, None, "ledger_amount_invalid"),
    ("D", 10**12 + 1, None, "ledger_amount_invalid"),
    ("C", 51, "hold", "hold_exceeded"),
    ("C", 1, "grant", "hold_not_found"),
    ("R", 0, "debit", "hold_not_found"),
    ("F", 11, "debit", "refund_exceeded"),
    ("F", 1, "grant", "posting_not_found"),
    ("X", 101, "grant", "lot_exceeded"),
    ("X", 1, "debit", "lot_not_found"),
)


@pytest.mark.parametrize(("kind", "amount", "ref", "code"), REFUSALS)
async def test_a_refusal_has_its_code(
    database_url: str, kind: str, amount: int, ref: str | None, code: str
) -> None:
    """What cannot be posted is refused with a stable code and changes nothing."""
    async with scene(database_url) as s:
        brand = s.customers[0]
        made = {
            "grant": s.posting("G", brand, 110),
            "debit": s.posting("D", brand, 10),
            "hold": s.posting("H", brand, 50),
        }
        await s.post(list(made.values()))
        wrong = s.posting(kind, brand, amount, ref=made[ref].id if ref else None)  # type: ignore[arg-type]
        assert (await s.post([wrong]))[0].status == code
        await s.compare()


async def test_the_same_id_gets_the_same_answer(database_url: str) -> None:
    """A repeated posting answers what was answered then; another thing under its id is refused (R-000-23)."""
    async with scene(database_url) as s:
        brand = s.customers[0]
        await s.post([s.posting("G", brand, 100)])
        debit = s.posting("D", brand, 10)
        # Twice in one batch, again in the next, with something between.
        first = await s.post([debit, s.posting("D", brand, 1), debit])
        again = await s.post([s.posting("D", brand, 1), debit])
        assert first[0] == first[2] == again[1] == ("ok", 90, 90)
        other = Posting(debit.id, "D", brand, 11, debit.contra)
        assert (await s.post([other]))[0].status == "posting_id_reused"
        await s.compare()


async def test_a_frozen_account_takes_but_does_not_give(database_url: str) -> None:
    """A frozen account refuses debits and holds, and still settles what is under way (R-000-28)."""
    async with scene(database_url) as s:
        brand = s.customers[0]
        grant, hold = s.posting("G", brand, 100), s.posting("H", brand, 40)
        await s.post([grant, hold])
        assert await store.set_state(s.connection, brand, "frozen")
        s.books.accounts[brand].state = "frozen"
        answers = await s.post(
            [
                s.posting("D", brand, 1),
                s.posting("H", brand, 1),
                s.posting("C", brand, 10, ref=hold.id),
                s.posting("G", brand, 5),
            ]
        )
        assert [a.status for a in answers] == [*["ledger_account_frozen"] * 2, "ok", "ok"]
        await s.compare()


async def test_an_account_with_a_balance_is_not_closed(database_url: str) -> None:
    """Closing is refused while there is something in it, and a closed account takes nothing (A3)."""
    async with scene(database_url) as s:
        card = s.customers[0]
        grant = s.posting("G", card, 5)
        await s.post([grant])
        with pytest.raises(asyncpg.CheckViolationError):
            await store.set_state(s.connection, card, "closed")
        await s.post([s.posting("X", card, 5, ref=grant.id)])
        assert await store.set_state(s.connection, card, "closed")
        s.books.accounts[card].state = "closed"
        assert (await s.post([s.posting("G", card, 5)]))[0].status == "ledger_account_closed"
        assert not await store.set_state(s.connection, card, "open")


async def test_the_usual_and_the_plain_way_write_the_same(database_url: str) -> None:
    """Random batches leave what posting one by one would leave: balances, holds, lots, uses."""
    async with scene(database_url, customers=9) as s:
        for odd in (0.0, 0.02, 0.3):
            for _ in range(60):
                size = s.dice.choice((1, 2, 5, 20, 80))
                await s.post([s.draw(odd) for _ in range(size)])
                s.at += timedelta(minutes=s.dice.randrange(20))
            await s.compare()


@settings(
    max_examples=40, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    seed=st.integers(0, 2**32),
    odd=st.sampled_from([0.0, 0.1, 0.5]),
    cuts=st.lists(st.integers(1, 30), min_size=1, max_size=12),
)
def test_any_cut_into_batches_means_the_same(
    database_url: str, seed: int, odd: float, cuts: list[int]
) -> None:
    """However operations fall into batches, answers and books are the model's."""

    async def live() -> None:
        async with scene(database_url, seed=seed, customers=3) as s:
            for size in cuts:
                await s.post([s.draw(odd) for _ in range(size)])
            await s.compare()

    asyncio.run(live())


async def test_state_and_balance_change_in_one_transaction(database_url: str) -> None:
    """A command's own rows and its posting are committed together or not at all (R-000-26, R-002-10)."""
    async with scene(database_url) as s:
        card = s.customers[0]
        await s.post([s.posting("G", card, 10)])
        await s.connection.execute("CREATE TABLE trade (id uuid PRIMARY KEY, state text)")

        async def trade(amount: int) -> uuid.UUID:
            debit = s.posting("D", card, amount)
            async with s.connection.transaction():
                await s.connection.execute("INSERT INTO trade VALUES ($1, 'paid')", debit.id)
                await store.post_rows(s.connection, s.at, [debit])
            return debit.id

        paid = await trade(7)
        with pytest.raises(store.PostingRefusedError, match="balance_insufficient"):
            await trade(7)
        assert [r["id"] for r in await s.connection.fetch("SELECT id FROM trade")] == [paid]
        row = await store.read_account(s.connection, card)
        assert row is not None
        assert row.posted == 3
