"""◆ SendImCall in the callers' own words, as JSON or protobuf, and what the desk calls the same.

Names and numbers of events, channels and message types are the callers' (R-004-31, R-004-32);
`im.proto` beside this file says the same and a test compares. Refuses to know the shop's rules: a
call that is well said may still be refused or suppressed by the desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from server.errors import Refusal
from server.events import catalogue as c

CALLS_PER_BATCH_MAX = 500
PARAMS_MAX = 32
ACCOUNTS_MAX = 100
CHANNELS_MAX = 10
NUMBER_MAX = 2**53  # what JSON carries everywhere
PAD_CALL = 4


class Words(NamedTuple):
    """An enum of the callers: its prefix and names; short names are ours."""

    what: str
    prefix: str
    numbers: Mapping[str, int]

    def short(self, word: str | int, field: str) -> str:
        """Return our name for `IM_…_NAME`, `name` or a number.

        Raises `bad_field` naming the field for what is not in the enum, 0 included.
        """
        if isinstance(word, int):
            for name, number in self.numbers.items():
                if number == word:
                    return name
        else:
            name = word.removeprefix(self.prefix).lower()
            if name in self.numbers and word in {name, self.wire(name)}:
                return name
        said = "is missing" if word in {0, f"{self.prefix}UNSPECIFIED"} else "is not known"
        known = [self.wire(name) for name in self.numbers]
        sentence = f"The {self.what} {word!r} {said}." if word != 0 else f"The {self.what} {said}."
        raise Refusal("bad_field", sentence, field=field, known=known)

    def wire(self, name: str) -> str:
        """Return the callers' name for one of ours."""
        return f"{self.prefix}{name.upper()}"


EVENTS = Words(
    "event",
    "IM_CALL_EVENT_",
    {
        "order_placed": 1,
        "item_ready": 2,
        "item_cancelled": 3,
        "order_rushed": 4,
        "service_wanted": 5,
        "technician_wanted": 6,
        "item_unseen": 7,
        "custom": 100,
    },
)
CHANNELS = Words(
    "channel",
    "IM_CALL_CHANNEL_",
    {"kitchen": 1, "pad": 2, "cashier": 3, "call_screen": 4, "room": 5, "console": 6},
)
MSG_TYPES = Words(
    "message type",
    "IM_CALL_MSG_TYPE_",
    {"broadcast": 1, "refresh": 2, "notify": 3, "pad_call": 4},
)
END_STATES = Words("state", "IM_CALL_END_STATE_", {"queued": 1, "suppressed": 2, "no_such_end": 3})

# A number, or its digits: proto3's JSON writes an int64 as a text.
Number = (
    Annotated[int, msgspec.Meta(ge=0, le=NUMBER_MAX)]
    | Annotated[str, msgspec.Meta(pattern="^[0-9]{1,16}$")]
)
# A name of the enum, its short form in small letters, or its number.
Word = (
    Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | Annotated[str, msgspec.Meta(max_length=64)]
)
AccountName = Annotated[str, msgspec.Meta(max_length=64)]
ParamName = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
ParamValue = Annotated[str, msgspec.Meta(max_length=500)]
WordList = Annotated[list[Word], msgspec.Meta(max_length=CHANNELS_MAX)]


class DesignatedAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Who is meant: by number, or by name where there is none."""

    account_id: Number = 0
    account_name: AccountName = ""


class SendImCallRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One call. `Channels` and `MsgType` are the same as `channels` and `msgType`.

    `callParams` fill the template's words; placeId or roomName, orderId, itemId and technicianId
    also say what the call is about, and it is not made when nobody needs it any more.
    """

    shop_id: Number
    event: Word
    brand_id: Number = 0  # 0: the key's own
    channels: WordList = []
    call_params: Annotated[dict[ParamName, ParamValue], msgspec.Meta(max_length=PARAMS_MAX)] = {}
    designated_list: Annotated[list[DesignatedAccount], msgspec.Meta(max_length=ACCOUNTS_MAX)] = []
    msg_type: Word = 0
    msg_template_id: Number | None = None
    channels_as_told: WordList = msgspec.field(default=[], name="Channels")
    msg_type_as_told: Word = msgspec.field(default=0, name="MsgType")


class BatchRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to 500 calls, of any shops of the brand."""

    calls: Annotated[
        list[SendImCallRequest], msgspec.Meta(min_length=1, max_length=CALLS_PER_BATCH_MAX)
    ]


class EndAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """What becomes of the call at one end: a channel of the shop, or a designated account.

    `account_id` 0: a name that nobody has. `devices`: how many it has; `online`: of those
    connected now, null when nobody knows.
    """

    channel: c.Channel | None
    account_id: int | None
    state: Literal["queued", "suppressed", "no_such_end"]
    reason: str
    devices: int
    online: int | None


class CallAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """The call's id, and each end."""

    call_id: int
    ends: list[EndAnswer]


