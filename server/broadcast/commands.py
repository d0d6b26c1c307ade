"""◆ What people, services and promises do with calls: send, claim, close, cancel, ring, report.

Each takes facts as read and returns a decision. How ends are chosen and what they hear is in
`ringing.py`; the states of a call are in `call.py`. Refuses to read or write anything by itself.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from server.broadcast import call as calls
from server.broadcast import ringing
from server.broadcast.policy import Policy, rings_wanted
from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Context, Decision, Promise, Row, Said
from server.events.facts import PAD_CALL, CallRow
from server.events.topics import LISTENING
from server.ids import Id

CALLS_PER_COMMAND_MAX = 500
PARAMS_MAX = 32
ACCOUNTS_MAX = 100
HEARD_PER_COMMAND_MAX = 1000
NOBODY = (
    0  # the account of a name that nobody has: no such end, and no reason to call everybody else
)
READ_AFTER_S = 120  # how long a board keeps what was said, and a queue of voices what it will say

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Value = Annotated[str, msgspec.Meta(max_length=500)]


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One call as a business service asks for it (R-004-31)."""

    event: c.CallEvent
    channels: Annotated[list[c.Channel], msgspec.Meta(max_length=10)] = []
    params: Annotated[dict[Name, Value], msgspec.Meta(max_length=PARAMS_MAX)] = {}
    accounts: Annotated[list[Id], msgspec.Meta(max_length=ACCOUNTS_MAX)] = []
    account_names: Annotated[list[Name], msgspec.Meta(max_length=ACCOUNTS_MAX)] = []
    msg_type: c.MsgType = 1
    template_id: Id | None = None


class SendImCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Call people of one shop: one call or many in one commit; each is accepted or refused."""

    calls: Annotated[list[Ask], msgspec.Meta(min_length=1, max_length=CALLS_PER_COMMAND_MAX)]
    client_id: Id | None = None  # whose webhook hears of the stages


class ClaimCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """我来取: I am coming."""

    call_id: Id


class GiveBackCall(ClaimCall, frozen=True, forbid_unknown_fields=True):
    """交回: I cannot come after all."""


class CloseCall(ClaimCall, frozen=True, forbid_unknown_fields=True):
    """已处理: what the call was about is done."""


class CancelCall(ClaimCall, frozen=True, forbid_unknown_fields=True):
    """取消呼叫: nobody needs to come any more."""


class NoteRings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of rings on devices, as their acks told."""

    rings: Annotated[list[c.Heard], msgspec.Meta(max_length=HEARD_PER_COMMAND_MAX)]


