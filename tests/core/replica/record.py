"""Writes the recorded sequences beside it: `python -m tests.core.replica.record`.

Each file holds a view, events, and what the view must hold afterwards. Run it when the catalogue
grows, and read the difference: the files are the truth both languages are held to.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec

from server.events import cards, menu, pace, printing
from server.events import catalogue as c
from server.events.screens import ScreenSet, ScreenSettings
from server.events.view import (
    STAMPS_AFTER,
    Category,
    DeviceView,
    Dish,
    Menu,
    PlaceView,
    ShopView,
    StationView,
    View,
    apply,
    state_hash,
)
from tests.core.replica import paper

HERE = Path(__file__).parent
NOON_MS = 1_795_147_200_000
STRANGE = 'say "hi" \\ / \b\f\n\r\t\x01\x1f \x7f é 花生 🍜 \u2028 end'


def item(item_id: int, order_id: int = 1, round_: int = 1, **more: Any) -> c.Item:
    """Return a queued dish."""
    fields: dict[str, Any] = {"quantity": 1 + item_id % 3, "state": "queued"} | more
    return c.Item(
        id=item_id, order_id=order_id, round=round_, dish_id=item_id % 7,
        name=c.Text("宫保鸡丁", "Kung pao chicken"),
        modifiers=[c.Modifier("no-peanuts", c.Text("免花生", "No peanuts"), "less", allergen=True)],
        note="", station_id=None if item_id % 5 == 0 else item_id % 3 + 1, target_s=720,
        price_fen=3800, placed_at_ms=NOON_MS + item_id,
        **fields,
    )  # fmt: skip


def order(
    order_id: int, *items: c.Item, note: str = "", allergens: tuple[str, ...] = ()
) -> c.Order:
    """Return an order of room 800 + its id."""
    return c.Order(
        id=order_id, number=order_id, business_day="2026-11-20", place_id=order_id,
        place_kind="room", place_name=str(800 + order_id), source="pad", opened_at_ms=NOON_MS,
        note=note, allergens=list(allergens), items=list(items),
    )  # fmt: skip


def call(
    call_id: int, order_id: int = 1, item_id: int = 1, state: c.CallState = "ringing"
) -> c.Call:
    """Return a call that rings for the first time, or nobody answered."""
    return c.Call(
        id=call_id, order_id=order_id, item_id=item_id, number=12, place_kind="room",
        place_name="801", dish=c.Text("宫保鸡丁", "Kung pao chicken"), quantity=2, state=state,
        escalated=state == "unanswered", rings=1, rings_max=3,
        interval_s=15, raised_at_ms=NOON_MS, rang_at_ms=NOON_MS,
    )  # fmt: skip


def view(*orders: c.Order, calls: tuple[c.Call, ...] = ()) -> View:
    """Return what a kitchen screen of station 1 knows."""
    return View(
        shop=ShopView(1, c.Text("云栖酒店", "Yunqi Hotel"), "Asia/Shanghai", 5),
        device=DeviceView(7, "kitchen", "热菜档", "k7", station_id=1),
        stations=[StationView(1, c.Text("热菜档", "Wok"))],
        places=[PlaceView(1, "room", "801", c.Text("八楼", "8th floor"))],
        menu=None, orders=list(orders), calls=list(calls),
    )  # fmt: skip


def step(
    kind: Any, item_id: int, version: int, at_s: int = 0, order_id: int = 1, **more: Any
) -> c.Event:
    """Return one step of a dish."""
    event: c.Event = kind(
        order_id=order_id, item_id=item_id, at_ms=NOON_MS + at_s * 1000, by="王敏",
        version=version, **more,
    )  # fmt: skip
    return event


def undone(item_id: int, version: int, state: c.ItemState) -> c.Event:
    """Return a step taken back."""
    return step(c.ItemUndone, item_id, version, 99, state=state)


def portions(item_id: int, version: int, quantity: int, part: c.Item, order_id: int = 1) -> c.Event:
    """Return some portions going on by themselves."""
    return step(c.ItemSplit, item_id, version, 5, order_id, quantity=quantity, item=part)


def card() -> Menu:
    """Return a menu of four dishes."""
    name = c.Text("水饺", "Dumplings")
    dishes = [Dish(n, "hot", name, name, 3800, 1, 600, [], []) for n in range(1, 5)]
    return Menu([Category("hot", name)], dishes)


def marks(*items: tuple[int, int]) -> list[pace.ItemMark]:
    """Return dishes by id and version."""
    return [pace.ItemMark(*one) for one in items]


WALK = (c.ItemStarted, c.ItemFinished, c.ItemCalled, c.ItemPickedUp, c.ItemDelivered)


def scenes() -> dict[str, tuple[View, list[c.Event]]]:
    """Return every sequence by the name of its file."""
    return {
        "whole_story": (
            view(),
            [
                c.OrderPlaced(order(1, item(1), item(2)), 1),
                *(step(kind, 1, n, n) for n, kind in enumerate(WALK[:3], start=2)),
                c.CallRaised(call(1)),
                c.CallRang(1, 2, NOON_MS + 15_000),
                c.OrderPlaced(order(1, item(3, round_=2)), 2),
                c.CallClaimed(1, "李强", 9, NOON_MS + 16_000),
                step(c.ItemPickedUp, 1, 5, 20),
                c.CallEnded(1, "picked_up", NOON_MS + 20_000),
                step(c.ItemDelivered, 1, 6, 60),
                step(c.ItemStarted, 3, 2, 61),
            ],
        ),
        "every_step": (
            view(order(1, item(1))),
            [step(k, 1, n, n * 7) for n, k in enumerate(WALK, start=2)],
        ),
        "undo": (
            view(order(1, *(item(n) for n in range(1, 6)))),
            [
                event
                for n in range(1, 6)
                for event in (
                    *(step(kind, n, v, v) for v, kind in enumerate(WALK[:n], start=2)),
                    undone(n, n + 2, ("queued", "cooking", "cooking", "ready", "picked_up")[n - 1]),
                )
            ],
        ),
        "undo_to_everything": (
            view(order(1, *(item(n) for n in range(1, 6)))),
            [
                event
                for n, state in enumerate(STAMPS_AFTER, start=1)
                for event in (
                    *(step(kind, n, v, v) for v, kind in enumerate(WALK, start=2)),
                    undone(n, 7, state),  # type: ignore[arg-type]
                )
            ],
        ),
        "rounds": (
            view(order(1, item(1), note="先上汤", allergens=("花生",))),
            [
                step(c.ItemStarted, 1, 2),
                c.OrderPlaced(order(1, item(2, round_=2), allergens=("花生", "鱼类")), 2),
                c.OrderPlaced(order(2, item(9, 2)), 1),
                c.OrderPlaced(order(1, item(1), item(2), item(4, round_=3), note="快一点"), 3),
                c.OrderPlaced(order(1, item(4, round_=3), note="快一点"), 3),
            ],
        ),
        "cancelled": (
            view(order(1, item(1), item(2))),
            [
                step(c.ItemCancelled, 1, 2, reason="不要了"),
                step(c.ItemStarted, 2, 2),
                step(c.ItemCancelled, 2, 3, reason=""),
            ],
        ),
        "pace": (
            view(order(1, *(item(n) for n in range(1, 5))), order(2, item(9, 2))),
            [
                pace.ItemsHeld(1, marks((1, 2), (2, 2), (99, 2)), NOON_MS + 1_000, "李强"),
                step(c.ItemStarted, 3, 2, 2),
                pace.ItemsRushed(1, marks((1, 3), (3, 3), (4, 2)), NOON_MS + 3_000, "李强"),
                pace.ItemsRushed(1, marks((1, 3), (3, 4)), NOON_MS + 200_000, "前台"),
                pace.ItemsFired(1, marks((2, 3)), NOON_MS + 210_000, "李强"),
                step(c.ItemStarted, 2, 4, 220),
                undone(2, 5, "queued"),
                pace.ItemsHeld(1, marks((2, 6), (4, 3)), NOON_MS + 230_000, "李强"),
                step(c.ItemCancelled, 4, 4, 240, reason="太久"),
            ],
        ),
        "portions": (
            view(order(1, item(2), item(5)), order(2, item(9, 2))),
            [
                portions(2, 2, 1, item(7, quantity=2)),
                step(c.ItemStarted, 7, 2, 1),
                portions(2, 2, 1, item(7, quantity=2)),
                step(c.ItemStarted, 2, 3, 2),
                portions(7, 3, 1, item(8, quantity=1, state="cooking", started_at_ms=NOON_MS)),
                step(c.ItemFinished, 8, 2, 3),
                portions(99, 3, 1, item(10, quantity=1)),
                portions(99, 3, 1, item(11, 44, quantity=1), order_id=44),
            ],
        ),
        "changed": (
            view(order(1, item(1), item(2))),
            [
                step(c.ItemChanged, 1, 2, 1, quantity=5, quantity_was=2),
                step(c.ItemChanged, 1, 3, 2, quantity=4, quantity_was=2),
                step(c.ItemChanged, 1, 3, 3, quantity=9, quantity_was=2),
                step(c.ItemConfirmed, 1, 4, 4),
                step(c.ItemStarted, 1, 5, 5),
                step(c.ItemChanged, 2, 2, 6, quantity=1, quantity_was=3),
                step(c.ItemCancelled, 2, 3, 7, reason=""),
                step(c.ItemConfirmed, 2, 4, 8),
            ],
        ),
        "sold_out": (
            msgspec.structs.replace(view(order(1, item(1))), menu=card()),
            [
                menu.DishSale(2, True, NOON_MS + 1_000, "张师傅"),
                menu.DishSale(9, True, NOON_MS + 2_000, "张师傅"),
                menu.DishSale(2, True, NOON_MS + 3_000, "前台"),
                menu.DishSale(3, True, NOON_MS + 4_000, "张师傅"),
                menu.DishSale(2, False, NOON_MS + 5_000, "张师傅"),
            ],
        ),
        "sold_out_unseen": (
            view(order(1, item(1))),
            [menu.DishSale(2, True, NOON_MS + 1_000, "张师傅"), step(c.ItemStarted, 1, 2)],
        ),
        "paper": (
            msgspec.structs.replace(view(), printing=printing.PrintDesk([], [])),
            paper.told(),
        ),
        "paper_unseen": (view(), [paper.stuck(7)]),
        "cleaned": (
            view(order(1, item(1)), order(2, item(2, 2)), calls=(call(1), call(2, 2, 2))),
            [
                c.PlaceCleaned(2, 2, NOON_MS, "王敏"),
                c.PlaceCleaned(3, None, NOON_MS, "王敏"),
                c.PlaceCleaned(4, 44, NOON_MS, "王敏"),
                step(c.ItemStarted, 2, 2, order_id=2),
                c.OrderPlaced(order(3, item(3, 3)), 1),
            ],
        ),
        "calls": (
            view(order(1, item(1)), calls=(call(1),)),
            [
                c.CallRaised(call(2)),
                c.CallRang(1, 2, NOON_MS + 15_000),
                c.CallRang(1, 3, NOON_MS + 30_000),
                c.CallUnanswered(call(1, state="unanswered")),
                c.CallRaised(call(1)),
                c.CallClaimed(2, "前台", None, NOON_MS + 1_000),
                c.CallEnded(2, "undone", NOON_MS + 2_000),
                c.CallRang(2, 2, NOON_MS + 3_000),
                c.CallUnanswered(call(5, state="unanswered")),
                c.CallClaimed(1, "李强", 9, NOON_MS + 61_000),
            ],
        ),
        "unknown_ids": (
            view(order(1, item(1))),
            [
                step(c.ItemStarted, 99, 2),
                undone(99, 2, "queued"),
                step(c.ItemStarted, 1, 2, order_id=99),
                c.CallRang(9, 2, NOON_MS),
                c.CallClaimed(9, "x", None, NOON_MS),
                c.CallEnded(9, "cleaned", NOON_MS),
                c.PlaceCleaned(9, 9, NOON_MS, "x"),
            ],
        ),
        "stale_versions": (
            view(order(1, item(1))),
            [
                step(c.ItemStarted, 1, 2, 1),
                step(c.ItemStarted, 1, 2, 5),
                step(c.ItemFinished, 1, 4, 9),
                undone(1, 3, "queued"),
                step(c.ItemCalled, 1, 1, 30),
                undone(1, 4, "queued"),
                undone(1, 7, "cooking"),
            ],
        ),
        "devices": (
            view(order(1, item(1))),
            [
                c.DevicePaired(8, "waiter", "8 号平板"),
                c.DeviceMoved(8, 4, None),
                c.DeviceMoved(7, None, 2),
                c.DeviceUnpaired(8),
                ScreenSet(8, ScreenSettings(columns=3)),
                ScreenSet(7, ScreenSettings(columns=5, rows=3, theme="light", distance_cm=200)),
            ],
        ),
        "announced": (
            cash_desk(),
            [
                *(c.Announced(utterance(n, 1)) for n in range(1, 106)),
                c.CallHeard([c.Heard(105, 1, 7, "热菜档", "played", NOON_MS)]),
                c.CallReminded(1, 7, NOON_MS),
            ],
        ),
        "cards": (monitor(), card_story()),
        "cards_unseen": (view(), card_story()),
        "strange_words": (
            view(),
            [
                c.OrderPlaced(order(1, item(1), note=STRANGE, allergens=(STRANGE, "")), 1),
                c.ItemStarted(1, 1, NOON_MS, STRANGE, 2),
            ],
        ),
        "busy_day": busy_day(random.Random(2026)),
    }


def cash_desk() -> View:
    """Return a cash desk's empty view."""
    seen = view()
    seen.device.kind = "cashier"
    return seen


