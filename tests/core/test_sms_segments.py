"""How many segments a text is billed as, and the parts it travels in (A20)."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from server.errors import Refusal
from server.sms.segments import UNITS_MAX, count, signed, split

CAKE, EURO = "\U0001f370", "€"  # a surrogate pair; an escape and a septet

# What the carriers' own pages count (Aliyun, Huawei), and the edges of 3GPP TS 23.038.
BILLED = [
    # text, encoding, units, segments
    ("菜" * 68, "ucs2", 68, 1),
    ("菜" * 70, "ucs2", 70, 1),
    ("菜" * 71, "ucs2", 71, 2),
    ("菜" * 134, "ucs2", 134, 2),
    ("菜" * 135, "ucs2", 135, 3),
    ("菜" * 150, "ucs2", 150, 3),
    ("菜" * 160, "ucs2", 160, 3),
    ("菜" * 201, "ucs2", 201, 3),
    ("菜" * 202, "ucs2", 202, 4),
    ("菜" * UNITS_MAX, "ucs2", 536, 8),
    ("a" * 160, "gsm7", 160, 1),
    ("a" * 161, "gsm7", 161, 2),
    ("a" * 306, "gsm7", 306, 2),
    ("a" * 307, "gsm7", 307, 3),
    ("a" * 350, "gsm7", 350, 3),
    ("a" * 159 + "菜", "ucs2", 160, 3),
    (EURO * 80, "gsm7", 160, 1),
    (EURO * 80 + "a", "gsm7", 161, 2),
    # The 153rd septet would be half of a euro, so it goes with the next part.
    ("a" * 152 + EURO + "a" * 152, "gsm7", 306, 3),
    (EURO * 152, "gsm7", 304, 2),
    (EURO * 153, "gsm7", 306, 3),
    ("|^{}[]~\\" + EURO + "\f", "gsm7", 20, 1),
    ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ", "gsm7", 31, 1),
    ("`", "ucs2", 1, 1),
    ("ç", "ucs2", 1, 1),
    ("\x1b", "ucs2", 1, 1),
    (CAKE * 35, "ucs2", 70, 1),
    (CAKE * 35 + "a", "ucs2", 71, 2),
    # 67 is odd: a pair does not fit at the end of a part.
    (CAKE * 66, "ucs2", 132, 2),
    (CAKE * 67, "ucs2", 134, 3),
]


@pytest.mark.parametrize(("text", "encoding", "units", "segments"), BILLED)
def test_a_text_is_billed_as_the_carriers_count_it(
    text: str, encoding: str, units: int, segments: int
) -> None:
    """70 and 67 UTF-16 units, 160 and 153 septets; nothing is torn apart (A20)."""
    assert count(text) == (encoding, units, segments)


def test_the_signature_is_counted() -> None:
    """【…】 is part of what is billed, and makes an English text one of 70 (A20)."""
    text = "a" * 64
    assert count(text) == ("gsm7", 64, 1)
    assert signed("传菜", text) == "【传菜】" + text
    assert count(signed("传菜", text)) == ("ucs2", 68, 1)
    assert count(signed("传菜", text + "abc")).segments == 2
    assert signed("", text) == text
    for wrong in ("【传菜】", "传" * 21):
        with pytest.raises(Refusal, match="sms_text_invalid"):
            signed(wrong, text)


@pytest.mark.parametrize("text", ["", "a" * 537, "菜" * 537, CAKE * 269, "a\0", "a\ud83c"])
def test_what_cannot_be_sent_is_refused(text: str) -> None:
    """Nothing, too much, and what no phone can show (half of a pair, U+0000)."""
    with pytest.raises(Refusal, match="sms_text_invalid"):
        count(text)


LETTERS = st.one_of(
    st.sampled_from("abc|^€{}@ñ"), st.sampled_from("菜传 "), st.sampled_from(CAKE + "\U00020bb7")
)


@given(st.one_of(st.text(LETTERS, min_size=1), st.text("a€|\n", min_size=1, max_size=500)))
def test_parts_are_the_text_and_each_fits(text: str) -> None:
    """Joined, the parts are the text; none is larger than a part may be, and none could hold more."""
    assume(len(text.encode("utf-16-le")) // 2 <= UNITS_MAX // 2)
    counted = count(text)
    parts = split(text)
    assert "".join(parts) == text
    assert len(parts) == counted.segments
    if counted.encoding == "gsm7":
        sizes = [len(part) + sum(part.count(wide) for wide in "\f^{}\\[~]|€") for part in parts]
        alone, together = 160, 153
    else:
        sizes = [len(part.encode("utf-16-le")) // 2 for part in parts]
        alone, together = 70, 67
    assert sum(sizes) == counted.units
    assert (len(parts) == 1) == (counted.units <= alone)
    if len(parts) > 1:
        assert max(sizes) <= together
        assert min(sizes[:-1]) >= together - 1
