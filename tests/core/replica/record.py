"""Writes the recorded sequences beside it: `python -m tests.core.replica.record`.

Each file holds a view, events, and what the view must hold afterwards. Run it when the catalogue
grows, and read the difference: the files are the truth both languages are held to.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec

from server.events import catalogue as c
from server.events.view import STAMPS_AFTER, View, apply, state_hash
from tests.core.replica import around, card_day, display, orders, steps
from tests.core.replica.cast import NOON_MS, WALK, Scenes, call, item, order, step, undone, view

HERE = Path(__file__).parent


def scenes() -> Scenes:
    """Return every sequence by the name of its file."""
    return {
        **steps.walks(),
        **steps.astray(),
        **orders.rounds(),
        **orders.paces(),
        **around.sales(),
        **around.desks(),
        **around.screens(),
        **display.proofs(),
        **card_day.trades(),
        "busy_day": busy_day(random.Random(2026)),
    }


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
            "unseen": after.unseen,
            "places": after.places,
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
