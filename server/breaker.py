"""◆ Leaves alone what does not answer, and tries it again carefully: a carrier, the database.

Closed: everything goes. Open: nothing goes until the rest is over. Half open: a few go, and what
becomes of them decides. What is trouble its user says: "no" is an answer, silence is not. Refuses to
read a clock, and to send.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

import msgspec

BreakerState = Literal["closed", "open", "half_open"]
BreakerVerb = Literal["break", "rest_over", "trial_failed", "trials_passed"]

STEPS: dict[tuple[BreakerState, BreakerVerb], BreakerState] = {
    ("closed", "break"): "open",
    ("open", "rest_over"): "half_open",
    ("half_open", "trial_failed"): "open",
    ("half_open", "trials_passed"): "closed",
}


class BreakerBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When it breaks and for how long.

    It breaks when within `window_s` at least `troubles_min` outcomes were trouble and these were at
    least `troubles_share` of all: a few in a flood are weather, all of a few are a carrier away.
    The rest doubles from `rest_s` to `rest_s_max` while trials keep failing.
    """

    window_s: float = 10.0
    slices: int = 10  # of the window; it moves on by a slice
    troubles_min: int = 10
    troubles_share: float = 0.5
    rest_s: float = 2.0
    rest_s_max: float = 60.0
    trials: int = 3  # at once while half open; all of them have to pass
    trial_s_max: float = 60.0  # after so long without an outcome a trial is taken as lost


class _Slice(msgspec.Struct):
    since_s: float
    outcomes: int = 0
    troubles: int = 0


class Breaker:
    """One's. `may_pass` before each try, `record` once for each that was let through.

    All times are `Clock.monotonic_s()`.
    """

    def __init__(self, bounds: BreakerBounds | None = None) -> None:
        self.bounds = bounds or BreakerBounds()
        self.state: BreakerState = "closed"
        self._slices: deque[_Slice] = deque(maxlen=self.bounds.slices)
        self._since_s = 0.0
        self._rest_s = self.bounds.rest_s
        self._trials = self._passed = 0

    def may_pass(self, now_s: float) -> bool:
        """Return whether something may go now; while half open this hands out a trial."""
        if self.state == "open" and now_s >= self._since_s + self._rest_s:
            self._step("rest_over", now_s)
        if self.state == "half_open":
            if self._trials >= self.bounds.trials:
                if now_s < self._since_s + self.bounds.trial_s_max:
                    return False
                self._try_anew(now_s)
            self._trials += 1
        return self.state != "open"

    def wait_s(self, now_s: float) -> float:
        """Return seconds until asking again can help; 0 while it is closed or has trials left."""
        if self.state == "open":
            return max(0.0, self._since_s + self._rest_s - now_s)
        if self.state == "half_open" and self._trials >= self.bounds.trials:
            return max(0.0, self._since_s + self.bounds.trial_s_max - now_s)
        return 0.0

    def record(self, now_s: float, *, trouble: bool | None) -> None:
        """Take what became of something that was let through; None says nothing for or against."""
        if trouble is None:
            if self.state == "half_open":
                self._trials = max(0, self._trials - 1)  # it was no trial: another may be one
            return
        if self.state == "closed":
            self._count(trouble, now_s)
            if self._is_broken(now_s):
                self._step("break", now_s)
        elif self.state == "half_open":
            if trouble:
                self._rest_s = min(self._rest_s * 2, self.bounds.rest_s_max)
                self._step("trial_failed", now_s)
                return
            self._passed += 1
            if self._passed >= self.bounds.trials:
                self._rest_s = self.bounds.rest_s
                self._step("trials_passed", now_s)
        # While it is open these are late answers to what went before it broke.

    def _step(self, verb: BreakerVerb, now_s: float) -> None:
        self.state = STEPS[self.state, verb]
        self._slices.clear()
        self._try_anew(now_s)

    def _try_anew(self, now_s: float) -> None:
        self._since_s = now_s
        self._trials = self._passed = 0

    def _count(self, trouble: bool, now_s: float) -> None:  # noqa: FBT001 - one fact, passed on
        width_s = self.bounds.window_s / self.bounds.slices
        if not self._slices or now_s >= self._slices[-1].since_s + width_s:
            self._slices.append(_Slice(now_s))
        self._slices[-1].outcomes += 1
        self._slices[-1].troubles += trouble

    def _is_broken(self, now_s: float) -> bool:
        since_s = now_s - self.bounds.window_s
        recent = [one for one in self._slices if one.since_s > since_s]
        outcomes = sum(one.outcomes for one in recent)
        troubles = sum(one.troubles for one in recent)
        return (
            troubles >= self.bounds.troubles_min
            and troubles >= outcomes * self.bounds.troubles_share
        )
