"""◆ ChuangLan's words: what is posted, what an answer means, what a status report says.

The shape of 创蓝 (253.com): JSON over HTTPS, the account's password in the body as its wire demands,
answers with a `code`, status reports pushed to us as a GET, up to three times a minute apart until
answered with `TAKEN`. Refuses to open connections, and to read a failure where none is written.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from server.clock import to_ms
from server.sms.carriers.port import Accepted, Message, Outcome, Receipt, Refused, Unknown

SEND_PATH = "/msg/v1/send/json"
VARIABLE_PATH = "/msg/variable/json"
BALANCE_PATH = "/msg/balance/json"
PHONES_MAX = 1000
TEXT_CHARS_MAX = 536  # with the signature
PARAMS_BYTES_MAX = 256 * 1024

# What is answered to a push. Nothing but TAKEN stops it from coming again; TRY_AGAIN says so.
TAKEN = b'{"clcode":"000000"}'
TRY_AGAIN = b'{"clcode":"111111"}'

CHINA = timezone(timedelta(hours=8))
_CHINA_CODE = "86"
_CHINA_DIGITS = 11
_FIELDS_MAX = 40  # of a push; it has ten
_ID_CHARS_MAX = 64  # of a message id; it has 32 digits
# By length: the form with seconds would read the shorter date as well, and wrongly.
_DATES = {10: "%y%m%d%H%M", 12: "%y%m%d%H%M%S"}
_LATER = frozenset({"103", "104"})  # too quick; their side is busy
_SENTENCES = {
    "101": "ChuangLan does not know the account.",
    "102": "ChuangLan says the password is wrong.",
    "103": "ChuangLan says we submit too quickly.",
    "104": "ChuangLan is busy.",
    "105": "ChuangLan finds a forbidden word in the text.",
    "106": "ChuangLan finds the text empty or too long.",
    "107": "ChuangLan finds a wrong telephone number.",
    "108": "ChuangLan finds no or too many telephone numbers.",
    "109": "The account at ChuangLan has no messages left.",
    "110": "ChuangLan does not send at this hour.",
    "111": "The account at ChuangLan has used up its month.",
    "112": "The account at ChuangLan has no such product.",
    "113": "ChuangLan finds the extension number malformed.",
    "115": "ChuangLan's review rejected the text.",
    "116": "ChuangLan finds no signature it knows in the text.",
    "117": "ChuangLan does not expect the account at our address.",
    "118": "The account at ChuangLan may not send this.",
    "119": "The account at ChuangLan has expired.",
    "120": "ChuangLan finds no template for the text.",
    "130": "ChuangLan finds the request malformed.",
}
# The request was not processed, says HTTP; what other statuses leave open is unknown.
_NOT_PROCESSED = frozenset({400, 401, 403, 404, 405, 413, 415, 422, 429})
_TOO_MANY = 429
_OK = 200


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who we are at ChuangLan; its repr shows no secret.

    `receipt_user` and `receipt_password` are what ChuangLan puts into its pushes (receiver, pswd)
    when the console says so; empty: it puts nothing, and the URL itself should be hard to guess.
    """

    account: str
    password: str
    url: str = "https://smssh1.253.com"
    receipt_user: str = ""
    receipt_password: str = ""

    def __repr__(self) -> str:
        return f"Account({self.url})"

    def is_private(self) -> bool:
        """Return whether the password is safe on its way: https, or http on this machine."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        return bool(host) and (
            parts.scheme == "https" or (parts.scheme == "http" and _is_here(host))
        )


class NotAReceiptError(Exception):
    """A push that is not ChuangLan's, or does not say what became of what."""


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refusal_of(message: Message, text: str) -> Refused | None:
    """Return why a message cannot go to ChuangLan at all, before a byte leaves; None: it can."""
    if not 1 <= len(message.phones) <= PHONES_MAX:
        return Refused("phones_count", f"1 … {PHONES_MAX} telephones at once.", retryable=False)
    if any(national(phone) is None for phone in message.phones):
        return Refused("phone_foreign", "Only telephones of China (86 …).", retryable=False)
    if not 1 <= len(text) <= TEXT_CHARS_MAX:
        sentence = f"A text has 1 … {TEXT_CHARS_MAX} characters with its signature."
        return Refused("text_length", sentence, retryable=False)
    return None


def national(phone: str) -> str | None:
    """Return a Chinese mobile number as ChuangLan writes it, without its country; else None."""
    bare = phone.removeprefix(_CHINA_CODE)
    is_theirs = phone.startswith(_CHINA_CODE) and len(bare) == _CHINA_DIGITS and bare.isdecimal()
    return bare if is_theirs else None


def send_body(account: Account, message: Message) -> bytes:
    """Return the body that sends one text to one or many telephones."""
    phones = ",".join(national(phone) or "" for phone in message.phones)
    return msgspec.json.encode(
        {
            "account": account.account,
            "password": account.password,
            "msg": message.text,
            "phone": phones,
            "report": "true",  # else no status report ever comes
            "uid": message.reference,
        }
    )


