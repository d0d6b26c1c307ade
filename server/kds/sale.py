"""◆ 沽清: the kitchen says that a dish is sold out, and that it can be had again (置满).

From the same commit on nobody can order it; what was ordered before stays, and is counted, because
somebody has to tell those guests. Refuses to cancel anything by itself.
"""

from __future__ import annotations

import msgspec

from server.events.decision import Context, Decision, Row, Said
from server.events.menu import TOPICS, DishSale
from server.ids import Id


class SetDishSale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """沽清 or 置满."""

    dish_id: Id
    sold_out: bool


class DishFacts(msgspec.Struct):
    """A dish of the menu; `waiting` dishes of it are ordered and not begun, or being cooked."""

    dish_id: int
    sold_out: bool
    version: int
    waiting: int


def set_sale(command: SetDishSale, facts: DishFacts, context: Context) -> Decision:
    """Stop or resume the sale of a dish; what is so already answers success and says nothing."""
    changed = facts.sold_out != command.sold_out
    result = {
        "dish_id": facts.dish_id,
        "sold_out": command.sold_out,
        "changed": changed,
        "waiting": facts.waiting,
    }
    if not changed:
        return Decision(result=result)
    row = {"id": facts.dish_id, "sold_out": command.sold_out, "version": facts.version + 1}
    event = DishSale(facts.dish_id, command.sold_out, context.now_ms, context.actor.name)
    return Decision(result=result, rows=[Row("dish", row)], said=[Said(event, TOPICS)])
