"""A carrier that does not answer is left alone, tried carefully, and used again (R-004-27)."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.breaker import STEPS, Breaker, BreakerBounds, BreakerState
from server.sms.carriers.port import Accepted, Outcome, Refused, Unknown, is_trouble
from server.sms.carriers.rate import TokenBucket

OK = Accepted("1")
NO = Refused("105", "A forbidden word.", retryable=False)
LATER = Refused("103", "Too quick.", retryable=True)
SILENCE = Unknown("no answer")
BOUNDS = BreakerBounds(
    window_s=10.0, slices=10, troubles_min=4, troubles_share=0.5, rest_s=2.0, rest_s_max=8.0,
    trials=2, trial_s_max=30.0,
)  # fmt: skip


def send(breaker: Breaker, outcomes: list[Outcome], now_s: float) -> None:
    """Let messages through one after another, as far as they may, and record what became of them."""
    for outcome in outcomes:
        if breaker.may_pass(now_s):
            breaker.record(now_s, trouble=is_trouble(outcome))


@pytest.mark.parametrize(
    ("outcome", "trouble"), [(OK, False), (NO, False), (LATER, True), (SILENCE, True)]
)
def test_what_speaks_against_a_carrier(outcome: Outcome, trouble: bool) -> None:
    """A carrier that refuses a message is well; one that is silent or busy is not."""
    assert is_trouble(outcome) is trouble


@pytest.mark.parametrize(
    ("outcomes",                           "state"),
    [
        ([SILENCE] * 3,                    "closed"),  # too few to know
        ([SILENCE] * 4,                    "open"),
        ([LATER, SILENCE, LATER, SILENCE], "open"),
        ([OK] * 5 + [SILENCE] * 4,         "closed"),  # less than half of all
        ([OK] * 4 + [SILENCE] * 4,         "open"),
        ([NO] * 50,                        "closed"),
    ],
)  # fmt: skip
def test_it_breaks_when_many_and_most_are_trouble(
    outcomes: list[Outcome], state: BreakerState
) -> None:
    """A few in a flood are weather; all of a few are a carrier that is away."""
    breaker = Breaker(BOUNDS)
    send(breaker, outcomes, 1.0)
    assert breaker.state == state
    assert breaker.may_pass(1.0) is (state == "closed")


def test_old_trouble_is_forgotten() -> None:
    """Trouble of an hour ago does not add up with that of now."""
    breaker = Breaker(BOUNDS)
    for now_s in range(0, 40, 4):
        send(breaker, [SILENCE], float(now_s))
    assert breaker.state == "closed"


def test_it_rests_tries_a_few_and_closes() -> None:
    """After the rest as many trials go as are allowed, and all of them must pass."""
    breaker = Breaker(BOUNDS)
    send(breaker, [SILENCE] * 4, 0.0)
    assert breaker.wait_s(0.5) == pytest.approx(1.5)
    assert not breaker.may_pass(1.9)
    assert [breaker.may_pass(2.0) for _ in range(3)] == [True, True, False]
    states = []
    for now_s, outcome in ((2.1, OK), (2.2, NO)):
        breaker.record(now_s, trouble=is_trouble(outcome))
        states.append(breaker.state)
    assert states == ["half_open", "closed"]
    assert breaker.may_pass(2.2)


def test_failed_trials_double_the_rest() -> None:
    """It is tried more rarely the longer it is away, up to a bound, and quickly again when back."""
    breaker, now_s, rests = Breaker(BOUNDS), 0.0, []
    send(breaker, [SILENCE] * 4, now_s)
    for _ in range(4):
        rest_s = breaker.wait_s(now_s)
        rests.append(rest_s)
        now_s += rest_s
        send(breaker, [SILENCE], now_s)
    assert rests == pytest.approx([2.0, 4.0, 8.0, 8.0])
    now_s += breaker.wait_s(now_s)
    send(breaker, [OK, OK], now_s)
    send(breaker, [SILENCE] * 4, now_s)
    assert breaker.wait_s(now_s) == pytest.approx(2.0)


def test_a_trial_that_never_ends_does_not_block_for_ever() -> None:
    """When whoever made a trial died, others may try after a while."""
    breaker = Breaker(BOUNDS)
    send(breaker, [SILENCE] * 4, 0.0)
    assert [breaker.may_pass(2.0) for _ in range(3)] == [True, True, False]
    assert breaker.wait_s(12.0) == pytest.approx(20.0)
    assert [breaker.may_pass(32.0) for _ in range(3)] == [True, True, False]


def test_every_state_can_be_left_and_reached() -> None:
    """No step leads into a dead end."""
    states = set(get_args(BreakerState))
    assert {before for before, _ in STEPS} == set(STEPS.values()) == states


@given(st.lists(st.tuples(st.sampled_from([OK, NO, LATER, SILENCE]), st.floats(0, 5))))
def test_it_never_locks_itself_out(happened: list[tuple[Outcome, float]]) -> None:
    """Whatever happened: who waits as long as it says may send, and memory stays bounded."""
    breaker, now_s = Breaker(BOUNDS), 0.0
    for outcome, pause_s in happened:
        now_s += pause_s
        send(breaker, [outcome], now_s)
    now_s += breaker.wait_s(now_s) + 1e-6
    assert breaker.may_pass(now_s)
    assert len(breaker._slices) <= BOUNDS.slices


def test_a_bucket_lets_a_burst_through_and_then_the_rate() -> None:
    """A burst goes at once, then so many per second; a wait is said to the point."""
    bucket = TokenBucket(per_s=10, burst=5)
    assert [bucket.take(1, 0.0) for _ in range(5)] == [0.0] * 5
    assert bucket.take(1, 0.0) == pytest.approx(0.1)
    assert bucket.take(1, 0.05) == pytest.approx(0.05)
    assert bucket.take(1, 0.11) == 0.0
    assert [bucket.take(5, 60.0), bucket.take(1, 60.0)] == [0.0, pytest.approx(0.1)]


def test_a_large_message_is_owed() -> None:
    """A text to 1,000 telephones goes when the bucket is full, and the next ones wait for it."""
    bucket = TokenBucket(per_s=100, burst=50)
    assert bucket.take(1000, 0.0) == 0.0
    assert bucket.take(1, 0.0) == pytest.approx(9.51)
    bucket.give_back(1000)
    assert bucket.take(50, 0.0) == 0.0


@given(
    st.floats(0.5, 1000),
    st.integers(1, 100),
    st.lists(st.tuples(st.integers(1, 300), st.floats(0, 3)), max_size=60),
)
def test_a_bucket_never_exceeds_its_rate(
    per_s: float, burst: int, wishes: list[tuple[int, float]]
) -> None:
    """Over any time, what went is at most burst and rate, and the last one's size."""
    bucket, now_s, went, largest = TokenBucket(per_s, burst), 0.0, 0, 0
    for tokens, pause_s in wishes:
        now_s += pause_s
        if bucket.take(tokens, now_s) == 0.0:
            went, largest = went + tokens, max(largest, tokens)
        assert went <= burst + per_s * now_s + largest + 1e-6


@given(st.floats(0.5, 1000), st.integers(1, 100), st.integers(1, 300))
def test_who_waits_as_long_as_told_may_go(per_s: float, burst: int, tokens: int) -> None:
    """The wait is enough, also after rounding."""
    bucket = TokenBucket(per_s, burst)
    while not (wait_s := bucket.take(tokens, 7.0)):
        pass
    assert bucket.take(tokens, 7.0 + wait_s + 1e-6) == 0.0


def test_what_says_nothing_is_no_trial() -> None:
    """Half open, an outcome without evidence gives its trial back; closed, it outvotes nobody."""
    breaker = Breaker(BOUNDS)
    for trouble in [None] * 20 + [True] * 4:
        assert breaker.may_pass(1.0)
        breaker.record(1.0, trouble=trouble)
    assert not breaker.may_pass(1.0)
    for _ in range(3 * BOUNDS.trials):
        assert breaker.may_pass(3.0), "a trial that said nothing was kept"
        breaker.record(3.0, trouble=None)
    for _ in range(BOUNDS.trials):
        assert breaker.may_pass(3.0)
        breaker.record(3.0, trouble=False)
    assert breaker.state == "closed"
