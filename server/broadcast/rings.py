"""◆ What the house's promises do with calls: announce what happened, ring again, remind.

Each takes the call as it is now and returns a decision; a promise that is no longer wanted does
nothing. Refuses to read or write anything by itself.
"""

from __future__ import annotations

import msgspec

from server.broadcast import call as calls
from server.broadcast import ringing
from server.broadcast.commands import begun, new_row
from server.broadcast.policy import Policy, rings_unanswered, rings_wanted
from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Context, Decision, Promise, Said
from server.events.facts import HOUSE, CallRow

REMINDERS_MAX = 3


class RingCall(msgspec.Struct, frozen=True):
    """A promise: ring the pads again, unless the call moved on since `rang_at_ms`."""

    call_id: int
    rang_at_ms: int


class RingEnd(msgspec.Struct, frozen=True):
    """A promise: the `ring`-th ring of a call at one end."""

    call_id: int
    end_key: str
    ring: int


class Announce(msgspec.Struct, frozen=True):
    """A promise due at once: the house says what happened, to whom the shop's policy names."""

    event: c.CallEvent
    params: dict[str, str]
    at_ms: int
    place_id: int | None = None
    order_id: int | None = None
    item_id: int | None = None
    tag: bool = False  # a wrist tag's order: the cash desk announces it (R-004-10)
    call_id: int | None = None  # the card on the pads that rings for the same reason
    left: bool = False  # a dish that held a number back is gone: the hall may hear of what is left


class RemindClaimer(msgspec.Struct, frozen=True):
    """A promise: who said "coming" and did not come is told again."""

    call_id: int
    claimed_at_ms: int


class ExpireCall(msgspec.Struct, frozen=True):
    """A promise: a business service's card does not stay for ever."""

    call_id: int


class RingFacts(msgspec.Struct):
    """What a ring needs to know now."""

    row: CallRow | None
    ground: ringing.Ground
    rung: dict[str, int] = {}  # end → rings sent so far
    queued: dict[tuple[str, int], int] = {}  # further rings that are armed, and when they are due
    gone: str = ""
    company: list[RingFacts] = []  # other calls of this event that wait at the same end
    order_open: bool = True
    said_by: int | None = (
        None  # the dish whose call says the number; None: it is not to be collected
    )


# Which ends the house tells by itself, for a room's order and for a wrist tag's (R-004-10).
HOUSE_CHANNELS: dict[tuple[c.CallEvent, bool], tuple[c.Channel, ...]] = {
    ("order_placed", False): ("kitchen",),
    ("order_placed", True): ("cashier",),
    ("item_ready", False): ("pad", "call_screen"),
    ("item_ready", True): ("pad",),
    ("item_cancelled", False): ("kitchen",),
    ("item_cancelled", True): ("kitchen", "cashier"),
    ("order_rushed", False): ("kitchen",),
    ("order_rushed", True): ("kitchen",),
    ("item_unseen", False): ("cashier",),
    ("item_unseen", True): ("cashier",),
}


def announce(promise: Announce, facts: RingFacts, context: Context) -> Decision:
    """Say what happened in the house: an order came, a dish waits, a dish was cancelled."""
    if facts.gone or not facts.order_open:
        return Decision({})
    told = _told(promise, facts)
    moment = ringing.Moment(context.now_ms, promise.at_ms)
    if promise.call_id is not None:
        return _voice_of_card(told, facts, moment)
    channels = [channel for channel in told if facts.ground.policies[channel].on]
    if not channels:
        return Decision({})
    row = new_row(promise.event, promise.params, 1, channels, context)
    row.source, row.place_id, row.call.order_id = HOUSE, promise.place_id, promise.order_id
    row.call.item_id = facts.said_by if promise.left else None
    _, outcome = begun(row, facts.ground, moment)
    return outcome.join(Decision({}))


def _told(promise: Announce, facts: RingFacts) -> tuple[c.Channel, ...]:
    """Return who hears of it: the hall hears a number once, by the dish that was called last."""
    if promise.left:
        return ("call_screen",) if facts.said_by is not None else ()
    told = HOUSE_CHANNELS[promise.event, promise.tag]
    if promise.event != "item_ready" or facts.said_by == promise.item_id:
        return told
    return tuple(one for one in told if one != "call_screen")


def _voice_of_card(
    told: tuple[c.Channel, ...], facts: RingFacts, moment: ringing.Moment
) -> Decision:
    """Give the card on the pads its voice, and the call screen its number."""
    row, ground = facts.row, facts.ground
    if row is None or row.call.state != "ringing":
        return Decision({})
    row.channels = [one for one in told if one == "pad" or ground.policies[one].on]
    round_ = ringing.Round(row, ground, moment)
    for end in ringing.ends_of(row, ground):
        round_.ring(end, facts.rung.get(end.key, 0) + 1)
    round_.announce()
    round_.outcome.rows += calls.stored(row, row.version + 1, round_.messages)
    return round_.outcome.join(Decision({}))


