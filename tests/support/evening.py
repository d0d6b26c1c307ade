"""A house in the evening that the pictures show, and a browser that may sound: for tests of every page there is.

Refuses to play the evening anew: `scripts/evening_scene.py` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser

from scripts.evening_scene import Evening
from scripts.pictures import play
from server.db.pool import open_pool
from server.demo.seed import seed
from server.settings import Settings
from tests.support.browser import quiet_chromium
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread, house_on_thread


class EveningHouse(NamedTuple):
    """The house, whose token opens which screen, and the browser to look with."""

    house: HouseOnThread
    tokens: dict[str, str]
    browser: Browser


@contextmanager
def evening_house(engines: EnginePair, folder: Path) -> Iterator[EveningHouse]:
    """Play the evening, then serve it for the length of the block."""
    url = engines.fresh_database()
    try:
        redis_url = engines.empty_redis()
        settings = Settings(database_url=url, redis_url=redis_url, data_dir=folder)
        tokens = asyncio.run(_played(settings))
        with (
            house_on_thread(url, redis_url, data_dir=folder) as house,
            quiet_chromium() as browser,
        ):
            yield EveningHouse(house, tokens, browser)
    finally:
        engines.drop(url)


async def _played(settings: Settings) -> dict[str, str]:
    await seed(settings.database_url)
    pool = await open_pool(settings.database_url, 4)
    try:
        await Evening(pool, settings).move_to_evening()
        return await play(pool, settings)
    finally:
        await pool.close()
