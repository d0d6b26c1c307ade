"""What is forgotten by the clock, and what is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from server import housekeeping
from server.housekeeping import PAIRING_KEPT
from server.pairing.pairing import CODE_LIVES
from tests.support.api_house import ApiHouse, api_house

ROWS = """
SELECT (SELECT count(*) FROM pairing_code) + (SELECT count(*) FROM pairing_offer)
     + (SELECT count(*) FROM pairing_try)
"""


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


async def test_codes_offers_and_tries_are_forgotten_the_day_after(house: ApiHouse) -> None:
    """What pairing left behind is there for a day, for whoever asks what happened, and then gone."""
    manager = await house.manager()
    wish = {"kind": "waiter", "name": "王敏"}
    await manager.ask("POST", "/v1/shops/1/pairing-codes", wish)
    await house.http.post("/v1/pairing/offers", json={"kind": "kitchen"})
    await house.http.post("/v1/pairing/claims", json={"code": "x"})
    assert await house.db.fetchval(ROWS) == 3
    house.clock.advance(seconds=(PAIRING_KEPT + CODE_LIVES).total_seconds())
    await housekeeping.forget(house.db, house.clock)
    assert await house.db.fetchval(ROWS) == 2, "only the wrong try ended a day ago"
    house.clock.advance(seconds=timedelta(seconds=1).total_seconds())
    await housekeeping.forget(house.db, house.clock)
    assert await house.db.fetchval(ROWS) == 0
