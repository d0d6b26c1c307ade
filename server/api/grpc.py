"""gRPC, on a port of its own: the same words, signatures, rates and answers as HTTP.

What is signed: method POST, the path `/messagecenter.MessageCenter/SendImCall` (or another method's)
and the message in protobuf's deterministic serialisation. Not as it travels: callers' libraries seldom
show the bytes they send, and write a map in any order. Reflection is open to all: it says only what
the proto files say. Over TLS on a further port, by the certificate that HTTPS has: renewed, it is shown from
the next handshake on.
Refuses to decide anything: `im_calls.py` carries calls to the desk, `sms.py` asks the cost centre.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import unquote
from uuid import UUID

import grpc
import msgspec
import structlog
from google.protobuf.message import DecodeError, Message
from grpc_reflection.v1alpha import reflection

from server import auth
from server.api import costcenter, im_pb2
from server.api.front import Front
from server.api.im_calls import Calls, Request
from server.api.im_words import CallAnswer, asked, end_for_proto, of_proto
from server.api.problem import RETRY_AFTER_S, unreadable
from server.api.requests import ANSWER_S_MAX, REQUEST_ID_HEADER, UNDER_WAY_MAX, read_request_id
from server.api.rpc import Rpc
from server.api.sms_messages import SmsMessages
from server.api.store import Client
from server.api.table import BODY_BYTES_MAX
from server.db.pool import LOST
from server.errors import Refusal
from server.tls.keeping import KeptCertificate, Served

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


class Line:
    """One method as it is served; every method goes through this one edge."""

    def __init__(self, front: Front, rpc: Rpc) -> None:
        self._rpc = rpc
        self._gate = front.gate
        self._meters = front.meters
        self._clock = front.clock
        self._guard = front.guard
        self._audit = front.audit

    async def serve(self, message: bytes, context: Context) -> bytes:
        """Answer one call, once, and count and log that it was."""
        started_s = self._clock.monotonic_s()
        door = f"grpc{self._rpc.name}"
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        request_id = read_request_id(metadata)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            refusal, answer = None, b""
            with self._meters.request():
                try:
                    with self._guard.passing():
                        async with asyncio.timeout(ANSWER_S_MAX):
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
            self._meters.saw(door, status, code, took_s)
            _log.info(
                "answered", door=door, status=status, code=code, took_ms=round(took_s * 1000, 2)
            )
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
        request = self._parsed(message)
        body = request.SerializeToString(deterministic=True)
        signed = auth.Signable("POST", self._rpc.path, "", body, key)
        client = await self._gate.admit(claim, signed, address)
        command_id = auth.command_id(client.brand_id, client.id, key, claim.nonce)
        structlog.contextvars.bind_contextvars(client=client.name, command_id=str(command_id))
        if not self._rpc.audited:
            return await self._told(client, command_id, request)
        line = await self._audit.begin(
            self._rpc.action, client.who, client.name, address, brand_id=client.brand_id,
            request_id=read_request_id(metadata), facts=_facts(request),
        )  # fmt: skip
        outcome = "interrupted"
        try:
            answer = await self._told(client, command_id, request)
            outcome = "ok"
        except Refusal as refusal:
            outcome = refusal.code
            raise
        except LOST:
            outcome = "unavailable"
            raise
        except Exception:
            outcome = "internal"
            raise
        finally:
            self._audit.finish(line, outcome)
        return answer

    async def _told(self, client: Client, command_id: UUID, request: Message) -> bytes:
        try:
            return await self._rpc.answer(client, command_id, request)
        except msgspec.ValidationError as error:
            raise unreadable(error) from None

    def _parsed(self, message: bytes) -> Message:
        try:
            return self._rpc.request.FromString(message)
        except DecodeError as error:
            name = self._rpc.request.DESCRIPTOR.name
            raise Refusal("bad_request", f"The message is not a {name}.") from error


_FORWARDED = "x-forwarded-for"
_NAMED = (
    "number",
    "payment",
    "orderNo",
    "segments",
    "priceFen",
)  # what a line of the audit book may name


def _facts(request: Any) -> dict[str, str]:
    known = {field.name for field in request.DESCRIPTOR.fields}
    return {name: getattr(request, name) for name in _NAMED if name in known}


def _send_im_call(calls: Calls) -> Rpc:
    async def answer(client: Client, command_id: UUID, message: Any) -> bytes:
        call = asked(of_proto(message))
        return _written(await calls.send(Request(client, command_id), call))

    return Rpc(SERVICE, "SendImCall", im_pb2.SendImCallRequest, answer)


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


class SecurePort(NamedTuple):
    """Where gRPC is served over TLS as well, and what it proves itself with."""

    port: int
    kept: KeptCertificate


class Bound(NamedTuple):
    """Where it is served; 0: not over TLS."""

    port: int
    tls_port: int


@asynccontextmanager
async def serve_grpc(
    front: Front, host: str, port: int, secure: SecurePort | None = None
) -> AsyncIterator[Bound]:
    """Serve for the length of the block and give the ports. Raises `OSError` when one is taken."""
    server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=UNDER_WAY_MAX)
    services: dict[str, dict[str, Any]] = {}
    for rpc in (
        _send_im_call(front.calls),
        *costcenter.rpcs(front.sms, SmsMessages(front.outgoing)),
    ):
        serve: Any = grpc.unary_unary_rpc_method_handler(Line(front, rpc).serve)
        services.setdefault(rpc.service, {})[rpc.name] = serve
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(*service) for service in services.items())
    )
    reflection.enable_server_reflection((*services, reflection.SERVICE_NAME), server)
    where = f"[{host}]" if ":" in host else host
    try:
        bound = Bound(server.add_insecure_port(f"{where}:{port}"), 0)
        if secure is not None:
            tls_port = server.add_secure_port(f"{where}:{secure.port}", _credentials(secure.kept))
            bound = bound._replace(tls_port=tls_port)
    except RuntimeError as error:
        raise OSError(f"gRPC cannot listen on {host}: {error}") from error
    await server.start()
    _log.info("grpc_ready", host=host, port=bound.port, tls_port=bound.tls_port)
    try:
        yield bound
    finally:
        await server.stop(STOP_S_MAX)


def _credentials(kept: KeptCertificate) -> grpc.ServerCredentials:
    """Return what is asked at each handshake for the certificate of then."""
    shown = kept.served

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal shown
        if kept.served == shown:
            return None  # as at the last handshake
        shown = kept.served
        return _shown(shown)

    asked: Any = renewed  # its stub knows no None
    return grpc.dynamic_ssl_server_credentials(_shown(shown), asked)


def _shown(served: Served) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(served.key, served.chain)])
