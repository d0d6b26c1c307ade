"""◆ THE DAY: event → what else happens, in order, in the same transaction.

`commands.py` says what people may do; this page says what the house does about it. Each reaction
takes the event, the facts it was decided on and the context, and returns what it adds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from server.broadcast import call as calls
from server.events import catalogue as c
from server.events import display, pace
from server.events.decision import Context, Decision, Promise
from server.events.facts import CallRow
from server.kds.commands import ItemFacts
from server.kds.display import SHOWN_WITHIN_S, OrderOnScreens
from server.kds.pace import OrderFacts
from server.orders.commands import PlaceFacts

CALL_ITEM = "CallFinishedItem"
PRINT_ROUND = "PrintRound"
PRINT_CHANGE = "PrintChange"
PROVE_SHOWN = "ProveShown"

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
    """Raise the card for the dish, or ring anew when one is open; then give it its voice."""
    card = next((row for row in facts.calls if row.is_dish_card), None)
    if card is None:
        card = CallRow(_card(facts, context), 0, place_id=facts.place_id, params=_dish(facts))
        outcome = calls.raised(card, version=1)
    else:
        outcome = calls.called_again(card, context.now_ms)
    if outcome.said:
        outcome.promises.append(_voice_of_card(card.call.id, facts, context))
    return outcome


def _card(facts: ItemFacts, context: Context) -> c.Call:
    item, rules = facts.item, facts.rules
    return c.Call(
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


def _voice_of_card(call_id: int, facts: ItemFacts, context: Context) -> Promise:
    item = facts.item
    payload = {
        "event": "item_ready",
        "at_ms": context.now_ms,
        "call_id": call_id,
        "place_id": facts.place_id,
        "order_id": item.order_id,
        "item_id": item.id,
        "tag": facts.place_kind == "tag",
        "params": _dish(facts),
    }
    return Promise(calls.ANNOUNCE, payload, context.now_ms)


def call_what_is_left(
    event: c.ItemCancelled | c.ItemPickedUp, facts: ItemFacts, context: Context
) -> calls.Outcome:
    """A dish that held a number back is gone: what was called of it before may be collected now."""
    if facts.item.state not in {"queued", "ready"} or facts.place_kind == "tag":
        return calls.Outcome()
    words = _number(facts.place_kind, facts.place_name, facts.number)
    return _call_number(facts.place_id, facts.item.order_id, facts.item.id, words, context)


def call_what_is_not_held(
    event: pace.ItemsHeld, facts: OrderFacts, context: Context
) -> calls.Outcome:
    """What was called before is collected without the course that waits.

    Which dishes went with it says how they stood before: let go and held again, a dish was one of a later course.
    """
    order, outcome = facts.order, calls.Outcome()
    if order.place_kind == "tag":
        return outcome
    held = {mark.item_id for mark in event.items}
    went = {(item.round, item.fired_at_ms) for item in order.items if item.id in held}
    called = [item for item in order.items if item.state == "called"]
    words = _number(order.place_kind, order.place_name, order.number)
    for item in {(item.round, item.fired_at_ms): item for item in called}.values():
        if (item.round, item.fired_at_ms) in went:
            outcome.add(_call_number(order.place_id, order.id, item.id, words, context))
    return outcome


def _call_number(
    place_id: int, order_id: int, item_id: int, words: dict[str, str], context: Context
) -> calls.Outcome:
    payload = {
        "event": "item_ready", "at_ms": context.now_ms, "place_id": place_id, "order_id": order_id,
        "item_id": item_id, "left": True, "params": words,
    }  # fmt: skip
    return calls.Outcome(promises=[Promise(calls.ANNOUNCE, payload, context.now_ms)])


def announce_order(event: c.OrderPlaced, facts: PlaceFacts, context: Context) -> calls.Outcome:
    """Let the kitchen hear a room's order, the cash desk a wrist tag's (R-004-10)."""
    return _announced("order_placed", event.order, event.order.items, context)


def announce_cancel(event: c.ItemCancelled, facts: ItemFacts, context: Context) -> calls.Outcome:
    """Offer the cancel to the voice; by default it only refreshes the screens (R-004-15)."""
    item = facts.item
    payload = {
        "event": "item_cancelled",
        "at_ms": context.now_ms,
        "place_id": facts.place_id,
        "order_id": item.order_id,
        "tag": facts.place_kind == "tag",
        "params": _dish(facts),
    }
    return calls.Outcome(promises=[Promise(calls.ANNOUNCE, payload, context.now_ms)])


def announce_rush(event: pace.ItemsRushed, facts: OrderFacts, context: Context) -> calls.Outcome:
    """Let the kitchen hear that somebody waits, and for what."""
    rushed = {mark.item_id for mark in event.items}
    dishes = [item for item in facts.order.items if item.id in rushed]
    return _announced("order_rushed", facts.order, dishes, context)


def _dish(facts: ItemFacts) -> dict[str, str]:
    goods = [(facts.item.name, facts.item.quantity)]
    return _about(facts.place_kind, facts.place_name, facts.number, goods)


def _about(
    place_kind: str, place_name: str, number: int, goods: list[tuple[c.Text, int]]
) -> dict[str, str]:
    """Return the params of the house's templates; several dishes read as one list.

    `{goodsName}{num}份` is the client's sentence for one dish (R-004-35): all but the last dish
    stand inside the name with their numbers, so the same sentence holds for a whole order.
    """
    *first, (name, quantity) = goods[:GOODS_SPOKEN_MAX]
    return {
        "goodsName": "".join(f"{dish.zh}{count}份，" for dish, count in first) + name.zh,
        "goodsName_en": "".join(f"{dish.en} × {count}, " for dish, count in first) + name.en,
        "num": str(quantity),
        **_number(place_kind, place_name, number),
    }


def _number(place_kind: str, place_name: str, number: int) -> dict[str, str]:
    return {
        "placeKind": place_kind,
        "roomName": place_name,
        "number": f"{number:02d}",  # as the screens write it (R-004-9)
    }


GOODS_SPOKEN_MAX = 6  # a sentence people can follow


def _end_calls(reason: c.CallEnd) -> Reaction:
    def end(event: c.Event, facts: ItemFacts | PlaceFacts, context: Context) -> calls.Outcome:
        outcome = calls.Outcome()
        for row in facts.calls:
            outcome.add(calls.ended(row, reason, context.now_ms))
        return outcome

    end.__name__ = f"end_calls_{reason}"
    return end


def remind_who_comes(event: c.CallClaimed, facts: CallRow, context: Context) -> calls.Outcome:
    """Promise to tell whoever said "coming" again, should it still wait when the shop's policy says."""
    payload = {"call_id": event.call_id, "claimed_at_ms": context.now_ms}
    due_ms = context.now_ms + calls.REMIND_LOOK_S * 1000
    return calls.Outcome(promises=[Promise(calls.REMIND_CLAIMER, payload, due_ms)])


