"""◆ A paper's life as a table: what is known of it, and never more.

A paper goes back to `queued` only when no byte of it can have left; after that it is confirmed or
`uncertain`, and a person decides. Exactly once on paper cannot be promised by anybody: what is promised
is that nothing is sent twice by itself. Refuses to know printers and wires.
"""

from __future__ import annotations

from typing import Literal, get_args

from server.errors import Refusal
from server.events.printing import PaperEnd, PaperState

Verb = Literal["begin", "take_back", "write", "confirm", "lose", "fail", "expire"]

STATES: tuple[PaperState, ...] = get_args(PaperState)
VERBS: tuple[Verb, ...] = get_args(Verb)

STEPS: dict[tuple[PaperState, Verb], PaperState] = {
    ("queued", "begin"): "sending",  # stored before the first byte
    ("sending", "take_back"): "queued",  # no byte was taken by anybody
    ("sending", "write"): "sent",
    ("sent", "confirm"): "confirmed",  # the printer said so after the last byte
    ("sending", "lose"): "uncertain",
    ("sent", "lose"): "uncertain",
    ("queued", "fail"): "failed",
    ("queued", "expire"): "expired",
}

# What waits for a person until it is settled.
UNDECIDED: frozenset[PaperState] = frozenset({"uncertain", "failed", "expired"})
# What may be printed again: what is over. A printer that never answers leaves its papers `sent`.
REPEATABLE: frozenset[PaperState] = UNDECIDED | {"sent", "confirmed"}


def next_state(state: PaperState, verb: Verb) -> PaperState | None:
    """Return where `verb` leads from `state`, or None when it leads nowhere from there."""
    return STEPS.get((state, verb))


def settle(state: PaperState, settled: PaperEnd | None, outcome: PaperEnd) -> bool:
    """Return whether a person's decision is news; the same decision again is not.

    Raises `print_job_decided` when it was decided otherwise, `print_job_under_way` while it prints.
    """
    if settled is not None:
        if settled == outcome:
            return False
        raise Refusal("print_job_decided", settled=settled)
    if state not in UNDECIDED:
        raise Refusal("print_job_under_way", state=state)
    return True
