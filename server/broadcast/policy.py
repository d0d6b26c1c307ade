"""◆ What a shop wants of a call: whether, how often, how long, when not, who else.

Built-in defaults per event and channel, overridden by the brand, overridden by the shop; read anew
at every ring, so a change reaches calls that wait. `may_ring` is the one gate: first rings, repeats
and escalations go through it alike, so that none passes quiet hours by accident.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from server.clock import from_ms
from server.events import catalogue as c
from server.events import sentences

Misfire = Literal["drop", "once", "late"]
QuietThen = Literal["suppress", "postpone"]
Sound = Literal["new", "round", "ring", "rush", "cancelled", "notice", "none"]
Minute = Annotated[int, msgspec.Meta(ge=0, le=1439)]
DAY_MINUTES = 24 * 60
MINUTE_MS = 60_000
PUNCTUAL_S = 5  # a ring this late is on time
RINGS_MAX = 60  # "until somebody acknowledges" ends here, and with the expiry
CHANNELS: tuple[c.Channel, ...] = get_args(c.Channel)
CHANNEL_NAMED: dict[str, c.Channel] = {one: one for one in CHANNELS}
EVENTS: tuple[c.CallEvent, ...] = get_args(c.CallEvent)

PRIORITIES: dict[c.CallEvent, int] = {
    "item_cancelled": 0,
    "order_rushed": 1,
    "item_unseen": 1,
    "item_ready": 2,
    "service_wanted": 2,
    "technician_wanted": 2,
    "order_placed": 3,
    "custom": 4,
}


class Quiet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours without sound, in minutes of the shop's day; 22:00 to 07:00 goes over midnight."""

    from_minute: Minute
    to_minute: Minute

    def holds(self, minute: int) -> bool:
        """Say whether a minute of the day lies within; equal ends are no quiet at all."""
        if self.from_minute <= self.to_minute:
            return self.from_minute <= minute < self.to_minute
        return minute >= self.from_minute or minute < self.to_minute


class Policy(msgspec.Struct, frozen=True):
    """The effective rules of one event at one channel."""

    on: bool = True
    template_id: int | None = None
    repeat_max: int = 0
    interval_s: int = 15
    until_acknowledged: bool = False
    expiry_s: int = 60
    quiet: Quiet | None = None
    quiet_exempt: bool = False
    quiet_then: QuietThen = "suppress"
    escalate_after_rings: int | None = None
    escalate_to: list[c.Channel] = []
    priority: int = 4
    sound: Sound = "notice"
    misfire: Misfire = "late"
    late_s_max: int = 60
    coalesce_s: int = 0
    claim_reminder_s: int = 90
    one_as_yao: bool = False  # rooms and numbers: 101 幺零幺
    own_template_id: int | None = None  # the house's own sentence, when the chosen one does not fit


class PolicyChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a brand or a shop wants otherwise; absent fields stay as they were."""

    on: bool | msgspec.UnsetType = msgspec.UNSET
    template_id: Annotated[int, msgspec.Meta(ge=1)] | msgspec.UnsetType | None = msgspec.UNSET
    repeat_max: Annotated[int, msgspec.Meta(ge=0, le=59)] | msgspec.UnsetType = msgspec.UNSET
    interval_s: Annotated[int, msgspec.Meta(ge=3, le=3600)] | msgspec.UnsetType = msgspec.UNSET
    until_acknowledged: bool | msgspec.UnsetType = msgspec.UNSET
    expiry_s: Annotated[int, msgspec.Meta(ge=5, le=86_400)] | msgspec.UnsetType = msgspec.UNSET
    quiet: Quiet | msgspec.UnsetType | None = msgspec.UNSET
    quiet_exempt: bool | msgspec.UnsetType = msgspec.UNSET
    quiet_then: QuietThen | msgspec.UnsetType = msgspec.UNSET
    escalate_after_rings: Annotated[int, msgspec.Meta(ge=1, le=60)] | msgspec.UnsetType | None = (
        msgspec.UNSET
    )
    escalate_to: Annotated[list[c.Channel], msgspec.Meta(max_length=6)] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    priority: Annotated[int, msgspec.Meta(ge=0, le=9)] | msgspec.UnsetType = msgspec.UNSET
    sound: Sound | msgspec.UnsetType = msgspec.UNSET
    misfire: Misfire | msgspec.UnsetType = msgspec.UNSET
    late_s_max: Annotated[int, msgspec.Meta(ge=1, le=86_400)] | msgspec.UnsetType = msgspec.UNSET
    coalesce_s: Annotated[int, msgspec.Meta(ge=0, le=10)] | msgspec.UnsetType = msgspec.UNSET
    one_as_yao: bool | msgspec.UnsetType = msgspec.UNSET
    claim_reminder_s: Annotated[int, msgspec.Meta(ge=10, le=3600)] | msgspec.UnsetType = (
        msgspec.UNSET
    )


# By which an event speaks unless told otherwise.
_SENTENCES: dict[c.CallEvent, int] = {
    "order_placed": sentences.ORDER_PLACED,
    "item_ready": sentences.ITEM_READY,
    "item_cancelled": sentences.ITEM_CANCELLED,
    "service_wanted": sentences.SERVICE_WANTED,
    "technician_wanted": sentences.TECHNICIAN_WANTED,
    "order_rushed": sentences.ORDER_RUSHED,
    "item_unseen": sentences.ITEM_UNSEEN,
}
_BUILT_IN: dict[tuple[c.CallEvent, c.Channel], dict[str, Any]] = {
    ("order_placed", "kitchen"): {"sound": "new", "coalesce_s": 2},
    # A wrist tag's order has no kitchen screen that would still show it: the desk hears it thrice.
    ("order_placed", "cashier"): {
        "sound": "new", "coalesce_s": 2, "repeat_max": 2,
    },
    ("item_ready", "pad"): {"sound": "ring", "misfire": "once"},
    ("item_ready", "cashier"): {"sound": "ring"},
    ("item_ready", "call_screen"): {
        "template_id": sentences.NUMBER_READY, "sound": "ring", "repeat_max": 1, "interval_s": 8,
    },
    ("item_cancelled", "kitchen"): {  # R-004-15: a cancel refreshes and is not spoken
        "sound": "cancelled", "on": False,
    },
    ("item_cancelled", "cashier"): {
        "sound": "cancelled", "on": False,
    },
    ("order_rushed", "kitchen"): {"sound": "rush"},
    ("item_unseen", "cashier"): {"sound": "rush"},
    ("service_wanted", "pad"): {"sound": "ring", "repeat_max": 2, "misfire": "once"},
    ("technician_wanted", "pad"): {"sound": "ring", "repeat_max": 2, "misfire": "once"},
    ("custom", "pad"): {"sound": "ring", "repeat_max": 2, "misfire": "once"},
}  # fmt: skip


def effective(
    event: c.CallEvent, channel: c.Channel, *changes: PolicyChange | None, base: Any = None
) -> Policy:
    """Return the built-in rules with changes laid over them: the brand's, then the shop's.

    `base`: what a shop's own columns say (rings and interval of its pads), below the changes.
    """
    fields: dict[str, Any] = {
        "priority": PRIORITIES[event],
        "template_id": _SENTENCES.get(event),
    }
    fields |= _BUILT_IN.get((event, channel), {})
    fields["own_template_id"] = fields["template_id"]
    fields |= base or {}
    for change in changes:
        if change is not None:
            given = {name: getattr(change, name) for name in change.__struct_fields__}
            fields |= {k: v for k, v in given.items() if v is not msgspec.UNSET}
    return Policy(**fields)


def rings_wanted(policy: Policy) -> int:
    """Return how often an end rings at most."""
    return RINGS_MAX if policy.until_acknowledged else min(policy.repeat_max + 1, RINGS_MAX)


def rings_unanswered(policy: Policy) -> int | None:
    """Return after how many rings without an answer further ends hear it; None: they never do."""
    if policy.escalate_after_rings is None or not policy.escalate_to:
        return None
    return min(policy.escalate_after_rings, rings_wanted(policy))


def lasts_ms(policy: Policy) -> int:
    """Return how long a call is of use from its first ring on: its repeats, and then its expiry."""
    return (policy.expiry_s + policy.interval_s * rings_wanted(policy)) * 1000


@lru_cache(1024)
def _zone(timezone: str) -> ZoneInfo:
    return ZoneInfo(timezone)


def local(now_ms: int, timezone: str) -> datetime:
    """Return the shop's wall clock."""
    return from_ms(now_ms).astimezone(_zone(timezone))


def may_ring(
    policy: Policy, msg_type: c.MsgType, *, now_ms: int, due_ms: int, timezone: str
) -> str | None:
    """Return why an end may not ring now, or None: `off`, `quiet_hours`, `too_late`.

    A refresh makes no sound and so knows no quiet hours. A ring is too late when the house was
    away and the policy drops what it missed, or wants it only within `late_s_max`.
    """
    if not policy.on:
        return "off"
    sounds = msg_type != 2  # noqa: PLR2004 - R-004-32
    if sounds and is_quiet(policy, now_ms, timezone):
        return "quiet_hours"
    return "too_late" if _is_too_late(policy, now_ms - due_ms) else None


def is_quiet(policy: Policy, now_ms: int, timezone: str) -> bool:
    """Say whether quiet hours hold for a sound of this policy now."""
    if policy.quiet is None or policy.quiet_exempt:
        return False
    return policy.quiet.holds(_minute_of_day(local(now_ms, timezone)))


def _minute_of_day(clock: datetime) -> int:
    return clock.hour * 60 + clock.minute


def quiet_ends_ms(quiet: Quiet, now_ms: int, timezone: str) -> int:
    """Return the first moment at which the shop's wall clock is out of quiet hours that hold now.

    Summer time may leap over their end: 02:30 of the night in which 03:00 follows 02:00 is at 03:00.
    """
    clock = local(now_ms, timezone)
    minutes = (quiet.to_minute - _minute_of_day(clock)) % DAY_MINUTES
    end_ms = now_ms - now_ms % MINUTE_MS + minutes * MINUTE_MS
    offset = clock.utcoffset()

    def is_changed(at_ms: int) -> bool:
        return local(at_ms, timezone).utcoffset() != offset

    if not is_changed(end_ms):
        return end_ms
    changed_ms = now_ms + bisect_left(range(now_ms, end_ms), True, key=is_changed)
    if quiet.holds(_minute_of_day(local(changed_ms, timezone))):
        return quiet_ends_ms(quiet, changed_ms, timezone)  # counted from there: one change a night
    return changed_ms


def _is_too_late(policy: Policy, late_ms: int) -> bool:
    """Say whether a ring that the house missed is still wanted."""
    if policy.misfire == "once":
        return False
    late_s_max = PUNCTUAL_S if policy.misfire == "drop" else max(policy.late_s_max, PUNCTUAL_S)
    return late_ms > late_s_max * 1000
