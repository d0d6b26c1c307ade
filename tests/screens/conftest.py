"""Boards of one house for each file of board tests; the pads' files have pads of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.boards import Boards, boards_of_a_house
from tests.support.engines import EnginePair
from tests.support.house import HouseOnThread


@pytest.fixture(scope="module")
def opened(engines: EnginePair) -> Iterator[Boards]:
    """One house and one browser for this file."""
    with boards_of_a_house(engines) as boards:
        yield boards


@pytest.fixture
def boards(opened: Boards) -> Iterator[Boards]:
    """The same house with nobody in it."""
    yield opened
    opened.tidy()


@pytest.fixture
def house(boards: Boards) -> HouseOnThread:
    """The house the boards belong to."""
    return boards.house
