"""◆ What a message centre's receipt says: from its optional parameters, else from its text.

The text is a custom, not a standard (SMPP 3.4 appendix B): `id:… sub:… dlvrd:… submit date:… done
date:… stat:… err:… text:…`, and what comes after `text:` is the message's own beginning, which
may say anything. Refuses to take a message from a telephone for a receipt.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

from server.clock import to_ms
from server.sms.carriers.port import Receipt
from server.sms.carriers.smpp_pdu import MESSAGE_STATE_TLV, RECEIPTED_ID_TLV, Deliver
from server.sms.carriers.smpp_text import CODING_UCS2

# Some number messages in hexadecimal when they take them and in decimal when they report.
Ids = Literal["same", "hex_then_decimal", "decimal_then_hex"]
State = Literal["delivered", "undelivered", "unknown"]

_KINDS = 0x3C  # these bits of the ESM class say what kind of message it is
_IS_RECEIPT = frozenset({0x04, 0x20})  # final, and on the way
_STATES: dict[str, State] = {
    "DELIVRD": "delivered",
    "EXPIRED": "undelivered",
    "DELETED": "undelivered",
    "UNDELIV": "undelivered",
    "REJECTD": "undelivered",
}
_STATE_NAMES = {
    1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD",
    7: "UNKNOWN", 8: "REJECTD",
}  # fmt: skip
_FIELD = re.compile(r"\b(id|done date|stat|err):\s*([^\s:]+)", re.IGNORECASE)
_TEXT = re.compile(r"\btext:", re.IGNORECASE)
_WORD_CHARS_MAX = 64
# By length: the form with seconds would read the shorter date as well, and wrongly.
_DATES = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S"}


def id_of_response(raw: str, ids: Ids) -> str:
    """Return a message id as we keep it, from the answer to a submission."""
    return _number(raw, {"hex_then_decimal": 16, "decimal_then_hex": 10}.get(ids))


def id_of_receipt(raw: str, ids: Ids) -> str:
    """Return a message id as we keep it, from a receipt's text."""
    return _number(raw, {"hex_then_decimal": 10, "decimal_then_hex": 16}.get(ids))


def read_receipt(
    deliver: Deliver, carrier: str, now_ms: int, ids: Ids = "same", utc_offset_h: float = 8
) -> Receipt | None:
    """Return the receipt a deliver_sm is; None: it is a message from a telephone.

    `utc_offset_h` is of the message centre's clock: its dates do not say.
    """
    fields = _fields(deliver)
    message_id = _id(deliver, fields, ids)
    is_marked = deliver.esm_class & _KINDS in _IS_RECEIPT or RECEIPTED_ID_TLV in deliver.tlvs
    if not message_id or not (is_marked or "stat" in fields):
        return None
    stat = _stat(deliver, fields)
    error = fields.get("err", "").strip("0")
    return Receipt(
        carrier,
        message_id,
        _digits(deliver.source),
        _STATES.get(stat, "unknown"),
        (f"{stat}:{fields['err']}" if error else stat)[:_WORD_CHARS_MAX],
        _done_ms(fields.get("done date", ""), utc_offset_h, now_ms),
    )


def _fields(deliver: Deliver) -> dict[str, str]:
    form = "utf-16-be" if deliver.coding == CODING_UCS2 else "latin-1"
    words = _TEXT.split(deliver.body.decode(form, "replace"), maxsplit=1)[0]
    return {name.lower(): value for name, value in _FIELD.findall(words)}


def _id(deliver: Deliver, fields: dict[str, str], ids: Ids) -> str:
    """The parameter repeats what the answer said; the text is the billing side's own number."""
    told = deliver.tlvs.get(RECEIPTED_ID_TLV, b"").partition(b"\0")[0].decode("latin-1").strip()
    found = id_of_response(told, ids) if told else id_of_receipt(fields.get("id", ""), ids)
    return found[:_WORD_CHARS_MAX]


def _stat(deliver: Deliver, fields: dict[str, str]) -> str:
    state = deliver.tlvs.get(MESSAGE_STATE_TLV, b"")
    if len(state) == 1 and state[0] in _STATE_NAMES:
        return _STATE_NAMES[state[0]]
    return fields.get("stat", "").upper() or "UNKNOWN"


def _number(raw: str, base: int | None) -> str:
    word = raw.strip()
    if base is None:
        return word
    try:
        return str(int(word, base))
    except ValueError:
        return word


def _digits(number: str) -> str:
    return "".join(filter(str.isdecimal, number)).removeprefix("00")


def _done_ms(date: str, utc_offset_h: float, now_ms: int) -> int:
    """YYMMDDhhmm, and seconds from some; a date that is none counts as now."""
    try:
        local = datetime.strptime(date, _DATES.get(len(date), "none")).replace(tzinfo=UTC)
    except ValueError:
        return now_ms
    return to_ms(local - timedelta(hours=utc_offset_h))