class SetTechnician(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """上钟/下钟: a technician's session begins or ends (R-004-34)."""

    technician_id: Name
    on_clock: bool
    name: Annotated[str, msgspec.Meta(max_length=64)] = ""


class Subject(msgspec.Struct):
    """What a call's params point at, as far as it exists."""

    place_id: int | None = None
    order_id: int | None = None
    item_id: int | None = None
    account_ids: list[int] = []
    gone: str = ""  # why nobody needs this call
    number: int | None = None
    place_kind: c.PlaceKind | None = None
    place_name: str = ""
    dish: c.Text | None = None
    quantity: int | None = None

    def shown_on(self, call: c.Call) -> None:
        """Write on a card what it is about, as it will be read back."""
        call.order_id, call.item_id, call.number = self.order_id, self.item_id, self.number
        call.place_kind, call.place_name = self.place_kind, self.place_name
        call.dish, call.quantity = self.dish, self.quantity


class SendFacts(msgspec.Struct):
    """What calls of one shop need to know: the ground of each event, the subject of each call."""

    grounds: dict[c.CallEvent, ringing.Ground]
    subjects: list[Subject]


def send(command: SendImCall, facts: SendFacts, context: Context) -> Decision:
    """Accept calls; per end it says queued, suppressed with a reason, or no such end."""
    decision = Decision(result={"calls": []})
    grounds = dict(facts.grounds)
    for ask, subject in zip(command.calls, facts.subjects, strict=True):
        ground = grounds[ask.event]
        try:
            answer, outcome = _raise(ask, subject, ground, command, context)
        except Refusal as refusal:
            code, sentence, detail = refusal.code, refusal.sentence, refusal.detail
            answer = {"refusal": {"code": code, "sentence": sentence, "detail": detail}}
        else:
            outcome.join(decision)
            if ask.msg_type in ringing.SAID_TOGETHER:
                grounds[ask.event] = ringing.raised_at(ground, context.now_ms)
        decision.result["calls"].append(answer)
    return decision


def _raise(
    ask: Ask, subject: Subject, ground: ringing.Ground, command: SendImCall, context: Context
) -> tuple[dict[str, Any], calls.Outcome]:
    if ask.msg_type == PAD_CALL and ask.template_id is None:
        raise Refusal("bad_field", "A pad call needs a template.", field="msgTemplateId")
    unknown = len(subject.account_ids) < len(set(ask.account_names))
    accounts = sorted({*ask.accounts, *subject.account_ids, *([NOBODY] if unknown else [])})
    channels = ask.channels or (["pad"] if accounts else [])
    if ask.msg_type == PAD_CALL:  # whatever else hears it, its card is on the pads, by their rule
        channels = ["pad", *channels]
    if not channels:
        raise Refusal("bad_field", "Neither a channel nor an account is named.", field="channels")
    row = new_row(ask.event, ask.params, ask.msg_type, channels, context)
    row.call.accounts = accounts
    subject.shown_on(row.call)
    row.place_id, row.template_id = subject.place_id, ask.template_id
    row.technician_id = ask.params.get("technicianId")
    row.source = context.actor.id
    row.client_id = command.client_id if command.client_id in ground.listeners else None
    moment = ringing.Moment(context.now_ms, context.now_ms)
    verdicts, outcome = begun(row, ground, moment, subject.gone)
    return {"call_id": row.call.id, "ends": [verdict(one) for one in verdicts]}, outcome


def new_row(
    event: c.CallEvent,
    params: dict[str, str],
    msg_type: c.MsgType,
    channels: list[c.Channel],
    context: Context,
) -> CallRow:
    """Return a call that was not told to anybody yet."""
    call = c.Call(
        id=context.new_id(), order_id=None, item_id=None, number=None, place_kind=None,
        place_name="", dish=None, quantity=None, state="ringing", rings=1, rings_max=0,
        interval_s=0, raised_at_ms=context.now_ms, rang_at_ms=context.now_ms, event=event,
    )  # fmt: skip
    unique = list(dict.fromkeys(channels))
    return CallRow(call, 0, msg_type=msg_type, channels=unique, params=params)


def begun(
    row: CallRow, ground: ringing.Ground, moment: ringing.Moment, gone: str = ""
) -> tuple[list[ringing.Verdict], calls.Outcome]:
    """Ring a new call for the first time and write it down, heard by somebody or not."""
    ends = ringing.ends_of(row, ground)
    for end in ends:  # what cannot be said is refused here, not when it rings
        ringing.said_in_words(row, ground.policies[end.channel], ground)
    policy = ground.policies[ends[0].channel]
    row.expires_at_ms = moment.now_ms + max(ringing.of_use_ms(e.channel, ground) for e in ends)
    round_ = ringing.Round(row, ground, moment)
    verdicts = [round_.begin(end, gone) for end in ends]
    round_.announce()
    heard = any(one.state == "queued" for one in verdicts)
    ended: calls.Ended | None = None
    if row.is_card and heard:
        _as_card(row, policy, ground, round_.outcome)
    elif not round_.waits:
        row.call.state = "ended"
        ended = calls.Ended("done" if heard else "suppressed", moment.now_ms)
    if not row.is_card or not heard:
        name = "rung" if heard else "suppressed"
        reasons = [{"end": v.end.key, "state": v.state, "reason": v.reason} for v in verdicts]
        round_.outcome.promises += calls.stage(row, name, moment.now_ms, ends=reasons)
    round_.outcome.rows[:0] = calls.stored(row, 1, round_.messages, ended=ended)
    return verdicts, round_.outcome


def _as_card(row: CallRow, policy: Policy, ground: ringing.Ground, outcome: calls.Outcome) -> None:
    """Show the call on the pads, before its voice, and let it ring by the policy."""
    row.call.text = ringing.said_in_words(row, policy, ground).shown
    row.call.interval_s = policy.interval_s
    row.call.rings_max = rings_wanted(policy)
    card = calls.raised(row, 1)
    outcome.said, outcome.promises = card.said + outcome.said, card.promises + outcome.promises
    due_ms = row.call.raised_at_ms + calls.CARD_S_MAX * 1000
    outcome.promises.append(Promise(calls.EXPIRE_CALL, {"call_id": row.call.id}, due_ms))


def verdict(one: ringing.Verdict) -> dict[str, Any]:
    """Return what is answered of an end."""
    return {
        "channel": one.end.channel if one.end.account_id is None else None,
        "account_id": one.end.account_id,
        "state": one.state,
        "reason": one.reason,
        "device_ids": one.end.device_ids,
    }


def claim(command: ClaimCall, row: CallRow, context: Context) -> Decision:
    """Claim a call; the first press wins, the same device may press again."""
    actor = context.actor
    outcome = calls.claimed(row, actor.name, actor.device_id, context.now_ms)
    first = outcome is None
    result = {
        "call_id": row.call.id,
        "changed": not first,
        "by": row.call.claimed_by if first else actor.name,
        "at_ms": row.call.claimed_at_ms if first else context.now_ms,
    }
    outcome = outcome or calls.Outcome()
    return Decision(result, outcome.rows, outcome.said, outcome.promises)


def give_back(command: GiveBackCall, row: CallRow, context: Context) -> Decision:
    """Let the others come: the call rings anew at once; what nobody claimed may be given back again."""
    actor = context.actor
    outcome = calls.given_back(row, actor.name, actor.device_id, context.now_ms)
    decision = Decision({"call_id": row.call.id, "changed": outcome is not None})
    if outcome is None:
        return decision
    if actor.device_id is not None:
        word = {
            "call_id": row.call.id, "ring": row.call.rings, "device_id": actor.device_id,
            "channel": "pad" if actor.role == "waiter" else "cashier",
            "account_id": actor.account_id, "stage": "given_back", "at_ms": context.now_ms,
        }  # fmt: skip
        decision.rows.append(Row("receipt", word))
    return outcome.join(decision)


def close(command: CloseCall, row: CallRow, context: Context) -> Decision:
    """End a business service's call because what it was about is done; again is fine."""
    return _end(row, "served", context)


def cancel_call(command: CancelCall, row: CallRow, context: Context) -> Decision:
    """End a call because nobody needs to come; rings, queued voices and boards' lines are dropped."""
    return _end(row, "cancelled", context)


def _end(row: CallRow, reason: c.CallEnd, context: Context) -> Decision:
    is_open = row.call.state != "ended" or _may_be_heard(row, context.now_ms)
    result: dict[str, Any] = {"call_id": row.call.id, "changed": is_open}
    if not is_open:
        return Decision(result)
    outcome = calls.ended(row, reason, context.now_ms)
    return Decision(result, outcome.rows, outcome.said, outcome.promises)


def _may_be_heard(row: CallRow, now_ms: int) -> bool:
    """Say whether an announcement that rang its last may still wait for a voice or a cook's eye."""
    last_ms = row.expires_at_ms or row.call.rang_at_ms
    return row.ended_reason == "done" and now_ms < last_ms + READ_AFTER_S * 1000


def note(command: NoteRings, facts: None, context: Context) -> Decision:
    """Remember where rings were heard, and tell the cash desk."""
    rows = [Row("receipt", msgspec.to_builtins(one)) for one in command.rings]
    for row in rows:
        del row.values["device_name"]
    said = [Said(c.CallHeard(heard=command.rings), LISTENING)] if command.rings else []
    return Decision({"noted": len(rows)}, rows, said)


def set_technician(command: SetTechnician, facts: None, context: Context) -> Decision:
    """Remember whether a technician is on the clock."""
    values = {
        "id": command.technician_id,
        "name": command.name,
        "on_clock": command.on_clock,
        "changed_at_ms": context.now_ms,
    }
    result = {"technician_id": command.technician_id, "on_clock": command.on_clock}
    return Decision(result, [Row("technician", values)])
