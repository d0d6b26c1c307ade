"""What is around the posting: the teller's batches, what expires, statements and the report."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from server.billing import statement as statements
from server.billing.anchors import Anchors
from server.billing.keeper import Keeper
from server.billing.ledger import Posting
from server.billing.teller import Teller
from server.billing.verify import audit
from server.clock import ManualClock
from server.db.pool import open_pool
from server.errors import Refusal
from server.sheets import as_csv, as_workbook
from tests.support.ledger_scene import NOON, Scene

KILL_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND backend_type = 'client backend'
"""


@asynccontextmanager
async def branch(database_url: str) -> AsyncIterator[tuple[Scene, asyncpg.Pool, ManualClock]]:
    """Give a scene, a pool and a clock beside it."""
    connection = await asyncpg.connect(database_url)
    pool = await open_pool(database_url, 2)
    try:
        scene = Scene(connection, seed=3)
        await scene.lay(6)
        yield scene, pool, ManualClock(NOON)
    finally:
        await pool.close()
        await connection.close()


async def test_callers_share_batches_and_each_gets_its_own_answer(database_url: str) -> None:
    """Many callers at once are few commits; the one who asks too much is the only one refused."""
    async with branch(database_url) as (scene, pool, clock):
        teller = Teller(pool, clock)
        account = scene.customers[0]
        await teller.post(scene.posting("G", account, 1_000))
        asked = [teller.ask(scene.posting("D", account, 1)) for _ in range(600)]
        asked.append(teller.ask(scene.posting("D", account, 5_000)))
        receipts = await asyncio.gather(*asked)
        assert [r.status for r in receipts] == ["ok"] * 600 + ["balance_insufficient"]
        assert sorted(r.balance for r in receipts[:600] if r.balance is not None) == [
            *range(400, 1000)
        ]
        assert teller.batches < 6
        with pytest.raises(Refusal, match="balance_insufficient"):
            await teller.post(scene.posting("D", account, 5_000))
        await teller.drain()


async def test_callers_in_two_halves_become_one(database_url: str) -> None:
    """Those who ask again as soon as they are answered share the next batch with those who waited."""
    async with branch(database_url) as (scene, pool, clock):
        teller = Teller(pool, clock)
        account = scene.customers[0]
        await teller.post(scene.posting("G", account, 1_000))
        await teller.drain()

        async def caller() -> None:
            for _ in range(10):
                await teller.post(scene.posting("D", account, 1))

        before, begun = teller.batches, asyncio.Event()
        first = [asyncio.create_task(caller()) for _ in range(20)]
        asyncio.get_running_loop().call_soon(
            lambda: asyncio.get_running_loop().call_soon(begun.set)
        )
        await begun.wait()
        assert teller.waiting_postings == 0, "the first half is under way"
        await asyncio.gather(*first, *(caller() for _ in range(20)))
        assert teller.batches - before <= 12


async def test_a_full_queue_says_busy(database_url: str) -> None:
    """More than the bound may not wait; the refusal may be tried again."""
    async with branch(database_url) as (scene, pool, clock):
        teller = Teller(pool, clock, waiting_postings_max=3)
        account = scene.customers[0]
        asked = [teller.ask(scene.posting("G", account, 1)) for _ in range(3)]
        with pytest.raises(Refusal) as refusal:
            teller.ask(scene.posting("G", account, 1))
        assert (refusal.value.code, refusal.value.retryable) == ("busy", True)
        assert all(r.status == "ok" for r in await asyncio.gather(*asked))


async def test_one_that_cannot_be_written_does_not_take_its_neighbours_along(
    database_url: str,
) -> None:
    """A posting the database will not have is refused alone; the batch is tried again in halves."""
    async with branch(database_url) as (scene, pool, clock):
        teller = Teller(pool, clock)
        account = scene.customers[0]
        good = [teller.ask(scene.posting("G", account, 1)) for _ in range(9)]
        # A capture without a hold's id is none the journal can take.
        bad = teller.ask(Posting(scene.new_id(), "G", account, 1, priority=2**15 - 1, ref=scene.new_id(),
                                 contra=scene.house["SMS", account % 2]))  # fmt: skip
        assert all(r.status == "ok" for r in await asyncio.gather(*good))
        with pytest.raises(Refusal, match="internal"):
            await bad


