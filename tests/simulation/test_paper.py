"""A short evening of paper under fire; `python -m tests.simulation.paper` lives a long one."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulation.paper import SMALL, live
from tests.support.engines import running_pair

S_MAX = 150


async def test_paper_under_fire(capsys: pytest.CaptureFixture[str]) -> None:
    """However printers fail and workers die, nothing is lost and nothing comes out twice unmarked."""
    with running_pair(durable=False) as pair:
        async with asyncio.timeout(S_MAX):
            wrong = await live(pair, SMALL, 1, print)
    assert wrong == [], capsys.readouterr().out
