"""The seam between snapshot and events: an old picture carried by events is a fresh picture."""

from __future__ import annotations

import random
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.broadcast.again.commands import AGAIN_EVERY_S
from server.commands import BOOK
from server.errors import Refusal
from server.events import catalogue as c
from server.events.decision import Role
from server.events.view import DeviceKind, View, canonical
from server.kds import item as machine
from server.settings import Settings
from tests.support.kitchen import Kitchen, open_kitchen

SCREENS: list[tuple[DeviceKind, int | None]] = [
    ("kitchen", None), ("waiter", None), ("guest", 1), ("guest", 2), ("cashier", None),
    ("call_screen", None), ("monitor", None),
]  # fmt: skip
TAG_PLACE = 101
CARD_COMMANDS = {name for name in BOOK if name.endswith(("Card", "Funds", "Trade"))}
PAPER_COMMANDS = {
    "PutPrinter", "PrintTest", "PrintReceipt", "PrintAgain", "SettlePaper", "EndPaper", "NotePrinter",
}  # fmt: skip
SPOKEN = {
    "event": "custom", "channels": ["cashier", "kitchen"], "template_id": 3, "params": {"number": "8"},
}  # fmt: skip
EIGHT = {"number": "8", "roomName": "801"}  # a card says where it is for, live as in a snapshot
SHOP_COMMANDS = (
    set(BOOK)
    - CARD_COMMANDS
    - {
        "PairDevice",
        "MoveDevice",
        "RenameDevice",
        "SeekDevice",
        "RevokeDevice",
        "SetScreen",
        "SetTechnician",
        # tests/rooms/test_printing.py carries a cash desk through these
        *PAPER_COMMANDS,
    }
)  # about no screen's picture


async def _views(kitchen: Kitchen) -> list[View]:
    return [await kitchen.view(kind, place) for kind, place in SCREENS]


async def _check(kitchen: Kitchen, before: list[View], since: int) -> None:
    for old, fresh in zip(before, await _views(kitchen), strict=True):
        carried = kitchen.carry(old, since)
        assert canonical(carried) == canonical(fresh), fresh.device.kind
        assert carried.announced == fresh.announced
        assert carried.heard == fresh.heard
        assert carried.cards == fresh.cards
        assert carried.printing == fresh.printing
        assert carried.unseen == fresh.unseen
        assert (carried.menu, carried.stations) == (fresh.menu, fresh.stations)


async def _and_check(kitchen: Kitchen, role: Role, name: str, /, **body: Any) -> dict[str, Any]:
    """Ask, and compare every screen's carried picture with its fresh one."""
    before, since = await _views(kitchen), len(kitchen.ear.heard)
    result = await kitchen.ask(role, name, **body)
    await _check(kitchen, before, since)
    return result


async def test_every_command_carries_every_screen(database_url: str) -> None:
    """For every command of the book: old snapshot + its events = fresh snapshot, on every screen."""
    async with open_kitchen(database_url) as kitchen:
        asked: set[str] = set()

        async def ask(role: Role, name: str, /, **body: Any) -> dict[str, Any]:
            asked.add(name)
            return await _and_check(kitchen, role, name, **body)

        lines = [{"dish_id": 1, "quantity": 2}, {"dish_id": 1, "note": "快一点"}]
        for place in (1, 2, TAG_PLACE):
            placed = await ask("waiter", "PlaceOrder", place_id=place, lines=lines)
            first, second = placed["item_ids"]
            await ask("waiter", "PlaceOrder", place_id=place, lines=lines, allergens=["花生"])
            order_id = placed["order_id"]
            for name in ("HoldItems", "FireItems", "RushItems", "HoldItems"):
                await ask("waiter", name, order_id=order_id)
            await ask("waiter", "FireItems", order_id=order_id, item_ids=[first])
            await ask("waiter", "ChangeItem", item_id=second, quantity=4)
            await ask("kitchen", "ConfirmItem", item_id=second)
            await ask("waiter", "ChangeItem", item_id=first, quantity=3)
            await ask("waiter", "CancelItem", item_id=second, reason="客人不要了")
            await ask("kitchen", "ConfirmItem", item_id=second)
            sighting = {"item_id": first, "device_id": 7, "device_name": "热菜", "station_id": 1}
            await ask("system", "NoteShown", shown=[sighting | {"at_ms": 1}])
            await ask("kitchen", "StartItem", item_id=first, quantity=1)
            for name in ("StartItem", "FinishItem", "CallItem", "CallItem"):
                await ask("kitchen", name, item_id=first)
            await ask("kitchen", "UndoItem", item_id=first, state="called")
            for name in ("FinishItem", "CallItem"):
                await ask("kitchen", name, item_id=first)
            call_id = (await kitchen.view("waiter")).calls[-1].id
            await ask("waiter", "ClaimCall", call_id=call_id)
            for name in ("PickUpItem", "DeliverItem"):
                await ask("waiter", name, item_id=first)
            await ask("waiter", "UndoItem", item_id=first, state="delivered")
            await ask("waiter", "UndoItem", item_id=first, state="picked_up")
            await ask("waiter", "CleanPlace", place_id=place)
        for sold_out in (True, True, False):
            await ask("kitchen", "SetDishSale", dish_id=2, sold_out=sold_out)
        kept: dict[str, Any] = {"price_fen": 4200, "target_s": 900, "station_id": None}
        await ask("manager", "PutDish", dish_id=2, **kept)
        noodles = {"zh": "面", "en": "Noodles"}
        await ask("manager", "PutDish", name=noodles, category="wok", station_id=1)
        for station_id in (1, None):
            await ask("manager", "PutStation", name=noodles, station_id=station_id)
        await kitchen.pair("waiter")
        await kitchen.pair("cashier")
        ends: list[tuple[Role, str]] = [
            ("waiter", "GiveBackCall"), ("waiter", "CloseCall"), ("business", "CancelCall"),
        ]  # fmt: skip
        for ender, name in ends:
            wanted = {"event": "service_wanted", "msg_type": 4, "template_id": 3}
            sent = await ask("business", "SendImCall", calls=[wanted | {"params": EIGHT}])
            call_id = sent["calls"][0]["call_id"]
            heard = c.Heard(call_id, 1, 7, "pad", "played", 1)
            await ask("system", "NoteRings", rings=[msgspec.to_builtins(heard)])
            await ask("waiter", "ClaimCall", call_id=call_id)
            await ask(ender, name, call_id=call_id)
        call_id = (await ask("business", "SendImCall", calls=[SPOKEN]))["calls"][0]["call_id"]
        kitchen.advance(seconds=AGAIN_EVERY_S)
        await ask("cashier", "CallAgain", call_id=call_id)
        await ask("kitchen", "SeeCall", call_id=call_id)
        assert asked == SHOP_COMMANDS