def monitor() -> View:
    """Return what a monitor knows before the day's first trade."""
    seen = view()
    seen.device.kind = "monitor"
    seen.cards = cards.CardDay("2026-11-20", [], cards.CardTotals())
    return seen


def trade(trade_id: int, kind: cards.TradeKind, amount_fen: int, **more: Any) -> cards.Trade:
    """Return a trade on card 1."""
    known: dict[str, Any] = {
        "state": "held" if kind == "freeze_funds" else "posted", "bonus_fen": 0,
        "business_day": "2026-11-20",
    }  # fmt: skip
    return cards.Trade(
        id=trade_id, kind=kind, card_id=1, number_masked="**** 1234", amount_fen=amount_fen,
        refunded_fen=0, balance_fen=10_000, available_fen=10_000, at_ms=NOON_MS + trade_id,
        by="收银台", device_id=7, lines=[cards.TradeLine(c.Text("饺子", "Dumplings"), amount_fen)],
        **(known | more),
    )  # fmt: skip


def card_story() -> list[c.Event]:
    """Return a day of cards, and the beginning of the next; some of it out of order."""
    face = cards.CardFace(1, 2, 3, "**** 1234", "open", "open")
    part = cards.TradeChange(2, "part_refunded", 5)
    whole = cards.TradeChange(2, "refunded", 38)
    return [
        cards.CardOpened(face, NOON_MS, "收银台"),
        cards.CardToppedUp(trade(1, "top_up", 50_000, bonus_fen=5_000)),
        cards.CardConsumed(trade(2, "consume", 38)),
        cards.CardConsumed(trade(4, "consume", 12)),
        cards.CardRefunded(trade(3, "refund", 5, refers_to=2), part),
        cards.CardFundsFrozen(trade(5, "freeze_funds", 100)),
        cards.CardRefunded(trade(6, "refund", 33, refers_to=2), whole),
        cards.CardFundsReleased(trade(5, "freeze_funds", 100, state="released")),
        cards.CardFrozen(face, NOON_MS, "经理"),
        cards.CardUnfrozen(face, NOON_MS, "经理"),
        cards.CardReplaced(face, NOON_MS, "收银台"),
        *(cards.CardConsumed(trade(n, "consume", n)) for n in range(110, 9, -1)),
        cards.CardClosed(trade(120, "close", 9_000, bonus_fen=500), face),
        cards.CardConsumed(trade(9, "consume", 1, business_day="2026-11-19")),
        cards.CardConsumed(trade(200, "consume", 7, business_day="2026-11-21")),
        cards.CardRefunded(trade(201, "refund", 12, refers_to=4, business_day="2026-11-21"), whole),
    ]


