"""◆ A card and its holder: the table of what may be done in which state, numbers, identities.

Refuses to know money; `trade.py` does. `STEPS` is the only place of a card's transitions; what is not in
it is refused by the state's own code.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Literal, get_args

from server.errors import Refusal
from server.events.cards import CardState, CardUserState

CardVerb = Literal[
    "top_up", "consume", "refund", "freeze_funds", "release_funds", "freeze", "unfreeze", "replace",
    "close",
]  # fmt: skip
IdentityKind = Literal["id_card", "phone"]

STATES: tuple[CardState, ...] = get_args(CardState)
VERBS: tuple[CardVerb, ...] = get_args(CardVerb)

STEPS: dict[tuple[CardState, CardVerb], CardState] = {
    **{("open", verb): "open" for verb in VERBS if verb not in {"freeze", "close"}},
    ("open", "freeze"): "frozen",
    ("open", "close"): "closed",
    # A frozen card spends nothing; what is under way is still settled.
    ("frozen", "refund"): "frozen",
    ("frozen", "release_funds"): "frozen",
    ("frozen", "freeze"): "frozen",
    ("frozen", "unfreeze"): "open",
    ("frozen", "replace"): "frozen",
    ("frozen", "close"): "closed",
}  # fmt: skip

REFUSED: dict[CardState, str] = {"frozen": "card_frozen", "closed": "card_closed"}

# A frozen holder's cards do not spend, whatever their own state.
SPENDING: frozenset[CardVerb] = frozenset({"top_up", "consume", "freeze_funds"})

NUMBER = re.compile(r"[0-9A-Za-z-]{4,32}")
SHOWN_DIGITS = 4
_NUMBER_DIGITS = 16

_ID_CARD = re.compile(r"[0-9]{17}[0-9X]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_ID_CHECKS = "10X98765432"
_PHONE = re.compile(r"[1-9][0-9]{6,14}")  # E.164
_MOBILE_IN_CHINA = re.compile(r"1[3-9][0-9]{9}")


def next_state(state: CardState, verb: CardVerb, user_state: CardUserState) -> CardState:
    """Return where a verb leads. Raises `card_frozen`, `card_user_frozen` or `card_closed`."""
    after = STEPS.get((state, verb))
    if after is None:
        raise Refusal(REFUSED[state])
    if user_state == "frozen" and verb in SPENDING:
        raise Refusal("card_user_frozen")
    return after


def masked(number: str) -> str:
    """Return what of a number may be shown: `**** 1234`; of a short one no more than half."""
    shown = min(SHOWN_DIGITS, len(number) // 2)
    return f"**** {number[len(number) - shown :]}"


def masked_name(name: str) -> str:
    """Return what of a name may be shown: 张三丰 is 张**."""
    name = name.strip()
    return name[:1] + "*" * len(name[1:4])


def new_number() -> str:
    """Return a fresh card number: sixteen digits that nobody can guess, the last one a check (Luhn)."""
    body = "8" + "".join(str(secrets.randbelow(10)) for _ in range(_NUMBER_DIGITS - 2))
    return body + str(luhn_digit(map(int, body)))


def luhn_digit(digits: Iterable[int]) -> int:
    """Return the digit that makes a number pass Luhn's check."""
    doubled = [d * 2 - 9 * (d > 4) if n % 2 == 0 else d for n, d in enumerate(reversed([*digits]))]  # noqa: PLR2004
    return -sum(doubled) % 10


def checked_number(number: str) -> str:
    """Return a number as a chip or a barcode says it. Raises `card_number_invalid`."""
    if NUMBER.fullmatch(number) is None:
        raise Refusal("card_number_invalid")
    return number


def normal_identity(kind: IdentityKind, text: str) -> str:
    """Return an identity in the one way it is stored and found (R-000-21).

    An ID-card number with its check digit, or a telephone number with its country code (China's when it
    has none). Raises `card_identity_invalid`.
    """
    plain = re.sub(r"[\s()-]", "", text).upper()
    if kind == "id_card":
        if _ID_CARD.fullmatch(plain) is None or _id_check(plain) != plain[-1]:
            raise Refusal("card_identity_invalid", field="identity")
        return plain
    if plain.startswith(("+", "00")):
        plain = plain.lstrip("+").removeprefix("00")
    elif _MOBILE_IN_CHINA.fullmatch(plain):
        plain = f"86{plain}"
    if _PHONE.fullmatch(plain) is None:
        raise Refusal("card_identity_invalid", field="identity")
    return plain


def _id_check(plain: str) -> str:
    weighed = (int(digit) * weight for digit, weight in zip(plain, _ID_WEIGHTS, strict=False))
    return _ID_CHECKS[sum(weighed) % 11]
