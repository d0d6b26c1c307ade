"""◆ Proof of display: a station's screen says what it painted; what none did in time, the cash desk hears.

A screen without a station speaks for stations that have no screen of their own, never for others. What was begun,
whoever began it, was seen. Refuses to believe a screen about dishes of another station.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from server.events import catalogue as c
from server.events import display as said
from server.events.decision import Context, Decision, Row, Said
from server.events.pace import ItemMark
from server.events.topics import order_topics
from server.events.words import Text
from server.kds import item as machine

SHOWN_WITHIN_S = 10
SHOWN_PER_COMMAND_MAX = 1000
WAITING: frozenset[c.ItemState] = frozenset({"held", "queued"})
DESKS = frozenset({"cashier", "console"})


class Sighting(msgspec.Struct, frozen=True):
    """One dish painted on one screen."""

    item_id: int
    device_id: int
    device_name: str
    station_id: int | None  # the screen's
    at_ms: int


class NoteShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What screens painted, gathered by the gateway."""

    shown: Annotated[list[Sighting], msgspec.Meta(max_length=SHOWN_PER_COMMAND_MAX)]


class ProveShown(msgspec.Struct, frozen=True):
    """A promise: by now somebody has seen this round's dishes."""

    order_id: int
    round: int


class OrderOnScreens(msgspec.Struct):
    """An order, and which stations have screens of their own and printers."""

    order: c.Order
    order_open: bool
    stations: dict[int, Text]
    boards: list[int | None]  # stations of paired boards; null: one without a station
    printed: list[int]  # stations whose tickets come out on paper
    printed_unrouted: bool

    def has_board(self, station_id: int | None) -> bool:
        """Return whether a dish of this station has a screen to be shown on."""
        if station_id is None:
            return bool(self.boards)  # what belongs to nobody is on every board
        return station_id in self.boards or None in self.boards

    def proves(self, sighting: Sighting, station_id: int | None) -> bool:
        """Return whether this screen speaks for a dish of that station."""
        if station_id is None or sighting.station_id == station_id:
            return True
        return sighting.station_id is None and station_id not in self.boards

    def on_paper(self, station_id: int | None) -> bool:
        """Return whether the ticket of this station was printed when the order came."""
        return self.printed_unrouted if station_id is None else station_id in self.printed


def note(command: NoteShown, facts: list[OrderOnScreens], context: Context) -> Decision:
    """Stamp each dish with the first screen that showed it, and take it off the cash desk's list."""
    decision = Decision({"noted": 0})
    seen: dict[int, list[Sighting]] = {}
    for one in command.shown:
        seen.setdefault(one.item_id, []).append(one)
    for order in facts:
        if order.order_open:
            _note_order(order, seen, decision)
    return decision


def _note_order(facts: OrderOnScreens, seen: dict[int, list[Sighting]], decision: Decision) -> None:
    by_screen: dict[tuple[int, str, int], list[c.Item]] = {}
    for item in facts.order.items:
        sighting = next(
            (one for one in seen.get(item.id, ()) if facts.proves(one, item.station_id)), None
        )
        if sighting is None or item.shown_at_ms is not None or item.state not in WAITING:
            continue
        shown = msgspec.structs.replace(
            item,
            shown_at_ms=sighting.at_ms,
            shown_on=sighting.device_name,
            version=item.version + 1,
        )
        key = sighting.device_id, sighting.device_name, sighting.at_ms
        by_screen.setdefault(key, []).append(shown)
    for (device_id, name, at_ms), items in by_screen.items():
        marks = [ItemMark(one.id, one.version) for one in items]
        event = said.ItemsShown(facts.order.id, marks, at_ms, name, device_id)
        late = any(one.unseen_at_ms for one in items)
        decision.said.append(Said(event, _topics(facts.order, items, desk=late)))
        decision.rows += [Row("goods_step", machine.row(one)) for one in items]
        decision.result["noted"] += len(items)


def prove(promise: ProveShown, facts: OrderOnScreens, context: Context) -> Decision:
    """Tell the cash desk of dishes that have a screen and were not shown; once."""
    order = facts.order
    missing = [
        one
        for one in order.items
        if one.round == promise.round and one.state in WAITING and facts.has_board(one.station_id)
        and one.shown_at_ms is None and one.unseen_at_ms is None
    ]  # fmt: skip
    if not missing or not facts.order_open:
        return Decision({})
    printed = all(facts.on_paper(one.station_id) for one in missing)
    told = [
        msgspec.structs.replace(
            one, unseen_at_ms=context.now_ms, unseen_printed=printed, version=one.version + 1
        )
        for one in missing
    ]
    dishes = [
        said.UnseenDish(one.id, one.name, one.quantity, facts.stations.get(one.station_id or 0))
        for one in told
    ]
    card = said.Unseen(
        order.id, order.number, order.place_kind, order.place_name, dishes, printed,
        context.now_ms,
    )  # fmt: skip
    event = said.ItemsUnseen([ItemMark(one.id, one.version) for one in told], card)
    return Decision(
        {},
        [Row("goods_step", machine.row(one)) for one in told],
        [Said(event, _topics(order, told, desk=True))],
    )


def _topics(order: c.Order, items: list[c.Item], *, desk: bool) -> frozenset[str]:
    stations = {one.station_id for one in items}
    topics = order_topics(order.place_id, order.place_kind, stations)
    return topics | DESKS if desk else topics
