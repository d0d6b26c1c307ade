"""◆ A call: rings until somebody says "coming", or until its reason is gone.

`STEPS` is the only place of its transitions; a pad call is a card on the pads as well. Refuses to
know devices and sounds: a ring is a line in the log, the ends make the noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import CARD_RANG, END_RANG, END_SAID, Decision, Promise, Row, Said
from server.events.facts import CallRow
from server.events.topics import LISTENING, account_topics, call_topics, channel_topics

Verb = Literal["ring", "give_up", "claim", "give_back", "end"]

STEPS: dict[tuple[c.CallState, Verb], c.CallState] = {
    ("ringing", "ring"): "ringing",
    ("ringing", "give_up"): "unanswered",
    ("ringing", "claim"): "claimed",
    ("unanswered", "claim"): "claimed",
    ("unanswered", "ring"): "ringing",  # the cook calls again
    ("claimed", "give_back"): "ringing",
    ("ringing", "end"): "ended",
    ("unanswered", "end"): "ended",
    ("claimed", "end"): "ended",
    ("ended", "end"): "ended",  # said, and taken back while it may still be heard or read
}

RING_CALL = "RingCall"
ANNOUNCE = "Announce"
REMIND_CLAIMER = "RemindClaimer"
POST_WEBHOOK = "PostWebhook"
REMIND_LOOK_S = 10  # the least a policy may say; then the promise reads what it does say
EXPIRE_CALL = "ExpireCall"
CARD_S_MAX = 2 * 3600  # a service's card that nobody closes leaves the pads

MessageState = Literal["queued", "sent", "suppressed"]


class Message(msgspec.Struct, frozen=True):
    """One ring of a call at one end, as stored: a channel, or `account:12`."""

    end_key: str
    ring: int
    state: MessageState
    due_at_ms: int
    reason: str = ""
    sent_at_ms: int | None = None
    spoken_by: int | None = None


class Outcome(msgspec.Struct):
    """Rows, words and promises that a step of a call adds to a decision."""

    rows: list[Row] = []
    said: list[Said] = []
    promises: list[Promise] = []

    def add(self, other: Outcome) -> None:
        """Append what another step adds."""
        self.rows += other.rows
        self.said += other.said
        self.promises += other.promises

    def join(self, decision: Decision) -> Decision:
        """Put all of it into a decision and return it."""
        decision.rows += self.rows
        decision.said += self.said
        decision.promises += self.promises
        return decision


def card_topics(row: CallRow) -> frozenset[str]:
    """Return who sees the call's card."""
    return call_topics(row.call.accounts, escalated=row.call.escalated)


def heard_topics(row: CallRow) -> frozenset[str]:
    """Return everybody who may have heard of the call, and so must hear of its end."""
    ends = channel_topics(row.channels, row.place_id) | account_topics(row.call.accounts)
    return ends | (card_topics(row) if row.is_card else frozenset()) | LISTENING


def raised(row: CallRow, version: int) -> Outcome:
    """Ring for the first time, or anew (version above 1), and promise the next ring."""
    return Outcome(
        rows=stored(row, version),
        said=[Said(c.CallRaised(call=row.call), card_topics(row))],
        promises=[_next_ring(row.call), *stage(row, "rung", row.call.rang_at_ms)],
    )


def rung(row: CallRow, rang_at_ms: int, now_ms: int) -> tuple[CallRow, Outcome]:
    """Ring again, or give up after the last ring; nothing when the call moved on since then.

    `rang_at_ms` is the ring this promise was made at: a call that rang since has its own promise.
    Returns the call as it is afterwards, too; its row is the caller's to store (`stored`).
    """
    call = row.call
    if call.state != "ringing" or call.rang_at_ms != rang_at_ms:
        return row, Outcome()
    if call.rings_max and call.rings >= call.rings_max:
        return _given_up(row, now_ms)
    again = msgspec.structs.replace(call, rings=call.rings + 1, rang_at_ms=now_ms)
    event = c.CallRang(call_id=call.id, rings=again.rings, at_ms=now_ms)
    after = msgspec.structs.replace(row, call=again)
    return after, Outcome(
        said=[Said(event, card_topics(row))],
        promises=[_next_ring(again), *stage(row, "rung", now_ms, ring=again.rings)],
    )


