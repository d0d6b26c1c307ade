"""One timer for everybody, and the order of a shop's lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.events.decision import Written
from server.gateway.feed import Feed
from server.gateway.ring import Line, Ring
from server.gateway.wheel import Wheel


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 100), st.booleans()), max_size=60))
def test_everything_is_due_once_and_never_early(puts: list[tuple[int, float, bool]]) -> None:
    """Each heartbeat comes at its time, at most one slot late; a moved one only at its last."""
    wheel: Wheel[int] = Wheel(0.0, slot_s=0.25)
    wanted: dict[int, float] = {}
    for item, due_s, drop in puts:
        wheel.put(item, due_s)
        wanted[item] = due_s
        if drop:
            wheel.drop(item)
            del wanted[item]
    assert len(wheel) == len(wanted)
    for quarter in range(1, 404):
        now_s = quarter / 4
        for item in wheel.due(now_s):
            due_s = wanted.pop(item)
            assert due_s <= now_s <= max(due_s, 0.25) + 0.5
    assert not wanted
    assert len(wheel) == 0


def test_a_long_sleep_takes_everything_at_once() -> None:
    """A process that was stopped for a minute rings all alarms, earliest first."""
    wheel: Wheel[str] = Wheel(0.0)
    wheel.put("late", 50.0)
    wheel.put("soon", 1.0)
    wheel.put("never yet", 500.0)
    assert wheel.due(100.0) == ["soon", "late"]


def line(seq: int) -> Written:
    """Return a line of a log."""
    return Written(seq, 0, frozenset({"pad"}), b"{}")


@given(st.permutations(range(6, 20)), st.integers(0, 14), st.lists(st.integers(1, 19)))
def test_a_feed_tells_each_line_once_in_order(
    order: list[int], start_at: int, repeats: list[int]
) -> None:
    """Lines that come shuffled, twice, and before the first device are told once, in order."""
    feed = Feed()
    told: list[int] = []
    for position, seq in enumerate(order):
        if position == start_at:
            told += [w.seq for w in feed.start(5, 1)]
        told += [w.seq for w in feed.offer([line(seq)])]
    if start_at >= len(order):
        told += [w.seq for w in feed.start(5, 1)]
    told += [w.seq for w in feed.offer([line(seq) for seq in repeats])]
    assert told == list(range(6, 20))
    assert not feed.has_gap


def test_a_gap_is_known_and_closed() -> None:
    """A later line waits for the missing one; a head read from the log shows a lost tail."""
    feed = Feed()
    feed.start(5, 1)
    assert feed.offer([line(7)]) == []
    assert feed.has_gap
    assert [w.seq for w in feed.offer([line(6)])] == [6, 7]
    assert feed.expect(9), "the log is ahead"
    assert [w.seq for w in feed.offer([line(8), line(9)])] == [8, 9]
    assert not feed.expect(9)


def test_a_ring_is_bounded_in_lines_and_bytes() -> None:
    """A busy shop costs a bounded memory; what fell out is told by the floor."""
    ring = Ring(100, lines_max=3, bytes_max=10_000)
    for seq in range(101, 106):
        ring.append(Line(line(seq)))
    assert (ring.floor, ring.head) == (102, 105)
    assert [kept.seq for kept in ring.after(103)] == [104, 105]
    assert ring.after(105) == ring.after(200) == []
    small = Ring(0, bytes_max=200)
    for seq in range(1, 11):
        small.append(Line(line(seq)))
    assert small.floor == 7
