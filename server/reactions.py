"""◆ THE DAY: event → what else happens, in order, in the same transaction.

`commands.py` says what people may do; this page says what the house does about it. Each reaction
takes the event, the facts it was decided on and the context, and returns what it adds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.broadcast import call as calls
from server.events import catalogue as c
from server.events.decision import Context, Decision, Promise
from server.kds.commands import ItemFacts
from server.orders.commands import PlaceFacts

CALL_ITEM = "CallFinishedItem"

Reaction = Callable[[Any, Any, Context], calls.Outcome]


def call_after_a_while(
    event: c.ItemFinished | c.ItemUndone, facts: ItemFacts, context: Context
) -> calls.Outcome:
    """Promise the call to the pads: after the seconds in which a cook takes a slip back."""
    wait_s = facts.rules.call_after_finish_s
    if wait_s is None:
        return calls.Outcome()
    payload = {"item_id": event.item_id, "version": event.version}
    promise = Promise(CALL_ITEM, payload, context.now_ms + wait_s * 1000)
    return calls.Outcome(promises=[promise])


def call_if_back_at_the_pass(
    event: c.ItemUndone, facts: ItemFacts, context: Context
) -> calls.Outcome:
    """A pick-up taken back leaves the dish at the pass: somebody must come for it after all."""
    return call_after_a_while(event, facts, context) if event.state == "ready" else calls.Outcome()


def ring_the_pads(event: c.ItemCalled, facts: ItemFacts, context: Context) -> calls.Outcome:
    """Raise a call for the dish, or ring anew when one is open."""
    if facts.calls:
        return calls.called_again(facts.calls[0], context.now_ms)
    item, rules = facts.item, facts.rules
    call = c.Call(
        id=context.new_id(),
        order_id=item.order_id,
        item_id=item.id,
        number=facts.number,
        place_kind=facts.place_kind,
        place_name=facts.place_name,
        dish=item.name,
        quantity=item.quantity,
        state="ringing",
        rings=1,
        rings_max=rules.call_rings_max,
        interval_s=rules.call_interval_s,
        raised_at_ms=context.now_ms,
        rang_at_ms=context.now_ms,
    )
    return calls.raised(call, version=1)


def _end_calls(reason: c.CallEnd) -> Reaction:
    def end(event: c.Event, facts: ItemFacts | PlaceFacts, context: Context) -> calls.Outcome:
        outcome = calls.Outcome()
        for row in facts.calls:
            over = calls.ended(row, reason, context.now_ms)
            outcome.rows += over.rows
            outcome.said += over.said
        return outcome

    end.__name__ = f"end_calls_{reason}"
    return end


REACTIONS: dict[type[Any], tuple[Reaction, ...]] = {
    c.ItemFinished: (call_after_a_while,),
    c.ItemCalled: (ring_the_pads,),
    c.ItemPickedUp: (_end_calls("picked_up"),),
    c.ItemUndone: (_end_calls("undone"), call_if_back_at_the_pass),
    c.PlaceCleaned: (_end_calls("cleaned"),),
}


def react(decision: Decision, facts: Any, context: Context) -> None:
    """Add to `decision` what its own events cause; reactions cause no further reactions."""
    for said in list(decision.said):
        for reaction in REACTIONS.get(type(said.event), ()):
            outcome = reaction(said.event, facts, context)
            decision.rows += outcome.rows
            decision.said += outcome.said
            decision.promises += outcome.promises
