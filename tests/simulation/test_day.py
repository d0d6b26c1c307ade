"""A small day under fire; `make day` lives a whole one."""

from __future__ import annotations

import pytest

from tests.simulation.day import SMALL, live
from tests.simulation.plan import draw
from tests.support.engines import running_pair

SEED = 7


async def test_a_small_day_under_fire(capsys: pytest.CaptureFixture[str]) -> None:
    """Links cut, web, worker, Redis (wiped) and PostgreSQL killed: all screens show the truth.

    Every accepted command took effect once, every call rang once, the log has no gap.
    """
    with running_pair(durable=False) as pair:
        complaints = await live(pair, SMALL, SEED, print)
    assert complaints == [], capsys.readouterr().out


def test_a_seed_draws_the_same_plan_again() -> None:
    """The seed reproduces which link is cut and what is killed when, and every part gets its turn."""
    screens, parts = [f"screen-{n}" for n in range(10)], ["web", "worker", "redis", "postgres"]
    plans = [draw(seed, 120, screens, parts, cut_every_s=0.5, kill_every_s=4) for seed in (1, 1, 2)]
    assert plans[0] == plans[1]
    assert plans[0] != plans[2]
    assert {fault.target for fault in plans[0] if fault.what == "kill"} == set(parts)
    assert {fault.target for fault in plans[0] if fault.what != "kill"} == set(screens)
