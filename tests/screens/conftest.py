"""Boards of one house for each file of board tests; the pads' files have pads of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.boards import Boards
from tests.support.browser import chromium
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread


@pytest.fixture(scope="module")
def opened(engines: EnginePair) -> Iterator[Boards]:
    """One house and one browser for this file."""
    with Boards.of_a_house(engines) as boards:
        yield boards


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for this file, driven from the loop of its tests; files with boards have one of their own."""
    async with chromium() as running:
        yield running


@pytest.fixture
def boards(opened: Boards) -> Iterator[Boards]:
    """The same house with nobody in it."""
    yield opened
    opened.tidy()


@pytest.fixture
def house(boards: Boards) -> HouseOnThread:
    """The house the boards belong to."""
    return boards.house
