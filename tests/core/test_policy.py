"""Broadcast policy: defaults under the brand under the shop, and the one gate of every ring."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from server.broadcast.policy import (
    CHANNELS,
    EVENTS,
    Misfire,
    Policy,
    PolicyChange,
    Quiet,
    effective,
    is_quiet,
    may_ring,
    quiet_ends_ms,
)
from server.clock import to_ms
from server.events.catalogue import CallEvent, MsgType

NIGHT = Quiet(22 * 60, 7 * 60)
SIESTA = Quiet(13 * 60, 15 * 60)


def _at(hour: int, minute: int = 0, month: int = 11) -> int:
    return to_ms(datetime(2026, month, 20, hour, minute, tzinfo=UTC))


def _ring(
    policy: Policy, now_ms: int, *, late_s: int = 0, zone: str = "Asia/Shanghai", kind: MsgType = 1
) -> str | None:
    return may_ring(policy, kind, now_ms=now_ms, due_ms=now_ms - late_s * 1000, timezone=zone)


QUIET = [
    # quiet, UTC hour, minute, zone, month, rings?
    (NIGHT, 13, 59, "Asia/Shanghai", 11, True),  # 21:59
    (NIGHT, 14, 0, "Asia/Shanghai", 11, False),  # 22:00
    (NIGHT, 16, 0, "Asia/Shanghai", 11, False),  # midnight
    (NIGHT, 22, 59, "Asia/Shanghai", 11, False),  # 06:59
    (NIGHT, 23, 0, "Asia/Shanghai", 11, True),  # 07:00
    (SIESTA, 4, 59, "Asia/Shanghai", 11, True),
    (SIESTA, 5, 0, "Asia/Shanghai", 11, False),
    (SIESTA, 7, 0, "Asia/Shanghai", 11, True),
    (SIESTA, 12, 30, "Europe/Berlin", 11, False),  # 13:30 in winter
    (SIESTA, 11, 30, "Europe/Berlin", 7, False),  # 13:30 in summer
    (SIESTA, 13, 30, "Europe/Berlin", 7, True),  # 15:30 in summer
    (Quiet(600, 600), 2, 0, "Asia/Shanghai", 11, True),  # equal ends: never
]


@pytest.mark.parametrize(("quiet", "hour", "minute", "zone", "month", "rings"), QUIET)
def test_quiet_hours(
    quiet: Quiet, hour: int, minute: int, zone: str, month: int, rings: bool
) -> None:
    """By the shop's own wall clock, over midnight and through summer time."""
    reason = _ring(Policy(quiet=quiet), _at(hour, minute, month), zone=zone)
    assert reason == (None if rings else "quiet_hours")


Moment = tuple[int, int, int, int]  # month, day, hour, minute

# In Berlin 03:00 follows 02:00 on 29 March (01:00 UTC), and 02:00 follows 03:00 on 25 October.
ENDS = [
    # quiet, now in UTC, end in UTC
    (NIGHT, (11, 20, 16, 0), (11, 20, 23, 0), "Asia/Shanghai"),
    (NIGHT, (3, 28, 22, 0), (3, 29, 5, 0), "Europe/Berlin"),  # 07:00, in a night of 23 hours
    (NIGHT, (10, 24, 21, 0), (10, 25, 6, 0), "Europe/Berlin"),  # and of 25
    (Quiet(22 * 60, 150), (3, 28, 22, 0), (3, 29, 1, 0), "Europe/Berlin"),  # no 02:30: at 03:00
    (Quiet(22 * 60, 150), (3, 29, 0, 59), (3, 29, 1, 0), "Europe/Berlin"),
    (Quiet(22 * 60, 180), (3, 28, 22, 0), (3, 29, 1, 0), "Europe/Berlin"),
    (Quiet(22 * 60, 150), (10, 24, 21, 0), (10, 25, 0, 30), "Europe/Berlin"),  # the first 02:30
    (Quiet(22 * 60, 150), (10, 25, 1, 15), (10, 25, 1, 30), "Europe/Berlin"),  # the second
    (Quiet(150, 420), (10, 25, 0, 45), (10, 25, 1, 0), "Europe/Berlin"),  # the clock went back
    (Quiet(160, 140), (10, 25, 0, 50), (10, 25, 1, 20), "Europe/Berlin"),
    (Quiet(160, 140), (3, 28, 22, 0), (3, 30, 0, 20), "Europe/Berlin"),  # 02:20 to 02:40 was no time
]  # fmt: skip