async def test_a_lost_connection_is_asked_again_with_the_same_id(database_url: str) -> None:
    """Whenever the server's processes are killed, every posting is posted once and the books are right."""
    async with branch(database_url) as (scene, pool, clock):
        teller = Teller(pool, clock)
        await asyncio.gather(*(teller.post(scene.posting("G", a, 10_000)) for a in scene.customers))

        async def kill(turns: int) -> None:
            for _ in range(turns):
                await asyncio.sleep(0)
            await scene.connection.execute(KILL_OTHERS)

        async def insist(posting: Posting) -> str:
            for attempt in range(20):
                try:
                    await teller.post(posting)
                except Refusal as refusal:
                    code = refusal.code
                    await asyncio.sleep(0)
                else:
                    return code if attempt else ""
            raise AssertionError("never posted")

        postings = [scene.posting("D", scene.dice.choice(scene.customers), 1) for _ in range(600)]
        codes: set[str] = set()
        for turn in range(20):
            wave = postings[turn * 30 : turn * 30 + 30]
            killer = asyncio.create_task(kill(turn))
            codes |= set(await asyncio.gather(*map(insist, wave)))
            await killer
        assert codes == {"", "unavailable"}  # some were hit, some were not
        found = await audit(scene.connection)
        assert (found.findings, found.lines) == ([], 600 + len(scene.customers))


async def test_what_is_due_expires_but_not_what_is_held(database_url: str, tmp_path: Path) -> None:
    """Holds are released when due; a package expires up to what is held, the rest later (R-004-18, A14)."""
    async with branch(database_url) as (scene, pool, clock):
        keeper = Keeper(pool, clock, Anchors(tmp_path))
        teller = Teller(pool, clock)
        brand = scene.customers[0]
        await teller.post(scene.posting("G", brand, 100, expires=NOON + timedelta(hours=1)))
        await teller.post(scene.posting("H", brand, 30, expires=NOON + timedelta(hours=3)))
        assert await keeper.sweep() == 0
        clock.advance(seconds=2 * 3600)
        assert await keeper.sweep() == 1
        row = await pool.fetchrow("SELECT posted, held FROM ledger.account WHERE id = $1", brand)
        assert tuple(row or ()) == (30, 30)
        assert await keeper.sweep() == 0
        clock.advance(seconds=2 * 3600)
        assert await keeper.sweep() == 1  # the hold's time is over
        assert await keeper.sweep() == 1  # and so the rest of the package goes
        row = await pool.fetchrow("SELECT posted, held FROM ledger.account WHERE id = $1", brand)
        assert tuple(row or ()) == (0, 0)
        assert (await audit(scene.connection)).findings == []


async def test_a_statement_can_be_checked_with_a_pencil(database_url: str) -> None:
    """Rows go on from each other, as CSV and as XLSX; the report's sums are zero (R-000-3, R-000-27)."""
    async with branch(database_url) as (scene, pool, _):
        for _ in range(12):
            await scene.post([scene.draw(0.1) for _ in range(15)])
        account = scene.customers[0]
        day = (NOON - timedelta(days=1), NOON + timedelta(days=1))
        sheet = await statements.statement(pool, account, *day)
        balance = available = 0
        for row in sheet.rows:
            cells = dict(zip((one.head for one in sheet.columns), row, strict=True))
            balance += cells["in"] - cells["out"]
            available += cells["in"] - cells["out"] - cells["held"]
            assert (cells["balance"], cells["available"]) == (balance, available)
        assert balance == scene.books.accounts[account].posted
        assert (await statements.statement(pool, account, day[1], day[1])).rows == []

        report = await statements.reconciliation(pool, *day)
        assert sum(row[3] for row in report[0].rows) == scene.books.lines
        assert [row[1] for row in report[1].rows] == [0, 0]

        read = list(csv.reader(io.StringIO(as_csv(sheet).decode("utf-8-sig"), newline="")))
        assert read[1:] == [[str(cell) for cell in row] for row in sheet.rows]
        assert as_csv(*report).count(b"\xef\xbb\xbf") == 1
        with zipfile.ZipFile(io.BytesIO(as_workbook(report))) as book:
            page = book.read("xl/worksheets/sheet1.xml").decode()
        amounts = [row[4] for row in report[0].rows]
        assert [int(v) for v in re.findall(r'<c r="E\d+"><v>(\d+)</v>', page)] == amounts