def utterance(call_id: int, ring: int) -> c.Utterance:
    """Return one ring of an announcement."""
    return c.Utterance(
        call_id=call_id, ring=ring, rings_max=2, event="order_placed", msg_type=1,
        channels=["kitchen"], accounts=[], text=c.Text("801房间下单了水饺2份,请注意", "801: 2 dumplings"),
        spoken=c.Text("八零一房间下单了水饺两份,请注意", "eight oh one: two dumplings"),
        audio={}, sound="new", priority=3, at_ms=NOON_MS + call_id,
        expires_at_ms=NOON_MS + call_id + 60_000,
    )  # fmt: skip


def busy_day(chance: random.Random) -> tuple[View, list[c.Event]]:
    """Return 200 events in no sensible order, many of them stale or about nothing."""
    events: list[c.Event] = []
    for n in range(200):
        order_id, item_id = chance.randint(1, 9), chance.randint(1, 30)
        call_id = chance.randint(1, 6)
        version, at_ms = chance.randint(1, 12), NOON_MS + n * 1000
        kind = chance.randrange(10)
        if kind == 0:
            items = [item(chance.randint(1, 30), order_id, chance.randint(1, 3)) for _ in range(3)]
            unique = list({one.id: one for one in items}.values())
            events.append(c.OrderPlaced(order(order_id, *unique, note=str(n)), 1))
        elif kind == 1:
            events.append(c.CallRaised(call(call_id, order_id, item_id)))
        elif kind == 2:
            later: list[c.Event] = [
                c.CallRang(call_id, n, at_ms),
                c.CallUnanswered(call(call_id, order_id, state="unanswered")),
                c.CallClaimed(call_id, "李强", None, at_ms),
                c.CallEnded(call_id, "cleaned", at_ms),
            ]
            events.append(chance.choice(later))
        elif kind == 3 and n % 3 == 0:
            events.append(c.PlaceCleaned(order_id, order_id, at_ms, "王敏"))
        elif kind == 4:
            events.append(undone(item_id, version, chance.choice(list(STAMPS_AFTER))))  # type: ignore[arg-type]
        else:
            events.append(step(chance.choice(WALK), item_id, version, n))
    return view(), events


def recorded(before: View, events: list[c.Event]) -> dict[str, Any]:
    """Return one file's content; events are copied, because the reducer keeps what it is given."""
    after = msgspec.json.decode(msgspec.json.encode(before), type=View)
    for event in events:
        apply(after, msgspec.json.decode(msgspec.json.encode(event), type=c.Event))
    return {
        "view": before,
        "events": events,
        "after": {
            "orders": after.orders,
            "calls": after.calls,
            "device": after.device,
            "announced": after.announced,
            "heard": after.heard,
            "cards": after.cards,
        },
        "hash": state_hash(after),
    }


def main() -> None:
    """Write the files."""
    for name, (before, events) in scenes().items():
        text = msgspec.json.format(msgspec.json.encode(recorded(before, events)), indent=1)
        (HERE / f"{name}.json").write_bytes(text + b"\n")


if __name__ == "__main__":
    main()
