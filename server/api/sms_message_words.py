"""◆ Messages in their senders' words: what is asked and answered at `/v1/sms/messages`.

Times are milliseconds since 1970. Refuses to answer a telephone number or a text: numbers come out
masked, texts not at all.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec

from server.api.sms_words import BrandId, Listed, Moment
from server.api.sms_words import PaymentPath as PaymentPath  # noqa: PLC0414 - of the same door
from server.sms.carriers.port import ReceiptState
from server.sms.message import LIVES_S_MAX, MESSAGES_MAX, Kind, Mode, Shown, State

TEXT_CHARACTERS_MAX = 1_000
VALUE_CHARACTERS_MAX = 200

TypedPhone = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
TextWords = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]
Value = Annotated[str, msgspec.Meta(max_length=VALUE_CHARACTERS_MAX)]


class Filled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in the text's places for one telephone."""

    phone: TypedPhone
    values: dict[str, Value] = {}

    def __repr__(self) -> str:
        return "Filled()"


class SendRequest(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """One text to one or many telephones, or, with `filled`, a text with places in it.

    The signature 【…】 belongs into the text. `number` (单号): yours, else the request's own id; the
    same number with the same content is the same request. `livesS`: after so long it is not sent any more.
    """

    type: Kind
    text: TextWords
    phones: Annotated[list[TypedPhone], msgspec.Meta(max_length=MESSAGES_MAX)] = []
    filled: Annotated[list[Filled], msgspec.Meta(max_length=MESSAGES_MAX)] = []
    number: UUID | None = None
    lives_s: Annotated[int, msgspec.Meta(ge=1, le=LIVES_S_MAX)] | None = None
    brand_id: BrandId = 0

    def __repr__(self) -> str:
        return f"SendRequest(type={self.type})"


class SendAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """The number to ask by, how many messages it became and what they are billed as."""

    number: UUID
    messages: int
    segments: int


class NumberPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which request, and where its page begins: `after` is the `next` of the page before."""

    number: UUID
    after: Annotated[str, msgspec.Meta(pattern=r"^([0-9]{1,18}\.[0-9a-f]{64})?$")] = ""
    limit: Listed = 50


class CopyAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """One telephone's copy. `code`: the carrier's word, or ours; `receiptCode`: the telephone's."""

    message_id: int
    phone: str
    state: Shown
    segments: int
    carrier: str | None
    code: str | None
    attempts: int
    payment: UUID | None
    sent_at: int | None
    receipt_code: str | None
    receipt_at: int | None


class RequestAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A request and a page of its copies; `next` goes into `after`, null: there is no next page."""

    number: UUID
    type: Kind | None
    messages: int
    segments: int
    accepted_at: int
    copies: list[CopyAnswer]
    next: str | None


class MessagesWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages: of a type, in a state, accepted in a time."""

    type: Kind | None = None
    state: State | None = None
    since: Moment = 0
    until: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_000)] = 253_402_300_799_000
    before: Annotated[int, msgspec.Meta(ge=1, le=2**62)] = 2**62
    limit: Listed = 50


class MessageAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A message: a text to one telephone (`single`) or to several at once (`multi`)."""

    message_id: int
    number: UUID
    type: Kind
    mode: Mode
    state: State
    phones: int
    segments: int
    carrier: str | None
    code: str | None
    attempts: int
    accepted_at: int
    sent_at: int | None
    payment: UUID | None


class MessagesAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A page, the newest first; `next` goes into `before`, null: there is no next page."""

    messages: list[MessageAnswer]
    next: int | None


class ReceiptBody(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True
):
    """What a telephone made of it. `phone`: needed when the payment was for several."""

    state: ReceiptState
    code: Annotated[str, msgspec.Meta(max_length=64)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=32)] = ""
    brand_id: BrandId = 0

    def __repr__(self) -> str:
        return f"ReceiptBody(state={self.state})"


class ReceiptRequest(ReceiptBody, frozen=True, kw_only=True):
    """What a telephone made of a payment's message (SmsReceiptStatusCallBack)."""

    payment: UUID

    def __repr__(self) -> str:
        return f"ReceiptRequest(state={self.state})"


class ReceiptAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """`settled`: it stands; else it is written down and will be, tried until it is."""

    payment: UUID
    state: ReceiptState
    settled: bool


class CarrierPush(msgspec.Struct, frozen=True):
    """A carrier's status report, as it comes; what more it says is not read."""

    carrier: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,31}$")]
    receiver: str = ""
    pswd: str = ""
    msgid: str = ""
    mobile: str = ""
    status: str = ""
    notify_time: str = msgspec.field(default="", name="notifyTime")
    report_time: str = msgspec.field(default="", name="reportTime")
    uid: str = ""

    def __repr__(self) -> str:
        return f"CarrierPush(carrier={self.carrier})"
