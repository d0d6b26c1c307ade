"""SendImCall over gRPC, on a port of its own: the same words, signatures, rates and answers as HTTP.

What is signed: method POST, the path `/messagecenter.MessageCenter/…` and the message in protobuf's
deterministic serialisation. Not as it travels: callers' libraries seldom show the bytes they send,
and write a map in any order. Reflection is open to all: it says only what `im.proto` says.
Refuses to decide anything: `im_calls.py` carries calls to the desk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

import grpc
import msgspec
import structlog
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha import reflection

from server import auth
from server.api import im_pb2
from server.api.front import Front
from server.api.im_calls import Request
from server.api.im_words import CallAnswer, asked, end_for_proto, of_proto
from server.api.problem import RETRY_AFTER_S, unreadable
from server.api.requests import REQUEST_ID_HEADER, UNDER_WAY_MAX, read_request_id
from server.api.table import BODY_BYTES_MAX
from server.db.pool import LOST
from server.errors import Refusal

SERVICE = im_pb2.DESCRIPTOR.services_by_name["MessageCenter"].full_name
SEND = f"/{SERVICE}/SendImCall"
CODE_KEY = "x-chuancai-code"
STOP_S_MAX = 5.0

_OPTIONS = (
    ("grpc.so_reuseport", 1),  # as many processes as one likes share the port
    ("grpc.max_receive_message_length", BODY_BYTES_MAX),
    ("grpc.max_metadata_size", 16 * 1024),
    ("grpc.max_connection_idle_ms", 600_000),
    ("grpc.keepalive_time_ms", 60_000),
)
_STATUSES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    410: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.INVALID_ARGUMENT,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
}

_log = structlog.get_logger(__name__)

Context = grpc.aio.ServicerContext[bytes, bytes]


class MessageCenter:
    """The one method of the service."""

    def __init__(self, front: Front) -> None:
        self._calls = front.calls
        self._gate = front.gate
        self._meters = front.meters
        self._clock = front.clock

    async def send_im_call(self, message: bytes, context: Context) -> bytes:
        """Answer one call, once, and count and log that it was."""
        started_s = self._clock.monotonic_s()
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        request_id = read_request_id(metadata)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            refusal, answer = None, b""
            with self._meters.request():
                try:
                    answer = await self._answer(message, metadata, context)
                except Refusal as error:
                    refusal = error
                except LOST as error:
                    _log.warning("database_away", error=type(error).__name__)
                    refusal = Refusal("unavailable")
                except Exception:  # noqa: BLE001 - the edge: a bug is answered, logged and counted
                    _log.exception("broken")
                    refusal = Refusal("internal")
            status, code = (refusal.status, refusal.code) if refusal else (200, "ok")
            took_s = self._clock.monotonic_s() - started_s
            self._meters.saw("grpcSendImCall", status, code, took_s)
            _log.info(
                "answered", door="grpcSendImCall", status=status, code=code,
                took_ms=round(took_s * 1000, 2),
            )  # fmt: skip
        trailer = ((REQUEST_ID_HEADER.lower(), request_id),)
        if refusal is not None:
            await _refuse(context, refusal, trailer)
        context.set_trailing_metadata(trailer)
        return answer

    async def _answer(self, message: bytes, metadata: dict[str, str], context: Context) -> bytes:
        if self._meters.how_many_under_way > UNDER_WAY_MAX:
            raise Refusal("busy")
        forwarded = [str(v) for k, v in context.invocation_metadata() or () if k == _FORWARDED]
        address = self._gate.address(_peer_address(context.peer()), forwarded)
        claim = auth.read_claim(metadata)
        key = auth.read_idempotency_key(metadata)
        request = _parsed(message)
        signed = auth.Signable("POST", SEND, "", request.SerializeToString(deterministic=True), key)
        client = await self._gate.admit(claim, signed, address)
        command_id = auth.command_id(client.brand_id, client.id, key, claim.nonce)
        structlog.contextvars.bind_contextvars(client=client.name, command_id=str(command_id))
        try:
            call = asked(of_proto(request))
        except msgspec.ValidationError as error:
            raise unreadable(error) from None
        return _written(await self._calls.send(Request(client, command_id), call))


_FORWARDED = "x-forwarded-for"


def _parsed(message: bytes) -> im_pb2.SendImCallRequest:
    try:
        return im_pb2.SendImCallRequest.FromString(message)
    except DecodeError as error:
        raise Refusal("bad_request", "The message is not a SendImCallRequest.") from error


def _written(answer: CallAnswer) -> bytes:
    ends = [im_pb2.ImCallEnd(**end_for_proto(end)) for end in answer.ends]
    return im_pb2.SendImCallResponse(callId=answer.call_id, ends=ends).SerializeToString()


async def _refuse(context: Context, refusal: Refusal, trailer: tuple[tuple[str, str], ...]) -> None:
    """End the call with a status, and the stable code and its facts as trailing metadata."""
    told: list[tuple[str, str | bytes]] = [
        *trailer,
        (CODE_KEY, refusal.code),
        ("x-chuancai-facts-bin", msgspec.json.encode(refusal.detail)),
    ]
    if refusal.retryable:
        told.append(("retry-after", str(refusal.detail.get("retry_after_s", RETRY_AFTER_S))))
    status = _STATUSES.get(refusal.status, grpc.StatusCode.INTERNAL)
    await context.abort(status, refusal.sentence, tuple(told))


def _peer_address(peer: str) -> str:
    """Return the address of `ipv4:10.0.0.1:5000` or `ipv6:%5B::1%5D:5000`."""
    kind, _, rest = peer.partition(":")
    if kind == "ipv6":
        return unquote(rest).removeprefix("[").partition("]")[0]
    return rest.rpartition(":")[0] if kind == "ipv4" else ""


@asynccontextmanager
async def serve_grpc(front: Front, host: str, port: int) -> AsyncIterator[int]:
    """Serve for the length of the block and give the port. Raises `OSError` when it is taken."""
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=UNDER_WAY_MAX)
    center = MessageCenter(front)
    send: Any = grpc.unary_unary_rpc_method_handler(center.send_im_call)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"SendImCall": send}),)
    )
    reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), server)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError as error:
        raise OSError(f"gRPC cannot listen on {address}: {error}") from error
    await server.start()
    _log.info("grpc_ready", host=host, port=bound)
    try:
        yield bound
    finally:
        await server.stop(STOP_S_MAX)
