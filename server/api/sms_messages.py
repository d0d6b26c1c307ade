"""Doors of messages: send, what became of a request, a brand's list; and its own word on a receipt.

For keys that may move money, and for reading, people who may. The brand charged is the key's. Refuses
to answer a telephone number or a text.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from server.api import sms_message_words as w
from server.api.callers import money_brand
from server.api.sms import known_moment, new_id, own_brand
from server.api.store import Client
from server.api.table import Call, Door, for_people_too
from server.clock import to_ms
from server.errors import Refusal
from server.sms.accepting import Ask
from server.sms.message import Text, shown
from server.sms.outgoing import Outgoing
from server.sms.phones import Phone, normalised
from server.sms.receipts.said import Word
from server.sms.records import views
from server.sms.variable import filled

_MESSAGES = "/v1/sms/messages"
BODY_BYTES_MAX = 512 * 1024  # a thousand telephones with their values


class SmsMessages:
    """What business services may ask about messages."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "POST", _MESSAGES, "sendSms", "Send one text, or one filled for each telephone", "money",
                lambda c: self.send(c.signer, c.command_id, c.body), request=w.SendRequest,
                response=w.SendAnswer, status=202, body_bytes_max=BODY_BYTES_MAX,
                refusals=(
                    "phone_invalid", "sms_text_invalid", "sms_no_carrier", "balance_insufficient",
                    "ledger_account_frozen",
                ),
            ),
            *for_people_too([
                Door(
                    "GET", _MESSAGES, "listSms", "List messages", "money", self.list_messages,
                    params=w.MessagesWanted, response=w.MessagesAnswer,
                ),
                Door(
                    "GET", f"{_MESSAGES}/{{number}}", "readSms",
                    "Read what became of a request, telephone by telephone", "money", self.read,
                    params=w.NumberPage, response=w.RequestAnswer, refusals=("sms_message_not_found",),
                ),
            ]),
            Door(
                "POST", "/v1/sms/payments/{payment}/receipt", "smsReceiptStatusCallBack",
                "Say what a telephone made of it (SmsReceiptStatusCallBack)", "money",
                lambda c: self.say(
                    c.signer,
                    w.ReceiptRequest(
                        payment=c.params.payment, state=c.body.state, code=c.body.code,
                        phone=c.body.phone, brand_id=c.body.brand_id,
                    ),
                ),
                params=w.PaymentPath, request=w.ReceiptBody, response=w.ReceiptAnswer,
                refusals=("posting_not_found", "phone_invalid", "refund_exceeded"),
            ),
        ]  # fmt: skip

    async def send(self, client: Client, command_id: UUID, asked: w.SendRequest) -> w.SendAnswer:
        """Accept what is to be sent; without a number of the caller's the request's own id is it."""
        brand_id = own_brand(client, asked.brand_id)
        number = new_id(asked.number, command_id, "number")
        ask = Ask(brand_id, number, asked.type, _texts(asked), asked.lives_s)
        parts = await self._outgoing.parts()
        done = await parts.acceptance.accept(ask)
        return w.SendAnswer(number=done.number, messages=done.messages, segments=done.segments)

    async def read(self, call: Call) -> w.RequestAnswer:
        """Return a request and a page of its copies."""
        asked: w.NumberPage = call.params
        brand_id = money_brand(call.caller)
        pool = self._outgoing.pool
        request = await views.read_request(pool, brand_id, asked.number)
        if request is None:
            raise Refusal("sms_message_not_found")
        after = _cursor(asked.after)
        copies = await views.read_copies(pool, brand_id, request, after, asked.limit)
        now = self._outgoing.clock.now()
        last = copies[-1] if len(copies) == asked.limit else None
        return w.RequestAnswer(
            number=request.number, type=request.kind, messages=request.messages,
            segments=request.segments, accepted_at=to_ms(request.at),
            copies=[_copy(one, now) for one in copies],
            next=f"{last.id}.{last.mark.hex()}" if last else None,
        )  # fmt: skip

    async def list_messages(self, call: Call) -> w.MessagesAnswer:
        """Return a page of messages."""
        asked: w.MessagesWanted = call.params
        since, until = known_moment(asked.since, "since"), known_moment(asked.until, "until")
        wanted = views.Wanted(asked.type, asked.state, since, until, asked.before, asked.limit)
        found = await views.read_messages(self._outgoing.pool, money_brand(call.caller), wanted)
        more = len(found) == asked.limit
        return w.MessagesAnswer([_message(one) for one in found], found[-1].id if more else None)

    async def say(self, client: Client, asked: w.ReceiptRequest) -> w.ReceiptAnswer:
        """Take a brand's word on what a telephone made of a payment's message."""
        brand_id = own_brand(client, asked.brand_id)
        phone = normalised(asked.phone) if asked.phone else None
        parts = await self._outgoing.parts()
        word = Word(asked.payment, asked.state, asked.code, phone)
        settled = await parts.sayings.say(brand_id, word)
        return w.ReceiptAnswer(payment=asked.payment, state=asked.state, settled=settled)


def _texts(asked: w.SendRequest) -> list[Text]:
    """Return the messages to be. Raises `bad_field` unless telephones stand in exactly one place."""
    if bool(asked.phones) == bool(asked.filled):
        raise Refusal("bad_field", "Telephones stand in phones or in filled.", field="phones")
    if asked.phones:
        return [Text(tuple(_phones(asked.phones)), asked.text)]
    phones = _phones([one.phone for one in asked.filled])
    return [
        Text((phone,), filled(asked.text, one.values))
        for phone, one in zip(phones, asked.filled, strict=True)
    ]


def _phones(typed: list[str]) -> list[Phone]:
    phones = [normalised(one) for one in typed]
    if len(set(phones)) < len(phones):
        raise Refusal("bad_field", "A telephone stands twice.", field="phones")
    return phones


def _cursor(after: str) -> tuple[int, bytes]:
    message_id, _, mark = after.partition(".")
    return (int(message_id), bytes.fromhex(mark)) if after else (0, b"")


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _copy(copy: views.Copy, now: datetime) -> w.CopyAnswer:
    return w.CopyAnswer(
        message_id=copy.id, phone=copy.masked,
        state=shown(copy.state, copy.delivery, copy.sent_at, now), segments=copy.segments,
        carrier=copy.carrier, code=copy.code, attempts=copy.attempt, payment=copy.payment,
        sent_at=_ms(copy.sent_at), receipt_code=copy.receipt_code, receipt_at=_ms(copy.receipt_at),
    )  # fmt: skip


def _message(one: views.Message) -> w.MessageAnswer:
    return w.MessageAnswer(
        message_id=one.id, number=one.number, type=one.kind, mode=one.mode, state=one.state,
        phones=one.phones, segments=one.segments, carrier=one.carrier, code=one.code,
        attempts=one.attempt, accepted_at=to_ms(one.accepted_at), sent_at=_ms(one.sent_at),
        payment=one.payment,
    )  # fmt: skip
