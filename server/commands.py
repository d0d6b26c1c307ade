"""THE BOOK OF THE DESK: every command by name: what it takes, what it reads, how it decides, who may.

With `reactions.py` this is the restaurant's day on two pages. `desk.py` carries it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from server.broadcast import commands as broadcast
from server.broadcast import rings
from server.broadcast import store as broadcast_store
from server.broadcast.again import commands as again
from server.broadcast.again.store import read_again
from server.broadcast.hall import store as hall
from server.cards import holding, trading
from server.cards import store as cards_store
from server.desk import Entry
from server.devices import commands as devices
from server.devices import store as devices_store
from server.errors import Refusal
from server.events.decision import Context, Decision, Role
from server.events.effects import SETTLE_EFFECT, Effect
from server.kds import commands as kds
from server.kds import display, menu, pace, sale
from server.kds import store as kds_store
from server.orders import commands as orders
from server.orders import store as orders_store
from server.printing import commands as printing
from server.printing import store as printing_store
from server.printing import tickets
from server.reactions import CALL_ITEM, PRINT_CHANGE, PRINT_ROUND, PROVE_SHOWN

Asked = Sequence[tuple[int, Any]]  # shop, command


async def _items(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [(shop, command.item_id) for shop, command in asked]
    found = await kds_store.read_items(connection, keys)
    return [found.get(key, Refusal("item_not_found", item_id=key[1])) for key in keys]


async def _orders(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [(shop, command.order_id) for shop, command in asked]
    found = await kds_store.read_orders(connection, keys)
    return [found.get(key, Refusal("order_not_found", order_id=key[1])) for key in keys]


async def _on_screens(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [(shop, command.order_id, None) for shop, command in asked]
    found = await kds_store.read_on_screens(connection, keys)
    return [found.get(key[:2], Refusal("order_not_found", order_id=key[1])) for key in keys]


async def _shown(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [(shop, None, one.item_id) for shop, command in asked for one in command.shown]
    found = await kds_store.read_on_screens(connection, keys)
    return [[facts for key, facts in found.items() if key[0] == shop] for shop, _ in asked]


async def _dishes(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [(shop, command.dish_id) for shop, command in asked]
    found = await kds_store.read_dishes(connection, keys)
    return [found.get(key, Refusal("dish_not_found", dish_id=key[1])) for key in keys]


async def _menus(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    return list(await kds_store.read_menus(connection, asked))


async def _stations(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    return list(await kds_store.read_stations(connection, asked))


async def _places(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [
        (shop, command.place_id, [line.dish_id for line in getattr(command, "lines", ())])
        for shop, command in asked
    ]
    found = await orders_store.read_places(connection, keys, now_ms)
    return [
        found.get((shop, place), Refusal("place_not_found", place_id=place))
        for shop, place, _ in keys
    ]


async def _calls(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [(shop, command.call_id) for shop, command in asked]
    found = await broadcast_store.read_calls(connection, keys)
    return [found.get(key, Refusal("call_not_found", call_id=key[1])) for key in keys]


async def _rings(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    return list(await hall.read_rings(connection, asked, now_ms))


async def _agains(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    return list(await read_again(connection, asked, now_ms))


async def _announcements(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    return list(await hall.read_announcements(connection, asked, now_ms))


async def _sends(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    found = await broadcast_store.read_sends(connection, asked, now_ms)
    return [facts or Refusal("shop_not_found") for facts in found]


async def _nothing(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    return [None] * len(asked)


async def _devices(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    named = [
        devices_store.Asked(
            shop,
            command.device_id,
            getattr(command, "kind", None),
            getattr(command, "place_id", None),
            getattr(command, "station_id", None),
        )
        for shop, command in asked
    ]
    return list(await devices_store.read_devices(connection, named))


async def _printers(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    found = await printing_store.read_printers(connection, [shop for shop, _ in asked])
    return [found.get(shop, Refusal("shop_not_found")) for shop, _ in asked]


async def _papers(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [(shop, command.job_id) for shop, command in asked]
    found = await printing_store.read_jobs(connection, keys)
    return [found.get(key, Refusal("print_job_not_found", job_id=key[1])) for key in keys]


async def _on_paper(connection: asyncpg.Connection, asked: Asked, now_ms: int) -> list[Any]:
    keys = [(shop, command.order_id) for shop, command in asked]
    found = await printing_store.read_orders(connection, keys)
    return [found.get(key, Refusal("order_not_found", order_id=key[1])) for key in keys]


class SettleEffect(msgspec.Struct, frozen=True):
    """An effect of which nothing more is to be said than that it was done."""


def _done(promise: SettleEffect, facts: None, context: Context) -> Decision:
    return Decision(result={})


class CallItemPromise(kds.CallItem, frozen=True):
    """A promise: call the dish unless somebody touched it since it was finished."""

    version: int


def _call_if_untouched(
    promise: CallItemPromise, facts: kds.ItemFacts, context: Context
) -> Decision:
    if facts.item.version != promise.version or not facts.order_open:
        return Decision(result={})
    return kds.call(promise, facts, context)


def _may(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


_TABLE: tuple[Role, ...] = ("guest", "waiter", "cashier", "business")
_TILLS = _may("cashier", "manager", "money")
_OVERSEERS = _may("manager", "money")
_card = cards_store.read_cards
_whole_card = cards_store.read_whole_cards

BOOK: dict[str, Entry] = {
    # a guest's table
    "PlaceOrder": Entry(
        orders.PlaceOrder, _places, orders.place_order,
        _may("guest", "waiter", "cashier", "business"),
    ),
    "CleanPlace": Entry(
        orders.CleanPlace, _places, orders.clean_place, _may("waiter", "cashier", "business")
    ),
    # the kitchen
    "StartItem": Entry(kds.StartItem, _items, kds.start, _may("kitchen", "business")),
    "FinishItem": Entry(kds.FinishItem, _items, kds.finish, _may("kitchen", "business")),
    "CallItem": Entry(kds.CallItem, _items, kds.call, _may("kitchen", "cashier", "business")),
    "PickUpItem": Entry(
        kds.PickUpItem, _items, kds.pick_up, _may("waiter", "kitchen", "cashier", "business")
    ),
    "DeliverItem": Entry(
        kds.DeliverItem, _items, kds.deliver, _may("waiter", "kitchen", "business")
    ),
    "CancelItem": Entry(
        kds.CancelItem, _items, kds.cancel, _may("waiter", "cashier", "guest", "business")
    ),
    "RushItems": Entry(pace.RushItems, _orders, pace.rush, _may(*_TABLE)),
    "HoldItems": Entry(pace.HoldItems, _orders, pace.hold, _may(*_TABLE)),
    "FireItems": Entry(pace.FireItems, _orders, pace.fire, _may(*_TABLE)),
    "SetDishSale": Entry(
        sale.SetDishSale, _dishes, sale.set_sale, _may("kitchen", "cashier", "manager", "business")
    ),
    "PutDish": Entry(menu.PutDish, _menus, menu.put_dish, _may("manager")),
    "PutStation": Entry(menu.PutStation, _stations, menu.put_station, _may("manager")),
    "ChangeItem": Entry(kds.ChangeItem, _items, kds.change, _may(*_TABLE)),
    "ConfirmItem": Entry(kds.ConfirmItem, _items, kds.confirm, _may("kitchen", "business")),
    "UndoItem": Entry(kds.UndoItem, _items, kds.undo, _may("kitchen", "waiter", "business")),
    "NoteShown": Entry(display.NoteShown, _shown, display.note, _may("system")),
    # calls
    "SendImCall": Entry(broadcast.SendImCall, _sends, broadcast.send, _may("business", "system")),
    "ClaimCall": Entry(broadcast.ClaimCall, _calls, broadcast.claim, _may("waiter", "cashier")),
    "GiveBackCall": Entry(
        broadcast.GiveBackCall, _calls, broadcast.give_back, _may("waiter", "cashier")
    ),
    "CloseCall": Entry(
        broadcast.CloseCall, _calls, broadcast.close, _may("waiter", "cashier", "business")
    ),
    "CancelCall": Entry(
        broadcast.CancelCall, _calls, broadcast.cancel_call, _may("business", "manager")
    ),
    "CallAgain": Entry(
        again.CallAgain, _agains, again.call_again, _may("kitchen", "waiter", "cashier", "business")
    ),
    "SeeCall": Entry(again.SeeCall, _rings, again.see, _may("kitchen")),
    "NoteRings": Entry(broadcast.NoteRings, _nothing, broadcast.note, _may("system")),
    "SetTechnician": Entry(
        broadcast.SetTechnician, _nothing, broadcast.set_technician, _may("business", "manager")
    ),
    # cards
    "ReadCard": Entry(holding.ReadCard, _whole_card, holding.read, _TILLS),
    "OpenCard": Entry(
        holding.OpenCard, cards_store.read_openings, holding.open_card, _TILLS, cards_store.veiled
    ),
    "TopUpCard": Entry(trading.TopUpCard, _card, trading.top_up, _TILLS),
    "ConsumeCard": Entry(trading.ConsumeCard, _card, trading.consume, _TILLS),
    "RefundTrade": Entry(trading.RefundTrade, _card, trading.refund, _TILLS),
    "ReplaceCard": Entry(holding.ReplaceCard, _whole_card, holding.replace_card, _TILLS),
    "FreezeCard": Entry(holding.FreezeCard, _whole_card, holding.freeze, _OVERSEERS),
    "UnfreezeCard": Entry(holding.UnfreezeCard, _whole_card, holding.unfreeze, _OVERSEERS),
    "FreezeFunds": Entry(trading.FreezeFunds, _card, trading.freeze_funds, _OVERSEERS),
    "UnfreezeFunds": Entry(trading.UnfreezeFunds, _card, trading.unfreeze_funds, _OVERSEERS),
    "CloseCard": Entry(trading.CloseCard, _whole_card, trading.close, _OVERSEERS),
    # paper
    "PutPrinter": Entry(printing.PutPrinter, _printers, printing.put_printer, _may("manager")),
    "PrintTest": Entry(tickets.PrintTest, _printers, printing.print_test, _may("manager")),
    "PrintReceipt": Entry(
        tickets.PrintReceipt, _on_paper, tickets.print_receipt, _may("cashier", "waiter", "business")
    ),
    "PrintAgain": Entry(
        printing.PrintAgain, _papers, printing.print_again,
        _may("cashier", "kitchen", "manager", "business"),
    ),
    "SettlePaper": Entry(
        printing.SettlePaper, _papers, printing.settle_paper,
        _may("cashier", "kitchen", "manager", "business"),
    ),
    "EndPaper": Entry(printing.EndPaper, _papers, printing.end_paper, _may("system")),
    "NotePrinter": Entry(printing.NotePrinter, _printers, printing.note_printer, _may("system")),
    # devices
    "PairDevice": Entry(devices.PairDevice, _devices, devices.pair, _may("manager")),
    # A guest's pad does not move itself: whoever held it could order on another room's bill.
    "MoveDevice": Entry(
        devices.MoveDevice, _devices, devices.move,
        _may("manager", "kitchen", "waiter", "cashier", "call_screen", "monitor"),
    ),
    "SetScreen": Entry(devices.SetScreen, _devices, devices.set_screen, _may("manager")),
    "RenameDevice": Entry(devices.RenameDevice, _devices, devices.rename, _may("manager")),
    "SeekDevice": Entry(devices.SeekDevice, _devices, devices.seek, _may("manager")),
    "RevokeDevice": Entry(devices.RevokeDevice, _devices, devices.revoke, _may("manager")),
}  # fmt: skip

# What the house promised itself; nobody else may ask for these.
PROMISES: dict[str, Entry] = {
    CALL_ITEM: Entry(CallItemPromise, _items, _call_if_untouched, _may("system")),
    "RingCall": Entry(rings.RingCall, _rings, rings.ring, _may("system")),
    "RingEnd": Entry(rings.RingEnd, _rings, rings.ring_end, _may("system")),
    "Announce": Entry(rings.Announce, _announcements, rings.announce, _may("system")),
    "RemindClaimer": Entry(rings.RemindClaimer, _rings, rings.remind, _may("system")),
    "ExpireCall": Entry(rings.ExpireCall, _rings, rings.expire, _may("system")),
    PROVE_SHOWN: Entry(display.ProveShown, _on_screens, display.prove, _may("system")),
    PRINT_ROUND: Entry(tickets.PrintRound, _on_paper, tickets.print_round, _may("system")),
    PRINT_CHANGE: Entry(tickets.PrintChange, _on_paper, tickets.print_change, _may("system")),
    SETTLE_EFFECT: Entry(SettleEffect, _nothing, _done, _may("system")),
}

# What the house promised to do outside: the worker leases it, acts, then settles it at the desk.
EFFECTS: dict[str, Effect] = {}
