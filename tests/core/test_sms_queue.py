"""The rotation: who is next, and how much is under way."""

from __future__ import annotations

from collections import Counter

from server.sms.message import KINDS, Kind, Mode, Queue
from server.sms.queue import BRAND_IN_FLIGHT_MAX, HANDS, QUEUES_MAX, Bounds, Rooms, Rotation

AMPLE: Rooms = {("main", kind): 10_000 for kind in KINDS}


def rotation(bounds: Bounds | None = None) -> Rotation:
    """Return one whose queues all go to one carrier."""
    return Rotation(lambda _: "main", bounds)


def queue(brand_id: int, kind: Kind = "marketing", mode: Mode = "single") -> Queue:
    """Return a queue."""
    return Queue(brand_id, kind, mode)


def granted(wheel: Rotation, messages: int, rooms: Rooms = AMPLE) -> Counter[Queue]:
    """Return what is granted together."""
    return Counter({g.queue: g.messages for g in wheel.take(0, rooms, messages)})


def test_brands_take_turns() -> None:
    """A brand with a million waits its turn like one with a few (R-004-25)."""
    wheel = rotation(Bounds(turn_messages_max=8))
    for brand_id in (1, 2, 3):
        wheel.note(queue(brand_id), 0)
    assert granted(wheel, 24) == {queue(1): 8, queue(2): 8, queue(3): 8}


def test_kinds_take_turns_by_weight() -> None:
    """Codes go first and most often, and marketing still moves (R-004-26)."""
    wheel = rotation(Bounds(turn_messages_max=1))
    for kind in KINDS:
        wheel.note(queue(1, kind), 0)
    counts = granted(wheel, 24)
    assert [counts[queue(1, kind)] for kind in KINDS] == [16, 6, 2]


def test_single_and_multi_are_queues_of_their_own() -> None:
    """A brand's texts to many do not stand before its texts to one (R-004-28)."""
    wheel = rotation(Bounds(turn_messages_max=4))
    wheel.note(queue(1, mode="multi"), 0)
    wheel.note(queue(1), 0)
    assert granted(wheel, 8) == {queue(1, mode="multi"): 4, queue(1): 4}


def test_marketing_leaves_hands_for_codes() -> None:
    """However much hangs, a code finds a hand; one brand and kind has its bound."""
    wheel = rotation()
    for brand_id in range(100):
        wheel.note(queue(brand_id), 0)
    first = granted(wheel, 10_000)
    assert sum(first.values()) == HANDS // 2
    wheel.note(queue(5, "verification"), 0)
    assert granted(wheel, 10_000) == {queue(5, "verification"): BRAND_IN_FLIGHT_MAX}
    assert wheel.in_flight == HANDS // 2 + BRAND_IN_FLIGHT_MAX
    wheel.give_back(queue(5, "verification"), BRAND_IN_FLIGHT_MAX)
    assert granted(wheel, 10) == {queue(5, "verification"): 10}


def test_a_carrier_gets_no_more_than_it_takes() -> None:
    """Its room is shared by all queues that go to it; without room nobody's turn comes."""
    wheel = rotation()
    for brand_id in (1, 2):
        wheel.note(queue(brand_id), 0)
    rooms = {("main", "marketing"): 40}
    assert sum(granted(wheel, 100, rooms).values()) == 40  # type: ignore[arg-type]
    assert granted(wheel, 100, {}) == {}


def test_what_is_due_later_waits() -> None:
    """A message that is tried again has its time."""
    wheel = rotation()
    wheel.note(queue(1), 1_000)
    assert (wheel.take(999, AMPLE, 10), wheel.next_due_ms()) == ([], 1_000)
    assert [g.queue for g in wheel.take(1_000, AMPLE, 10)] == [queue(1)]


def test_an_empty_queue_is_forgotten_unless_somebody_came() -> None:
    """What was noted while a grant was carried out is not forgotten with it."""
    wheel = rotation()
    wheel.note(queue(1), 0)
    (grant,) = wheel.take(0, AMPLE, 4)
    wheel.note(queue(1), 0)
    wheel.empty(grant)
    (grant,) = wheel.take(0, AMPLE, 4)
    wheel.empty(grant)
    assert wheel.take(0, AMPLE, 4) == []
    assert wheel.next_due_ms() is None


def test_it_knows_so_many_queues_and_no_more() -> None:
    """Beyond its bound it says so; the sweep finds the rest later."""
    wheel = rotation()
    assert all(wheel.note(queue(brand_id), 0) for brand_id in range(QUEUES_MAX))
    assert not wheel.note(queue(QUEUES_MAX), 0)
    assert wheel.note(queue(0), 0)
