"""SendImCall over gRPC, called by a foreign client: who may, what is refused, and how (R-004-31)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf import json_format
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from grpclib.client import Channel, StreamStreamMethod, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.encoding.base import CodecBase
from grpclib.exceptions import GRPCError

from server.api import im_pb2
from server.api.grpc import SEND, SERVICE
from server.api.table import BODY_BYTES_MAX
from tests.support.api_house import OTHER_SHOP, SHOP, ApiHouse, Caller, api_house
from tests.support.grpc_caller import GrpcCaller, Request, grpc_caller

KITCHEN = im_pb2.EnumImCallChannel.IM_CALL_CHANNEL_KITCHEN


def order_placed(**changes: Any) -> im_pb2.SendImCallRequest:
    """Return a call to the kitchen for a placed order."""
    fields: dict[str, Any] = {
        "brandId": 1, "shopId": SHOP, "event": 1, "Channels": [KITCHEN], "MsgType": 1,
        "callParams": {"roomName": "801", "goodsName": "水饺", "num": "2"},
    }  # fmt: skip
    return Request(**(fields | changes))


class RawCodec(CodecBase):
    """Sends bytes as they are."""

    __content_subtype__ = "proto"

    def encode(self, message: bytes, message_type: Any) -> bytes:
        return message

    def decode(self, data: bytes, message_type: Any) -> bytes:
        return data


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


@pytest.fixture
async def door(house: ApiHouse) -> AsyncIterator[GrpcCaller]:
    """Give a channel to the house's gRPC port."""
    async with grpc_caller(house) as made:
        yield made


async def test_who_cannot_sign_is_refused(house: ApiHouse, door: GrpcCaller) -> None:
    """Without a signature, with another's, over another message, too old, twice: UNAUTHENTICATED."""
    caller, message = await house.caller(), order_placed()
    forger = Caller(house.http, (caller.key[0], "x" * 43), caller.now)
    stale_s = int(caller.now().timestamp()) - 301
    nonce = "nonce-of-22-characters"
    await door.send(caller, message, nonce=nonce)
    for code, outcome in (
        ("bad_signature", await door.send_with({}, message)),
        ("bad_signature", await door.send(forger, message)),
        ("bad_signature", await door.send(caller, message, signed=order_placed(shopId=3))),
        ("stale_request", await door.send(caller, message, timestamp_s=stale_s)),
        ("nonce_reused", await door.send(caller, message, nonce=nonce)),
    ):
        assert (outcome.status, outcome.code) == (Status.UNAUTHENTICATED, code)
        assert outcome.answer is None


async def test_http_and_grpc_share_rates_and_nonces(house: ApiHouse, door: GrpcCaller) -> None:
    """A client has one bucket, however it comes in; the refusal says when to come back."""
    caller = await house.caller(rate_per_s=1, burst_max=2)
    for _ in range(2):
        await caller.ask("GET", f"/v1/shops/{SHOP}/board")
    outcome = await door.send(caller, order_placed())
    assert (outcome.status, outcome.code) == (Status.RESOURCE_EXHAUSTED, "rate_limited")
    assert outcome.metadata["retry-after"] == "1"


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        ({"event": 42}, Status.INVALID_ARGUMENT, "bad_field", "event"),
        ({"event": 0}, Status.INVALID_ARGUMENT, "bad_field", "event"),
        ({"Channels": [KITCHEN, 42]}, Status.INVALID_ARGUMENT, "bad_field", "channels[1]"),
        ({"MsgType": 9}, Status.INVALID_ARGUMENT, "bad_field", "msgType"),
        ({"MsgType": 4}, Status.INVALID_ARGUMENT, "bad_field", "msgTemplateId"),
        ({"shopId": 0}, Status.INVALID_ARGUMENT, "bad_field", "shopId"),
        ({"shopId": -5}, Status.INVALID_ARGUMENT, "bad_field", "shopId"),
        ({"shopId": OTHER_SHOP}, Status.NOT_FOUND, "shop_not_found", None),
        ({"brandId": 2}, Status.PERMISSION_DENIED, "not_allowed", "brandId"),
    ],
)
async def test_refusals_have_a_status_and_our_code(
    house: ApiHouse, door: GrpcCaller, changes: dict[str, Any], status: Status, code: str,
    field: str | None,
) -> None:  # fmt: skip
    """Unknown enum values and other mistakes name the field, by stable code and facts."""
    outcome = await door.send(await house.caller(), order_placed(**changes))
    assert (outcome.status, outcome.code, outcome.facts.get("field")) == (status, code, field)


async def test_what_is_not_the_message_is_refused(house: ApiHouse, door: GrpcCaller) -> None:
    """Bytes that are no protobuf, and a message that is too long, do no harm."""
    caller = await house.caller()
    too_long = order_placed(callParams={"roomName": "8" * BODY_BYTES_MAX})
    assert (await door.send(caller, too_long)).status is Status.RESOURCE_EXHAUSTED

    async with Channel("127.0.0.1", door.port, codec=RawCodec()) as channel:
        raw = UnaryUnaryMethod(channel, SEND, bytes, bytes)
        headers = caller.headers("POST", SEND, b"")
        metadata = {name.lower(): value for name, value in headers.items()}
        with pytest.raises(GRPCError) as error:
            await raw(b"\xff\xff\xff", metadata=metadata)
    assert error.value.status is Status.INVALID_ARGUMENT


async def test_reflection_says_what_there_is(door: GrpcCaller) -> None:
    """A tool without the proto file finds the service and its method."""
    path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    ask = StreamStreamMethod(door.channel, path, ServerReflectionRequest, ServerReflectionResponse)
    listed, described = await ask(
        [
            ServerReflectionRequest(list_services=""),
            ServerReflectionRequest(file_containing_symbol=SERVICE),
        ]
    )
    names = [service.name for service in listed.list_services_response.service]
    assert SERVICE in names
    assert (
        im_pb2.DESCRIPTOR.serialized_pb in described.file_descriptor_response.file_descriptor_proto
    )


async def test_a_call_is_accepted_as_over_http(house: ApiHouse, door: GrpcCaller) -> None:
    """Id and ends come back; repeated with its key it is one call, over HTTP too."""
    board = await house.pair("kitchen", station_id=1)
    house.online = {board}
    caller = await house.caller()
    outcome = await door.send(caller, order_placed(), "till-1")
    assert (outcome.status, outcome.code) == (Status.OK, "")
    assert outcome.answer is not None
    (end,) = outcome.answer.ends
    queued = im_pb2.EnumImCallEndState.IM_CALL_END_STATE_QUEUED
    assert (end.channel, end.state, end.devices, end.online) == (KITCHEN, queued, 1, 1)
    again = await door.send(caller, order_placed(), "till-1")
    assert again.answer is not None
    assert again.answer.callId == outcome.answer.callId
    other = await door.send(caller, order_placed(MsgType=3), "till-1")
    assert (other.status, other.code) == (Status.FAILED_PRECONDITION, "command_id_reused")
    as_json = json_format.MessageToDict(order_placed())
    over_http = await caller.ask("POST", "/v1/im/calls", as_json, "till-1")
    assert over_http.json()["callId"] == outcome.answer.callId
    assert await house.db.fetchval("SELECT count(*) FROM im_call") == 1
