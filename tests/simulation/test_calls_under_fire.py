"""A small evening of calls under fire; `python -m tests.simulation.calls` lives the whole one."""

from __future__ import annotations

import asyncio

import pytest

from server.client.terms import Heard
from server.events import catalogue as c
from server.events.view import DeviceKind
from tests.simulation.calls import SMALL, live
from tests.simulation.calls_checker import Line, heard_once, nothing_after_the_answer
from tests.support.engines import running_pair

SEED = 3
S_MAX = 240


async def test_calls_under_fire(capsys: pytest.CaptureFixture[str]) -> None:
    """Web, worker, Redis (wiped) and PostgreSQL are killed, screens are away: no call is lost.

    Every accepted call is one call; each ring of each end was said once or says why not; every
    screen heard every line of its own once; nothing rings after it was answered.
    """
    with running_pair(durable=False) as pair:
        async with asyncio.timeout(S_MAX):
            complaints = await live(pair, SMALL, SEED, print)
    assert complaints == [], capsys.readouterr().out


class Pad:
    """A waiter's pad that heard these lines."""

    kind: DeviceKind = "waiter"
    shop_id, device_id, away = 1, 2, False

    def __init__(self, *seqs: int, skipped: tuple[int, int] = (0, 0)) -> None:
        self.heard = [(0, Heard(seq, 0, ended(seq))) for seq in seqs]
        self.skipped = [skipped]


def ended(call_id: int) -> c.CallEnded:
    """Return the end of a call."""
    return c.CallEnded(call_id=call_id, reason="served", at_ms=0)


@pytest.mark.parametrize(
    ("pad", "complaint"),
    [
        (Pad(1, 3), ""),
        (Pad(3, skipped=(0, 1)), ""),
        (Pad(1), "missed [3]"),
        (Pad(1, 3, 3), "heard twice [3]"),
        (Pad(1, 2, 3), "not its own [2]"),
        (Pad(1, skipped=(0, 2)), "missed [3]"),
    ],
)
def test_the_checker_sees_what_a_screen_missed(pad: Pad, complaint: str) -> None:
    """A line missed, heard twice or not its own is a complaint; a snapshot stands in for lines."""
    log = [
        Line(seq, frozenset({"pad" if seq != 2 else "cashier"}), ended(seq)) for seq in (1, 2, 3)
    ]
    assert heard_once(pad, log) == ([f"shop 1 waiter: {complaint}"] if complaint else [])


def test_the_checker_sees_a_ring_after_the_answer() -> None:
    """A call that rings after somebody said "coming" is a complaint, one before is none."""
    rang = [Line(seq, frozenset(), c.CallRang(call_id=7, rings=seq, at_ms=0)) for seq in (1, 3)]
    claimed = c.CallClaimed(call_id=7, by="王敏", device_id=1, at_ms=0)
    log = [rang[0], Line(2, frozenset(), claimed), rang[1]]
    assert nothing_after_the_answer(log) == ["call 7 rang at 3 although it was answered"]
    assert nothing_after_the_answer(log[:2]) == []
