"""Which passwords are good enough, and why another is not (R-000-11)."""

from __future__ import annotations

import pytest

from server.errors import Refusal
from server.staff.password import LENGTH_MAX, check_password, first_password, normal

LOGIN = "wang.min"
WEAK = [
    ("short-1A", "too_short"),
    ("elevenchars", "too_short"),
    ("a" * (LENGTH_MAX + 1), "too_long"),
    ("my Wang.Min is here", "like_login"),
    ("Password2026!", "common"),
    ("123administrator!!", "common"),
    ("123456789012", "keyboard_row"),
    ("qwertyuiopas", "keyboard_row"),
    ("zyxwvutsrqpo", "keyboard_row"),
    ("axaxaxaxaxax", "too_uniform"),
]
STRONG = [
    "three blind mice on tuesday",
    "Kd7!mpqz4x",
    "厨房里有三只小白鼠和一只花猫",
    "x9$Lw2-rTuv",
]


@pytest.mark.parametrize(("password", "reason"), WEAK)
def test_weak_passwords_are_refused_with_a_reason(password: str, reason: str) -> None:
    """What is too short, common, a row of keys or the login name is refused, and why is told."""
    with pytest.raises(Refusal) as refused:
        check_password(password, LOGIN)
    assert (refused.value.code, refused.value.detail) == ("password_weak", {"reason": reason})


@pytest.mark.parametrize("password", STRONG)
def test_strong_passwords_pass(password: str) -> None:
    """Long ones pass without signs and digits, in any script; shorter ones with three kinds."""
    check_password(password, LOGIN)


def test_the_houses_own_passwords_pass() -> None:
    """A first password is strong by the house's own rules, and no two are alike."""
    made = {first_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        check_password(password, LOGIN)


def test_one_password_on_every_keyboard() -> None:
    """Full-width letters and a decomposed accent are the same password."""
    assert normal("\uff41\uff42\uff11") == "ab1"
    assert normal("cafe\u0301") == normal("caf\u00e9")