@pytest.mark.parametrize("seed", range(3))
async def test_a_random_evening_carries_every_screen(database_url: str, seed: int) -> None:
    """Three hundred random presses, sensible or not: the pictures never drift apart."""
    dice = random.Random(seed)
    verbs = [
        "ConfirmItem",
        "StartItem",
        "FinishItem",
        "CallItem",
        "PickUpItem",
        "DeliverItem",
        "CancelItem",
    ]
    async with open_kitchen(database_url) as kitchen:
        before = await _views(kitchen)
        for _ in range(300):
            roll = dice.random()
            items = [i.id for o in (await kitchen.view("waiter")).orders for i in o.items]
            if roll < 0.15 or not items:
                await kitchen.order(dice.choice([1, 2, 3, TAG_PLACE, TAG_PLACE + 1]), 1, 2)
                continue
            name, body = dice.choice(verbs), {"item_id": dice.choice(items)}
            if name in {"StartItem", "FinishItem"} and roll > 0.5:
                body["quantity"] = dice.choice([1, 1, 2])
            if roll < 0.18:
                name, body["quantity"] = "ChangeItem", dice.randint(1, 4)
            elif roll < 0.25:
                name = dice.choice(["RushItems", "HoldItems", "FireItems"])
                body = {"order_id": dice.choice((await kitchen.view("waiter")).orders).id}
            elif roll > 0.97:
                name, body = "CleanPlace", {"place_id": dice.choice([1, 2, TAG_PLACE])}
            elif roll > 0.85:
                name = "UndoItem"
                body["state"] = dice.choice(machine.STATES)  # type: ignore[assignment]
            try:
                await kitchen.ask("business", name, uuid.uuid4(), **body)
            except Refusal as refusal:
                assert not refusal.retryable  # noqa: PT017 - a sensible no is an answer
        await _check(kitchen, before, 0)


async def test_every_card_command_carries_every_screen(database_url: str, tmp_path: Path) -> None:
    """Whatever is done with cards, tills and the monitor know the day's trades and totals (R-000-3)."""
    async with open_kitchen(database_url, settings=Settings(data_dir=tmp_path)) as kitchen:
        asked: set[str] = set()

        async def ask(name: str, role: Role = "cashier", /, **body: Any) -> dict[str, Any]:
            asked.add(name)
            return await _and_check(kitchen, role, name, **body)

        made = await ask("OpenCard", identity_kind="phone", identity="13800138000")
        card_id = made["card_id"]
        await ask("TopUpCard", card_id=card_id, amount_fen=10_000)
        first = await ask("ConsumeCard", card_id=card_id, amount_fen=1_800)
        await ask("ReadCard", number=made["number"])
        await ask("RefundTrade", trade_id=first["trade_id"], amount_fen=800)
        await ask("RefundTrade", trade_id=first["trade_id"])
        held = await ask("FreezeFunds", "manager", card_id=card_id, amount_fen=500)
        await ask("ConsumeCard", card_id=card_id, amount_fen=100)
        await ask("UnfreezeFunds", "manager", trade_id=held["trade_id"])
        for scope in ("card", "user"):
            await ask("FreezeCard", "manager", card_id=card_id, scope=scope)
            await ask("UnfreezeCard", "manager", card_id=card_id, scope=scope)
        await ask("ReplaceCard", card_id=card_id)
        await ask("CloseCard", "manager", card_id=card_id)
        assert asked == CARD_COMMANDS
        day = (await kitchen.view("monitor")).cards
        assert day is not None
        assert msgspec.to_builtins(day.totals) == {
            "top_ups": 1, "top_up_fen": 10_000, "bonus_fen": 0, "consumptions": 2,
            "consumed_fen": 1_900, "refunds": 2, "refunded_fen": 1_800, "closures": 1,
            "paid_out_fen": 9_900,
        }  # fmt: skip
        # More than a screen keeps: the newest stay, the totals count them all.
        before, since = await _views(kitchen), len(kitchen.ear.heard)
        made = await kitchen.ask(
            "cashier", "OpenCard", identity_kind="phone", identity="13900139000"
        )
        for _ in range(105):
            body = {"card_id": made["card_id"], "amount_fen": 7}
            await kitchen.ask("cashier", "TopUpCard", **body)
        await _check(kitchen, before, since)
