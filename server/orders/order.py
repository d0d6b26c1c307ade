"""◆ An order: numbers, business days, rounds, and what may stand on one.

A guest's later rounds join the open order of the same place until the room is cleaned (R-004-8).
Refuses to know the kitchen's steps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from server.errors import Refusal
from server.events.catalogue import Item, Modifier
from server.events.menu import Dish

OrderState = Literal["queued", "cooking", "ready", "delivering", "delivered", "cancelled"]


def queue_label(number: int) -> str:
    """Return `#01`: two digits at least, growing past `#99` (R-004-9, reading A22)."""
    return f"#{number:02d}"


def fold(items: Iterable[Item]) -> OrderState:
    """Return an order's state: the least advanced of what the guest still wants."""
    states = {item.state for item in items if item.state != "cancelled"}
    if not states:
        return "cancelled"
    if states == {"delivered"}:
        return "delivered"
    if states <= {"picked_up", "delivered"}:
        return "delivering"
    if states <= {"ready", "called", "picked_up", "delivered"}:
        return "ready"
    return "queued" if states <= {"held", "queued"} else "cooking"


def chosen_modifiers(dish: Dish, modifier_ids: Sequence[str]) -> tuple[list[Modifier], int]:
    """Return the chosen modifiers in menu order and what they add to the price, in fen.

    Raises `modifier_not_found` or `modifier_choice_invalid`.
    """
    wanted = Counter(modifier_ids)
    chosen: list[Modifier] = []
    extra_fen = 0
    for group in dish.modifier_groups:
        picked = [choice for choice in group.choices if wanted.pop(choice.id, 0)]
        if not group.min <= len(picked) <= group.max:
            raise Refusal("modifier_choice_invalid", dish_id=dish.id, group=group.id)
        extra_fen += sum(choice.price_fen for choice in picked)
        chosen += [Modifier(m.id, m.name, m.sign, m.allergen) for m in picked]
    if wanted:
        raise Refusal("modifier_not_found", dish_id=dish.id, modifiers=sorted(wanted))
    return chosen, extra_fen