def _given_up(row: CallRow, now_ms: int) -> tuple[CallRow, Outcome]:
    tired = msgspec.structs.replace(
        row.call, state=STEPS[row.call.state, "give_up"], escalated=True
    )
    after = msgspec.structs.replace(row, call=tired)
    return after, Outcome(
        said=[Said(c.CallUnanswered(call=tired), card_topics(after))],
        promises=stage(row, "escalated", now_ms),
    )


def called_again(row: CallRow, now_ms: int) -> Outcome:
    """Start the rings anew because the cook called again; somebody who is coming is left alone."""
    if row.call.state == "claimed":
        return Outcome()
    anew = msgspec.structs.replace(
        row.call, state=STEPS[row.call.state, "ring"], rings=1, rang_at_ms=now_ms
    )
    return raised(msgspec.structs.replace(row, call=anew), row.version + 1)


def claimed(row: CallRow, by: str, device_id: int | None, now_ms: int) -> Outcome | None:
    """Stop the rings: somebody is coming. None when the same device claimed it before.

    Raises `call_already_claimed` with the name of who is coming, or `call_ended`.
    """
    call = row.call
    if call.state == "claimed":
        if device_id is not None and call.claimed_by_device == device_id:
            return None
        raise Refusal("call_already_claimed", by=call.claimed_by, at_ms=call.claimed_at_ms)
    if call.state == "ended":
        raise Refusal("call_ended")
    mine = msgspec.structs.replace(
        call,
        state=STEPS[call.state, "claim"],
        claimed_by=by,
        claimed_by_device=device_id,
        claimed_at_ms=now_ms,
    )
    after = msgspec.structs.replace(row, call=mine)
    if not row.is_card:  # heard and understood: nobody has to go anywhere
        return ended(after, "acknowledged", now_ms)
    event = c.CallClaimed(call_id=call.id, by=by, device_id=device_id, at_ms=now_ms)
    return Outcome(
        rows=stored(after, row.version + 1),
        said=[Said(event, heard_topics(row))],
        promises=stage(row, "claimed", now_ms, by=by, device_id=device_id),
    )


def given_back(row: CallRow, by: str, device_id: int | None, now_ms: int) -> Outcome | None:
    """Let a claimed call ring anew, its first ring due now. None when nobody is coming anyway.

    Raises `call_already_claimed` with the name of somebody else who is coming, or `call_ended`.
    """
    call = row.call
    if call.state == "ended":
        raise Refusal("call_ended")
    if call.state != "claimed":
        return None
    if call.claimed_by_device != device_id or (device_id is None and call.claimed_by != by):
        raise Refusal("call_already_claimed", by=call.claimed_by, at_ms=call.claimed_at_ms)
    anew = msgspec.structs.replace(
        call, state=STEPS[call.state, "give_back"], rings=0, rang_at_ms=now_ms,
        claimed_by="", claimed_by_device=None, claimed_at_ms=None,
    )  # fmt: skip
    after = msgspec.structs.replace(row, call=anew, reminders=0)
    event = c.CallGivenBack(call_id=call.id, by=by, device_id=device_id, at_ms=now_ms)
    return Outcome(
        rows=stored(after, row.version + 1, given_back=True),
        said=[Said(event, heard_topics(row))],
        promises=[
            Promise(RING_CALL, {"call_id": call.id, "rang_at_ms": now_ms}, now_ms),
            *stage(row, "given_back", now_ms, by=by, device_id=device_id),
        ],
    )


def ended(row: CallRow, reason: c.CallEnd, now_ms: int) -> Outcome:
    """End a call because its reason is gone; ends drop what they still wanted to say of it."""
    over = msgspec.structs.replace(row.call, state=STEPS[row.call.state, "end"])
    event = c.CallEnded(call_id=over.id, reason=reason, at_ms=now_ms)
    after = msgspec.structs.replace(row, call=over)
    return Outcome(
        rows=stored(after, row.version + 1, ended=Ended(reason, now_ms)),
        said=[Said(event, heard_topics(row))],
        promises=stage(row, "ended", now_ms, reason=reason),
    )


def _next_ring(call: c.Call) -> Promise:
    payload = {"call_id": call.id, "rang_at_ms": call.rang_at_ms}
    return Promise(RING_CALL, payload, call.rang_at_ms + call.interval_s * 1000)


