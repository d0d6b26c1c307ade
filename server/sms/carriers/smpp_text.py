"""◆ A text as the bytes a message centre takes: GSM-7 or UCS-2, in the parts it is billed as.

The parts are `segments.split`'s, so what is sent is what was counted. Several parts carry a header
each (3GPP TS 23.040, 9.2.3.24.1) with which the telephone joins them; its number is made of our
reference, so a message that is tried again has the same. Refuses to shorten and to replace.
"""

from __future__ import annotations

from typing import NamedTuple

from server.sms import segments
from server.sms.carriers.smpp_pdu import UDHI

CODING_DEFAULT = 0  # the message centre's own alphabet: GSM-7, a septet in a byte
CODING_UCS2 = 8

_ESCAPE = 0x1B
# 3GPP TS 23.038, 6.2.1; the character at 0x1B stands for the escape itself.
GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM7_ESCAPED = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E,
    "|": 0x40, "€": 0x65,
}  # fmt: skip
_BYTES = {character: bytes([code]) for code, character in enumerate(GSM7)} | {
    character: bytes([_ESCAPE, code]) for character, code in GSM7_ESCAPED.items()
}


class Encoded(NamedTuple):
    """A text as it travels; `esm_class` says whether its parts begin with headers."""

    coding: int
    esm_class: int
    parts: tuple[bytes, ...]
    is_payload: bool = False  # longer than one part, in one piece


def encode(text: str, reference: str, *, whole: bool = False) -> Encoded:
    """Return a text in its parts, or `whole` in one piece for a payload.

    Raises `sms_text_invalid` as `segments.count` does.
    """
    parts = segments.split(text)
    coding = CODING_DEFAULT if segments.count(text).encoding == "gsm7" else CODING_UCS2
    if whole or len(parts) == 1:
        return Encoded(coding, 0, (_encode(text, coding),), is_payload=len(parts) > 1)
    number = int(reference[-2:], 16)
    header = bytes([5, 0, 3, number, len(parts)])
    joined = tuple(
        header + bytes([place]) + _encode(part, coding) for place, part in enumerate(parts, 1)
    )
    return Encoded(coding, UDHI, joined)


def _encode(text: str, coding: int) -> bytes:
    if coding == CODING_UCS2:
        return text.encode("utf-16-be")
    return b"".join(_BYTES[character] for character in text)
