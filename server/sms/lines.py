"""The ways out: each carrier with how fast it may be asked and whether it is well.

A part of each rate, and of what may be under way, is for verification codes alone: neither a text to a
thousand telephones nor messages nobody answers for stand before them. Refuses to choose between
messages: the rotation does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
import structlog

from server.breaker import Breaker, BreakerBounds
from server.clock import Clock
from server.sms.carriers.port import Carrier, Outcome, is_trouble
from server.sms.carriers.rate import TokenBucket
from server.sms.message import Kind

URGENT_SHARE = 0.3  # of a carrier's rate and connections, for verification codes alone
LOOK_MAX = 128  # nobody takes more together

_log = structlog.get_logger(__name__)


class Pace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a carrier may be asked: telephones a second, saved up at most, and messages at once.

    No more at once than the carrier asks at once: what waited for a connection would be in the order it
    was taken, and a code behind all of it.
    """

    per_s: float = 1_000.0
    burst: int = 200
    in_flight_max: int = 256
    breaker: BreakerBounds = BreakerBounds()


class Line:
    """One carrier and what is known of it."""

    def __init__(self, carrier: Carrier, clock: Clock, pace: Pace | None = None) -> None:
        self.carrier = carrier
        self._clock = clock
        self._pace = pace = pace or Pace()
        self._breaker = Breaker(pace.breaker)
        self._common = TokenBucket(
            pace.per_s * (1 - URGENT_SHARE), max(1, int(pace.burst * (1 - URGENT_SHARE)))
        )
        self._urgent = TokenBucket(
            pace.per_s * URGENT_SHARE, max(1, int(pace.burst * URGENT_SHARE))
        )
        self._slow_max = max(1, int(pace.in_flight_max * (1 - URGENT_SHARE)))
        self._in_flight: Counter[Kind] = Counter()

    @property
    def state(self) -> str:
        """Return the breaker's state, for whoever looks."""
        return self._breaker.state

    def room(self, kind: Kind) -> int:
        """Return how many messages of a kind it takes now."""
        now_s = self._clock.monotonic_s()
        if self._breaker.wait_s(now_s) > 0:
            return 0
        most = self._pace.in_flight_max - self._in_flight.total()
        if kind != "verification":
            slow = self._in_flight.total() - self._in_flight["verification"]
            most = min(most, self._slow_max - slow)
        if self._breaker.state != "closed":
            most = min(most, self._breaker.bounds.trials)
        return max(0, min(most, max(_left(bucket, now_s) for bucket in self._buckets(kind))))

    def count(self, kind: Kind, messages: int) -> None:
        """Hear that so many messages more are under way to it, or (negative) fewer."""
        self._in_flight[kind] += messages

    def wait_s(self, kind: Kind, phones: int) -> float:
        """Take what a message costs and return 0, or take nothing and return how long to wait."""
        now_s = self._clock.monotonic_s()
        waits = []
        for bucket in self._buckets(kind):
            waits.append(bucket.take(phones, now_s))
            if not waits[-1]:
                return 0.0  # taken from this one: not from the other as well
        return min(waits)

    def may_send(self) -> bool:
        """Return whether it is well enough; each yes wants a `record`."""
        return self._breaker.may_pass(self._clock.monotonic_s())

    def record(self, outcome: Outcome) -> None:
        """Take what became of a message."""
        before = self._breaker.state
        self._breaker.record(self._clock.monotonic_s(), trouble=is_trouble(outcome))
        if self._breaker.state != before:
            _log.warning("carrier_state", carrier=self.carrier.name, state=self._breaker.state)

    def _buckets(self, kind: Kind) -> Iterable[TokenBucket]:
        # The common one last: what only codes may use is used by codes first.
        return (self._urgent, self._common) if kind == "verification" else (self._common,)


Lines = Mapping[str, Line]


def _left(bucket: TokenBucket, now_s: float) -> int:
    """Return how many tokens are there, rounded down to a power of two: enough to go on with."""
    wanted = LOOK_MAX
    while wanted:
        if wanted <= bucket.burst and bucket.take(wanted, now_s) == 0:
            bucket.give_back(wanted)
            return wanted
        wanted //= 2
    return 0
