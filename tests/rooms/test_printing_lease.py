"""One worker at a printer: whoever lost its lease begins no paper there, whatever it still believes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from server.printing import store
from server.printing.store import Lease
from tests.support.kitchen import SHOP
from tests.support.paper import printers
from tests.support.pressroom import paper_house

KUNG_PAO = 2
LEASE = timedelta(seconds=15)


async def test_a_worker_that_slept_too_long_begins_nothing(
    database_url: str, tmp_path: Path
) -> None:
    """Its lease ended while it was stopped: no byte may leave, for the other worker may be printing the same."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        pool, clock = house.kitchen.pool, house.kitchen.clock
        key = (SHOP, await house.add("热菜", printer))
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        [job] = await store.read_open(pool, key, 10)

        def lease(worker: str) -> Lease:
            return Lease(worker, clock.now(), clock.now() + LEASE)

        assert await store.begin(pool, key, job, "nobody", clock.now()) is None
        assert await store.take_printers(pool, lease("one"), [key]) == [key]
        assert await store.take_printers(pool, lease("two"), [key]) == []
        house.kitchen.advance(seconds=LEASE.total_seconds())
        assert await store.begin(pool, key, job, "one", clock.now()) is None
        assert await store.take_printers(pool, lease("two"), [key]) == [key]
        assert await store.keep_printers(pool, lease("one"), [key]) == set()
        assert await store.begin(pool, key, job, "one", clock.now()) is None
        assert await store.begin(pool, key, job, "two", clock.now()) == job.version + 1


async def test_a_paper_goes_to_a_backup_once(database_url: str, tmp_path: Path) -> None:
    """Two printers that stand in for each other do not pass a paper back and forth: it waits where it came to."""
    async with paper_house(database_url, tmp_path) as house, printers(2) as (first, second):
        pool, clock = house.kitchen.pool, house.kitchen.clock
        one = await house.add("热菜", first)
        two = await house.add("凉菜", second, documents=["receipt"])
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        assert await store.move(pool, (SHOP, one), two, clock.now()) == 1
        assert await store.move(pool, (SHOP, two), one, clock.now()) == 0
        [job] = await store.read_open(pool, (SHOP, two), 10)
        assert job.from_id == one
