"""The doors while the database is away: quick refusals, and back by themselves (R-000-16)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from server.api.guard import BOUNDS
from tests.support.api_house import SHOP, ApiHouse, api_house, is_problem
from tests.support.engines import EnginePair

END = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}'"
BOARD = f"/v1/shops/{SHOP}/board"


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def test_a_lost_database_is_refused_at_once_and_found_again(
    house: ApiHouse, engines: EnginePair, database_url: str
) -> None:
    """Some requests find out, the next are told when to come back, trials find it well, all go on."""
    caller = await house.caller()
    assert (await caller.ask("GET", BOARD)).status_code == 200
    name = urlsplit(database_url).path.removeprefix("/")
    engines.statement(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    engines.statement(END.format(name))
    for _ in range(2 * BOUNDS.troubles_min):  # the one good answer is outvoted on the way
        is_problem(await caller.ask("GET", BOARD), "unavailable")
    told = is_problem(await caller.ask("GET", BOARD), "unavailable")
    assert told["facts"]["retry_after_s"] >= 1
    shown = (await house.http.get("/metrics")).text  # who looks after the house gets in
    assert 'chuancai_database_guard{process="web"} 2.0' in shown
    engines.statement(f"ALTER DATABASE {name} CONNECTION LIMIT -1")
    house.clock.advance(seconds=BOUNDS.rest_s_max)
    for _ in range(BOUNDS.trials):
        assert (await caller.ask("GET", BOARD)).status_code == 200
    assert house.front.guard.state == "closed"


async def test_refusals_do_not_speak_for_the_database(
    house: ApiHouse, engines: EnginePair, database_url: str
) -> None:
    """Somebody who is refused at the doorstep all the time keeps nobody else waiting for a lost database."""
    caller = await house.caller()
    name = urlsplit(database_url).path.removeprefix("/")
    engines.statement(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    engines.statement(END.format(name))
    codes = []
    for _ in range(2 * BOUNDS.troubles_min):
        for _ in range(3):
            refused = (await house.http.get(BOARD)).json()["code"]
            assert refused in {"session_ended", "unavailable"}
        codes.append((await caller.ask("GET", BOARD)).json()["facts"].get("retry_after_s"))
    assert codes[-1] is not None, "asked the database every time"
    engines.statement(f"ALTER DATABASE {name} CONNECTION LIMIT -1")


async def test_no_is_an_answer(house: ApiHouse) -> None:
    """Whoever is refused for good reasons, a hundred times, closes nobody's door."""
    caller = await house.caller()
    for _ in range(3 * BOUNDS.troubles_min):
        is_problem(await caller.ask("GET", "/v1/shops/404/board"), "shop_not_found")
    assert house.front.guard.state == "closed"
