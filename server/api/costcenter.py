"""The SMS cost centre over gRPC: the words of `costcenter.proto`, the answers of `sms.py`.

A message is read as the JSON that protobuf says it is, so both ways in have one set of rules.
Refuses to know balances.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from google.protobuf import json_format, message_factory

from server.api import costcenter_pb2
from server.api import sms_words as w
from server.api.rpc import Rpc
from server.api.sms import SmsMoney
from server.api.sms_message_words import ReceiptRequest
from server.api.sms_messages import SmsMessages
from server.api.store import Client

_SERVICE = costcenter_pb2.DESCRIPTOR.services_by_name["CostCenter"]
SERVICE = _SERVICE.full_name

_Answer = Callable[[Client, UUID, Any], Awaitable[msgspec.Struct]]


def rpcs(sms: SmsMoney, messages: SmsMessages) -> list[Rpc]:
    """Return the service's methods."""
    return [
        _rpc("SmsSendPrePay", w.PrePayRequest, sms.pre_pay),
        _rpc("SmsSendPay", w.PayRequest, sms.pay),
        _rpc("SmsReleaseFreezeNum", w.NumberRequest, lambda c, _, asked: sms.release(c, asked)),
        _rpc("SmsSendStatusCallBack", w.StatusRequest, lambda c, _, asked: sms.settle(c, asked)),
        _rpc(
            "SmsReceiptStatusCallBack", ReceiptRequest, lambda c, _, asked: messages.say(c, asked)
        ),
        _rpc("ReadSmsFreeze", w.NumberRequest, lambda c, _, asked: sms.read(c, asked)),
        _rpc("BuySmsPackage", w.BuyRequest, lambda c, _, asked: sms.buy(c, asked)),
        _rpc("ReadSmsBalance", w.BrandWords, lambda c, _, asked: sms.balance(c, asked)),
    ]


def _rpc(name: str, words: type, answer: _Answer) -> Rpc:
    method = _SERVICE.methods_by_name[name]
    request = message_factory.GetMessageClass(method.input_type)
    response = message_factory.GetMessageClass(method.output_type)

    async def answered(client: Client, command_id: UUID, message: Any) -> bytes:
        fields = json_format.MessageToDict(message, preserving_proto_field_name=True)
        # Not strict: protobuf's JSON writes an int64 as a text.
        asked: Any = msgspec.convert(fields, words, strict=False)
        told = await answer(client, command_id, asked)
        reply = json_format.ParseDict(msgspec.to_builtins(told), response())
        return reply.SerializeToString()

    return Rpc(SERVICE, name, request, answered, audited=not name.startswith("Read"))