def ring(promise: RingCall, facts: RingFacts, context: Context) -> Decision:
    """Keep the promise of a card's further ring, or give up and tell the cash desk."""
    if facts.row is None:
        raise Refusal("call_not_found")
    row, ground = _as_configured(facts.row, facts.ground), facts.ground
    after, outcome = calls.rung(row, promise.rang_at_ms, context.now_ms)
    if not outcome.said:
        return Decision({})
    wait_s = facts.row.call.interval_s if facts.row.call.rings else 0  # 0: given back, due at once
    due_ms = promise.rang_at_ms + wait_s * 1000
    if after.call.state == "unanswered":
        after.channels = list(dict.fromkeys([*after.channels, "cashier"]))
    round_ = ringing.Round(after, ground, ringing.Moment(context.now_ms, due_ms))
    for end in _card_ends(after, ground):
        round_.ring(end, facts.rung.get(end.key, 0) + 1)
    round_.announce()
    further = _further(after, after.call.rings, ground.policies["pad"])
    if further and after.call.state == "ringing":
        _escalate(round_, further, ground)
        round_.outcome.said.append(
            Said(c.CallUnanswered(call=after.call), calls.card_topics(after))
        )
    outcome.add(round_.outcome)
    if after.call.state == row.call.state and not after.call.escalated:
        outcome.rows += calls.stored_ring(after, round_.messages, counted=True)
    else:
        outcome.rows += calls.stored(after, row.version + 1, round_.messages)
    return outcome.join(Decision({}))


def _as_configured(row: CallRow, ground: ringing.Ground) -> CallRow:
    """Return the card with the rings the shop wants now: changes reach calls that wait.

    One that rang more often than that by now has rung its last.
    """
    policy = ground.policies["pad"]
    rings_max = max(rings_wanted(policy), row.call.rings)
    call = msgspec.structs.replace(row.call, interval_s=policy.interval_s, rings_max=rings_max)
    return msgspec.structs.replace(row, call=call)


def _card_ends(row: CallRow, ground: ringing.Ground) -> list[ringing.End]:
    """Return who rings with the card: the pads or who is meant, and the cash desk at last."""
    if row.call.state == "unanswered":
        return [ringing.channel_end("cashier", row.place_id, ground)]
    if row.call.accounts:
        return ringing.ends_of(row, ground)
    return [ringing.channel_end("pad", row.place_id, ground)]


def ring_end(promise: RingEnd, facts: RingFacts, context: Context) -> Decision:
    """Keep the promise of one end's further ring; alone, or with others that wait for a voice."""
    row, ground = facts.row, facts.ground
    due_ms = facts.queued.get((promise.end_key, promise.ring))
    if row is None or due_ms is None:
        return Decision({})  # said with another call's, or the call is over
    end = ringing.end_of(promise.end_key, row, ground)
    moment = ringing.Moment(context.now_ms, due_ms)
    round_ = ringing.Round(row, ground, moment)
    policy = ground.policies[end.channel]
    silent = round_.ring(end, promise.ring, _gone(facts, end) or _rang_out(row, promise, policy))
    company = [] if silent else [one for one in facts.company if _joins(one, end, context.now_ms)]
    others = [one.row for one in company if one.row is not None]
    round_.announce([ringing.said_in_words(other, policy, ground) for other in others])
    further = _further(row, promise.ring, policy) if silent in ESCALATING else []
    if further:
        _escalate(round_, further, ground)
    round_.outcome.promises += _told_caller(row, round_.messages[0], context.now_ms)
    if round_.waits and not further:
        round_.outcome.rows += calls.stored_ring(row, round_.messages, counted=False)
    else:
        elsewhere = facts.queued.keys() - {(promise.end_key, promise.ring)}
        _settle(round_, waits=bool(elsewhere))
    for one, other in zip(company, others, strict=True):
        beside = ringing.Round(other, ground, moment)
        beside.told(end, 1, spoken_by=row.call.id)
        round_.outcome.promises += _told_caller(other, beside.messages[0], context.now_ms)
        _settle(beside, waits=bool(one.queued.keys() - {(end.key, 1)}))
        round_.outcome.add(beside.outcome)
    return round_.outcome.join(Decision({}))


def _told_caller(row: CallRow, ring: calls.Message, now_ms: int) -> list[Promise]:
    """Tell the service what became of a ring; one that waits on, or was only a look, is nothing yet."""
    if ring.state == "queued" or ring.reason == ringing.RANG_OUT:
        return []
    if ring.state == "sent":
        return calls.stage(row, "rung", now_ms, end=ring.end_key, ring=ring.ring)
    return calls.stage(
        row, "suppressed", now_ms, end=ring.end_key, ring=ring.ring, reason=ring.reason
    )