@pytest.mark.parametrize(("quiet", "now", "ends", "zone"), ENDS)
def test_quiet_hours_end_when_the_wall_clock_is_out_of_them(
    quiet: Quiet, now: Moment, ends: Moment, zone: str
) -> None:
    """R-004-33: also where summer time leaps over their end or repeats it; no minute longer than said."""
    now_ms, ends_ms = (to_ms(datetime(2026, *at, tzinfo=UTC)) for at in (now, ends))
    policy = Policy(quiet=quiet)
    assert quiet_ends_ms(quiet, now_ms + 1234, zone) == ends_ms
    silent = [is_quiet(policy, at_ms, zone) for at_ms in range(now_ms, ends_ms, 60_000)]
    assert all(silent)
    assert not is_quiet(policy, ends_ms, zone)


def test_who_passes_quiet_hours() -> None:
    """An exempt call and a silent refresh; nothing else."""
    midnight = _at(16)
    assert _ring(Policy(quiet=NIGHT, quiet_exempt=True), midnight) is None
    assert _ring(Policy(quiet=NIGHT), midnight, kind=2) is None
    for kind in (1, 3, 4):
        assert _ring(Policy(quiet=NIGHT), midnight, kind=kind) == "quiet_hours"


LATE = [
    # misfire, late_s_max, late_s, reason
    ("drop", 60, 5, None),
    ("drop", 60, 6, "too_late"),
    ("late", 60, 60, None),
    ("late", 60, 61, "too_late"),
    ("late", 1, 5, None),
    ("once", 60, 86_400, None),
]


@pytest.mark.parametrize(("misfire", "late_s_max", "late_s", "reason"), LATE)
def test_what_the_house_slept_through(
    misfire: Misfire, late_s_max: int, late_s: int, reason: str | None
) -> None:
    """Drop, once, or if less than so late: by the event's rule."""
    policy = Policy(misfire=misfire, late_s_max=late_s_max)
    assert _ring(policy, _at(4), late_s=late_s) == reason


def test_off_is_off() -> None:
    """Whatever else holds."""
    assert _ring(Policy(on=False, quiet_exempt=True, misfire="once"), _at(4)) == "off"


def test_the_shop_lies_over_the_brand_over_the_house() -> None:
    """Each layer changes only what it names."""
    brand = PolicyChange(interval_s=30, repeat_max=4)
    shop = PolicyChange(interval_s=20)
    merged = effective("order_placed", "cashier", brand, shop)
    house = effective("order_placed", "cashier")
    assert (merged.interval_s, merged.repeat_max) == (20, 4)
    assert merged.sound == house.sound
    assert effective("order_placed", "cashier", None, None) == house


def test_a_cancel_is_not_spoken_unless_a_shop_wants_it() -> None:
    """R-004-15: a cancelled dish refreshes the kitchen and makes no announcement."""
    assert not effective("item_cancelled", "kitchen").on
    assert effective("item_cancelled", "kitchen", None, PolicyChange(on=True)).on


def test_every_event_and_channel_has_rules() -> None:
    """Cancel before rush before call before new order."""
    policies = [effective(event, channel) for event in EVENTS for channel in CHANNELS]
    assert all(0 <= one.priority <= 4 for one in policies)
    order: list[CallEvent] = ["item_cancelled", "order_rushed", "item_ready", "order_placed"]
    priorities = [effective(event, "kitchen").priority for event in order]
    assert priorities == sorted(priorities)
    assert len(set(priorities)) == 4


def test_a_change_travels_as_it_is() -> None:
    """Fields nobody named are absent, and null is not absent."""
    change = msgspec.json.decode(b'{"quiet": null, "interval_s": 9}', type=PolicyChange)
    assert msgspec.json.encode(change) == b'{"interval_s":9,"quiet":null}'
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"volume": 11}', type=PolicyChange)