def stage(row: CallRow, name: str, at_ms: int, **detail: Any) -> list[Promise]:
    """Promise to tell the business service that raised the call; nobody else is told."""
    if row.client_id is None:
        return []
    payload = {
        "client_id": row.client_id,
        "call_id": row.call.id,
        "stage": name,
        "at_ms": at_ms,
        "detail": detail,
    }
    return [Promise(POST_WEBHOOK, payload, at_ms)]


class Ended(NamedTuple):
    """Why and when a call was over."""

    reason: c.CallEnd
    at_ms: int


_NEW_OF_CALL = (
    "id", "order_id", "item_id", "state", "rings", "rings_max", "interval_s", "raised_at_ms",
    "rang_at_ms", "claimed_by", "escalated", "event", "text", "accounts",
)  # fmt: skip
_NEW_OF_ROW = (
    "msg_type", "channels", "params", "template_id", "place_id", "technician_id", "source",
    "client_id", "expires_at_ms",
)  # fmt: skip
_STEP_OF_CALL = (
    "id", "state", "rings", "rings_max", "interval_s", "rang_at_ms", "claimed_by",
    "claimed_by_device", "claimed_at_ms", "escalated",
)  # fmt: skip
_STEP_OF_ROW = ("channels", "params", "reminders")
_RING_OF_CALL = ("id", "rings", "rings_max", "interval_s", "rang_at_ms")


def stored(
    row: CallRow,
    version: int,
    messages: Sequence[Message] = (),
    *,
    ended: Ended | None = None,
    given_back: bool = False,
) -> list[Row]:
    """Return the rows to write: the call, and its rings; version 1 is a new call."""
    of_call, of_row = (_NEW_OF_CALL, _NEW_OF_ROW) if version == 1 else (_STEP_OF_CALL, _STEP_OF_ROW)
    values: dict[str, Any] = {name: getattr(row.call, name) for name in of_call}
    values |= {name: getattr(row, name) for name in of_row}
    values["version"] = version
    if ended:
        values |= {"ended_reason": ended.reason, "ended_at_ms": ended.at_ms}
    if given_back:
        values["given_back"] = True
    return [Row("call.new" if version == 1 else "call.step", values), *_rings(row, messages)]


def stored_ring(row: CallRow, messages: Sequence[Message], *, counted: bool) -> list[Row]:
    """Return the rows of a further ring, for a call that changes in nothing else.

    `counted`: the card counts its rings. Otherwise its row only has to be as it was read; an end
    must have armed its next ring then (migration 0044 says why that is enough).
    """
    if counted and all(one.state == "sent" for one in messages):
        return _card_rang(row, messages)
    if not counted and [one.state for one in messages] == ["sent", "queued"]:
        return [_end_rang(row, *messages)]
    values: dict[str, Any] = {"id": row.call.id, "read": row.version, "version": row.version}
    if counted:
        values |= {name: getattr(row.call, name) for name in _RING_OF_CALL}
        values["version"] = row.version + 1
    return [Row("call.ring", values), *_rings(row, messages)]


def _end_rang(row: CallRow, said: Message, following: Message) -> Row:
    """Return what nearly every repeat comes to, in one line: this ring was said, the next one waits."""
    values = {
        "id": row.call.id, "read": row.version, "end_key": said.end_key, "ring": said.ring,
        "next_ms": following.due_at_ms,
    }  # fmt: skip
    return Row(END_RANG, values)


def _card_rang(row: CallRow, messages: Sequence[Message]) -> list[Row]:
    call = row.call
    values = {
        "id": call.id, "read": row.version, "rings": call.rings, "rings_max": call.rings_max,
        "interval_s": call.interval_s,
    }  # fmt: skip
    said = [
        {"id": call.id, "end_key": one.end_key, "ring": one.ring, "due_ms": one.due_at_ms}
        for one in messages
    ]
    return [Row(CARD_RANG, values), *(Row(END_SAID, one) for one in said)]


def _rings(row: CallRow, messages: Sequence[Message]) -> list[Row]:
    return [
        Row(
            "call.message",
            {
                "id": row.call.id,
                "end_key": one.end_key,
                "ring": one.ring,
                "state": one.state,
                "reason": one.reason,
                "due_at_ms": one.due_at_ms,
                "sent_at_ms": one.sent_at_ms,
                "spoken_by": one.spoken_by,
            },
        )
        for one in messages
    ]
