"""Recorded sequences of what is around dishes: the menu, paper, calls, screens, words."""

from __future__ import annotations

import msgspec

from server.events import catalogue as c
from server.events import menu, printing
from server.events.screens import DeviceRenamed, DeviceSought, ScreenSet, ScreenSettings
from tests.core.replica import menus, paper
from tests.core.replica.cast import (
    NOON_MS,
    STRANGE,
    Scenes,
    call,
    card,
    cash_desk,
    item,
    order,
    step,
    utterance,
    view,
)


def sales() -> Scenes:
    """Return dishes that are sold out, where a menu is shown and where none is."""
    return {
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
        "menu": (msgspec.structs.replace(view(), menu=card()), menus.told()),
        "menu_unseen": (view(), menus.told()),
    }


def desks() -> Scenes:
    """Return what cash desks hear: paper, calls, sentences."""
    return {
        "paper": (
            msgspec.structs.replace(view(), printing=printing.PrintDesk([], [])),
            paper.told(),
        ),
        "paper_unseen": (view(), [paper.stuck(7)]),
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
                c.CallGivenBack(1, "李强", 9, NOON_MS + 70_000),
                c.CallGivenBack(9, "李强", 9, NOON_MS + 70_000),
                c.CallRang(1, 1, NOON_MS + 70_001),
                c.CallRaised(call(3)),
                c.CallClaimed(3, "李强", 9, NOON_MS + 71_000),
                c.CallGivenBack(3, "李强", 9, NOON_MS + 72_000),
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
    }


def screens() -> Scenes:
    """Return screens that come and go, and words that are hard to write."""
    return {
        "devices": (
            view(order(1, item(1))),
            [
                c.DevicePaired(8, "waiter", "8 号平板"),
                c.DeviceMoved(8, 4, None),
                c.DeviceMoved(7, None, 2),
                c.DeviceUnpaired(8),
                DeviceRenamed(8, "9 号平板"),
                DeviceRenamed(7, "热菜 2"),
                DeviceSought(7, NOON_MS, "店长"),
                ScreenSet(8, ScreenSettings(columns=3)),
                ScreenSet(7, ScreenSettings(columns=5, rows=3, theme="light", distance_cm=200)),
            ],
        ),
        "strange_words": (
            view(),
            [
                c.OrderPlaced(order(1, item(1), note=STRANGE, allergens=(STRANGE, "")), 1),
                c.ItemStarted(1, 1, NOON_MS, STRANGE, 2),
            ],
        ),
    }
