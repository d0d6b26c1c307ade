"""Live health at the doors: what is late, what was given up and brought back, who is at work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from server.clock import ManualClock, to_ms
from server.health.roll import ROLL_KEY, Roll, Standing
from tests.support.api_house import NOON, SHOP, ApiHouse, api_house
from tests.support.people import person, refused

ADD_PROMISE = """
INSERT INTO promise (shop_id, id, kind, payload, due_at, state, attempt, last_error)
VALUES ($1, $2, 'print', '{}', $3::timestamptz, $4, 30, 'no route to host')
"""


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


def standing(clock: ManualClock, node: str = "n1", **more: object) -> Standing:
    """Make what a process says of itself now."""
    now_ms = to_ms(clock.now())
    said = {
        "node": node,
        "kind": "web",
        "host": "till",
        "pid": 7,
        "started_ms": now_ms,
        "lag_ms": 1.5,
    }
    return Standing(**(said | {"said_ms": now_ms} | more))  # type: ignore[arg-type]


async def test_a_quiet_house_is_well(house: ApiHouse) -> None:
    """A manager reads that both engines answer, nothing is late, and which processes are at work."""
    manager = await person(house, "chen", "manager")
    await Roll(house.ground.redis, house.clock).say(standing(house.clock))
    told = (await manager.ask("GET", "/v1/ops/health")).json()
    assert (told["level"], told["late"], told["dead"]) == ("well", 0, [])
    assert [(one["name"], one["up"]) for one in told["engines"]] == [
        ("postgresql", True), ("redis", True),
    ]  # fmt: skip
    assert [(one["node"], one["lag_ms"], one["guard"]) for one in told["processes"]] == [
        ("n1", 1.5, "closed")
    ]


async def test_what_is_late_and_dead_is_told_of_the_own_shops_only(house: ApiHouse) -> None:
    """A promise overdue by a minute and one given up are named; those of another brand are not."""
    now = house.clock.now()
    for shop_id, number, state in ((SHOP, 1, "waiting"), (SHOP, 2, "dead"), (2, 3, "dead")):
        due = now - timedelta(seconds=60)
        await house.db.execute(ADD_PROMISE, shop_id, number, due, state)
    manager = await person(house, "chen", "manager", SHOP)
    told = (await manager.ask("GET", "/v1/ops/health")).json()
    assert (told["level"], told["late"], told["oldest_late_ms"]) == ("trouble", 1, 60_000)
    assert [(d["shop_id"], d["id"], d["why"]) for d in told["dead"]] == [
        (SHOP, 2, "no route to host")
    ]


async def test_a_dead_promise_is_brought_back_once_and_written_down(house: ApiHouse) -> None:
    """A manager revives it: it is due now with all its attempts, and the audit log says who did it."""
    await house.db.execute(ADD_PROMISE, SHOP, 2, house.clock.now(), "dead")
    manager = await person(house, "chen", "manager", SHOP)
    target = f"/v1/ops/promises/2/revive?shop_id={SHOP}"
    assert (await manager.ask("POST", target)).json() == {"id": 2, "kind": "print"}
    rows = await house.db.fetch("SELECT state, attempt FROM promise WHERE id = 2")
    assert [tuple(row) for row in rows] == [("waiting", 0)]
    refused(await manager.ask("POST", target), "promise_not_found")
    await house.front.audit.settle()
    lines = (await manager.ask("GET", "/v1/audit?action=revivePromise")).json()["lines"]
    assert [line["outcome"] for line in lines] == ["promise_not_found", "ok"]


async def test_only_who_leads_a_shop_is_told_and_may_revive(house: ApiHouse) -> None:
    """A cashier, an auditor and the manager of another brand get no look and no hand at it."""
    await house.db.execute(ADD_PROMISE, SHOP, 2, house.clock.now(), "dead")
    for login, role in (("wang", "cashier"), ("shen", "auditor")):
        browser = await person(house, login, role)  # type: ignore[arg-type]
        refused(await browser.ask("GET", "/v1/ops/health"), "not_allowed")
    target = f"/v1/ops/promises/2/revive?shop_id={SHOP}"
    refused(await browser.ask("POST", target), "not_allowed")
    stranger = await person(house, "liu", "owner", brand_id=2)
    refused(await stranger.ask("POST", target), "promise_not_found")


async def test_who_fell_silent_is_off_the_roll(redis_url: str) -> None:
    """A process killed with -9 is no longer listed after fifteen seconds; one that ends leaves at once."""
    clock = ManualClock(NOON)
    async with Redis.from_url(redis_url) as redis:
        roll = Roll(redis, clock)
        for node in ("killed", "ended", "lives"):
            await roll.say(standing(clock, node))
        await roll.leave("ended")
        clock.advance(seconds=16)
        await roll.say(standing(clock, "lives"))
        assert [one.node for one in await roll.call()] == ["lives"]
        assert await redis.hkeys(ROLL_KEY) == [b"lives"]


async def test_an_open_breaker_is_trouble(house: ApiHouse) -> None:
    """A carrier that is left alone, or a database that is not asked, is seen by the manager (R-000-16)."""
    manager = await person(house, "chen", "manager")
    await Roll(house.ground.redis, house.clock).say(
        standing(house.clock, kind="worker", resting=["chuanglan"])
    )
    told = (await manager.ask("GET", "/v1/ops/health")).json()
    assert (told["level"], told["processes"][0]["resting"]) == ("trouble", ["chuanglan"])
