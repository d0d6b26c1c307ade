"""◆ Whether a day was right: everything that was answered happened once, everybody was told once.

Takes the log, the rows and the screens' histories and returns complaints; an empty list is a good
day. Refuses to read a database.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from server.client.outbox import Kept
from server.events import catalogue as c
from server.events.display import ItemsShown, ItemsUnseen
from server.events.pace import ItemsFired, ItemsHeld, ItemsRushed
from server.events.view import View, apply, state_hash
from tests.simulation.screens import Screen

COMPLAINTS_PER_KIND_MAX = 5

EFFECT = {
    "StartItem": "ItemStarted",
    "FinishItem": "ItemFinished",
    "CallItem": "ItemCalled",
    "PickUpItem": "ItemPickedUp",
    "DeliverItem": "ItemDelivered",
    "CancelItem": "ItemCancelled",
    "UndoItem": "ItemUndone",
}
# What changes a dish and is no step of its way; the answer gives no time of its own.
AMENDED = {"ChangeItem": "ItemChanged", "ConfirmItem": "ItemConfirmed"}
PACED = {"HoldItems": "ItemsHeld", "FireItems": "ItemsFired", "RushItems": "ItemsRushed"}

decode_event = msgspec.json.Decoder(c.Event).decode


class Line(NamedTuple):
    """One line of the log, read back."""

    seq: int
    at_ms: int
    topics: frozenset[str]
    event: c.Event


class Answer(NamedTuple):
    """One command that was answered, by whatever door."""

    id: str
    name: str
    result: dict[str, Any] | None  # None: refused


def answer_of(kept: Kept) -> Answer:
    """Return what a device's command came to."""
    assert kept.reply is not None
    return Answer(str(kept.id), kept.name, kept.reply.result if kept.reply.ok else None)


def check_log(log: Sequence[Line], head: int) -> list[str]:
    """The log's numbers are 1…head without a gap."""
    numbers = [line.seq for line in log]
    whole = numbers == list(range(1, head + 1))
    return [] if whole else [f"the log has {len(numbers)} lines, its head is {head}"]


def check_remembered(answers: Iterable[Answer], remembered: dict[str, dict[str, Any]]) -> list[str]:
    """Every answer a device got is the one the house remembers, and it got one."""
    complaints: list[str] = []
    seen: set[str] = set()
    for answer in answers:
        if answer.id in seen:
            complaints.append(f"{answer.name} {answer.id} was answered twice")
        seen.add(answer.id)
        reply = remembered.get(answer.id)
        if reply is None:
            complaints.append(f"{answer.name} {answer.id} was answered and is not remembered")
        elif reply.get("result") != answer.result:
            complaints.append(f"{answer.name} {answer.id}: told {answer.result}, kept {reply}")
    return complaints[:COMPLAINTS_PER_KIND_MAX]


def check_effects(answers: Iterable[Answer], log: Sequence[Line]) -> list[str]:
    """What was accepted stands in the log exactly once, and nothing else does."""
    promised: Counter[tuple[Any, ...]] = Counter()
    for answer in answers:
        if answer.result is not None and answer.result.get("changed", True):
            promised[_effect(answer.name, answer.result)] += 1
    happened = Counter(effect for line in log if (effect := _happening(line.event)) is not None)
    missing, extra = promised - happened, happened - promised
    complaints = [f"accepted, not in the log: {effect}" for effect in missing]
    complaints += [f"in the log, accepted by nobody: {effect}" for effect in extra]
    return complaints[: 2 * COMPLAINTS_PER_KIND_MAX]


def _effect(name: str, result: dict[str, Any]) -> tuple[Any, ...]:
    match name:
        case "PlaceOrder":
            ids = tuple(result["item_ids"])
            return ("OrderPlaced", result["order_id"], result["round"], ids)
        case "CleanPlace":
            return ("PlaceCleaned", result["order_id"])
        case "ClaimCall":
            return ("CallClaimed", result["call_id"], result["by"], result["at_ms"])
        case "UndoItem" | "ChangeItem" | "ConfirmItem":
            kind = EFFECT.get(name) or AMENDED[name]
            return (kind, result["item_id"], result["version"], None)
        case "HoldItems" | "FireItems" | "RushItems":
            return (PACED[name], result["order_id"], tuple(result["item_ids"]))
        case _:
            return (EFFECT[name], result["item_id"], result["version"], result["at_ms"])


