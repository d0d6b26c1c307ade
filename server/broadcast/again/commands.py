"""◆ What people do with what was said: have it said once more (再叫一遍), and say that they saw it (看到了).

Once more goes through the same gate as every ring and is written down as one: a card rings anew, an
announcement becomes a call of its own that names the first. Refuses to say the same for ever, and to
call anybody for what is over.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from server.broadcast import call as calls
from server.broadcast import ringing
from server.broadcast.commands import ClaimCall, begun, new_row, verdict
from server.broadcast.policy import RINGS_MAX
from server.broadcast.rings import RingFacts
from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Actor, Context, Decision, Row, Said
from server.events.facts import CallRow
from server.events.topics import SEEN

AGAIN_EVERY_S = 5  # an impatient thumb is one call
AGAIN_MAX = 5
AGAIN_WITHIN_S = 1800  # of older news nobody knows whether it still holds
AGAIN_OF = "againOf"


class CallAgain(ClaimCall, frozen=True, forbid_unknown_fields=True):
    """再叫一遍: say it once more, to the same ends."""


class SeeCall(ClaimCall, frozen=True, forbid_unknown_fields=True):
    """看到了: somebody in the kitchen has read this ring of a call."""

    ring: Annotated[int, msgspec.Meta(ge=1, le=RINGS_MAX)] = 1


class Repeats(msgspec.Struct, frozen=True):
    """How often an announcement was said again, and when last."""

    count: int = 0
    last_ms: int = 0


class AgainFacts(msgspec.Struct):
    """What saying it once more needs to know."""

    ring: RingFacts
    repeats: Repeats = Repeats()


def first_of(row: CallRow) -> str:
    """Return the id of the call that was said first."""
    return row.params.get(AGAIN_OF, str(row.call.id))


def call_again(command: CallAgain, facts: AgainFacts, context: Context) -> Decision:
    """Ring once more. Raises `call_ended`, `call_already_claimed`, and `call_repeated_enough`."""
    row = facts.ring.row
    if row is None:
        raise Refusal("call_not_found", call_id=command.call_id)
    call, now_ms = row.call, context.now_ms
    if facts.ring.gone or not facts.ring.order_open:
        raise Refusal("call_ended")
    if call.state == "claimed":
        raise Refusal("call_already_claimed", by=call.claimed_by, at_ms=call.claimed_at_ms)
    if row.is_card and call.state == "ended":
        raise Refusal("call_ended")
    last_ms = max(call.rang_at_ms, facts.repeats.last_ms)
    if now_ms - last_ms < AGAIN_EVERY_S * 1000:
        return Decision({"call_id": call.id, "changed": False})
    return _card(row, facts, context) if row.is_card else _announcement(row, facts, context)


def _card(row: CallRow, facts: AgainFacts, context: Context) -> Decision:
    """Let a card that nobody took ring anew, with its voice."""
    rung, ground = facts.ring.rung, facts.ring.ground
    if max(rung.values(), default=0) >= RINGS_MAX:
        raise Refusal("call_repeated_enough", rings_max=RINGS_MAX)
    anew = msgspec.structs.replace(
        row.call, state=calls.STEPS[row.call.state, "ring"], rings=1, rang_at_ms=context.now_ms
    )
    after = msgspec.structs.replace(row, call=anew)
    round_ = ringing.Round(after, ground, ringing.Moment(context.now_ms, context.now_ms))
    for end in ringing.ends_of(after, ground):
        round_.ring(end, rung.get(end.key, 0) + 1)
    round_.announce()
    outcome = calls.raised(after, row.version + 1)
    outcome.rows = calls.stored(after, row.version + 1, round_.messages)
    outcome.add(round_.outcome)
    return outcome.join(Decision({"call_id": anew.id, "changed": True}))


def _announcement(row: CallRow, facts: AgainFacts, context: Context) -> Decision:
    """Announce the same anew, as a call that names the first."""
    call, now_ms = row.call, context.now_ms
    if now_ms - call.raised_at_ms > AGAIN_WITHIN_S * 1000:
        raise Refusal("call_ended")
    if facts.repeats.count >= AGAIN_MAX:
        raise Refusal("call_repeated_enough", rings_max=AGAIN_MAX)
    params = {**row.params, AGAIN_OF: first_of(row)}
    again = new_row(call.event, params, row.msg_type, row.channels, context)
    again.call.accounts = call.accounts
    again.call.order_id, again.call.item_id = call.order_id, call.item_id
    again.place_id, again.technician_id = row.place_id, row.technician_id
    again.template_id, again.client_id = row.template_id, row.client_id
    again.source = context.actor.id
    verdicts, outcome = begun(again, facts.ring.ground, ringing.Moment(now_ms, now_ms))
    result: dict[str, Any] = {"call_id": again.call.id, "changed": True}
    return outcome.join(Decision(result | {"ends": [verdict(one) for one in verdicts]}))


def see(command: SeeCall, facts: RingFacts, context: Context) -> Decision:
    """Write down that the kitchen saw a ring, tell the cash desk and who called, and stop its repeats.

    Raises `not_allowed` for what rang neither in the kitchen nor at the board's own account.
    """
    row, actor = facts.row, context.actor
    if row is None:
        raise Refusal("call_not_found", call_id=command.call_id)
    if facts.rung.keys().isdisjoint({"kitchen", f"account:{actor.account_id}"}):
        raise Refusal("not_allowed")
    heard = _heard(command, actor, context.now_ms)
    receipt = Row("receipt", msgspec.to_builtins(heard))
    del receipt.values["device_name"]
    decision = Decision(
        {"call_id": row.call.id, "changed": True},
        rows=[receipt],
        said=[Said(c.CallHeard(heard=[heard]), SEEN)],
        promises=calls.stage(
            row, "seen", context.now_ms, ring=command.ring, by=actor.name, device_id=actor.device_id
        ),
    )
    if not row.is_card and row.call.state in {"ringing", "unanswered"}:
        outcome = calls.claimed(row, actor.name, actor.device_id, context.now_ms)
        (outcome or calls.Outcome()).join(decision)
    return decision


def _heard(command: SeeCall, actor: Actor, now_ms: int) -> c.Heard:
    if actor.device_id is None:
        raise Refusal("not_allowed")
    return c.Heard(
        command.call_id,
        command.ring,
        actor.device_id,
        actor.name,
        "acknowledged",
        now_ms,
        "kitchen",
    )