class RefusedCall(msgspec.Struct, frozen=True, rename="camel"):
    """Why one call of a batch was not accepted; `retryable`: send the whole batch again."""

    code: str
    detail: str
    retryable: bool
    facts: dict[str, Any] = {}


class BatchedCall(msgspec.Struct, frozen=True, rename="camel"):
    """One call of a batch: accepted with its id and ends, or refused."""

    call_id: int | None
    ends: list[EndAnswer]
    refusal: RefusedCall | None = None


class BatchAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """The calls of the batch, in its order."""

    calls: list[BatchedCall]


class Asked(NamedTuple):
    """A call in the desk's words; `brand_id` 0 says nothing about a brand."""

    brand_id: int
    shop_id: int
    ask: dict[str, Any]


def asked(request: SendImCallRequest) -> Asked:
    """Return a call in the desk's words. Raises `bad_field` naming the caller's field."""
    shop_id = _number(request.shop_id, "shopId")
    if shop_id == 0:
        raise Refusal("bad_field", "The shop is missing.", field="shopId")
    channels = _one_spelling(request.channels, request.channels_as_told, "channels")
    msg_type = _one_spelling(request.msg_type, request.msg_type_as_told, "msgType")
    number = MSG_TYPES.numbers[MSG_TYPES.short(msg_type, "msgType")]
    template_id = _number(request.msg_template_id or 0, "msgTemplateId") or None
    if number == PAD_CALL and template_id is None:
        raise Refusal("bad_field", "A pad call needs a template.", field="msgTemplateId")
    _refuse_nul(request)
    ids, names = _accounts(request.designated_list)
    ask = {
        "event": EVENTS.short(request.event, "event"),
        "channels": [CHANNELS.short(word, f"channels[{i}]") for i, word in enumerate(channels)],
        "params": request.call_params,
        "accounts": ids,
        "account_names": names,
        "msg_type": number,
        "template_id": template_id,
    }
    return Asked(_number(request.brand_id, "brandId"), shop_id, ask)


def _number(value: int | str, field: str) -> int:
    number = int(value)
    if number > NUMBER_MAX:
        raise Refusal("bad_field", f"A number is at most {NUMBER_MAX}.", field=field)
    return number


def _refuse_nul(request: SendImCallRequest) -> None:
    """No table can hold U+0000. Over HTTP no such body comes this far; over gRPC it does."""
    names = [account.account_name for account in request.designated_list]
    texts = [*request.call_params, *request.call_params.values(), *names]
    if any("\0" in text for text in texts):
        raise Refusal("bad_field", "A text holds the character U+0000.", field="callParams")


def _one_spelling(ours: Any, theirs: Any, field: str) -> Any:
    if ours and theirs and ours != theirs:
        raise Refusal("bad_field", "Both spellings are there, and they differ.", field=field)
    return ours or theirs


def _accounts(designated: list[DesignatedAccount]) -> tuple[list[int], list[str]]:
    ids, names = [], []
    for i, account in enumerate(designated):
        if account_id := _number(account.account_id, f"designatedList[{i}].accountId"):
            ids.append(account_id)
        elif account.account_name:
            names.append(account.account_name)
        else:
            field = f"designatedList[{i}]"
            raise Refusal("bad_field", "The account has neither id nor name.", field=field)
    return ids, names


def of_proto(message: Any) -> SendImCallRequest:
    """Return a protobuf request (`im_pb2.SendImCallRequest`) as the same struct as JSON gives.

    Raises `msgspec.ValidationError` as decoding JSON does.
    """
    fields = {
        "brandId": message.brandId,
        "shopId": message.shopId,
        "event": message.event,
        "channels": list(message.Channels),
        "callParams": dict(message.callParams),
        "designatedList": [
            {"accountId": one.accountId, "accountName": one.accountName}
            for one in message.designatedList
        ],
        "msgType": message.MsgType,
        "msgTemplateId": message.msgTemplateId,
    }
    return msgspec.convert(fields, SendImCallRequest)


def end_for_proto(end: EndAnswer) -> dict[str, Any]:
    """Return an end as fields of `im_pb2.ImCallEnd`."""
    fields: dict[str, Any] = {
        "channel": CHANNELS.numbers[end.channel] if end.channel else 0,
        "accountId": end.account_id or 0,
        "state": END_STATES.numbers[end.state],
        "reason": end.reason,
        "devices": end.devices,
    }
    return fields | ({} if end.online is None else {"online": end.online})
