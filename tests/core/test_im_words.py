"""SendImCall's words: every name and number of the callers, and what is not theirs (R-004-31)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from google.protobuf import json_format

from scripts.write_proto import written
from server.api import im_pb2
from server.api.im_words import (
    CHANNELS,
    END_STATES,
    EVENTS,
    MSG_TYPES,
    NUMBER_MAX,
    Asked,
    SendImCallRequest,
    Words,
    asked,
    of_proto,
)
from server.errors import Refusal

decode = msgspec.json.Decoder(SendImCallRequest).decode
WHOLE: dict[str, Any] = {
    "brandId": 1, "event": 1, "Channels": [1, 4], "callParams": {"roomName": "801"}, "shopId": 7,
    "designatedList": [{"accountId": 5}, {"accountName": "王敏"}], "MsgType": 1, "msgTemplateId": 9,
}  # fmt: skip
IN_OUR_WORDS = Asked(
    1, 7,
    {
        "event": "order_placed", "channels": ["kitchen", "call_screen"],
        "params": {"roomName": "801"}, "accounts": [5], "account_names": ["王敏"], "msg_type": 1,
        "template_id": 9,
    },
)  # fmt: skip


def said(**fields: Any) -> SendImCallRequest:
    """Return the request of this JSON."""
    return decode(msgspec.json.encode(fields))


def refused(**fields: Any) -> dict[str, Any]:
    """Return the facts of the refusal of this JSON."""
    with pytest.raises(Refusal) as refusal:
        asked(said(**fields))
    assert refusal.value.code == "bad_field"
    return refusal.value.detail


@pytest.mark.parametrize("path", written(), ids=lambda path: path.name)
def test_the_words_made_from_the_proto_are_fresh(path: Any) -> None:
    """What protoc writes from im.proto is what stands beside it (`make docs`)."""
    assert path.read_text("utf-8") == written()[path]


def test_field_numbers_are_the_callers() -> None:
    """R-004-31: the numbers of SendImCall never change."""
    fields = im_pb2.SendImCallRequest.DESCRIPTOR.fields
    assert {f.name: (f.number, f.type) for f in fields} == {
        "brandId": (1, 3), "event": (2, 14), "Channels": (3, 14), "callParams": (4, 11),
        "shopId": (5, 3), "designatedList": (6, 11), "MsgType": (7, 14), "msgTemplateId": (8, 3),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "enum"),
    [
        (EVENTS, im_pb2.EnumImCallEvent),
        (CHANNELS, im_pb2.EnumImCallChannel),
        (MSG_TYPES, im_pb2.EnumImCallMsgType),
        (END_STATES, im_pb2.EnumImCallEndState),
    ],
)
def test_names_are_those_of_the_proto(words: Words, enum: Any) -> None:
    """Each enum here is the proto's, and each word is known by name, short name and number."""
    numbers = dict(enum.items())
    assert numbers.pop(f"{words.prefix}UNSPECIFIED") == 0
    assert numbers == {words.wire(name): number for name, number in words.numbers.items()}
    for name, number in words.numbers.items():
        assert {words.short(w, "f") for w in (name, words.wire(name), number)} == {name}


@pytest.mark.parametrize(
    "spelling",
    [
        WHOLE,
        {**WHOLE, "brandId": "1", "shopId": "7", "msgTemplateId": "9"},
        {**WHOLE, "event": "IM_CALL_EVENT_ORDER_PLACED", "MsgType": "IM_CALL_MSG_TYPE_BROADCAST"},
        {**WHOLE, "event": "order_placed", "Channels": ["kitchen", "IM_CALL_CHANNEL_CALL_SCREEN"]},
        {
            **{k: v for k, v in WHOLE.items() if k not in {"Channels", "MsgType"}},
            "channels": [1, 4], "msgType": "broadcast",
        },
        {**WHOLE, "channels": [1, 4], "msgType": 1},
    ],
    ids=["numbers", "texts", "names", "short", "camel", "both"],
)  # fmt: skip
def test_every_spelling_says_the_same(spelling: dict[str, Any]) -> None:
    """Enums by name, short name or number; int64 as number or text; both spellings of two fields."""
    assert asked(said(**spelling)) == IN_OUR_WORDS


def test_protobuf_says_the_same_as_json() -> None:
    """One message through protobuf's own JSON, through its bytes, and through ours."""
    message = json_format.ParseDict(WHOLE, im_pb2.SendImCallRequest())
    again = im_pb2.SendImCallRequest.FromString(message.SerializeToString())
    assert asked(of_proto(again)) == IN_OUR_WORDS
    assert asked(decode(json_format.MessageToJson(message))) == IN_OUR_WORDS


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": 42}, "event"),
        ({"event": 0}, "event"),
        ({"event": "IM_CALL_EVENT_UNSPECIFIED"}, "event"),
        ({"event": "ORDER_PLACED"}, "event"),
        ({"event": "unspecified"}, "event"),
        ({"Channels": [1, 99]}, "channels[1]"),
        ({"Channels": ["kitchen", ""]}, "channels[1]"),
        ({"MsgType": 5}, "msgType"),
        ({"MsgType": 0}, "msgType"),
        ({"msgType": 2}, "msgType"),
        ({"channels": ["pad"]}, "channels"),
        ({"MsgType": 4, "msgTemplateId": 0}, "msgTemplateId"),
        ({"MsgType": 4, "msgTemplateId": None}, "msgTemplateId"),
        ({"shopId": 0}, "shopId"),
        ({"shopId": "9999999999999999"}, "shopId"),
        ({"designatedList": [{"accountId": 1}, {}]}, "designatedList[1]"),
        ({"designatedList": [{"accountId": "9999999999999999"}]}, "designatedList[0].accountId"),
        ({"callParams": {"roomName": "8\x0001"}}, "callParams"),
    ],
)
def test_what_is_not_theirs_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    """Unknown and missing values name the caller's field; enums say what is known."""
    facts = refused(**{**WHOLE, **change})
    assert facts["field"] == field
    enum = field.startswith(("event", "channels[", "msgType")) and "msgType" not in change
    assert ("known" in facts) == enum


@pytest.mark.parametrize(
    "change",
    [
        {"shopId": -1},
        {"shopId": NUMBER_MAX + 1},
        {"shopId": 1.5},
        {"callParams": {"num": 2}},
        {"callParams": {str(i): "" for i in range(33)}},
        {"Channels": [1] * 11},
        {"designatedList": [{"accountId": 1}] * 101},
        {"designatedList": [{"accountID": 1}]},
        {"channel": [1]},
    ],
)
def test_other_shapes_are_not_decoded(change: dict[str, Any]) -> None:
    """Bounds and names are checked while decoding, before anything is done."""
    with pytest.raises(msgspec.ValidationError):
        said(**{**WHOLE, **change})
