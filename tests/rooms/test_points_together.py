"""The deduction and the record of an exchange: both or neither, whatever is killed in between."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import asyncpg
import pytest

from server.billing.verify import audit
from tests.support.api_house import ApiHouse, Caller, api_house, is_problem

GUEST, LOCK = 7, 4711

# Whoever inserts there waits for the test.
STOP_AT = """
CREATE FUNCTION wait_for_the_test() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(4711);
    RETURN NULL;
END $$;
CREATE TRIGGER waits AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION wait_for_the_test();
"""
WAITING = """
SELECT pid FROM pg_locks
 WHERE locktype = 'advisory' AND NOT granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
INSIST_S_MAX = 60.0
KILL_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
COUNT_BOTH = """
SELECT (SELECT count(*) FROM points_exchange),
       (SELECT count(*) FROM ledger.journal WHERE kind = 'D'),
       (SELECT count(*) FROM points_exchange x JOIN ledger.journal j ON j.id = x.id
         WHERE j.kind = 'D' AND j.amount = x.exchanged_credit)
"""


async def _mall(house: ApiHouse, points: int) -> Caller:
    mall = await house.caller("mall", roles=("money",), rate_per_s=10_000, burst_max=10_000)
    body = {"user_id": GUEST, "source": "A1", "amount_fen": points * 100}
    assert (await mall.ask("POST", "/v1/points/purchases", body)).status_code == 200
    return mall


async def _exchange(mall: Caller, credit: int, key: str) -> Any:
    body = {"user_id": GUEST, "product_id": 3, "credit": credit}
    return await mall.ask("POST", "/v1/points/exchanges", body, key=key)


async def _both(connection: asyncpg.Connection) -> tuple[int, ...]:
    row = await connection.fetchrow(COUNT_BOTH)
    return tuple(row or ())


@pytest.mark.parametrize("table", ["points_exchange", "ledger.journal", "ledger.block"])
async def test_killed_in_between_there_is_neither(
    database_url: str, redis_url: str, table: str
) -> None:
    """The connection dies after the record, after the deduction, before the commit: nothing is left (R-002-10)."""
    connection = await asyncpg.connect(database_url)
    try:
        async with api_house(database_url, redis_url) as house:
            mall = await _mall(house, 100)
            await connection.execute(STOP_AT.format(table=table))
            await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
            asked = asyncio.create_task(_exchange(mall, 60, "press-1"))
            pid = None
            while pid is None:
                pid = await connection.fetchval(WAITING)
            await connection.execute("SELECT pg_terminate_backend($1, 5000)", pid)
            is_problem(await asked, "unavailable")
            assert await _both(connection) == (0, 0, 0)
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
            assert (await _exchange(mall, 60, "press-1")).json()["balance"] == 40
            assert (await _exchange(mall, 60, "press-1")).json()["balance"] == 40
            assert await _both(connection) == (1, 1, 1)
    finally:
        await connection.close()


async def test_refused_there_is_neither(database_url: str, redis_url: str) -> None:
    """Many presses at once that together want too much: each is whole or nothing (R-002-10)."""
    connection = await asyncpg.connect(database_url)
    try:
        async with api_house(database_url, redis_url) as house:
            mall = await _mall(house, 100)
            got = await asyncio.gather(*(_exchange(mall, 30, f"press-{i}") for i in range(10)))
            assert sorted(one.status_code for one in got) == [201] * 3 + [409] * 7
            assert await _both(connection) == (3, 3, 3)
            assert (await audit(connection)).findings == []
    finally:
        await connection.close()


async def test_under_fire_every_exchange_is_whole(database_url: str, redis_url: str) -> None:
    """Connections die at random while guests insist: every exchange is there once, with its deduction."""
    connection = await asyncpg.connect(database_url)
    dice = random.Random(5)
    try:
        async with api_house(database_url, redis_url) as house:
            mall = await _mall(house, 1_000)

            async def insist(number: int) -> int:
                async with asyncio.timeout(INSIST_S_MAX):
                    while True:
                        answer = await _exchange(mall, 9, f"press-{number}")
                        if answer.status_code not in {500, 503}:
                            return int(answer.status_code)
                        house.clock.advance(seconds=0.1)  # time passes, or the doors stay shut

            async def fire() -> None:
                for _ in range(6):
                    for _ in range(dice.randrange(60)):
                        await asyncio.sleep(0)
                    await connection.execute(KILL_OTHERS)

            got, _ = await asyncio.gather(asyncio.gather(*(insist(i) for i in range(40))), fire())
            assert set(got) == {201}
            assert await _both(connection) == (40, 40, 40)
            assert (await audit(connection)).findings == []
            left = (await mall.ask("GET", f"/v1/points/users/{GUEST}")).json()["credit"]
            assert left == 1_000 - 40 * 9
    finally:
        await connection.close()
