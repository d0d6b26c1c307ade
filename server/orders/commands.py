"""◆ Placing an order and cleaning a room (R-004-8…10, R-004-16).

Refuses to read or write anything by itself; facts come in, a decision goes out.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import msgspec

from server.errors import Refusal
from server.events import catalogue as c
from server.events import sentences
from server.events.days import business_day
from server.events.decision import Context, Decision, Promise, Role, Row, Said
from server.events.facts import PAD_CALL, CallRow, ShopRules
from server.events.menu import Dish
from server.events.topics import order_topics
from server.ids import Id
from server.orders import order as rules

LINES_MAX = 50
QUANTITY_MAX = 99
NOTE_CHARACTERS_MAX = 200
ALLERGENS_MAX = 20
MODIFIERS_MAX = 20
ORDER_ITEMS_MAX = 200  # all rounds of one guest together
ORDER_ALLERGENS_MAX = 60
# An order that comes later was kept by a pad without a link: its guest is gone. The pad is told.
CROSSED_WITHIN_S = 600

Note = Annotated[str, msgspec.Meta(max_length=NOTE_CHARACTERS_MAX)]
Word = Annotated[str, msgspec.Meta(max_length=40)]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dish of a placing; `hold` (等叫): it is not begun before somebody says so."""

    dish_id: Id
    quantity: Annotated[int, msgspec.Meta(ge=1, le=QUANTITY_MAX)] = 1
    modifier_ids: Annotated[list[Word], msgspec.Meta(max_length=MODIFIERS_MAX)] = []
    note: Note = ""
    hold: bool = False


class PlaceOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """下单 or 加菜: one round for one guest's place.

    `order_id` names whose round it is, where an order was open, and `stay` whose guest pressed: a press that comes
    late never reaches the next guest.
    """

    place_id: Id
    lines: Annotated[list[Line], msgspec.Meta(max_length=LINES_MAX)]
    note: Note = ""
    allergens: Annotated[list[Word], msgspec.Meta(max_length=ALLERGENS_MAX)] = []
    order_id: Id | None = None
    stay: Annotated[int, msgspec.Meta(ge=1)] | None = None


class CleanPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """清房: the guest is gone, the order is completed.

    `order_id` names whose room it was: a press that comes late never ends the next guest's order. Without it the
    stay ends, whether an order was open or not.
    """

    place_id: Id
    order_id: Id | None = None


class OpenOrder(msgspec.Struct):
    """The open order of a place, as stored."""

    id: int
    number: int
    business_day: date
    source: c.OrderSource
    opened_at_ms: int
    note: str
    allergens: list[str]
    rounds: int
    items: int
    undelivered: int
    version: int


class PlaceFacts(msgspec.Struct):
    """What a decision about one place needs to know."""

    rules: ShopRules
    place_id: int
    kind: c.PlaceKind
    name: str
    version: int
    stay: int
    cleared_at_ms: int | None
    open_order: OpenOrder | None
    dishes: dict[int, Dish]
    days: dict[date, tuple[int, int]]  # business day → last number, version
    stations: list[int | None]  # of the open order's dishes
    calls: list[CallRow]


_SOURCES: dict[Role, c.OrderSource] = {
    "guest": "pad",
    "waiter": "waiter",
    "cashier": "cashier",
}


def place_order(command: PlaceOrder, facts: PlaceFacts, context: Context) -> Decision:
    """Open an order or add a round to the open one; the whole placing or nothing of it."""
    actor = context.actor
    if actor.role == "guest" and actor.place_id != facts.place_id:
        raise Refusal("not_allowed")
    if not command.lines:
        raise Refusal("order_empty")
    known = facts.open_order
    if command.stay is not None and command.stay != facts.stay:
        return _crossed(facts, context)
    if command.order_id is not None and (known is None or known.id != command.order_id):
        raise Refusal("order_completed")  # the guest who pressed is gone
    if (known.items if known else 0) + len(command.lines) > ORDER_ITEMS_MAX:
        raise Refusal("order_too_large", items_max=ORDER_ITEMS_MAX)
    if known is None:
        order, rows, round_ = *_opened(command, facts, context), 1
    else:
        order, rows, round_ = *_joined(command, facts, known), known.rounds + 1
    order.items = [_item(line, facts, order.id, round_, context) for line in command.lines]
    rows += [Row("goods_new", _goods(item)) for item in order.items]
    topics = order_topics(facts.place_id, facts.kind, {item.station_id for item in order.items})
    return Decision(
        result={
            "order_id": order.id,
            "number": order.number,
            "round": round_,
            "item_ids": [item.id for item in order.items],
        },
        rows=rows,
        said=[Said(c.OrderPlaced(order=order, round=round_), topics)],
    )


