"""◆ What people and promises do with calls: say "coming", ring again."""

from __future__ import annotations

import msgspec

from server.broadcast import call as calls
from server.errors import Refusal
from server.events.decision import Context, Decision
from server.events.facts import CallRow
from server.ids import Id


class ClaimCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """我来取: I am coming."""

    call_id: Id


class RingCall(msgspec.Struct, frozen=True):
    """A promise: ring again, unless the call moved on since `rang_at_ms`."""

    call_id: int
    rang_at_ms: int


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


def ring(promise: RingCall, row: CallRow | None, context: Context) -> Decision:
    """Keep the promise of a further ring."""
    if row is None:
        raise Refusal("call_not_found")
    outcome = calls.rung(row, promise.rang_at_ms, context.now_ms)
    return Decision({}, outcome.rows, outcome.said, outcome.promises)
