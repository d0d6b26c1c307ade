"""◆ Which papers an order makes, and what they say.

Every printer that takes a station's tickets gets one ticket with that round's dishes of its stations; a
printer for labels one for each portion. Refuses to know how paper looks and what becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from server.clock import from_ms
from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Context, Decision, Row
from server.events.words import Text
from server.ids import Id
from server.printing.port import Document, Label, Mark, PaperLine, PaperModifier, Receipt, Ticket
from server.printing.printer import Printer, takes
from server.printing.sample import ticket

PORTIONS_LABELLED_MAX = 50  # of one round: a typing mistake is not a roll of paper


class ShopOnPaper(msgspec.Struct):
    """What papers say of a shop."""

    name: Text
    timezone: str
    stations: dict[int, Text]


class OrderOnPaper(msgspec.Struct):
    """An order, its shop, and the shop's printers."""

    order: c.Order
    shop: ShopOnPaper
    printers: list[Printer]


class PrintRound(msgspec.Struct, frozen=True):
    """Promised when a guest ordered: the round's tickets and labels."""

    order_id: int
    round: int


class PrintChange(msgspec.Struct, frozen=True):
    """Promised when a kitchen has to know of a change: cancelled, let go or waited for."""

    order_id: int
    item_ids: list[int]
    mark: Literal["cancel", "change", "fire", "rush"]
    at_ms: int


class PrintReceipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bill of an order, on every printer for receipts or on one of them."""

    order_id: Id
    printer_id: Id | None = None


class PrintTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket that shows whether a printer prints what it should."""

    printer_id: Id


class Wanted(msgspec.Struct):
    """A paper on its way to becoming a job."""

    printer: Printer
    source: str
    kind: str
    title: str
    document: Document
    order_id: int | None


def print_round(promise: PrintRound, facts: OrderOnPaper, context: Context) -> Decision:
    """Make the tickets and labels of a round; dishes cancelled meanwhile are left out."""
    items = [
        one for one in facts.order.items if one.round == promise.round and one.state != "cancelled"
    ]
    source = f"{promise.order_id}/{promise.round}"
    wanted = _tickets(facts, items, source, [])
    wanted += _labels(facts, items, source)
    return queued(wanted, context)


def print_change(promise: PrintChange, facts: OrderOnPaper, context: Context) -> Decision:
    """Make a ticket about dishes that were printed before and are wanted otherwise now."""
    meant = set(promise.item_ids)
    items = [one for one in facts.order.items if one.id in meant]
    source = f"{promise.order_id}/{promise.mark}/{min(meant, default=0)}/{promise.at_ms}"
    if promise.mark == "change":
        items = [msgspec.structs.replace(one, note=_changed(one)) for one in items]
    return queued(_tickets(facts, items, source, [promise.mark]), context)


def _changed(item: c.Item) -> str:
    """Return a dish's note with the number of portions before and after."""
    was = f"{item.quantity_was} → {item.quantity}" if item.quantity_was is not None else ""
    return " ".join(filter(None, [was, item.note]))


def print_receipt(command: PrintReceipt, facts: OrderOnPaper, context: Context) -> Decision:
    """Print a bill. Raises `printer_not_found` when nothing prints receipts."""
    printers = [
        one
        for one in facts.printers
        if takes(one, "receipt", None) or (one.enabled and one.id == command.printer_id)
    ]
    if command.printer_id is not None:
        printers = [one for one in printers if one.id == command.printer_id]
    if not printers:
        raise Refusal("printer_not_found", document="receipt")
    order = facts.order
    items = [one for one in order.items if one.state != "cancelled"]
    document = Receipt(
        shop=facts.shop.name,
        place=order.place_name,
        place_kind=order.place_kind,
        number=order.number,
        lines=[_line(one) for one in items],
        total_fen=sum(one.price_fen * one.quantity for one in items),
        at=_at(context.now_ms, facts.shop, "%Y-%m-%d %H:%M"),
    )
    source = f"{order.id}/receipt/{context.new_id()}"
    title = _title(order)
    return queued(
        [Wanted(one, source, "receipt", title, document, order.id) for one in printers], context
    )


def queue_test(printer: Printer, context: Context) -> Decision:
    """Queue a ticket with everything that is hard to print."""
    source = f"test/{context.new_id()}"
    return queued(
        [Wanted(printer, source, "test", printer.name, ticket(printer.name), None)], context
    )


def queued(wanted: Iterable[Wanted], context: Context) -> Decision:
    """Return papers as jobs that wait for their printers."""
    rows: list[Row] = []
    for one in wanted:
        values: dict[str, Any] = {
            "id": context.new_id(),
            "printer_id": one.printer.id,
            "source": one.source,
            "order_id": one.order_id,
            "kind": one.kind,
            "title": one.title,
            "document": one.document,
            "copy": 1,
            "made_at_ms": context.now_ms,
            "expires_at_ms": context.now_ms + one.printer.expires_after_s * 1000,
        }
        rows.append(Row("print_job", values))
    return Decision({"job_ids": [row.values["id"] for row in rows]}, rows)


def _tickets(
    facts: OrderOnPaper, items: list[c.Item], source: str, marks: list[Mark]
) -> list[Wanted]:
    order, shop = facts.order, facts.shop
    wanted = []
    for printer in facts.printers:
        own = [one for one in items if takes(printer, "ticket", one.station_id)]
        if not own:
            continue
        station_ids = {one.station_id for one in own}
        (station,) = station_ids if len(station_ids) == 1 else (None,)
        document = Ticket(
            shop=shop.name,
            place=order.place_name,
            place_kind=order.place_kind,
            number=order.number,
            round=own[0].round,
            station=shop.stations.get(station) if station is not None else None,
            lines=[_line(one) for one in own],
            allergens=order.allergens,
            note=order.note,
            at=_at(own[0].placed_at_ms, shop, "%H:%M"),
            marks=marks,
        )
        wanted.append(Wanted(printer, source, "ticket", _title(order), document, order.id))
    return wanted


def _labels(facts: OrderOnPaper, items: list[c.Item], source: str) -> list[Wanted]:
    order = facts.order
    portions = [one for one in items for _ in range(one.quantity)][:PORTIONS_LABELLED_MAX]
    wanted = []
    for printer in facts.printers:
        for position, item in enumerate(portions, 1):
            if not takes(printer, "label", item.station_id):
                continue
            document = Label(
                shop=facts.shop.name,
                place=order.place_name,
                place_kind=order.place_kind,
                number=order.number,
                line=msgspec.structs.replace(_line(item), quantity=1),
                position=position,
                total=len(portions),
                allergens=order.allergens,
                at=_at(item.placed_at_ms, facts.shop, "%H:%M"),
            )
            own = f"{source}/{position}"
            wanted.append(Wanted(printer, own, "label", _title(order), document, order.id))
    return wanted


def _line(item: c.Item) -> PaperLine:
    return PaperLine(
        name=item.name,
        quantity=item.quantity,
        modifiers=[PaperModifier(one.name, one.sign, one.allergen) for one in item.modifiers],
        note=item.note,
        held=item.state == "held",
        price_fen=item.price_fen,
    )


def _title(order: c.Order) -> str:
    return f"{order.place_name} #{order.number:02d}"


def _at(at_ms: int, shop: ShopOnPaper, pattern: str) -> str:
    return from_ms(at_ms).astimezone(ZoneInfo(shop.timezone)).strftime(pattern)
