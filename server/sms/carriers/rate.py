"""◆ How many messages a carrier is handed per second: a bucket of tokens that fills steadily.

A carrier that is asked too quickly says no to everybody's messages; it is cheaper to wait here.
Refuses to wait by itself and to read a clock.
"""

from __future__ import annotations


class TokenBucket:
    """One carrier's: `per_s` tokens a second, never more than `burst` saved up; it starts full.

    A text to many telephones takes a token for each. All times are `Clock.monotonic_s()`.
    """

    def __init__(self, per_s: float, burst: int) -> None:
        assert per_s > 0
        assert burst > 0
        self.per_s = per_s
        self.burst = burst
        self._tokens = float(burst)
        self._at_s: float | None = None

    def take(self, tokens: int, now_s: float) -> float:
        """Take them and return 0, or take none and return the seconds until there are enough.

        More than `burst` at once is taken when the bucket is full, and owed: who comes next waits
        until that is paid, so that the rate holds over time whatever the size of a message.
        """
        self._fill(now_s)
        wanted = min(tokens, self.burst)
        if self._tokens < wanted:
            # A hair more, so that rounding does not leave the caller a hair short again.
            return (wanted - self._tokens) / self.per_s + 1e-9
        self._tokens -= tokens
        return 0.0

    def give_back(self, tokens: int) -> None:
        """Return tokens that were taken for a message that did not leave."""
        self._tokens = min(float(self.burst), self._tokens + tokens)

    def _fill(self, now_s: float) -> None:
        if self._at_s is not None and now_s > self._at_s:
            filled = self._tokens + (now_s - self._at_s) * self.per_s
            self._tokens = min(float(self.burst), filled)
        if self._at_s is None or now_s > self._at_s:
            self._at_s = now_s