def variable_body(
    account: Account, message: Message, values: Sequence[Sequence[str]]
) -> bytes | None:
    """Return the body that sends a text with `{$var}` in it, each telephone with its own values.

    None when a value cannot be told apart from the list it travels in (it has a comma or semicolon).
    """
    rows = [
        [national(phone) or "", *row] for phone, row in zip(message.phones, values, strict=True)
    ]
    if any("," in one or ";" in one for row in rows for one in row):
        return None
    return msgspec.json.encode(
        {
            "account": account.account,
            "password": account.password,
            "msg": message.text,
            "params": ";".join(",".join(row) for row in rows),
            "report": "true",
            "uid": message.reference,
        }
    )


def balance_body(account: Account) -> bytes:
    """Return the body that asks how many messages the account has left."""
    return msgspec.json.encode({"account": account.account, "password": account.password})


def read_answer(status: int, body: bytes) -> Outcome:
    """Return what an answer to a submission means."""
    if status != _OK:
        return _read_status(status)
    answer = _object(body)
    code = _word(answer.get("code"))
    if code is None:
        return Unknown("ChuangLan's answer cannot be read")
    if code != "0":
        sentence = _SENTENCES.get(code, "ChuangLan refused it with a code we do not know.")
        return Refused(code, sentence, retryable=code in _LATER)
    failed, taken = _number(answer.get("failNum")), _number(answer.get("successNum"))
    if failed and taken == 0:
        return Refused("none_taken", "ChuangLan took it for none of them.", retryable=False)
    message_id = _word(answer.get("msgId"))
    if not message_id:
        return Unknown("ChuangLan accepted it and gave no id")
    return Accepted(message_id)


def read_balance(status: int, body: bytes) -> int | None:
    """Return how many messages the account has left; None when the answer does not say."""
    answer = _object(body) if status == _OK else {}
    return _number(answer.get("balance")) if _word(answer.get("code")) == "0" else None


def read_push(query: str, account: Account, now_ms: int, carrier: str) -> Receipt:
    """Return what one pushed status report says; `query` is that of the GET, as it came.

    The same report may come up to three times and after others that are newer: a receipt is known
    by its message id and telephone. Raises `NotAReceiptError`, which names no number.
    """
    try:
        pairs = parse_qs(query, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise NotAReceiptError("A status report has fewer fields.") from None
    fields = {name: values[-1] for name, values in pairs.items()}
    _check_sender(fields, account)
    message_id, mobile = fields.get("msgid", ""), fields.get("mobile", "")
    if not 1 <= len(message_id) <= _ID_CHARS_MAX or not mobile.isdecimal():
        raise NotAReceiptError("A status report names its message and telephone.")
    status = fields.get("status", "")[:_ID_CHARS_MAX]
    return Receipt(
        carrier, message_id, _international(mobile), _state(status), status or "none",
        _reported_ms(fields, now_ms), fields.get("uid", ""),
    )  # fmt: skip


def _check_sender(fields: Mapping[str, str], account: Account) -> None:
    for name, wanted in (("receiver", account.receipt_user), ("pswd", account.receipt_password)):
        if wanted and not hmac.compare_digest(fields.get(name, "").encode(), wanted.encode()):
            raise NotAReceiptError("A status report has ChuangLan's name and password for us.")


def _state(status: str) -> Literal["delivered", "undelivered", "unknown"]:
    """Only DELIVRD is a success; an empty or unknown status may change for 72 hours."""
    if status == "DELIVRD":
        return "delivered"
    return "unknown" if status in {"", "UNKNOWN", "ACCEPTD", "ENROUTE"} else "undelivered"


def _international(mobile: str) -> str:
    return _CHINA_CODE + mobile if len(mobile) == _CHINA_DIGITS else mobile.removeprefix("00")


def _reported_ms(fields: Mapping[str, str], now_ms: int) -> int:
    """Return when it was reported: `notifyTime` to the second, else `reportTime` to the minute."""
    for name in ("notifyTime", "reportTime"):
        told = fields.get(name, "")
        try:
            local = datetime.strptime(told, _DATES.get(len(told), "none")).replace(tzinfo=CHINA)
        except ValueError:
            continue
        return to_ms(local.astimezone(UTC))
    return now_ms


def _read_status(status: int) -> Outcome:
    if status not in _NOT_PROCESSED:
        return Unknown(f"ChuangLan answered with HTTP {status}")
    sentence = f"ChuangLan did not process it (HTTP {status})."
    return Refused(f"http_{status}", sentence, retryable=status == _TOO_MANY)


def _object(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _word(value: object) -> str | None:
    """Return a code or an id, which come as a string or as a number."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> int | None:
    word = _word(value)
    return int(word) if word is not None and word.isascii() and word.isdecimal() else None
