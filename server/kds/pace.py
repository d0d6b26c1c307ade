"""◆ The pace a table asks for: 催菜 (rush), 等叫 (hold) and 起菜 (fire), for one dish or for all that are to come.

A dish on hold is seen and not begun; a rush outranks a hold, so it lets the dish go as well. Refuses to
know who made the guest wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from server.errors import Refusal
from server.events import catalogue as c
from server.events import pace as said
from server.events.decision import Context, Decision, Row, Said
from server.events.facts import ShopRules
from server.events.topics import order_topics
from server.ids import Id
from server.kds import item as machine

ITEMS_MAX = 200  # as many as an order may have
RUSH_AGAIN_S = 120  # an impatient thumb is one rush

Pace = Literal["hold", "fire", "rush"]


class RushItems(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """催菜: these dishes are waited for; without `item_ids` all that are to come and not on hold."""

    order_id: Id
    item_ids: Annotated[list[Id], msgspec.Meta(max_length=ITEMS_MAX)] = []


class HoldItems(RushItems, frozen=True, forbid_unknown_fields=True):
    """等叫: do not begin with these yet."""


class FireItems(RushItems, frozen=True, forbid_unknown_fields=True):
    """起菜: begin with these now."""


class OrderFacts(msgspec.Struct):
    """What a decision about several dishes of an order needs to know."""

    rules: ShopRules
    order: c.Order
    order_open: bool


def rush(command: RushItems, facts: OrderFacts, context: Context) -> Decision:
    """Tell the kitchen that somebody waits; within two minutes again is the same rush."""

    def is_new(item: c.Item) -> bool:
        known_ms = item.rushed_at_ms
        return known_ms is None or context.now_ms - known_ms >= RUSH_AGAIN_S * 1000

    return _paced("rush", said.ItemsRushed, command, facts, context, is_new)


def hold(command: HoldItems, facts: OrderFacts, context: Context) -> Decision:
    """Let dishes wait that nobody has begun."""
    return _paced("hold", said.ItemsHeld, command, facts, context)


def fire(command: FireItems, facts: OrderFacts, context: Context) -> Decision:
    """Let dishes go that were on hold."""
    return _paced("fire", said.ItemsFired, command, facts, context)


def _paced(
    verb: Pace, kind: type[Any], command: RushItems, facts: OrderFacts, context: Context,
    is_new: Callable[[c.Item], bool] = lambda _: True,
) -> Decision:  # fmt: skip
    order, actor = facts.order, context.actor
    if actor.role == "guest" and actor.place_id != order.place_id:
        raise Refusal("not_allowed")
    if not facts.order_open:
        raise Refusal("order_completed")
    changed = [
        paced(item, verb, context.now_ms, actor.name)
        for item in _wanted(verb, command, order)
        if machine.next_state(item.state, verb) is not None and is_new(item)
    ]
    result = {
        "order_id": order.id,
        "item_ids": [item.id for item in changed],
        "changed": bool(changed),
    }
    if not changed:
        return Decision(result=result)
    marks = [said.ItemMark(item.id, item.version) for item in changed]
    topics = order_topics(order.place_id, order.place_kind, {item.station_id for item in changed})
    event = kind(order_id=order.id, items=marks, at_ms=context.now_ms, by=actor.name)
    rows = [Row("goods_step", machine.row(item)) for item in changed]
    return Decision(result=result, rows=rows, said=[Said(event, topics)])


def _wanted(verb: Pace, command: RushItems, order: c.Order) -> list[c.Item]:
    """Return the dishes that are meant. Raises what the table says of one that was named and cannot."""
    if not command.item_ids:
        asleep = (
            "held" if verb == "rush" else None
        )  # to ask where it is does not begin the next course
        able = [item for item in order.items if (item.state, verb) in machine.STEPS]
        return [item for item in able if item.state != asleep]
    known = {item.id: item for item in order.items}
    for item_id in command.item_ids:
        if item_id not in known:
            raise Refusal("item_not_found", item_id=item_id)
        machine.next_state(known[item_id].state, verb)
    return [known[item_id] for item_id in dict.fromkeys(command.item_ids)]


def paced(item: c.Item, verb: Pace, at_ms: int, by: str) -> c.Item:
    """Return the dish held, let go or rushed, stamped."""
    state = machine.STEPS[item.state, verb]
    changes: dict[str, Any] = {"state": state, "by": by, "version": item.version + 1}
    if item.state == "held":
        changes["fired_at_ms"] = at_ms
    if verb == "hold":
        changes["fired_at_ms"] = None
    if verb == "rush":
        changes |= {"rushed_at_ms": at_ms, "rushes": item.rushes + 1}
    return msgspec.structs.replace(item, **changes)