def _happening(event: c.Event) -> tuple[Any, ...] | None:
    """Return the same for an event that somebody's command caused; None for the house's own."""
    what: tuple[Any, ...] | None = None
    match event:
        case c.OrderPlaced():
            what = (event.order.id, event.round, tuple(item.id for item in event.order.items))
        case c.PlaceCleaned(order_id=None):
            pass  # a stay ended in which nothing was ordered: its answer says that no order changed
        case c.PlaceCleaned():
            what = (event.order_id,)
        case c.CallClaimed():
            what = (event.call_id, event.by, event.at_ms)
        case c.ItemCalled(by=""):
            pass  # a promise's: `check_promises` looks at those
        case c.ItemUndone() | c.ItemChanged() | c.ItemConfirmed():
            what = (event.item_id, event.version, None)
        case ItemsHeld() | ItemsFired() | ItemsRushed():
            what = (event.order_id, tuple(mark.item_id for mark in event.items))
        case _ if type(event).__name__ in EFFECT.values():
            what = (event.item_id, event.version, event.at_ms)  # type: ignore[union-attr]
    return what and (type(event).__name__, *what)


def check_items(log: Sequence[Line], rows: dict[int, tuple[str, int]]) -> list[str]:
    """Every dish's row has the version its steps lead to: each step once, in order."""
    steps: dict[int, list[int]] = defaultdict(list)
    placed: set[int] = set()
    for line in log:
        if isinstance(line.event, c.OrderPlaced):
            placed.update(item.id for item in line.event.order.items)
        for item_id, version in _versions(line.event):
            steps[item_id].append(version)
    complaints = [] if placed == rows.keys() else ["the dishes placed are not the dishes stored"]
    for item_id, (state, version) in rows.items():
        if steps[item_id] != list(range(2, version + 1)):
            complaints.append(f"dish {item_id} ({state}) v{version}: steps {steps[item_id]}")
    return complaints[:COMPLAINTS_PER_KIND_MAX]


def _versions(event: c.Event) -> list[tuple[int, int]]:
    """Return (dish, its row's version after it) for every dish the event changed."""
    if isinstance(event, ItemsHeld | ItemsFired | ItemsRushed | ItemsShown | ItemsUnseen):
        return [(mark.item_id, mark.version) for mark in event.items]
    if type(event).__name__ in {*EFFECT.values(), *AMENDED.values()}:
        return [(event.item_id, event.version)]  # type: ignore[union-attr]
    return []


def check_calls(log: Sequence[Line], rings_max: int) -> list[str]:
    """Every call rang 1, 2, … once each, and was raised only because a dish was called."""
    complaints: list[str] = []
    rings: dict[int, int] = {}
    before: c.Event | None = None
    for line in log:
        match line.event:
            case c.CallRaised(call=call):
                caused = isinstance(before, c.ItemCalled) and before.item_id == call.item_id
                if not caused or call.rings != 1:
                    complaints.append(f"line {line.seq}: call {call.id} raised by nothing")
                rings[call.id] = 1
            case c.CallRang(call_id=call_id, rings=ring):
                if ring != rings.get(call_id, 0) + 1 or ring > rings_max:
                    complaints.append(f"line {line.seq}: call {call_id} rang {ring} out of turn")
                rings[call_id] = ring
            case c.CallUnanswered(call=call):
                if call.state != "claimed" and rings.get(call.id) != rings_max:
                    complaints.append(f"line {line.seq}: call {call.id} was given up early")
            case c.CallEnded(call_id=call_id):
                rings.pop(call_id, None)
        before = line.event
    return complaints[:COMPLAINTS_PER_KIND_MAX]