def prove_shown(event: c.OrderPlaced, facts: PlaceFacts, context: Context) -> calls.Outcome:
    """Look, ten seconds later, whether a screen showed the new dishes."""
    payload = {"order_id": event.order.id, "round": event.round}
    due_ms = context.now_ms + SHOWN_WITHIN_S * 1000
    return calls.Outcome(promises=[Promise(PROVE_SHOWN, payload, due_ms)])


def announce_unseen(
    event: display.ItemsUnseen, facts: OrderOnScreens, context: Context
) -> calls.Outcome:
    """Let the cash desk hear that no screen showed a dish."""
    return _announced("item_unseen", facts.order, event.unseen.dishes, context)


def _announced(
    event: str, order: c.Order, dishes: Sequence[c.Item | display.UnseenDish], context: Context
) -> calls.Outcome:
    """Let it be said of these dishes of an order."""
    goods = [(dish.name, dish.quantity) for dish in dishes]
    payload = {
        "event": event,
        "at_ms": context.now_ms,
        "place_id": order.place_id,
        "order_id": order.id,
        "tag": order.place_kind == "tag",
        "params": _about(order.place_kind, order.place_name, order.number, goods),
    }
    return calls.Outcome(promises=[Promise(calls.ANNOUNCE, payload, context.now_ms)])


def print_round(event: c.OrderPlaced, facts: PlaceFacts, context: Context) -> calls.Outcome:
    """Let the stations' tickets come out, where there is a printer."""
    if not facts.rules.prints:
        return calls.Outcome()
    payload = {"order_id": event.order.id, "round": event.round}
    return calls.Outcome(promises=[Promise(PRINT_ROUND, payload, context.now_ms)])


def print_cancel(event: c.ItemCancelled, facts: ItemFacts, context: Context) -> calls.Outcome:
    """What was printed may be hanging over the stove: a paper says that it is not wanted (退菜)."""
    if not facts.rules.prints:
        return calls.Outcome()
    return _print_change(event.order_id, [event.item_id], "cancel", context)


def print_amount(event: c.ItemChanged, facts: ItemFacts, context: Context) -> calls.Outcome:
    """What was printed says another number than is wanted now."""
    if not facts.rules.prints:
        return calls.Outcome()
    return _print_change(event.order_id, [event.item_id], "change", context)


def print_pace(
    event: pace.ItemsRushed | pace.ItemsFired, facts: OrderFacts, context: Context
) -> calls.Outcome:
    """Stations without a screen hear of 催菜 and 起菜 by paper."""
    if not facts.rules.prints:
        return calls.Outcome()
    mark = "rush" if isinstance(event, pace.ItemsRushed) else "fire"
    return _print_change(event.order_id, [one.item_id for one in event.items], mark, context)


def _print_change(order_id: int, item_ids: list[int], mark: str, context: Context) -> calls.Outcome:
    payload = {
        "order_id": order_id, "item_ids": item_ids, "mark": mark, "at_ms": context.now_ms,
    }  # fmt: skip
    return calls.Outcome(promises=[Promise(PRINT_CHANGE, payload, context.now_ms)])


REACTIONS: dict[type[Any], tuple[Reaction, ...]] = {
    c.OrderPlaced: (announce_order, print_round, prove_shown),
    display.ItemsUnseen: (announce_unseen,),
    c.ItemFinished: (call_after_a_while,),
    c.ItemCalled: (ring_the_pads,),
    c.ItemPickedUp: (_end_calls("picked_up"), call_what_is_left),
    c.ItemCancelled: (
        _end_calls("item_cancelled"),
        announce_cancel,
        print_cancel,
        call_what_is_left,
    ),
    c.ItemChanged: (print_amount,),
    pace.ItemsRushed: (announce_rush, print_pace),
    pace.ItemsHeld: (call_what_is_not_held,),
    pace.ItemsFired: (print_pace,),
    c.ItemUndone: (_end_calls("undone"), call_if_back_at_the_pass),
    c.PlaceCleaned: (_end_calls("cleaned"),),
    c.CallClaimed: (remind_who_comes,),
}


def react(decision: Decision, facts: Any, context: Context) -> None:
    """Add to `decision` what its own events cause; reactions cause no further reactions."""
    for said in list(decision.said):
        for reaction in REACTIONS.get(type(said.event), ()):
            outcome = reaction(said.event, facts, context)
            decision.rows += outcome.rows
            decision.said += outcome.said
            decision.promises += outcome.promises
