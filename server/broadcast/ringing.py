"""◆ How a call reaches its ends: who they are, whether each may ring now, what is said, what is next.

An end is a channel of the shop or a designated account. Every ring, the first, a repeat or an
escalation, goes through the same gate (`Policy.may_ring`) at the moment it is sent. Refuses to
know how a call begins or ends (`call.py`) and what a policy says (`policy.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server.broadcast import call as calls
from server.broadcast.audio_path import audio_paths
from server.broadcast.policy import (
    CHANNEL_NAMED,
    Policy,
    lasts_ms,
    may_ring,
    quiet_ends_ms,
    rings_unanswered,
    rings_wanted,
)
from server.broadcast.template import Template, Words, together, words
from server.broadcast.templates import by_kind
from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Promise, Said
from server.events.facts import HOUSE, CallRow
from server.events.topics import heard_by
from server.events.view import CHANNEL_OF, DeviceKind

RING_END = "RingEnd"
NO_DEVICE = "no_device"
QUIET_HOURS = "quiet_hours"
RANG_OUT = "rang_out"  # it rang as often as it was to
# Reasons that pass: a repeat that may not ring now is written down, and the repeats go on.
PASSING = frozenset({NO_DEVICE, QUIET_HOURS, "off", "too_late"})
REFRESH: c.MsgType = 2
_NONE: frozenset[c.Channel] = frozenset()
SPOKEN: frozenset[c.MsgType] = frozenset({1, 4})
# A refresh says nothing, a card stands alone.
SAID_TOGETHER: frozenset[c.MsgType] = frozenset({1, 3})


class EndDevice(msgspec.Struct, frozen=True):
    """A paired device, as far as calls are concerned."""

    id: int
    kind: DeviceKind
    account_id: int
    account: str
    place_id: int | None


class Ground(msgspec.Struct):
    """What every ring of a shop's event needs to know."""

    timezone: str
    audio_key: bytes
    policies: dict[c.Channel, Policy]
    templates: dict[int, Template]
    devices: list[EndDevice]
    last_raised_ms: int | None = None  # the newest other call of this event
    listeners: list[int] = []  # business services of the brand that have a webhook
    ends: dict[tuple[c.Channel, int | None], End] = {}  # those asked for: the same for every ring

    @property
    def together(self) -> bool:
        """Whether a rule waits for company: then it matters when the last call was raised."""
        return any(policy.coalesce_s for policy in self.policies.values())


def raised_at(ground: Ground, now_ms: int) -> Ground:
    """Return the ground of what comes with a call that is raised now, in the same commit."""
    return msgspec.structs.replace(ground, last_raised_ms=now_ms) if ground.together else ground


class Moment(msgspec.Struct, frozen=True):
    """Now, and when the ring was due: the difference is what the house slept through."""

    now_ms: int
    due_ms: int


class End(msgspec.Struct, frozen=True):
    """Who is to hear: all devices of a channel, or one account's."""

    key: str
    channel: c.Channel  # whose policy applies
    account_id: int | None
    device_ids: list[int]


class Verdict(msgspec.Struct, frozen=True):
    """What became of a call at one end when it was raised, or of one ring later."""

    end: End
    state: str  # queued, suppressed, no_such_end
    reason: str = ""


def channel_end(channel: c.Channel, place_id: int | None, ground: Ground) -> End:
    """Return the end of a channel; the channel `room` is the devices of one place."""
    where = (channel, place_id if channel == "room" else None)
    known = ground.ends.get(where)
    if known is None:
        known = ground.ends[where] = _channel_end(channel, place_id, ground)
    return known


def _channel_end(channel: c.Channel, place_id: int | None, ground: Ground) -> End:
    there = [
        one.id
        for one in ground.devices
        if CHANNEL_OF.get(one.kind) == channel and (channel != "room" or one.place_id == place_id)
    ]
    return End(channel, channel, None, there)


def account_end(account_id: int, channel: c.Channel, ground: Ground) -> End:
    """Return the end of a designated account."""
    there = [one.id for one in ground.devices if one.account_id == account_id]
    return End(f"account:{account_id}", channel, account_id, there)


def end_of(key: str, row: CallRow, ground: Ground) -> End:
    """Return a stored end."""
    if key.startswith("account:"):
        channel = row.channels[0] if row.channels else "pad"
        return account_end(int(key[8:]), channel, ground)
    return channel_end(CHANNEL_NAMED[key], row.place_id, ground)


def ends_of(row: CallRow, ground: Ground) -> list[End]:
    """Return the ends of a call: the designated accounts if any are named, else its channels."""
    if row.call.accounts:
        channel: c.Channel = row.channels[0] if row.channels else "pad"
        return [account_end(one, channel, ground) for one in row.call.accounts]
    return [channel_end(channel, row.place_id, ground) for channel in row.channels]


