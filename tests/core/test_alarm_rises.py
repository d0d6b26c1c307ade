"""How refusals are counted for the watch: what is new, and not what was counted long before."""

from __future__ import annotations

from server.health.alarms import Rises
from server.health.standing import Standing

HOUR_MS = 3_600_000


def _standing(refused: int, *, started_ms: int = 0, said_ms: int = HOUR_MS) -> Standing:
    return Standing(
        node="a", kind="web", host="h", pid=1, started_ms=started_ms, said_ms=said_ms, lag_ms=0.0,
        refused={"broken": refused},
    )  # fmt: skip


def test_a_process_that_was_away_is_no_alarm_for_what_it_counted_before() -> None:
    """R-000-16: Redis was away over a look; an old process that is back has refused nobody since."""
    rises = Rises()
    assert rises.of([_standing(40)], 0.0) == {"broken": 0}
    assert rises.of([], 60.0) == {}
    assert rises.of([_standing(40)], 90.0) == {"broken": 0}
    assert rises.of([_standing(43)], 100.0) == {"broken": 3}


def test_a_process_that_is_new_began_at_nought() -> None:
    """R-000-16: what a process refused in its first seconds counts."""
    rises = Rises()
    assert rises.of([], 0.0) == {}
    assert rises.of([_standing(5, started_ms=HOUR_MS - 20_000)], 30.0) == {"broken": 5}
