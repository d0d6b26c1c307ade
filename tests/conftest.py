"""What every test may ask for: real engines, a database of its own, an empty Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright import async_api, sync_api

from tests.support.engines import EnginePair, suite_pair
from tests.support.house import HouseOnThread, house_on_thread
from tests.support.patience import PATIENCE_MS

for api in (sync_api, async_api):
    api.expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def engines() -> Iterator[EnginePair]:
    """Run PostgreSQL and Redis for the whole suite, on a thread of their own."""
    with suite_pair() as pair:
        yield pair


@pytest.fixture
def database_url(engines: EnginePair) -> Iterator[str]:
    """Give a freshly migrated database of this test's own."""
    url = engines.fresh_database()
    yield url
    engines.drop(url)


@pytest.fixture
def empty_database_url(engines: EnginePair) -> Iterator[str]:
    """Give a database without any table, for tests of the migrations themselves."""
    url = engines.empty_database()
    yield url
    engines.drop(url)


@pytest.fixture
def redis_url(engines: EnginePair) -> str:
    """Give an empty Redis database."""
    return engines.empty_redis()


@pytest.fixture
def house(database_url: str, redis_url: str) -> Iterator[HouseOnThread]:
    """Run a whole house (web, worker, demo shop) on a thread of its own."""
    with house_on_thread(database_url, redis_url) as running:
        yield running