def check_ends(log: Sequence[Line]) -> list[str]:
    """Every call ended once at most, and nothing was said of it afterwards."""
    complaints: list[str] = []
    over: set[int] = set()
    for line in log:
        match line.event:
            case c.CallEnded(call_id=call_id):
                if call_id in over:
                    complaints.append(f"line {line.seq}: call {call_id} ended twice")
                over.add(call_id)
            case c.Announced(utterance=said) if said.call_id in over:
                complaints.append(f"line {line.seq}: call {said.call_id} spoke after its end")
    return complaints[:COMPLAINTS_PER_KIND_MAX]


def check_promises(log: Sequence[Line]) -> list[str]:
    """Every finished dish nobody touched was called by the house once, right after it was finished."""
    complaints: list[str] = []
    last: dict[int, c.Event] = {}
    versions: dict[int, int] = {}
    open_orders: set[int] = set()
    for line in log:
        event = line.event
        if isinstance(event, c.OrderPlaced):
            open_orders.add(event.order.id)
        if isinstance(event, c.PlaceCleaned) and event.order_id is not None:
            open_orders.discard(event.order_id)
        if type(event).__name__ not in EFFECT.values():
            versions.update(_versions(event))
            continue
        item_id: int = event.item_id  # type: ignore[union-attr]
        before = versions.get(item_id, 1)
        versions.update(_versions(event))
        if isinstance(event, c.ItemCalled) and event.by == "":
            was = last.get(item_id)
            if not isinstance(was, c.ItemFinished) or before + 1 != event.version:
                complaints.append(f"line {line.seq}: the house called dish {item_id} unasked")
        last[item_id] = event
    for item_id, event in last.items():
        if isinstance(event, c.ItemFinished) and event.order_id in open_orders:
            complaints.append(f"dish {item_id} stands finished and was never called")
    return complaints[:COMPLAINTS_PER_KIND_MAX]


def check_screen(screen: Screen, log: Sequence[Line], empty: View) -> list[str]:
    """A screen heard every line meant for it once, in order, and its snapshots were the log's truth.

    `empty` is a view of this screen before the first line.
    """
    complaints: list[str] = []
    name, entries = screen.name, screen.history.entries
    told = [entry.seq for entry in entries if entry.what == "event"]
    if told != sorted(set(told)):
        complaints.append(f"{name}: events twice or out of order")
    if screen.history.repeats:
        complaints.append(f"{name}: was sent again what it had: {screen.history.repeats[:5]}")
    meant = [line.seq for line in log if screen.hears(line.topics)]
    last: int | None = None
    for entry in entries:
        skipped = [] if last is None else _between(meant, last, entry.seq)
        if entry.what == "event" and skipped:
            complaints.append(f"{name}: told {entry.seq} after {last}, not {skipped}")
        last = entry.seq
    if entries and (rest := _between(meant, entries[-1].seq, len(log) + 1)):
        complaints.append(f"{name}: never told {rest}")
    return complaints[:COMPLAINTS_PER_KIND_MAX] + _check_snapshots(screen, log, empty)


def _between(meant: Sequence[int], after: int, before: int) -> list[int]:
    return list(meant[bisect_right(meant, after) : bisect_left(meant, before)])


def _check_snapshots(screen: Screen, log: Sequence[Line], empty: View) -> list[str]:
    """Replay the log as this screen hears it, and compare wherever it was given a snapshot."""
    complaints: list[str] = []
    marks: dict[int, set[str]] = defaultdict(set)
    for entry in screen.history.entries:
        if entry.what == "snapshot":
            marks[entry.seq].add(entry.hash)
    view = empty
    for line in log:
        if screen.hears(line.topics):
            # A fresh copy: the reducer keeps and changes the nouns an event brings.
            apply(view, decode_event(msgspec.json.encode(line.event)))
        if line.seq in marks and marks[line.seq] != {state_hash(view)}:
            complaints.append(f"{screen.name}: its snapshot at {line.seq} is not the log's picture")
    if screen.history.state_hash() != state_hash(view):
        complaints.append(f"{screen.name}: shows something else than the whole log says")
    return complaints[:COMPLAINTS_PER_KIND_MAX]
