"""How a request is answered: read → authenticate → decode → execute → answer; written once, here.

Every door of the table goes through `Endpoint`. Refuses to know what any door does. A refusal
becomes problem+json; a lost database becomes `unavailable`; a bug is logged and becomes `internal`.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
import structlog
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from server import auth
from server.api import entrance, witness
from server.api.callers import Gate
from server.api.guard import Guard
from server.api.meters import Meters
from server.api.problem import problem, problem_headers, unreadable
from server.api.table import BODY_BYTES_MAX, BY_SESSION, BY_SIGNATURE, Call, Door, Plain
from server.audit.book import AuditBook
from server.clock import Clock
from server.db.pool import LOST
from server.errors import Refusal

REQUEST_ID_HEADER = "X-Request-Id"
BODY_S_MAX = 10.0
ANSWER_S_MAX = 25.0  # a body that comes slowly, and two statements at their limit
UNDER_WAY_MAX = 512  # a queue longer than this only makes everybody late

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# U+0000 as JSON writes it, which PostgreSQL cannot keep; a backslash before it may itself be escaped.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_QUERY_FIELDS_MAX = 50

_log = structlog.get_logger(__name__)


class HungUpError(Exception):
    """The caller left before the whole body came; there is nobody to answer."""


class Written(NamedTuple):
    """An answer ready to be sent; `code` is the refusal's, or "ok"."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    code: str


class Ways(NamedTuple):
    """What every door of a process is answered with. `origins`: pages from elsewhere that may ask."""

    gate: Gate
    guard: Guard
    meters: Meters
    audit: AuditBook
    clock: Clock
    origins: frozenset[str] = frozenset()


class Endpoint:
    """The ASGI application behind one path: one door per method."""

    def __init__(self, doors: Mapping[str, Door], ways: Ways) -> None:
        self._doors = dict(doors)
        self._ways = ways
        self._gate = ways.gate
        self._meters = ways.meters
        self._clock = ways.clock
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {
            method: msgspec.json.Decoder(door.request)
            for method, door in self._doors.items()
            if door.request is not None
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, once, and count and log that it was."""
        started_s = self._clock.monotonic_s()
        headers = Headers(scope=scope)
        request_id = read_request_id(headers)
        door = self._doors.get("GET" if scope["method"] == "HEAD" else scope["method"])
        name = "none" if door is None else door.name
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                with self._meters.request():
                    written = await self._written(door, scope, receive, headers, request_id)
            except HungUpError:
                _log.info("caller_hung_up", door=name)
                return
            await send_written(send, written, request_id, bare=scope["method"] == "HEAD")
            took_s = self._clock.monotonic_s() - started_s
            self._meters.saw(name, written.status, written.code, took_s)
            _log.info(
                "answered", door=name, status=written.status, code=written.code,
                took_ms=round(took_s * 1000, 2),
            )  # fmt: skip

    async def _written(
        self, door: Door | None, scope: Scope, receive: Receive, headers: Headers, request_id: str
    ) -> Written:
        if door is None:
            written = refused(Refusal("method_not_allowed", allow=sorted(self._doors)), request_id)
            headers_out = {**written.headers, "allow": ", ".join(sorted(self._doors))}
            return written._replace(headers=headers_out)
        try:
            if door.access == "public":  # whoever looks after the house asks just now
                return await self._answered(door, scope, receive, headers, request_id)
            with self._ways.guard.passing():
                async with asyncio.timeout(ANSWER_S_MAX):
                    return await self._answered(door, scope, receive, headers, request_id)
        except Refusal as refusal:
            return refused(refusal, request_id)
        except HungUpError:
            raise
        except LOST as error:
            _log.warning("database_away", error=type(error).__name__)
            return refused(Refusal("unavailable"), request_id)
        except Exception:  # noqa: BLE001 - the edge: a bug is answered, logged and counted
            _log.exception("broken")
            return refused(Refusal("internal"), request_id)

    async def _answered(
        self, door: Door, scope: Scope, receive: Receive, headers: Headers, request_id: str
    ) -> Written:
        call = await self._call(door, scope, receive, headers)
        return ready(door, await witness.answer(self._ways.audit, door, call, request_id))

    async def _call(self, door: Door, scope: Scope, receive: Receive, headers: Headers) -> Call:
        peer = scope["client"][0] if scope.get("client") else ""
        address = self._gate.address(peer, headers.getlist("x-forwarded-for"))
        body = b""
        if door.access != "public":
            if self._meters.how_many_under_way > UNDER_WAY_MAX:
                raise Refusal("busy")
            body = await read_body(receive, headers, door.body_bytes_max)
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1")
        known = door.access in BY_SIGNATURE | BY_SESSION
        key = auth.read_idempotency_key(headers) if known else ""
        request = auth.Signable(scope["method"], path, query, body, key)
        arrived = entrance.Arrived(request, headers, address)
        who = await entrance.admit(self._gate, door, arrived, self._ways.origins)
        return Call(
            params=read_params(door, scope.get("path_params", {}), query),
            body=self._asked(door, headers, body),
            client=who.client,
            member=who.member,
            address=address,
            command_id=who.command_id,
            headers=headers,
            secure=self._gate.is_secure(
                peer, scope.get("scheme", "http"), headers.get("x-forwarded-proto", "")
            ),
            noted={},
        )

    def _asked(self, door: Door, headers: Headers, body: bytes) -> Any:
        if door.request is None:
            return None
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            # Also keeps other web pages from posting here behind a person's back.
            raise Refusal("bad_request", "Send Content-Type: application/json.", reason=kind)
        try:
            asked = self._decoders[door.method].decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise unreadable(error) from None
        if _NUL.search(body) and (where := _nul_at(msgspec.to_builtins(asked))) is not None:
            raise Refusal(
                "bad_field", "A text holds the character U+0000, which no table can.", field=where
            )
        return asked


def _nul_at(value: Any, path: str = "") -> str | None:
    """Return the path of the first text with a U+0000, like `lines[0].note`; None without one."""
    if isinstance(value, str):
        return path if "\0" in value else None
    if isinstance(value, dict):
        inside = [(f"{path}.{key}" if path else str(key), inner) for key, inner in value.items()]
        named = [path for key in value if "\0" in str(key)]
    elif isinstance(value, list):
        inside = [(f"{path}[{number}]", inner) for number, inner in enumerate(value)]
        named = []
    else:
        return None
    found = (_nul_at(inner, where) for where, inner in inside)
    return next((where for where in (*named, *found) if where is not None), None)


def read_request_id(headers: Mapping[str, str]) -> str:
    """Return the caller's request id when it is harmless, else a fresh one."""
    given = headers.get(REQUEST_ID_HEADER.lower()) or ""
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


async def read_body(
    receive: Receive, headers: Mapping[str, str], bytes_max: int = BODY_BYTES_MAX
) -> bytes:
    """Return the whole body.

    Raises `too_large` before holding more than `bytes_max`, `bad_request` when it comes too
    slowly, `HungUpError` when the caller left.
    """
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > bytes_max:
        raise Refusal("too_large", bytes_max=bytes_max)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_S_MAX):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise HungUpError
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > bytes_max:
                    raise Refusal("too_large", bytes_max=bytes_max)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise Refusal("bad_request", "The body came too slowly.", seconds_max=BODY_S_MAX) from None


