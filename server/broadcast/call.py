"""◆ A call to the pads: rings until somebody says "coming", or until its reason is gone.

`STEPS` is the only place of its transitions. Refuses to know devices and sounds: a ring is a line
in the log, and the pads make the noise.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Promise, Row, Said
from server.events.facts import CallRow
from server.events.topics import call_topics

Verb = Literal["ring", "give_up", "claim", "end"]

STEPS: dict[tuple[c.CallState, Verb], c.CallState] = {
    ("ringing", "ring"): "ringing",
    ("ringing", "give_up"): "unanswered",
    ("ringing", "claim"): "claimed",
    ("unanswered", "claim"): "claimed",
    ("unanswered", "ring"): "ringing",  # the cook calls again
    ("ringing", "end"): "ended",
    ("unanswered", "end"): "ended",
    ("claimed", "end"): "ended",
}

RING_CALL = "RingCall"


class Outcome(msgspec.Struct):
    """Rows, words and promises that a step of a call adds to a decision."""

    rows: list[Row] = []
    said: list[Said] = []
    promises: list[Promise] = []


def raised(call: c.Call, version: int) -> Outcome:
    """Ring for the first time, or anew (version above 1), and promise the next ring."""
    topics = call_topics(escalated=call.escalated)
    return Outcome(
        rows=[_row(call, version)],
        said=[Said(c.CallRaised(call=call), topics)],
        promises=[_next_ring(call)],
    )


def rung(row: CallRow, rang_at_ms: int, now_ms: int) -> Outcome:
    """Ring again, or give up after the last ring; nothing when the call moved on since then.

    `rang_at_ms` is the ring this promise was made at: a call that rang since has its own promise.
    """
    call = row.call
    if call.state != "ringing" or call.rang_at_ms != rang_at_ms:
        return Outcome()
    if call.rings >= call.rings_max:
        tired = msgspec.structs.replace(call, state=STEPS[call.state, "give_up"], escalated=True)
        said = Said(c.CallUnanswered(call=tired), call_topics(escalated=True))
        return Outcome(rows=[_row(tired, row.version + 1)], said=[said])
    again = msgspec.structs.replace(call, rings=call.rings + 1, rang_at_ms=now_ms)
    event = c.CallRang(call_id=call.id, rings=again.rings, at_ms=now_ms)
    return Outcome(
        rows=[_row(again, row.version + 1)],
        said=[Said(event, call_topics(escalated=call.escalated))],
        promises=[_next_ring(again)],
    )


def called_again(row: CallRow, now_ms: int) -> Outcome:
    """Start the rings anew because the cook called again; somebody who is coming is left alone."""
    if row.call.state == "claimed":
        return Outcome()
    anew = msgspec.structs.replace(
        row.call, state=STEPS[row.call.state, "ring"], rings=1, rang_at_ms=now_ms
    )
    return raised(anew, row.version + 1)


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
    event = c.CallClaimed(call_id=call.id, by=by, device_id=device_id, at_ms=now_ms)
    said = Said(event, call_topics(escalated=call.escalated))
    return Outcome(rows=[_row(mine, row.version + 1)], said=[said])


def ended(row: CallRow, reason: c.CallEnd, now_ms: int) -> Outcome:
    """End a call because its reason is gone."""
    over = msgspec.structs.replace(row.call, state=STEPS[row.call.state, "end"])
    event = c.CallEnded(call_id=over.id, reason=reason, at_ms=now_ms)
    said = Said(event, call_topics(escalated=row.call.escalated))
    return Outcome(rows=[_row(over, row.version + 1, reason)], said=[said])


def _next_ring(call: c.Call) -> Promise:
    payload = {"call_id": call.id, "rang_at_ms": call.rang_at_ms}
    return Promise(RING_CALL, payload, call.rang_at_ms + call.interval_s * 1000)


_STORED = (
    "id", "order_id", "item_id", "state", "rings", "rings_max", "interval_s", "raised_at_ms",
    "rang_at_ms", "claimed_by", "claimed_by_device", "claimed_at_ms", "escalated",
)  # fmt: skip


def _row(call: c.Call, version: int, ended_reason: c.CallEnd | None = None) -> Row:
    values: dict[str, Any] = {name: getattr(call, name) for name in _STORED}
    return Row("call", values | {"version": version, "ended_reason": ended_reason})
