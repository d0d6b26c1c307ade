"""◆ How many segments a text is billed as, and the parts it travels in (3GPP TS 23.038).

A text of GSM-7 characters only has 160 septets in one part, 153 in each of several, and nine
characters cost two; one character from elsewhere (the brackets of a signature 【…】 are enough) makes
all of it UCS-2: 70 UTF-16 units in one part, 67 in each of several. The carriers bill parts, so parts
are what is prepaid. Refuses to send, and to shorten what is too long.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from server.errors import Refusal

Encoding = Literal["gsm7", "ucs2"]

# ChuangLan takes 536 characters with the signature: eight parts of 67. Others end near it.
UNITS_MAX = 536
SIGNATURE_CHARS_MAX = 20

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")  # an escape and a septet
_BEYOND_BMP = "\uffff"  # above it a character is a surrogate pair

# In units: of a part that is alone, and of each of several (the rest of 140 bytes numbers them).
_ROOM: dict[Encoding, tuple[int, int]] = {"gsm7": (160, 153), "ucs2": (70, 67)}


class Counted(NamedTuple):
    """A text as carriers bill it; `units` are septets, or UTF-16 units."""

    encoding: Encoding
    units: int
    segments: int


def signed(signature: str, text: str) -> str:
    """Return the text as it travels, behind its signature; an empty signature is none.

    Raises `sms_text_invalid` for a signature that is too long or has brackets of its own.
    """
    if not signature:
        return text
    if len(signature) > SIGNATURE_CHARS_MAX or any(bracket in signature for bracket in "【】"):
        raise Refusal(
            "sms_text_invalid",
            f"A signature has at most {SIGNATURE_CHARS_MAX} characters and no brackets.",
            reason="signature",
        )
    return f"【{signature}】{text}"


def count(text: str) -> Counted:
    """Return what a text is billed as, its signature already in it.

    Raises `sms_text_invalid`: empty, longer than `UNITS_MAX`, or with characters no phone can show.
    """
    return _counted(text, len(split(text)))


def split(text: str) -> list[str]:
    """Return the parts a text travels in; neither a surrogate pair nor an escape is torn apart.

    Raises as `count` does.
    """
    encoding, units, _ = _counted(text, 0)
    if not text or units > UNITS_MAX:
        reason = "empty" if not text else "too_long"
        raise Refusal("sms_text_invalid", reason=reason, units=units, units_max=UNITS_MAX)
    if "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise Refusal("sms_text_invalid", reason="not_text")
    alone, together = _ROOM[encoding]
    return [text] if units <= alone else list(_parts(text, encoding, together))


def _counted(text: str, segments: int) -> Counted:
    encoding: Encoding = "gsm7" if _BASIC.union(_ESCAPED).issuperset(text) else "ucs2"
    return Counted(encoding, sum(_unit(one, encoding) for one in text), segments)


def _unit(character: str, encoding: Encoding) -> int:
    wide = character in _ESCAPED if encoding == "gsm7" else character > _BEYOND_BMP
    return 2 if wide else 1


def _parts(text: str, encoding: Encoding, room: int) -> Iterable[str]:
    start = filled = 0
    for index, character in enumerate(text):
        unit = _unit(character, encoding)
        if filled + unit > room:
            yield text[start:index]
            start, filled = index, 0
        filled += unit
    yield text[start:]
