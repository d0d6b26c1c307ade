"""◆ What a day was like, in a few lines: how much, how often it broke, how late things were.

Refuses to judge; the checker does.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from server.demo.people import Tally
from server.events import catalogue as c
from tests.simulation.checker import Line
from tests.simulation.screens import Screen
from tests.simulation.truth import Truth
from tests.support.fire import Fire
from tests.support.links import Link

TAIL_LINES = 15
CALL_AFTER_MS = 1_000  # what the day sets in its shop
RING_EVERY_MS = 3_000
AFTER_KILL_MS = 3_000


def dice(seed: int, name: str) -> random.Random:
    """Return somebody's dice for this seed."""
    return random.Random(f"{seed} {name}")


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
    promises = kept_promises(truth.log)
    for what in ("call", "ring"):
        yield f"  promises to {what}: late {_spread([p.late_ms for p in promises if p.what == what])}"
    for name, late in after_kills(promises, fire.kills).items():
        yield f"  promises due within {AFTER_KILL_MS // 1000} s of a kill ({name}): late {_spread(late)}"


class Promised(NamedTuple):
    """One promise that was kept: when it was due, and how late it was."""

    what: str
    due_ms: int
    late_ms: int


def kept_promises(log: Sequence[Line]) -> list[Promised]:
    """Return what the house did by itself: calls for finished dishes, further rings."""
    due: dict[tuple[str, int], int] = {}
    kept: list[Promised] = []
    for line in log:
        match line.event:
            case c.ItemFinished(item_id=item_id):
                due["call", item_id] = line.at_ms + CALL_AFTER_MS
            case c.ItemCalled(item_id=item_id, by=""):
                due_ms = due["call", item_id]
                kept.append(Promised("call", due_ms, line.at_ms - due_ms))
            case c.CallRaised(call=call):
                due["ring", call.id] = line.at_ms + RING_EVERY_MS
            case c.CallRang(call_id=call_id):
                due_ms = due["ring", call_id]
                kept.append(Promised("ring", due_ms, line.at_ms - due_ms))
                due["ring", call_id] = line.at_ms + RING_EVERY_MS
    return kept


def after_kills(
    promises: Sequence[Promised], kills: Sequence[tuple[int, str]]
) -> dict[str, list[int]]:
    """Return what was killed → how late the promises were that came due soon after."""
    late: dict[str, list[int]] = {}
    for promise in promises:
        kept_ms = promise.due_ms + promise.late_ms
        near = {name for at_ms, name in kills if promise.due_ms - AFTER_KILL_MS < at_ms < kept_ms}
        if near:
            name = near.pop() if len(near) == 1 else "several"
            late.setdefault(name, []).append(promise.late_ms)
    return dict(sorted(late.items()))


def _spread(values: Sequence[int]) -> str:
    if not values:
        return "-"
    ordered = sorted(values)
    parts = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    told = [f"{name} {ordered[int(share * (len(ordered) - 1))]}" for name, share in parts.items()]
    return f"{', '.join(told)}, max {ordered[-1]} ms of {len(ordered)}"


def tail_of(logs: Path) -> str:
    """Return the last words of every process."""
    parts = []
    for log in sorted(logs.iterdir()):
        words = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        parts.append("\n".join([f"--- {log.name}", *words]))
    return "\n".join(parts)
