"""A short evening of messages under fire; `python -m tests.simulation.sms` lives a long one."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulation.sms import SMALL, live
from tests.support.engines import running_pair

S_MAX = 150


async def test_messages_under_fire(capsys: pytest.CaptureFixture[str]) -> None:
    """However often the worker is killed, no unit is lost and nothing goes twice (R-004-19 … 29)."""
    with running_pair(durable=False) as pair:
        async with asyncio.timeout(S_MAX):
            wrong = await live(pair, SMALL, 1, print)
    assert wrong == [], capsys.readouterr().out
