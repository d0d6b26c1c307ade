"""A person at the doors is counted: a page that asks without end is stopped, and only that person's (R-000-16)."""

from __future__ import annotations

import pytest

from server.api import callers
from tests.support.api_house import api_house
from tests.support.people import person, refused

ME = "/v1/staff/me"


async def test_a_page_that_asks_without_end_is_stopped(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the burst a session hears `rate_limited` and when to come again; a colleague is served."""
    async with api_house(database_url, redis_url) as house:
        chen, wang = await person(house, "chen", "cashier"), await person(house, "wang", "cashier")
        monkeypatch.setattr(callers, "STAFF_RATE_PER_S", 0.01)
        monkeypatch.setattr(callers, "STAFF_BURST_MAX", 5)
        answers = [await chen.ask("GET", ME) for _ in range(6)]
        assert [one.status_code for one in answers[:5]].count(200) >= 3
        assert refused(answers[-1], "rate_limited")["retry_after_s"] > 0
        assert (await wang.ask("GET", ME)).status_code == 200
