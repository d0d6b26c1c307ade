"""◆ The port between the product and whoever carries its messages.

Three answers, and the line between them is the promise: `Accepted` is on its way, `Refused` surely
did not go, `Unknown` may have gone. Refuses to guess: what is not surely one of the first two is
the third, so that nothing is sent twice blindly and nothing that went is given back.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import msgspec

REFERENCE_CHARS_MAX = 32
PHONES_MAX = 1000


ReceiptState = Literal["delivered", "undelivered", "unknown"]


class Message(msgspec.Struct, frozen=True):
    """One text to one telephone or to many; its repr shows neither text nor numbers.

    `reference` is ours, 1 … 32 characters of 0-9a-f, the same on every attempt at the same message.
    `phones` are 1 … 1000 numbers, digits with country code and no plus: "8613800000000"; more than
    one makes it a *multi* message. `text` includes the signature 【…】.
    """

    reference: str
    phones: tuple[str, ...]
    text: str

    def __repr__(self) -> str:
        return f"Message({self.reference}, {len(self.phones)} phones, {len(self.text)} characters)"


class Accepted(NamedTuple):
    """The carrier took it. `message_id` is the carrier's; a multi message has one for all."""

    message_id: str


class Refused(NamedTuple):
    """It surely was not sent: the carrier said no, or no byte of it left us.

    `retryable`: the same message may be taken later, by this carrier or another.
    """

    code: str
    sentence: str
    retryable: bool


class Unknown(NamedTuple):
    """Bytes may have arrived and no answer came: never blindly sent again or refunded."""

    why: str


Outcome = Accepted | Refused | Unknown


def is_trouble(outcome: Outcome) -> bool:
    """Return whether an outcome speaks against the carrier and not against the message.

    A carrier that says no to a message is well; no answer and "not now" speak against it.
    """
    if isinstance(outcome, Accepted):
        return False
    return outcome.retryable if isinstance(outcome, Refused) else True


class Receipt(msgspec.Struct, frozen=True):
    """What became of one text on one telephone; its repr shows no number.

    `code` is the carrier's own word ("DELIVRD"). `at_ms` is the carrier's time when it gave one.
    May come more than once, in any order, before `send` has returned, and an `unknown` may become
    one of the others. `reference` is ours when the carrier gives it back, else empty: it tells what
    became of a message whose outcome was `Unknown`, and so has no message id with us.
    """

    carrier: str
    message_id: str
    phone: str
    state: ReceiptState
    code: str
    at_ms: int
    reference: str = ""

    def __repr__(self) -> str:
        return f"Receipt({self.carrier}, {self.message_id}, {self.state}, {self.code})"


class Carrier(Protocol):
    """Whoever takes messages. Bodies: `chuanglan.py` (HTTP), `smpp.py` (SMPP 3.4).

    `phones_max` is how many telephones one `Message` to it may have. One that gives every telephone
    a message id of its own (SMPP) says 1: a multi message goes to it as that many messages, each
    with a reference of its own, because only so each has an outcome of its own.
    """

    name: str
    phones_max: int

    async def send(self, message: Message) -> Outcome:
        """Hand over one message, once, and return what came of it.

        Never raises for trouble outside; never tries again by itself. Who cancels it has to take
        the outcome as `Unknown`.
        """
        ...

    async def ask(self, reference: str) -> Outcome | None:
        """Return what became of the message with our reference; None: it cannot say."""
        ...
