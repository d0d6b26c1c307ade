"""◆ A message's life from the queue to the telephone, as two tables; and what may be asked.

One machine for what goes to a carrier in one piece (one text, to one telephone or to up to a
thousand), one for what each telephone made of it. Transitions are written here only; the database
repeats the names, and every statement that moves a message is handed the states it may come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from server.errors import Refusal

Kind = Literal["verification", "notice", "marketing"]
Mode = Literal["single", "multi"]
State = Literal["queued", "sending", "sent", "failed", "unknown", "lapsed"]
Verb = Literal["take", "accept", "put_back", "refuse", "lose", "expire", "lapse"]
Delivery = Literal["waiting", "delivered", "undelivered", "unknown"]
Shown = Literal["queued", "sending", "sent", "failed", "unknown", "delivered", "undelivered"]

KINDS: tuple[Kind, ...] = get_args(Kind)
MODES: tuple[Mode, ...] = get_args(Mode)
STATES: tuple[State, ...] = get_args(State)
VERBS: tuple[Verb, ...] = get_args(Verb)
DELIVERIES: tuple[Delivery, ...] = get_args(Delivery)

# What stands for a text: a carrier call. `unknown`: bytes may have arrived and no answer came.
# `lapsed`: nobody could say for 72 hours; a person may still know better.
TRANSITIONS: dict[tuple[State, Verb], State] = {
    ("queued", "take"): "sending",
    ("queued", "expire"): "failed",
    ("sending", "accept"): "sent",
    ("sending", "put_back"): "queued",
    ("sending", "refuse"): "failed",
    ("sending", "lose"): "unknown",
    ("unknown", "accept"): "sent",
    ("unknown", "put_back"): "queued",
    ("unknown", "refuse"): "failed",
    ("unknown", "lapse"): "lapsed",
    ("lapsed", "accept"): "sent",
    ("lapsed", "refuse"): "failed",
}
ENDED: tuple[State, ...] = ("sent", "failed", "lapsed")
UNDECIDED: tuple[State, ...] = ("queued", "sending", "unknown")  # it may still go to its telephones
LISTED: tuple[State, ...] = (*UNDECIDED, "lapsed")  # somebody still has to say what became of it

# What a carrier's receipt does to one telephone's copy; "unknown" may change for 72 hours (field rule
# of ChuangLan), the others are the last word, whatever comes late or twice.
DELIVERED: dict[tuple[Delivery, Delivery], Delivery] = {
    ("waiting", "delivered"): "delivered",
    ("waiting", "undelivered"): "undelivered",
    ("waiting", "unknown"): "unknown",
    ("unknown", "delivered"): "delivered",
    ("unknown", "undelivered"): "undelivered",
}

RECEIPT_S_MAX = 72 * 3600  # after this nobody waits for a receipt any more

# A brand's own word about a payment is taken for so long; what the payment was for is known for longer.
SAID_S_MAX = 30 * 86_400

# How long a text is of use when its sender does not say: a code is for the person at the screen.
LIVES_S: dict[Kind, int] = {"verification": 300, "notice": 4 * 3600, "marketing": 24 * 3600}
LIVES_S_MAX = 72 * 3600
MESSAGES_MAX = 1_000  # of one request
ATTEMPTS_MAX = 12
BACKOFF_S = 1.0
BACKOFF_S_MAX = 300.0

_ID_BITS = 56
_REFERENCE = re.compile("[0-9a-f]{32}")


class Queue(NamedTuple):
    """Where a message waits: brands, kinds and modes do not stand before each other."""

    brand_id: int
    kind: Kind
    mode: Mode


class Text(NamedTuple):
    """One message to be: its telephones (one form, no two alike) and its text, signature included."""

    phones: tuple[str, ...]
    text: str

    @property
    def mode(self) -> Mode:
        """Return which of a brand's queues it waits in."""
        return "multi" if len(self.phones) > 1 else "single"


def sources(verb: Verb) -> list[State]:
    """Return the states a verb may find a message in."""
    return [state for state, name in TRANSITIONS if name == verb]


def target(verb: Verb) -> State:
    """Return the state a verb leaves a message in; it is the same from wherever it came."""
    (state,) = {after for (_, name), after in TRANSITIONS.items() if name == verb}
    return state


def reference_of(brand_id: int, message_id: int, number: UUID) -> str:
    """Return what a carrier knows a message by, the same on every attempt: 32 hexadecimal digits.

    It says whose message it is, so that a receipt that names it needs no search.
    """
    assert max(brand_id, message_id) < 1 << _ID_BITS
    return f"{number.hex[:4]}{brand_id:014x}{message_id:014x}"


def read_reference(reference: str) -> tuple[int, int] | None:
    """Return the (brand, message) of a reference, or None when it is not one of ours."""
    if not _REFERENCE.fullmatch(reference):
        return None
    return int(reference[4:18], 16), int(reference[18:], 16)


def back_off_s(attempt: int) -> float:
    """Return how long a message waits after its attempt number `attempt` was refused for now."""
    return min(BACKOFF_S_MAX, BACKOFF_S * (1 << min(attempt - 1, 20)))


def strongest(deliveries: Iterable[Delivery]) -> Delivery:
    """Return what several receipts for one telephone come to, in the order they came."""
    state: Delivery = "waiting"
    for came in deliveries:
        state = DELIVERED.get((state, came), state)
    return state


def check_in_time(paid: datetime, now: datetime) -> None:
    """Raise `sms_word_too_late` for a payment of so long ago that what was sent for it may be forgotten.

    Then a message of the house would look like one of the brand's own, and what was said of it like
    nothing.
    """
    if now - paid > timedelta(seconds=SAID_S_MAX):
        raise Refusal("sms_word_too_late", days=SAID_S_MAX // 86_400)


def shown(state: State, delivery: Delivery, sent_at: datetime | None, now: datetime) -> Shown:
    """Return in one word what a person is told about one telephone's copy."""
    if state == "lapsed":
        return "unknown"
    if state != "sent":
        return state
    if delivery != "waiting":
        return delivery
    late = sent_at is not None and now - sent_at > timedelta(seconds=RECEIPT_S_MAX)
    return "unknown" if late else "sent"
