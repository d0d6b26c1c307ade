"""◆ What goes wrong when, drawn from a seed: the same seed, the same plan.

Refuses to carry it out: `tests/support/fire.py` does.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple

What = Literal["reset", "blackhole", "half_close", "delay", "shut_door", "kill"]

LINK_TROUBLES: tuple[What, ...] = ("reset", "blackhole", "half_close", "delay", "shut_door")
TROUBLE_S_MAX = 3.0
APART_S = 0.5  # two kills closer than this are one


class Fault(NamedTuple):
    """One thing that goes wrong at `at_s` after the start, for `for_s` seconds (kills: at once)."""

    at_s: float
    what: What
    target: str
    for_s: float = 0.0


def draw(
    seed: int,
    duration_s: float,
    screens: Sequence[str],
    parts: Sequence[str],
    *,
    cut_every_s: float,
    kill_every_s: float,
) -> list[Fault]:
    """Return the faults of a day in order: cuts of links, and kills that reach every part in turn."""
    dice = random.Random(f"{seed} plan")
    faults: list[Fault] = []
    at_s = 0.0
    while (at_s := at_s + dice.expovariate(1 / cut_every_s)) < duration_s:
        for_s = round(dice.uniform(0.1, TROUBLE_S_MAX), 3)
        what = dice.choice(LINK_TROUBLES)
        faults.append(Fault(round(at_s, 3), what, dice.choice(screens), for_s))
    at_s, bag = 0.0, list[str]()
    while (at_s := at_s + max(APART_S, dice.expovariate(1 / kill_every_s))) < duration_s:
        if not bag:
            bag = dice.sample(parts, len(parts))
        faults.append(Fault(round(at_s, 3), "kill", bag.pop()))
    return sorted(faults)
