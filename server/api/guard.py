"""Keeps the doors quick while the database is away: what cannot be answered is refused at once (R-000-16).

After a handful of lost requests nobody waits ten seconds any more to hear the same; a few go through
every now and then, and when these are well everybody is let in again. A refusal is no evidence, because many
are said without asking the database; neither is a caller who hung up. Refuses to judge them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from server.breaker import Breaker, BreakerBounds, BreakerState
from server.clock import Clock
from server.db.pool import LOST
from server.errors import Refusal

BOUNDS = BreakerBounds(
    window_s=10.0, troubles_min=8, troubles_share=0.5, rest_s=0.25, rest_s_max=10.0, trials=3,
    trial_s_max=5.0,
)  # fmt: skip
AWAY = frozenset({"unavailable", "audit_unavailable"})
STATES: dict[BreakerState, int] = {"closed": 0, "half_open": 1, "open": 2}

_log = structlog.get_logger(__name__)


class Guard:
    """One process' breaker before its database."""

    def __init__(self, clock: Clock, bounds: BreakerBounds = BOUNDS) -> None:
        self._clock = clock
        self._breaker = Breaker(bounds)

    @property
    def state(self) -> BreakerState:
        """Return how it stands."""
        return self._breaker.state

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let somebody through, and learn from what becomes of it.

        Raises `unavailable` with `retry_after_s` while it is open.
        """
        now_s = self._clock.monotonic_s()
        if not self._breaker.may_pass(now_s):
            wait_s = max(1, math.ceil(self._breaker.wait_s(now_s)))
            raise Refusal("unavailable", "The database is not answering.", retry_after_s=wait_s)
        trouble: bool | None = None
        try:
            yield
            trouble = False
        except Refusal as refusal:
            trouble = True if refusal.code in AWAY else None
            raise
        except LOST:
            trouble = True
            raise
        finally:
            before = self._breaker.state
            self._breaker.record(self._clock.monotonic_s(), trouble=trouble)
            if self._breaker.state != before:
                _log.warning("database_guard", state=self._breaker.state)
