"""◆ Which passwords are good enough, and how they are hashed.

Long beats complicated: twelve characters, or ten of three kinds. Refuses what others guess first: the
login name, the commonest words with decoration, rows of keys, a few characters again and again.
"""

from __future__ import annotations

import secrets
import unicodedata
from itertools import pairwise
from typing import NamedTuple

from server.errors import Refusal

LENGTH_MIN = 12
MIXED_LENGTH_MIN = 10  # enough with characters of three kinds
KINDS_MIN = 3
LENGTH_MAX = 128  # beyond it only our memory is worked
DISTINCT_MIN = 5

# No 0 1 i l o: read from a slip of paper, typed once.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_CHARS = 4, 4  # 31^16: 79 bits

_TOO_SHORT = (
    f"At least {LENGTH_MIN} characters, or {MIXED_LENGTH_MIN} with {KINDS_MIN} of: small letters, "
    "capitals, digits, others."
)

_ROWS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_ROW_CHARS_MIN = 6

# What is left of the commonest passwords when decoration is taken off; shorter ones fail by length.
_WORDS = (
    "admin administrator anypass baseball changeme chuancai computer default football guest "
    "hello iloveyou letmein login manager master monkey mypassword pass passw0rd "
    "password passwort princess qwerty root secret starwars sunshine superman system "
    "test testtest trustno1 user welcome woaini wodemima wangluo zhongguo mima "
    "caiguan canting kitchen restaurant aini buzhidao 密码 我的密码 管理员 传菜 "
)
COMMON = frozenset(_WORDS.split())


class Parameters(NamedTuple):
    """How dear an Argon2id hash is; RFC 9106's choice for machines that do other things too."""

    passes: int = 3
    memory_kib: int = 65_536
    lanes: int = 1  # threads of one hash: two hashes at once fill two cores already
    hash_bytes: int = 32
    salt_bytes: int = 16


PARAMETERS = Parameters()


def normal(password: str) -> str:
    """Return the password as it is hashed: keyboards write the same character in several ways."""
    return unicodedata.normalize("NFKC", password)


def first_password() -> str:
    """Return a password to hand over once, to be changed at the first login."""
    groups = (
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS)
    )
    return "-".join(groups)


def check_password(password: str, login: str) -> None:
    """Raise `password_weak` with a sentence and `facts.reason` unless it is strong."""
    text = normal(password)
    for reason, is_so, sentence in (
        ("too_long", len(text) > LENGTH_MAX, f"At most {LENGTH_MAX} characters."),
        (
            "too_short",
            not _is_long(text),
            _TOO_SHORT,
        ),
        ("like_login", _is_like(text, login), "It contains the login name."),
        ("common", _core(text) in COMMON, "Too many people have this one."),
        ("keyboard_row", _is_row(text), "It is a row of keys."),
        (
            "too_uniform",
            len(set(text.lower())) < DISTINCT_MIN,
            f"At least {DISTINCT_MIN} different characters.",
        ),
    ):
        if is_so:
            raise Refusal("password_weak", sentence, reason=reason)


def _is_long(text: str) -> bool:
    kinds = (
        any(c.islower() for c in text),
        any(c.isupper() for c in text),
        any(c.isdigit() for c in text),
        any(not (c.islower() or c.isupper() or c.isdigit()) for c in text),
    )
    return len(text) >= (MIXED_LENGTH_MIN if sum(kinds) >= KINDS_MIN else LENGTH_MIN)


def _is_like(text: str, login: str) -> bool:
    return len(login) >= DISTINCT_MIN and login.lower() in text.lower()


def _core(text: str) -> str:
    """Return what is left without the digits and signs people put around a word."""
    return text.lower().strip("0123456789!@#$%^&*()-_=+.,;:?~ ")


def _is_row(text: str) -> bool:
    """Return whether most of it is neighbours on the keyboard or in the alphabet, either way."""
    lowered = text.lower()
    pairs = sum(_are_neighbours(a, b) for a, b in pairwise(lowered))
    return pairs >= _ROW_CHARS_MIN and 3 * pairs >= 2 * (len(lowered) - 1)


def _are_neighbours(one: str, other: str) -> bool:
    return any(one + other in row or other + one in row for row in _ROWS) or {one, other} == {
        "9",
        "0",
    }
