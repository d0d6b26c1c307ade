"""◆ The kitchen's commands: start, finish, call, pick up, deliver, cancel, take back (R-004-11…15).

Each takes the dish as read and returns a decision. What else follows (calls, retraction) is in
`reactions.py`. Refuses to read or write anything by itself.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Context, Decision, Row, Said
from server.events.facts import CallRow, ShopRules
from server.events.topics import order_topics
from server.ids import Id
from server.kds import item as machine

REASON_CHARACTERS_MAX = 100
QUANTITY_MAX = 99  # of one line of an order

Reason = Annotated[str, msgspec.Meta(max_length=REASON_CHARACTERS_MAX)]


class ItemFacts(msgspec.Struct):
    """What a decision about one dish needs to know."""

    rules: ShopRules
    item: c.Item
    number: int
    place_id: int
    place_kind: c.PlaceKind
    place_name: str
    order_open: bool
    sold_out: bool
    calls: list[CallRow]


Portions = Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)]


class CallItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """通知取餐: tell the waiters (again)."""

    item_id: Id


class PickUpItem(CallItem, frozen=True, forbid_unknown_fields=True):
    """取餐: the dish leaves the kitchen."""


class DeliverItem(CallItem, frozen=True, forbid_unknown_fields=True):
    """送达: the guest has it."""


class StartItem(CallItem, frozen=True, forbid_unknown_fields=True):
    """开始制作: begin cooking, all portions or the first so many."""

    quantity: Portions | None = None


class FinishItem(StartItem, frozen=True, forbid_unknown_fields=True):
    """制作完成: the dish is ready, all portions or the first so many (分批上菜)."""


class CancelItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """退菜: only before cooking began."""

    item_id: Id
    reason: Reason = ""


class ChangeItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """改份数: another number of portions, only before cooking began."""

    item_id: Id
    quantity: Portions


class ConfirmItem(CallItem, frozen=True, forbid_unknown_fields=True):
    """知道了: the cook has seen a change or a cancel."""


class UndoItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """撤销: take back the step that led to `state`, the state the person saw."""

    item_id: Id
    state: c.ItemState


def start(command: StartItem, facts: ItemFacts, context: Context) -> Decision:
    """Begin cooking; a cancelled dish is refused, a cooking one answers success (R-004-11)."""
    return _step_of_some("start", c.ItemStarted, command, facts, context)


def finish(command: FinishItem, facts: ItemFacts, context: Context) -> Decision:
    """Finish a cooking dish (R-004-12)."""
    return _step_of_some("finish", c.ItemFinished, command, facts, context)


def _step_of_some(
    verb: machine.Verb, event: type[Any], command: StartItem, facts: ItemFacts, context: Context
) -> Decision:
    """Take the step with all portions, or with some of them as a dish of their own.

    Raises `item_quantity_exceeded` with what there is. A press that comes twice is known by its command id.
    """
    item, wanted = facts.item, command.quantity
    if wanted is None or machine.next_state(item.state, verb) is None:
        return _step(verb, event, facts, context)
    if wanted > item.quantity:
        raise Refusal("item_quantity_exceeded", quantity=item.quantity)
    if wanted == item.quantity:
        return _step(verb, event, facts, context)
    _refuse_completed(facts)
    left = item.quantity - wanted
    kept = msgspec.structs.replace(
        item, quantity=left, quantity_was=None, version=item.version + 1
    )  # who counts portions has seen how many there are
    part = msgspec.structs.replace(
        kept, id=context.new_id(), quantity=wanted, confirmed_at_ms=None, version=1,
        part_of=item.part_of or item.id,
    )  # fmt: skip
    decision = _step(verb, event, msgspec.structs.replace(facts, item=part), context)
    [(stepped, said)] = zip(decision.rows, decision.said, strict=True)
    new = msgspec.to_builtins(part) | stepped.values
    split = c.ItemSplit(
        **_fields(kept, context) | {"by": context.actor.name}, quantity=kept.quantity, item=part
    )
    decision.rows = [Row("goods_step", machine.row(kept)), Row("goods_new", new)]
    decision.said = [Said(split, said.topics), said]
    return decision


def call(command: CallItem, facts: ItemFacts, context: Context) -> Decision:
    """Tell the waiters; again is fine (R-004-13)."""
    return _step("call", c.ItemCalled, facts, context)


def pick_up(command: PickUpItem, facts: ItemFacts, context: Context) -> Decision:
    """Take a finished dish out, called or not (R-004-14)."""
    return _step("pick_up", c.ItemPickedUp, facts, context, device_id=context.actor.device_id)


def deliver(command: DeliverItem, facts: ItemFacts, context: Context) -> Decision:
    """Hand a picked-up dish to the guest."""
    return _step("deliver", c.ItemDelivered, facts, context)


def cancel(command: CancelItem, facts: ItemFacts, context: Context) -> Decision:
    """Take a dish off the order before anybody began (R-004-15)."""
    actor = context.actor
    if actor.role == "guest" and actor.place_id != facts.place_id:
        raise Refusal("not_allowed")
    return _step("cancel", c.ItemCancelled, facts, context, reason=command.reason)


def change(command: ChangeItem, facts: ItemFacts, context: Context) -> Decision:
    """Change how many are wanted while nobody has begun; the cook sees old and new and confirms."""
    item, actor = facts.item, context.actor
    if actor.role == "guest" and actor.place_id != facts.place_id:
        raise Refusal("not_allowed")
    machine.next_state(item.state, "change")
    if command.quantity == item.quantity:
        return Decision(result=_answer(item, item.state, changed=False))
    _refuse_completed(facts)
    if facts.sold_out and command.quantity > item.quantity:
        raise Refusal("dish_sold_out", dish_id=item.dish_id)
    changed = machine.changed(item, command.quantity, actor.name)
    fields = _fields(changed, context)
    said = c.ItemChanged(**fields, quantity=changed.quantity, quantity_was=changed.quantity_was)
    return _decision(changed, said, facts)


def confirm(command: ConfirmItem, facts: ItemFacts, context: Context) -> Decision:
    """Note that the kitchen saw it; what was seen already answers success."""
    item = facts.item
    if not machine.is_unconfirmed(item):
        return Decision(result=_answer(item, item.state, changed=False))
    _refuse_completed(facts)
    changed = machine.confirmed(item, context.now_ms)
    fields = _fields(changed, context) | {"by": context.actor.name}
    return _decision(changed, c.ItemConfirmed(**fields), facts)


def undo(command: UndoItem, facts: ItemFacts, context: Context) -> Decision:
    """Take back a mistaken step; what it caused is retracted by `reactions.py`."""
    _refuse_completed(facts)
    back = machine.undone_state(facts.item.state, command.state)
    if back is None:
        return Decision(result=_answer(facts.item, facts.item.state, changed=False))
    changed = machine.stepped_back(facts.item, back, context.actor.name)
    fields = _fields(changed, context) | {"state": back}
    return _decision(changed, c.ItemUndone(**fields), facts)


def _step(
    verb: machine.Verb, event: type[Any], facts: ItemFacts, context: Context, **more: Any
) -> Decision:
    state = machine.next_state(facts.item.state, verb)
    if state is None:
        return Decision(result=_answer(facts.item, machine.REACHED[verb], changed=False))
    _refuse_completed(facts)
    actor = context.actor
    changed = machine.stepped(facts.item, state, context.now_ms, actor.name, actor.device_id)
    return _decision(changed, event(**_fields(changed, context), **more), facts)


def _refuse_completed(facts: ItemFacts) -> None:
    if not facts.order_open:
        raise Refusal("order_completed")


def _fields(changed: c.Item, context: Context) -> dict[str, Any]:
    return {
        "order_id": changed.order_id,
        "item_id": changed.id,
        "at_ms": context.now_ms,
        "by": changed.by,
        "version": changed.version,
    }


def _decision(changed: c.Item, event: c.Event, facts: ItemFacts) -> Decision:
    topics = order_topics(facts.place_id, facts.place_kind, [changed.station_id])
    if changed.unseen_at_ms is not None and changed.shown_at_ms is None:
        topics |= {"cashier"}  # the desk worries about it
    return Decision(
        result=_answer(changed, changed.state, changed=True),
        rows=[Row("goods_step", machine.row(changed))],
        said=[Said(event, topics)],
    )


def _answer(item: c.Item, reached: c.ItemState, *, changed: bool) -> dict[str, Any]:
    """Who did it and when: on a repeat the first person's name ("already done by …")."""
    return {
        "item_id": item.id,
        "state": item.state,
        "version": item.version,
        "changed": changed,
        "by": item.by,
        "at_ms": getattr(item, machine.STAMP[reached]) or item.placed_at_ms,
    }