def _crossed(facts: PlaceFacts, context: Context) -> Decision:
    """Refuse an order of a stay that is over; a guest's that crossed the clearing rings the pads.

    The room may have been cleared by mistake, with the guest still in it.
    """
    decision = Decision(
        result={}, refusal=Refusal("place_cleared", stay=facts.stay, same_guest_s=CROSSED_WITHIN_S)
    )
    ago_ms = context.now_ms - (facts.cleared_at_ms or 0)
    if context.actor.role == "guest" and ago_ms <= CROSSED_WITHIN_S * 1000:
        about = {
            "placeId": str(facts.place_id), "placeKind": facts.kind, "roomName": facts.name,
        }  # fmt: skip
        ask = {
            "event": "service_wanted", "msg_type": PAD_CALL, "template_id": sentences.ORDER_CROSSED,
            "params": about,
        }  # fmt: skip
        decision.promises = [Promise("SendImCall", {"calls": [ask]}, context.now_ms)]
    return decision


def _opened(command: PlaceOrder, facts: PlaceFacts, context: Context) -> tuple[c.Order, list[Row]]:
    day = business_day(context.now_ms, facts.rules.timezone)
    number, day_version = facts.days.get(day, (0, 0))
    source = "tag" if facts.kind == "tag" else _SOURCES.get(context.actor.role, "api")
    order = c.Order(
        id=context.new_id(),
        number=number + 1,
        business_day=day.isoformat(),
        place_id=facts.place_id,
        place_kind=facts.kind,
        place_name=facts.name,
        source=source,
        opened_at_ms=context.now_ms,
        note=command.note,
        allergens=sorted(set(command.allergens)),
        items=[],
    )
    stored = msgspec.to_builtins(order)
    del stored["items"]
    rows = [
        Row("day", {"business_day": day, "last_number": number + 1, "version": day_version + 1}),
        Row("order_new", stored),
        _place_row(facts, order.id),
    ]
    return order, rows


def _joined(command: PlaceOrder, facts: PlaceFacts, known: OpenOrder) -> tuple[c.Order, list[Row]]:
    note = " / ".join(dict.fromkeys(filter(None, [known.note, command.note])))
    allergens = sorted({*known.allergens, *command.allergens})
    if len(allergens) > ORDER_ALLERGENS_MAX:
        raise Refusal("order_too_large", allergens_max=ORDER_ALLERGENS_MAX)
    order = c.Order(
        id=known.id,
        number=known.number,
        business_day=known.business_day.isoformat(),
        place_id=facts.place_id,
        place_kind=facts.kind,
        place_name=facts.name,
        source=known.source,
        opened_at_ms=known.opened_at_ms,
        note=note[-NOTE_CHARACTERS_MAX:],
        allergens=allergens,
        items=[],
    )
    row = _order_row(known, rounds=known.rounds + 1, note=order.note, allergens=order.allergens)
    return order, [row]


def _place_row(facts: PlaceFacts, order_id: int | None, **more: int) -> Row:
    values = {
        "id": facts.place_id,
        "version": facts.version + 1,
        "open_order_id": order_id,
        "stay": facts.stay,
        "cleared_at_ms": facts.cleared_at_ms,
    }
    return Row("place_step", values | more)


def _order_row(known: OpenOrder, **changes: Any) -> Row:
    values = {
        "id": known.id,
        "version": known.version + 1,
        "state": "open",
        "completed_at_ms": None,
        "note": known.note,
        "allergens": known.allergens,
        "rounds": known.rounds,
    }
    return Row("order_step", values | changes)


def _item(line: Line, facts: PlaceFacts, order_id: int, round_: int, context: Context) -> c.Item:
    dish = facts.dishes.get(line.dish_id)
    if dish is None:
        raise Refusal("dish_not_found", dish_id=line.dish_id)
    if dish.sold_out:
        raise Refusal("dish_sold_out", dish_id=dish.id)
    modifiers, extra_fen = rules.chosen_modifiers(dish, line.modifier_ids)
    return c.Item(
        id=context.new_id(),
        order_id=order_id,
        round=round_,
        dish_id=dish.id,
        name=dish.name,
        quantity=line.quantity,
        modifiers=modifiers,
        note=line.note,
        station_id=dish.station_id,
        target_s=dish.target_s,
        price_fen=dish.price_fen + extra_fen,
        state="held" if line.hold else "queued",
        placed_at_ms=context.now_ms,
        by=context.actor.name,
    )


def _goods(item: c.Item) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(item)
    return plain


def clean_place(command: CleanPlace, facts: PlaceFacts, context: Context) -> Decision:
    """Complete the place's order and end the stay (R-004-16); a late press says nothing."""
    known = facts.open_order
    if known is not None and command.order_id not in {None, known.id}:
        known = None  # the order that was meant is over; this is the next guest's
    result = {
        "place_id": facts.place_id,
        "order_id": known.id if known else None,
        "changed": known is not None,
        "undelivered": known.undelivered if known else 0,
    }
    if known is None and command.order_id is not None:
        return Decision(result=result)
    rows = [_order_row(known, state="completed", completed_at_ms=context.now_ms)] if known else []
    rows.append(_place_row(facts, None, stay=facts.stay + 1, cleared_at_ms=context.now_ms))
    event = c.PlaceCleaned(
        place_id=facts.place_id,
        order_id=known.id if known else None,
        at_ms=context.now_ms,
        by=context.actor.name,
        stay=facts.stay + 1,
    )
    # The cash desk, too: it may worry about dishes of a room.
    topics = order_topics(facts.place_id, facts.kind, facts.stations) | {"cashier"}
    return Decision(result=result, rows=rows, said=[Said(event, topics)])