def _gone(facts: RingFacts, end: ringing.End) -> str:
    """Say why nobody needs this ring any more."""
    gone = facts.gone or ("" if facts.order_open else "order_completed")
    in_hall = end.key == "call_screen" and facts.row is not None and _is_number(facts.row)
    if in_hall and facts.said_by is None:
        gone = gone or "item_gone"  # taken back, or collected, since it was said
    return gone


def _joins(other: RingFacts, end: ringing.End, now_ms: int) -> bool:
    """Say whether a call that waits may be said in another's breath; else its own promise judges it."""
    due_ms = other.queued.get((end.key, 1))
    if other.row is None or due_ms is None or _gone(other, end):
        return False
    moment = ringing.Moment(now_ms, due_ms)
    return ringing.judged(other.row, end, other.ground, moment) is None


def _is_number(row: CallRow) -> bool:
    """Say whether the house itself calls an order's number."""
    call = row.call
    return row.source == HOUSE and call.event == "item_ready" and call.item_id is not None


# A ring that nobody could hear was not answered either; what nobody needs any more escalates nowhere.
ESCALATING = ringing.PASSING | {"", ringing.RANG_OUT}


def _rang_out(row: CallRow, promise: RingEnd, policy: Policy) -> str:
    """Say that an end rang as often as the shop wants now: this is only a look whether anybody came.

    A card's rings are counted by the card.
    """
    beyond = not row.is_card and promise.ring > rings_wanted(policy)
    return ringing.RANG_OUT if beyond else ""


def _further(row: CallRow, ring: int, policy: Policy) -> list[c.Channel]:
    """Return the ends that hear of it because so many rings before this one stayed unanswered."""
    rings = rings_unanswered(policy)
    if rings is None or ring <= rings:
        return []
    return [one for one in policy.escalate_to if one not in row.channels]


def _escalate(round_: ringing.Round, further: list[c.Channel], ground: ringing.Ground) -> None:
    """Tell further ends that nobody answered; through the same gate."""
    row = round_.row
    row.channels = [*row.channels, *further]
    row.call.escalated = True
    more = ringing.Round(row, ground, round_.moment)
    for channel in further:
        more.begin(ringing.channel_end(channel, row.place_id, ground))
    more.announce()
    round_.messages += more.messages
    round_.outcome.add(more.outcome)
    round_.outcome.promises += calls.stage(
        row, "escalated", round_.moment.now_ms, channels=list(further)
    )


def _settle(round_: ringing.Round, *, waits: bool) -> None:
    """Write the call down; an announcement that has nothing left to say is done."""
    row = round_.row
    ended: calls.Ended | None = None
    if not row.is_card and not waits and not round_.waits:
        state = calls.STEPS[row.call.state, "end"]
        row = msgspec.structs.replace(row, call=msgspec.structs.replace(row.call, state=state))
        ended = calls.Ended("done", round_.moment.now_ms)
    round_.outcome.rows += calls.stored(row, row.version + 1, round_.messages, ended=ended)


def remind(promise: RemindClaimer, facts: RingFacts, context: Context) -> Decision:
    """Tell who said "coming" again, on their own device only; at last the cash desk sees to it."""
    row = facts.row
    if row is None or row.call.state != "claimed":
        return Decision({})
    if row.call.claimed_at_ms != promise.claimed_at_ms:
        return Decision({})
    wait_ms = facts.ground.policies["pad"].claim_reminder_s * 1000
    due_ms = promise.claimed_at_ms + wait_ms * (row.reminders + 1)
    if context.now_ms < due_ms:
        return Decision({}, promises=[_reminder(promise, due_ms)])
    after = msgspec.structs.replace(row, reminders=row.reminders + 1)
    decision = Decision({})
    event = c.CallReminded(
        call_id=row.call.id, device_id=row.call.claimed_by_device, at_ms=context.now_ms
    )
    device = row.call.claimed_by_device
    topics = frozenset({f"device:{device}"}) if device is not None else calls.card_topics(row)
    if after.reminders >= REMINDERS_MAX:
        after.call = msgspec.structs.replace(row.call, escalated=True)
        decision.said.append(Said(c.CallUnanswered(call=after.call), calls.card_topics(after)))
        decision.promises += calls.stage(row, "escalated", context.now_ms, by=row.call.claimed_by)
    else:
        decision.promises.append(_reminder(promise, context.now_ms + wait_ms))
    decision.said.append(Said(event, topics))
    decision.rows += calls.stored(after, row.version + 1)
    return decision


def _reminder(promise: RemindClaimer, due_ms: int) -> Promise:
    payload = {"call_id": promise.call_id, "claimed_at_ms": promise.claimed_at_ms}
    return Promise(calls.REMIND_CLAIMER, payload, due_ms)


def expire(promise: ExpireCall, facts: RingFacts, context: Context) -> Decision:
    """Take a card off the pads that nobody closed in `CARD_S_MAX`."""
    row = facts.row
    if row is None or row.call.state == "ended":
        return Decision({})
    return calls.ended(row, "expired", context.now_ms).join(Decision({}))
