"""What of a card's number and its holder's name may be shown (R-000-10)."""

from __future__ import annotations

import pytest

from server.cards.card import masked, masked_name


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("8123456789012345", "**** 2345"),
        ("12345678", "**** 5678"),
        ("12345", "**** 45"),
        ("1234", "**** 34"),
        ("7", "**** "),
    ],
)
def test_a_short_number_is_never_shown_whole(number: str, shown: str) -> None:
    """Four figures at the end, and at most half of what there is."""
    assert masked(number) == shown


def test_a_name_keeps_its_first_sign() -> None:
    """张三丰 is 张**."""
    assert masked_name(" 张三丰 ") == "张**"
