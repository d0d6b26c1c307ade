"""◆ What a day was like, in a few lines: how much, how often it broke, how late things were.

Refuses to judge; the checker does.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from server.demo.people import Tally
from server.events import catalogue as c
from tests.simulation.checker import Line
from tests.simulation.screens import Screen
from tests.simulation.truth import Truth
from tests.support.fire import Fire
from tests.support.links import Link

TAIL_LINES = 15


def dice(seed: int, name: str) -> random.Random:
    """Return somebody's dice for this seed."""
    return random.Random(f"{seed} {name}")  # noqa: S311 - reproducible


def lines(
    fire: Fire,
    screens: Mapping[str, Screen],
    links: Mapping[str, Link],
    truth: Truth,
    tally: Tally,
) -> Iterator[str]:
    """Return the report."""
    answers = [kept for screen in screens.values() for kept in screen.answers]
    again = sum(kept.sends - 1 for kept in answers)
    yield f"  log {truth.head} lines; {len(answers)} commands answered, {again} sent again"
    yield f"  refusals: {dict(tally.refused)}"
    yield f"  dishes: {dict(Counter(state for state, _ in truth.items.values()))}"
    kills = Counter(name for _, name in fire.kills)
    cuts = sum(link.cuts for link in links.values())
    links_made = sum(screen.device.links for screen in screens.values())
    yield f"  kills {dict(sorted(kills.items()))}; {cuts} troubles of links, {links_made} welcomes"
    fell = Counter(
        f"{death.name}({death.status})"
        for part in fire.parts.values()
        for death in part.deaths
        if not death.ours
    )
    yield f"  ended by themselves: {dict(fell) or 'none'}"
    heard = sorted(late for screen in screens.values() for _, late in screen.heard)
    yield f"  events heard {len(heard)}: late {_spread(heard)}"
    for name, late in lateness(truth.log).items():
        yield f"  {name} {len(late)}: late {_spread(late)}"


def lateness(log: Sequence[Line]) -> dict[str, list[int]]:
    """Return how late, in ms, the house kept its promises."""
    finished: dict[int, int] = {}
    rang: dict[int, tuple[int, int]] = {}
    late: dict[str, list[int]] = {"calls by the house": [], "further rings": []}
    after_ms = 1000
    for line in log:
        match line.event:
            case c.ItemFinished(item_id=item_id):
                finished[item_id] = line.at_ms
            case c.ItemCalled(item_id=item_id, by=""):
                late["calls by the house"].append(line.at_ms - finished[item_id] - after_ms)
            case c.CallRaised(call=call):
                rang[call.id] = (line.at_ms, call.interval_s * 1000)
            case c.CallRang(call_id=call_id):
                before_ms, interval_ms = rang[call_id]
                late["further rings"].append(line.at_ms - before_ms - interval_ms)
                rang[call_id] = (line.at_ms, interval_ms)
    return late


def _spread(values: Sequence[int]) -> str:
    if not values:
        return "-"
    ordered = sorted(values)
    parts = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    told = [f"{name} {ordered[int(share * (len(ordered) - 1))]}" for name, share in parts.items()]
    return f"{', '.join(told)}, max {ordered[-1]} ms"


def tail_of(logs: Path) -> str:
    """Return the last words of every process."""
    parts = []
    for log in sorted(logs.iterdir()):
        words = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        parts.append("\n".join([f"--- {log.name}", *words]))
    return "\n".join(parts)