def said_in_words(row: CallRow, policy: Policy, ground: Ground) -> Words:
    """Return what the call says at an end of this policy; a refresh says nothing."""
    if row.msg_type == REFRESH:
        return Words(c.Text("", ""), c.Text("", ""))
    template_id = row.template_id if row.template_id is not None else policy.template_id
    try:
        return _words(row, template_id, ground, yao=policy.one_as_yao)
    except Refusal:
        # Nobody is there to mend what a shop chose: an order is announced all the same.
        if row.source != HOUSE or policy.own_template_id in {None, template_id}:
            raise
        return _words(row, policy.own_template_id, ground, yao=policy.one_as_yao)


def _words(row: CallRow, template_id: int | None, ground: Ground, *, yao: bool) -> Words:
    template = ground.templates.get(template_id) if template_id is not None else None
    if template is None:
        raise Refusal("template_not_found", template_id=template_id)
    return words(*by_kind(template, row.params), yao=yao)


def judged(row: CallRow, end: End, ground: Ground, moment: Moment) -> str | None:
    """Return why this end may not ring now, or None."""
    said = _judged(row, end, ground, moment)
    return said if isinstance(said, str) else None


def _judged(row: CallRow, end: End, ground: Ground, moment: Moment) -> str | Words:
    """Return why this end may not ring now, or what it says when it does."""
    if not end.device_ids and end.channel != "console":
        return NO_DEVICE
    if row.expires_at_ms is not None and moment.now_ms > row.expires_at_ms:
        return "expired"
    policy = ground.policies[end.channel]
    try:
        said = said_in_words(row, policy, ground)
    except Refusal as refusal:  # the shop chose another sentence meanwhile, and it does not fit
        return refusal.code
    reason = may_ring(
        policy, row.msg_type, now_ms=moment.now_ms, due_ms=moment.due_ms, timezone=ground.timezone
    )
    return reason or said


class Round:
    """One step of one call: rings its ends, arms what comes next, and gathers what that adds."""

    def __init__(self, row: CallRow, ground: Ground, moment: Moment) -> None:
        self.row = row
        self.messages: list[calls.Message] = []
        self.outcome = calls.Outcome()
        self.moment = moment
        self._ground = ground
        self._ringing: list[tuple[End, int, Words]] = []

    @property
    def waits(self) -> bool:
        """Whether a further ring was armed."""
        return "queued" in [message.state for message in self.messages]

    def begin(self, end: End, gone: str = "") -> Verdict:
        """Ring an end for the first time, or queue it behind what was said a moment ago.

        `gone`: why nobody needs the call any more; the end is then suppressed with it.
        """
        wait_ms = self._together_ms(end)
        if wait_ms and not gone and judged(self.row, end, self._ground, self.moment) is None:
            self._queue(end, 1, wait_ms)
            return Verdict(end, "queued")
        reason = self.ring(end, 1, gone)
        if reason and self.messages[-1].state == "queued":
            return Verdict(end, "queued", reason)
        if reason:
            return Verdict(end, "no_such_end" if reason == NO_DEVICE else "suppressed", reason)
        return Verdict(end, "queued")

    def ring(self, end: End, ring: int, gone: str = "") -> str:
        """Ring an end now and arm its next ring, or write down why not; return the reason.

        Quiet hours may postpone a ring to their end instead, a new call's with its expiry. After a
        reason that passes the repeats go on; a first ring that nobody may hear is the
        call's end here, as its sender is told.
        """
        said = gone or _judged(self.row, end, self._ground, self.moment)
        reason = said if isinstance(said, str) else ""
        if reason == QUIET_HOURS and (wait_ms := self._quiet_ms(end)):
            self._queue(end, ring, wait_ms, reason)
            return reason
        if isinstance(said, str):
            self._write(end, ring, "suppressed", reason)
            if ring > 1 and reason in PASSING:
                self._go_on(end, ring)
            return reason
        self.told(end, ring)
        self._ringing.append((end, ring, said))
        return ""

    def told(self, end: End, ring: int, spoken_by: int | None = None) -> None:
        """Write down a ring that is heard now, in the call's own words or in another's."""
        now_ms = self.moment.now_ms
        self.messages.append(
            calls.Message(end.key, ring, "sent", self.moment.due_ms, "", now_ms, spoken_by)
        )
        self._go_on(end, ring)

    def _go_on(self, end: End, ring: int) -> None:
        """Arm the next ring of an end, if its policy wants one or looks whether anybody came."""
        policy = self._ground.policies[end.channel]
        looks = not self.row.is_card and ring == rings_unanswered(policy)  # whether anybody came
        if looks or (not self._rings_as_card(end) and ring < rings_wanted(policy)):
            self._queue(end, ring + 1, policy.interval_s * 1000)

    def _rings_as_card(self, end: End) -> bool:
        """Say whether the card on the pads repeats by itself."""
        return self.row.is_card and (end.channel in CARD_CHANNELS or end.account_id is not None)

    def _quiet_ms(self, end: End) -> int:
        """Return how long a ring waits for the end of quiet hours; 0: it does not."""
        policy = self._ground.policies[end.channel]
        if policy.quiet is None or policy.quiet_then == "suppress" or self._rings_as_card(end):
            return 0
        ends_ms = quiet_ends_ms(policy.quiet, self.moment.now_ms, self._ground.timezone)
        expires_ms = self.row.expires_at_ms
        if self.row.version == 0 and expires_ms is not None:
            # Nobody could have heard it before: how long it is of use counts from then.
            expires_ms = self.row.expires_at_ms = max(expires_ms, ends_ms + lasts_ms(policy))
        known = expires_ms is None or ends_ms <= expires_ms
        return ends_ms - self.moment.now_ms if known else 0

    def _together_ms(self, end: End) -> int:
        """Return how long to wait for company: orders that come together are said together."""
        if self.row.msg_type == REFRESH:
            return 0  # nothing is said of it
        window_ms = self._ground.policies[end.channel].coalesce_s * 1000
        last = self._ground.last_raised_ms
        return window_ms if last is not None and self.moment.now_ms - last < window_ms else 0

    def _write(self, end: End, ring: int, state: calls.MessageState, reason: str) -> None:
        self.messages.append(calls.Message(end.key, ring, state, self.moment.due_ms, reason))

    def _queue(self, end: End, ring: int, wait_ms: int, reason: str = "") -> None:
        """Arm one further ring of an end: its row and its promise; `reason` for what is postponed."""
        due_ms = self.moment.now_ms + wait_ms
        self.messages.append(calls.Message(end.key, ring, "queued", due_ms, reason))
        payload = {"call_id": self.row.call.id, "end_key": end.key, "ring": ring}
        self.outcome.promises.append(Promise(RING_END, payload, due_ms))

    def announce(self, said: Sequence[Words] = ()) -> None:
        """Say it to the ends that ring: one event for all that hear the same.

        `said`: the words of further calls that are told in the same breath.
        """
        groups: dict[bytes, tuple[c.Utterance, list[End]]] = {}
        alone = len(self._ringing) == 1
        for end, ring, mine in self._ringing:
            words = together([mine, *said])
            utterance = _utterance(self.row, end, ring, self._ground, self.moment.now_ms, words)
            known = groups.setdefault(b"" if alone else _same(utterance), (utterance, []))
            known[1].append(end)
        self.outcome.said += [_said(self.row, one, ends) for one, ends in groups.values()]


