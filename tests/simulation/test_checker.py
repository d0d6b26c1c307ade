"""The checker of the day sees what it is there to see: a small right day, and every way to spoil it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest

from server.events import catalogue as c
from server.events.view import DeviceView, ShopView, View
from server.gateway import frames as f
from tests.simulation import checker
from tests.simulation.checker import Answer, Line
from tests.simulation.screens import Entry, Screen
from tests.support.kitchen_scene import Scene

T = TypeVar("T")
ITEM, ORDER, CALL = 5, 1, 9
RINGS_MAX = 2
TOPICS = frozenset({"kitchen", "pad"})


def _placed() -> c.Order:
    scene = Scene(now_ms=1_000)
    dish = scene.dish("水饺")
    dish.id, dish.order_id = ITEM, ORDER
    return c.Order(ORDER, 1, "2026-11-20", 1, "room", "801", "pad", 1, "", [], [dish])


def _call() -> c.Call:
    name = c.Text("水饺", "Dumplings")
    return c.Call(
        CALL, ORDER, ITEM, 1, "room", "801", name, 1, "ringing", 1, RINGS_MAX, 3, 4_000, 4_000
    )


def _events() -> list[c.Event]:
    """One dish from order to delivery: the house calls it, it rings twice, somebody comes."""
    return [
        c.OrderPlaced(_placed(), 1),
        c.ItemStarted(ORDER, ITEM, 2_000, "张", 2),
        c.ItemFinished(ORDER, ITEM, 3_000, "张", 3),
        c.ItemCalled(ORDER, ITEM, 4_000, "", 4),
        c.CallRaised(_call()),
        c.CallRang(CALL, 2, 7_000),
        c.CallClaimed(CALL, "王敏", 7, 8_000),
        c.ItemPickedUp(ORDER, ITEM, 9_000, "王敏", 5),
        c.CallEnded(CALL, "picked_up", 9_000),
        c.ItemDelivered(ORDER, ITEM, 10_000, "王敏", 6),
    ]


def _log(events: list[c.Event]) -> list[Line]:
    return [Line(seq, seq * 1000, TOPICS, event) for seq, event in enumerate(events, 1)]


def _answers() -> list[Answer]:
    def step(name: str, version: int, at_ms: int) -> Answer:
        result = {"item_id": ITEM, "version": version, "at_ms": at_ms, "changed": True}
        return Answer(name, name, result)

    placed = {"order_id": ORDER, "round": 1, "item_ids": [ITEM]}
    claimed = {"call_id": CALL, "by": "王敏", "at_ms": 8_000, "changed": True}
    return [
        Answer("p", "PlaceOrder", placed), step("StartItem", 2, 2_000),
        step("FinishItem", 3, 3_000), Answer("c", "ClaimCall", claimed),
        step("PickUpItem", 5, 9_000), step("DeliverItem", 6, 10_000),
        Answer("polite", "StartItem", {"item_id": ITEM, "version": 6, "changed": False}),
        Answer("no", "CancelItem", None),
    ]  # fmt: skip


def _complaints(events: list[c.Event], answers: list[Answer], head: int = 10) -> list[str]:
    log = _log(events)
    return [
        *checker.check_log(log, head),
        *checker.check_effects(answers, log),
        *checker.check_items(log, {ITEM: ("delivered", 6)}),
        *checker.check_calls(log, RINGS_MAX),
        *checker.check_ends(log),
        *checker.check_promises(log),
    ]


def test_a_right_day_has_no_complaints() -> None:
    """Nothing is wrong with a day on which everything happened once."""
    assert _complaints(_events(), _answers()) == []


SPOILT: dict[str, Callable[[list[c.Event], list[Answer]], object]] = {
    "a line is lost": lambda events, _: events.pop(),
    "a dish was started twice": lambda events, _: events.insert(2, events[1]),
    "a step stands in the log that nobody asked for": lambda _, answers: answers.pop(1),
    "an accepted order is not in the log": lambda _, answers: answers.append(
        Answer("q", "PlaceOrder", {"order_id": 2, "round": 1, "item_ids": [6]})
    ),
    "two devices were told they changed the same": lambda _, answers: answers.append(answers[1]),
    "a call rang twice": lambda events, _: events.insert(6, events[5]),
    "a call rang once too often": lambda events, _: events.insert(6, c.CallRang(CALL, 3, 8_000)),
    "a call was raised twice": lambda events, _: events.insert(5, events[4]),
    "a call was given up early": lambda events, _: events.insert(5, c.CallUnanswered(_call())),
    "a finished dish was never called": lambda events, _: events.__delitem__(slice(3, None)),
    "the house called a dish nobody finished": lambda events, _: events.__delitem__(2),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_day_is_noticed(how: str) -> None:
    """Every way to spoil the books is found."""
    events, answers = _events(), _answers()
    SPOILT[how](events, answers)
    assert _complaints(events, answers, head=len(events) if "lost" not in how else 10) != []


def _screen(log: list[Line]) -> tuple[Screen, View]:
    """Return a kitchen screen that was told everything, and its view before the first line."""
    empty = View(
        ShopView(1, c.Text("店", "Shop"), "Asia/Shanghai", 1),
        DeviceView(1, "kitchen", "k", "k"), [], [], None, [], [],
    )  # fmt: skip
    screen = Screen("k", "kitchen", 1)
    screen.history.snapshot(f.Snapshot(1, 0, 0, _copy(empty)))
    for line in log:
        screen.history.event(line.seq, _copy(line.event))
    return screen, empty


def _copy(value: T) -> T:
    return msgspec.convert(msgspec.to_builtins(value), type(value))


def test_a_screen_that_was_told_everything_is_right() -> None:
    """A screen with every line once shows what the log says."""
    log = _log(_events())
    screen, empty = _screen(log)
    assert checker.check_screen(screen, log, empty) == []


SPOILT_SCREENS: dict[str, Callable[[Screen], object]] = {
    "a line was skipped": lambda s: s.history.entries.pop(3),
    "a line came twice": lambda s: s.history.event(2, _events()[1]),
    "two lines changed places": lambda s: s.history.entries.insert(2, s.history.entries.pop(3)),
    "the last line never came": lambda s: s.history.entries.pop(),
    "a snapshot was wrong": lambda s: s.history.entries.append(Entry("snapshot", 10, "0" * 16)),
    "it shows something else": lambda s: setattr(s.history, "view", None),
}


@pytest.mark.parametrize("how", SPOILT_SCREENS)
def test_a_screen_that_is_wrong_is_noticed(how: str) -> None:
    """Every way in which a screen can be told wrong is found."""
    log = _log(_events())
    screen, empty = _screen(log)
    SPOILT_SCREENS[how](screen)
    assert checker.check_screen(screen, log, empty) != []
