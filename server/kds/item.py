"""◆ A dish's life in the kitchen (R-004-11…15): the tables are the only place of its transitions.

`STEPS` says where a verb leads, `REPEATS` where it was done before (success, nothing new),
`REFUSED` why not; together they fill the whole grid of states and verbs. Calling again is a step
of its own: the pads ring once more; so is a rush, which outranks a hold. Refuses to know orders,
calls or screens.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from server.errors import Refusal
from server.events.catalogue import Item, ItemState
from server.events.view import STAMPS_AFTER

Verb = Literal[
    "start", "finish", "call", "pick_up", "deliver", "cancel", "hold", "fire", "rush",
    "change",
]  # fmt: skip

STATES: tuple[ItemState, ...] = get_args(ItemState)
VERBS: tuple[Verb, ...] = get_args(Verb)

STEPS: dict[tuple[ItemState, Verb], ItemState] = {
    ("held", "fire"): "queued",
    ("held", "rush"): "queued",
    ("held", "change"): "held",
    ("held", "cancel"): "cancelled",
    ("queued", "start"): "cooking",
    ("queued", "hold"): "held",
    ("queued", "rush"): "queued",
    ("queued", "change"): "queued",
    ("queued", "cancel"): "cancelled",
    ("cooking", "rush"): "cooking",
    ("cooking", "finish"): "ready",
    ("ready", "call"): "called",
    ("called", "call"): "called",
    ("ready", "pick_up"): "picked_up",
    ("called", "pick_up"): "picked_up",
    ("picked_up", "deliver"): "delivered",
}

REPEATS: frozenset[tuple[ItemState, Verb]] = frozenset(
    {
        ("cooking", "start"), ("ready", "start"), ("called", "start"), ("picked_up", "start"),
        ("delivered", "start"),
        ("ready", "finish"), ("called", "finish"), ("picked_up", "finish"), ("delivered", "finish"),
        ("picked_up", "call"), ("delivered", "call"),
        ("picked_up", "pick_up"), ("delivered", "pick_up"),
        ("delivered", "deliver"),
        ("held", "hold"),
        ("queued", "fire"), ("cooking", "fire"), ("ready", "fire"), ("called", "fire"),
        ("picked_up", "fire"), ("delivered", "fire"),
        ("cancelled", "cancel"),
    }
)  # fmt: skip

REFUSED: dict[tuple[ItemState, Verb], str] = {
    ("held", "start"): "item_held",
    ("held", "finish"): "item_not_started",
    ("held", "call"): "item_not_ready",
    ("held", "pick_up"): "item_not_ready",
    ("held", "deliver"): "item_not_picked_up",
    ("queued", "finish"): "item_not_started",
    ("queued", "call"): "item_not_ready",
    ("cooking", "call"): "item_not_ready",
    ("queued", "pick_up"): "item_not_ready",
    ("cooking", "pick_up"): "item_not_ready",
    ("queued", "deliver"): "item_not_picked_up",
    ("cooking", "deliver"): "item_not_picked_up",
    ("ready", "deliver"): "item_not_picked_up",
    ("called", "deliver"): "item_not_picked_up",
    ("cooking", "cancel"): "item_already_started",
    ("ready", "cancel"): "item_already_started",
    ("called", "cancel"): "item_already_started",
    ("picked_up", "cancel"): "item_already_started",
    ("delivered", "cancel"): "item_already_started",
    ("cooking", "change"): "item_already_started",
    ("ready", "change"): "item_already_started",
    ("called", "change"): "item_already_started",
    ("picked_up", "change"): "item_already_started",
    ("delivered", "change"): "item_already_started",
    ("cancelled", "change"): "item_already_cancelled",
    ("cooking", "hold"): "item_already_started",
    ("ready", "hold"): "item_already_started",
    ("called", "hold"): "item_already_started",
    ("picked_up", "hold"): "item_already_started",
    ("delivered", "hold"): "item_already_started",
    ("ready", "rush"): "item_already_ready",
    ("called", "rush"): "item_already_ready",
    ("picked_up", "rush"): "item_already_ready",
    ("delivered", "rush"): "item_already_ready",
    ("cancelled", "start"): "item_already_cancelled",
    ("cancelled", "finish"): "item_already_cancelled",
    ("cancelled", "call"): "item_already_cancelled",
    ("cancelled", "pick_up"): "item_already_cancelled",
    ("cancelled", "deliver"): "item_already_cancelled",
    ("cancelled", "hold"): "item_already_cancelled",
    ("cancelled", "fire"): "item_already_cancelled",
    ("cancelled", "rush"): "item_already_cancelled",
}

# A step taken back: the state a person saw → where the dish returns to. Taking back "finished"
# takes back the call that followed it, so a dish that was called meanwhile goes back as well.
UNDONE: dict[ItemState, ItemState] = {
    "cooking": "queued",
    "ready": "cooking",
    "called": "cooking",
    "picked_up": "ready",
    "delivered": "picked_up",
}
_SEEN_AS: dict[ItemState, frozenset[ItemState]] = {
    "ready": frozenset({"ready", "called"}),
}

STAMP: dict[ItemState, str] = {
    "held": "placed_at_ms",
    "queued": "placed_at_ms",
    "cooking": "started_at_ms",
    "ready": "ready_at_ms",
    "called": "called_at_ms",
    "picked_up": "picked_up_at_ms",
    "delivered": "delivered_at_ms",
    "cancelled": "cancelled_at_ms",
}

# What a repeated verb had reached when it was done first.
REACHED: dict[Verb, ItemState] = {
    "start": "cooking",
    "finish": "ready",
    "call": "called",
    "pick_up": "picked_up",
    "deliver": "delivered",
    "cancel": "cancelled",
}


def next_state(state: ItemState, verb: Verb) -> ItemState | None:
    """Return where `verb` leads from `state`, or None when it was done before.

    Raises `Refusal` with the table's code otherwise.
    """
    if (state, verb) in REPEATS:
        return None
    if (state, verb) in REFUSED:
        raise Refusal(REFUSED[state, verb], state=state)
    return STEPS[state, verb]


def undone_state(state: ItemState, seen: ItemState) -> ItemState | None:
    """Return where taking back `seen` leads, or None when it is taken back already.

    Raises `nothing_to_undo` for a state no step led to, `item_state_changed` when the dish went on.
    """
    back = UNDONE.get(seen)
    if back is None:
        raise Refusal("nothing_to_undo", state=state)
    if state in _SEEN_AS.get(seen, {seen}):
        return back
    if state == back:
        return None
    raise Refusal("item_state_changed", state=state)


def stepped(
    item: Item, state: ItemState, at_ms: int, by: str, device_id: int | None = None
) -> Item:
    """Return the dish one step further, stamped; a cancel is news, whatever was seen before."""
    changes: dict[str, Any] = {"state": state, "by": by, "version": item.version + 1}
    if state == "cancelled":
        changes["confirmed_at_ms"] = None
    if state == "picked_up":
        changes["picked_up_by_device"] = device_id
    return msgspec.structs.replace(item, **changes, **{STAMP[state]: at_ms})


def changed(item: Item, quantity: int, by: str) -> Item:
    """Return the dish with another number of portions; the kitchen is told what it saw last."""
    seen = item.quantity_was or item.quantity
    return msgspec.structs.replace(
        item, quantity=quantity, quantity_was=None if quantity == seen else seen,
        confirmed_at_ms=None, by=by, version=item.version + 1,
    )  # fmt: skip


def is_unconfirmed(item: Item) -> bool:
    """Return whether the kitchen has yet to say that it saw a change or a cancel."""
    is_gone = item.state == "cancelled" and item.confirmed_at_ms is None
    return is_gone or item.quantity_was is not None


def confirmed(item: Item, at_ms: int) -> Item:
    """Return the dish as the kitchen knows it now."""
    return msgspec.structs.replace(
        item, quantity_was=None, confirmed_at_ms=at_ms, version=item.version + 1
    )


def stepped_back(item: Item, state: ItemState, by: str) -> Item:
    """Return the dish back in `state`, with the stamps of later states gone."""
    gone = dict.fromkeys(STAMPS_AFTER[state])
    changes: dict[str, Any] = {"state": state, "by": by, "version": item.version + 1}
    return msgspec.structs.replace(item, **changes, **gone)


_STORED = (
    "id", "version", "state", "by", "quantity", "started_at_ms", "ready_at_ms", "called_at_ms",
    "picked_up_at_ms", "delivered_at_ms", "cancelled_at_ms", "fired_at_ms", "rushed_at_ms", "rushes",
    "quantity_was", "confirmed_at_ms", "shown_at_ms", "shown_on", "unseen_at_ms", "unseen_printed",
    "picked_up_by_device",
)  # fmt: skip


def row(item: Item) -> dict[str, Any]:
    """Return what the write door stores of a dish that took a step."""
    return {name: getattr(item, name) for name in _STORED}