_same = msgspec.msgpack.Encoder().encode
CARD_CHANNELS = frozenset({"pad", "cashier"})  # the cash desk joins a card that nobody answered


def of_use_ms(channel: c.Channel, ground: Ground, before: frozenset[c.Channel] = _NONE) -> int:
    """Return how long a call is of use at a channel, and at those it escalates to from there."""
    policy, seen = ground.policies[channel], before | {channel}
    rings = rings_unanswered(policy)
    if rings is None:
        return lasts_ms(policy)
    further = [of_use_ms(one, ground, seen) for one in policy.escalate_to if one not in seen]
    return max(lasts_ms(policy), rings * policy.interval_s * 1000 + max(further, default=0))


def _said(row: CallRow, utterance: c.Utterance, ends: list[End]) -> Said:
    """Return the event for the ends that hear the same; the utterance is filled in with who they are."""
    utterance.channels.extend([end.channel for end in ends if end.account_id is None])
    utterance.accounts.extend([end.account_id for end in ends if end.account_id is not None])
    topics = heard_by(tuple(utterance.channels), tuple(utterance.accounts), row.place_id)
    return Said(c.Announced(utterance=utterance), topics)


def _utterance(
    row: CallRow, end: End, ring: int, ground: Ground, now_ms: int, said: Words
) -> c.Utterance:
    policy = ground.policies[end.channel]
    return c.Utterance(
        call_id=row.call.id,
        ring=ring,
        rings_max=0 if policy.until_acknowledged else rings_wanted(policy),
        event=row.call.event,
        msg_type=row.msg_type,
        channels=[],
        accounts=[],
        text=said.shown,
        spoken=said.spoken,
        audio=audio_paths(ground.audio_key, said.spoken) if row.msg_type in SPOKEN else {},
        sound=policy.sound,
        priority=policy.priority,
        at_ms=now_ms,
        expires_at_ms=now_ms + policy.expiry_s * 1000,
        place_id=row.place_id,
        item_id=row.call.item_id,
    )
