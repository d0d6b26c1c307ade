"""◆ What follows from a carrier's answer: the step its message takes, and when it is looked at again.

The line between "surely not sent" and "perhaps" is the carrier's to draw (`carriers/port.py`); here
it decides whether a message is tried again, given back, or asked about. Refuses to guess.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from server.sms.carriers.port import Accepted, Outcome, Refused
from server.sms.message import ATTEMPTS_MAX, RECEIPT_S_MAX, Verb, back_off_s

ASK_FIRST_S = 5.0
ASK_SHARE = 0.5  # of the time that has passed until the next question
ASK_S_MAX = 3600.0
SENTENCE_CHARS_MAX = 200

EXPIRED = "expired"
NO_CARRIER = "no_carrier"
NO_ANSWER = "no_answer"

_NUMBERS = re.compile(r"\d{5,}")


class Step(NamedTuple):
    """What a message does next, and what the log says of it."""

    verb: Verb
    due_at: datetime
    code: str | None = None
    carrier_message_id: str | None = None
    sentence: str | None = None


def step_of(outcome: Outcome, attempt: int, expires_at: datetime, now: datetime) -> Step:
    """Return what follows from the answer to attempt number `attempt`."""
    if isinstance(outcome, Accepted):
        return Step("accept", now, carrier_message_id=outcome.message_id)
    if isinstance(outcome, Refused):
        return _refused(outcome, attempt, expires_at, now)
    due_at = now + timedelta(seconds=ASK_FIRST_S)
    return Step("lose", due_at, NO_ANSWER, sentence=plain(outcome.why))


def _refused(outcome: Refused, attempt: int, expires_at: datetime, now: datetime) -> Step:
    again_at = now + timedelta(seconds=back_off_s(attempt))
    useful = attempt < ATTEMPTS_MAX and again_at < expires_at
    verb: Verb = "put_back" if outcome.retryable and useful else "refuse"
    return Step(verb, again_at, outcome.code[:64], sentence=plain(outcome.sentence))


def ask_again_at(accepted_at: datetime, now: datetime) -> datetime:
    """Return when to ask about an unknown message next: rarer with its age, never after it lapses."""
    age_s = (now - accepted_at).total_seconds()
    wait_s = min(max(ASK_FIRST_S, age_s * ASK_SHARE), ASK_S_MAX)
    return min(now + timedelta(seconds=wait_s), lapses_at(accepted_at))


def lapses_at(accepted_at: datetime) -> datetime:
    """Return when nobody is expected to say any more what became of a message."""
    return accepted_at + timedelta(seconds=RECEIPT_S_MAX)


def plain(sentence: str) -> str:
    """Return a carrier's sentence as it may be kept: short, and without anybody's number."""
    return _NUMBERS.sub("…", sentence)[:SENTENCE_CHARS_MAX]
