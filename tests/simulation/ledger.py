"""A ledger under everything at once: `python -m tests.simulation.ledger --operations 1000000`.

First the dice: random batches, odd ones among them, posted to PostgreSQL and to the model, every answer
compared, the invariants asked after every batch, the books compared now and then. Then the storm: many
callers at once through tellers of several processes' shape, orders mixed up, everything sent twice,
connections killed in the middle; at the end each posting stands once and the audit finds nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import asyncpg

from server.billing.ledger import Posting, Receipt
from server.billing.teller import Teller
from server.billing.verify import audit
from server.clock import ManualClock
from server.db.pool import open_pool
from server.errors import Refusal
from tests.support.engines import running_pair
from tests.support.ledger_scene import NOON, Scene

COMPARE_EVERY_POSTINGS = 50_000
BATCH_POSTINGS_MAX = 200
TELLERS = 3
ATTEMPTS_MAX = 200

# `0 = (SELECT count(*) …)`, not NOT EXISTS: the planner finds a nested loop for the other. Limited to the
# scene's own accounts, so that asking costs the same after a million postings; the audit asks the rest.
BROKEN = """
WITH mine AS MATERIALIZED (SELECT * FROM ledger.account WHERE id = ANY ($1::bigint[]))
SELECT 'sum' AS what FROM mine GROUP BY unit HAVING sum(posted) <> 0
UNION ALL SELECT 'negative' FROM mine WHERE guarded AND posted - held < 0
UNION ALL SELECT 'held' FROM mine a
 WHERE $2 AND held <> (SELECT coalesce(sum(amount - used), 0) FROM ledger.hold h
                        WHERE h.account = a.id AND h.state = 'held')
UNION ALL SELECT 'lots' FROM mine a
 WHERE lotted AND posted <> (SELECT coalesce(sum(remaining), 0) FROM ledger.lot l WHERE l.account = a.id AND l.open)
UNION ALL SELECT 'last line' FROM mine a
 WHERE guarded AND (posted, posted - held) <> (SELECT balance, available FROM ledger.journal j
                                                WHERE j.account = a.id ORDER BY seq DESC LIMIT 1)
UNION ALL SELECT 'head' FROM ledger.shard s
 WHERE (next_seq, head) <> (SELECT last_seq + 1, hash FROM ledger.block b
                             WHERE b.shard = s.id ORDER BY first_seq DESC LIMIT 1)
"""
KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND backend_type = 'client backend' AND random() < 0.5
"""

Say = Callable[[str], None]


async def roll(scene: Scene, operations: int, say: Say) -> None:
    """Post so many rolled operations in random batches; answers and invariants hold after each."""
    done = compared = 0
    while done < operations:
        size = min(scene.dice.randrange(1, BATCH_POSTINGS_MAX), operations - done)
        odd = scene.dice.choice((0.0, 0.0, 0.01, 0.2))
        await scene.post([scene.draw(odd) for _ in range(size)])
        scene.at += timedelta(seconds=scene.dice.randrange(600))
        done += size
        ids = list(scene.books.accounts)
        look_at_holds = done - compared >= COMPARE_EVERY_POSTINGS
        broken = await scene.connection.fetch(BROKEN, ids, look_at_holds)
        assert broken == [], broken
        if look_at_holds:
            await scene.compare()
            compared = done
            say(f"{done:,} operations, {scene.books.lines:,} lines: the same")
    await scene.compare()


async def storm(database_url: str, scene: Scene, operations: int, seed: int) -> None:
    """Send operations from many sides at once, each twice, while connections are killed."""
    dice = random.Random(seed)
    clock = ManualClock(NOON)
    lines_before = len(scene.books.journal)
    async with AsyncExitStack() as stack:
        tellers = []
        for _ in range(TELLERS):
            pool = await open_pool(database_url, 2)
            stack.push_async_callback(pool.close)
            tellers.append(Teller(pool, clock, batch_postings_max=dice.randrange(5, 100)))
        answers: dict[object, set[Receipt]] = {}

        async def insist(posting: Posting) -> None:
            for _ in range(ATTEMPTS_MAX):
                try:
                    receipt = await dice.choice(tellers).ask(posting)
                except Refusal as refusal:
                    if refusal.code != "unavailable":
                        raise
                    # The connection was killed: posted or not, nobody knows.
                    await asyncio.sleep(0)
                else:
                    answers.setdefault(posting.id, set()).add(receipt)
                    return
            raise AssertionError("never answered")

        while operations > 0:
            wave = [scene.draw(0.0) for _ in range(min(operations, 500))]
            operations -= len(wave)
            twice = wave * 2
            dice.shuffle(twice)
            await asyncio.gather(*map(insist, twice), _kill(scene.connection, dice))
    posted = await scene.connection.fetch(
        "SELECT id, balance, available FROM ledger.journal WHERE id = ANY ($1::uuid[])",
        list(answers),
    )
    for row in posted:
        # A release or a debit may first be refused and then, sent again, be posted.
        good = {a for a in answers[row["id"]] if a.status == "ok"}
        assert good == {Receipt("ok", row["balance"], row["available"])}, answers[row["id"]]
    accepted = {i for i, got in answers.items() if any(a.status == "ok" for a in got)}
    assert accepted == {row["id"] for row in posted}
    found = await audit(scene.connection)
    assert found.findings == [], found.findings
    assert found.lines == lines_before + len(posted)


async def _kill(connection: asyncpg.Connection, dice: random.Random) -> None:
    for _ in range(3):
        for _ in range(dice.randrange(50)):
            await asyncio.sleep(0)
        await connection.execute(KILL)


async def live(database_url: str, operations: int, seed: int, say: Say) -> None:
    """Roll, then storm, on one ledger."""
    connection = await asyncpg.connect(database_url)
    try:
        scene = Scene(connection, seed)
        await scene.lay(12 if operations < 10_000 else 300)
        await roll(scene, operations * 4 // 5, say)
        await storm(database_url, scene, operations // 5, seed)
    finally:
        await connection.close()


def main() -> None:
    """Run the full size on engines of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    start = time.monotonic()
    with running_pair(durable=False) as pair:
        asyncio.run(live(pair.fresh_database(), given.operations, given.seed, _say))
    took = time.monotonic() - start
    _say(f"seed {given.seed}: {given.operations:,} operations in {took:.0f} s, nothing found")


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