def read_params(door: Door, path: Mapping[str, str], query: str) -> Any:
    """Return the door's struct of path and query values. Raises `bad_field` naming the value."""
    if door.params is None:
        return None
    try:
        asked = parse_qsl(query, keep_blank_values=True, max_num_fields=_QUERY_FIELDS_MAX)
        values = dict(asked) | dict(path)
        return msgspec.convert(values, door.params, strict=False)
    except msgspec.ValidationError as error:
        raise unreadable(error) from None
    except ValueError as error:
        raise Refusal("bad_field", "The query has too many fields.", field="") from error


def ready(door: Door, answer: Any) -> Written:
    """Return a door's answer as bytes."""
    if isinstance(answer, Plain):
        headers = {"content-type": answer.media_type, "cache-control": "no-store"}
        return Written(answer.status, headers | dict(answer.headers), answer.body, "ok")
    assert door.response is not None
    assert isinstance(answer, door.response), f"{door.name} promised {door.response}"
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Written(door.status, headers, msgspec.json.encode(answer), "ok")


def refused(refusal: Refusal, request_id: str) -> Written:
    """Return a refusal as bytes."""
    body = msgspec.json.encode(problem(refusal, request_id))
    return Written(refusal.status, problem_headers(refusal), body, refusal.code)


async def send_written(send: Send, written: Written, request_id: str, *, bare: bool) -> None:
    """Send an answer; `bare` sends its headers only, as HEAD asks."""
    headers = {
        **written.headers,
        "content-length": str(len(written.body)),
        REQUEST_ID_HEADER.lower(): request_id,
        "x-content-type-options": "nosniff",
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": written.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if bare else written.body})
