"""A business service that speaks gRPC by somebody else's library (grpclib) and signs what it sends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from server.api import im_pb2
from server.api.grpc import CODE_KEY, SEND, serve_grpc
from server.auth import Signable, signed_headers
from tests.support.api_house import ApiHouse, Caller

Request = im_pb2.SendImCallRequest
SEND_IM_CALL = (SEND, im_pb2.SendImCallResponse)  # a method, and what it answers


class Outcome(NamedTuple):
    """What came back: an answer, or a status with our code and facts."""

    status: Status
    answer: Any
    code: str
    facts: dict[str, Any]
    metadata: dict[str, Any]


class Key(NamedTuple):
    """Who signs, and by which clock; a `Caller` will do."""

    key: tuple[str, str]
    now: Callable[[], datetime]


class GrpcCaller:
    """Sends SendImCall, or whatever else is said, over one channel."""

    def __init__(self, channel: Channel, port: int) -> None:
        self.channel = channel
        self.port = port

    async def send(
        self, caller: Caller | Key, message: Any, key: str = "", **given: Any
    ) -> Outcome:
        """Sign and send; `given` may set `nonce`, `timestamp_s`, what is signed instead, and `to` whom."""
        to: tuple[str, Any] = given.pop("to", SEND_IM_CALL)
        signed = given.pop("signed", message).SerializeToString(deterministic=True)
        timestamp_s = given.pop("timestamp_s", int(caller.now().timestamp()))
        request = Signable("POST", to[0], "", signed, key)
        headers = signed_headers(*caller.key, request, timestamp_s, **given)
        return await self.send_with(headers, message, to)

    async def send_with(
        self, headers: dict[str, str], message: Any, to: tuple[str, Any] = SEND_IM_CALL
    ) -> Outcome:
        """Send with these headers."""
        method = UnaryUnaryMethod(self.channel, to[0], type(message), to[1])
        metadata = {name.lower(): value for name, value in headers.items()}
        async with method.open(metadata=metadata) as stream:
            status = Status.OK
            answer = None
            try:
                await stream.send_message(message, end=True)
                answer = await stream.recv_message()
                await stream.recv_trailing_metadata()
            except GRPCError as error:
                status = error.status
            told = dict((stream.trailing_metadata or stream.initial_metadata or {}).items())
        facts = msgspec.json.decode(told.get("x-chuancai-facts-bin", b"{}"))
        return Outcome(status, answer, str(told.get(CODE_KEY, "")), facts, told)


@asynccontextmanager
async def grpc_caller(house: ApiHouse) -> AsyncIterator[GrpcCaller]:
    """Serve the house's gRPC on a free port and open a channel to it."""
    async with serve_grpc(house.front, "127.0.0.1", 0) as bound:
        channel = Channel("127.0.0.1", bound.port)
        try:
            yield GrpcCaller(channel, bound.port)
        finally:
            channel.close()
