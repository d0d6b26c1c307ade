"""◆ The OpenAPI 3.1 document, made from the table of doors and the types it names.

Refuses hand-written schemas: what msgspec decodes and encodes is what is documented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from server import auth
from server.api.cookie import COOKIE
from server.api.problem import PROBLEM_TYPE, Problem
from server.api.table import BY_SESSION, BY_SIGNATURE, Door
from server.errors import REFUSALS

_SIGNING = {
    "key": (auth.KEY_HEADER, "The id of a live key."),
    "timestamp": (auth.TIMESTAMP_HEADER, f"Unix seconds, at most {auth.WINDOW_S} off."),
    "nonce": (auth.NONCE_HEADER, "16 to 64 of A-Z a-z 0-9 _ -, never used twice."),
    "signature": (auth.SIGNATURE_HEADER, "HMAC-SHA256 of the canonical request, in hex."),
}
_SESSION = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "Set by logIn. A change must come from a page of this house (Origin).",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": 'The token of logIn with `"bearer": true`.',
    },
}
_AUDIENCES = {
    "business": "Business services: order, move dishes along, see the board.",
    "messages": "Business services: call people, see what came of it.",
    "rules": "Managers: what is announced where, and in which words.",
    "manager": "Managers: devices and pairing codes.",
    "money": "Whoever may move a brand's money: segments, cards, points.",
    "staff": "People: log in, one's own password and sessions; take people on, say what they may.",
    "device": "New screens, before they have a token.",
    "operations": "Health, readiness and metrics.",
    "documents": "This document.",
}
_INTRO = (
    "Signed doors take four headers. The signature is the lower-case hex HMAC-SHA256, keyed with "
    "the key's secret, of eight lines joined by line feeds: `CHUANCAI-HMAC-SHA256`, the method, "
    "the path, the query's parts sorted and joined by `&`, the timestamp, the nonce, the "
    "Idempotency-Key (an empty line without one) and the hex SHA-256 of the body. A request "
    "repeated with the same Idempotency-Key and body gets the remembered answer; it is signed "
    "afresh each time. Doors for staff take a session instead, some take "
    "either. Refusals are `application/problem+json` with a stable `code`."
)


def document(doors: Sequence[Door], version: str) -> dict[str, Any]:
    """Return the document as JSON-ready values."""
    types: list[Any] = [Problem]
    for door in doors:
        types += [kind for kind in (door.request, door.response) if kind is not None]
    unique = list(dict.fromkeys(types))
    refs, schemas = msgspec.json.schema_components(
        unique, ref_template="#/components/schemas/{name}"
    )
    known = dict(zip(unique, refs, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for door in doors:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Chuancai 传菜", "version": version, "description": _INTRO},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in _AUDIENCES.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": header, "description": text}
                for name, (header, text) in _SIGNING.items()
            }
            | _SESSION,
        },
        "x-refusals": [{"code": code, **kind._asdict()} for code, kind in sorted(REFUSALS.items())],
    }


def _operation(door: Door, known: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": door.name,
        "summary": door.summary,
        "tags": [door.audience],
        "parameters": list(_parameters(door)),
        "responses": _responses(door, known),
        "security": _security(door),
        "x-audited": door.is_audited,
    }
    if door.request is not None:
        content = {"application/json": {"schema": known[door.request]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _security(door: Door) -> list[dict[str, list[str]]]:
    """Return the ways in: the four headers together, or any kind of session."""
    signed: list[dict[str, list[str]]] = [{name: [] for name in _SIGNING}]
    session: list[dict[str, list[str]]] = [{name: []} for name in _SESSION]
    return signed * (door.access in BY_SIGNATURE) + session * (door.access in BY_SESSION)


def _parameters(door: Door) -> Iterable[dict[str, Any]]:
    in_path = set(re.findall(r"{(\w+)}", door.path))
    if door.params is not None:
        schema = _inline(door.params)
        required = set(schema.get("required", ()))
        for name, value in schema["properties"].items():
            yield {
                "name": name,
                "in": "path" if name in in_path else "query",
                "required": name in required,
                "schema": value,
            }
    if door.access in BY_SIGNATURE | BY_SESSION and door.method != "GET":
        yield {
            "name": auth.IDEMPOTENCY_HEADER,
            "in": "header",
            "required": False,
            "description": "Same key and body: the remembered answer. Other body: refused.",
            "schema": {"type": "string", "maxLength": auth.IDEMPOTENCY_KEY_CHARS_MAX},
        }


def _inline(params: type) -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components([params], ref_template="{name}")
    schema: dict[str, Any] = schemas[params.__name__]
    return schema


def _responses(door: Door, known: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    schema = {"type": "string"} if door.response is None else known[door.response]
    if door.response is None and door.media_type == "application/json":
        schema = {"type": "object"}
    responses: dict[str, Any] = {
        str(door.status): {
            "description": (door.response.__doc__ or "").strip() if door.response else "As it is.",
            "content": {door.media_type: {"schema": schema}},
        }
    }
    by_status: dict[int, list[str]] = {}
    for code in door.all_refusals():
        by_status.setdefault(REFUSALS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        lines = [f"`{code}`: {REFUSALS[code].en}" for code in codes]
        responses[str(status)] = {
            "description": "  \n".join(lines),
            "content": {PROBLEM_TYPE: {"schema": known[Problem]}},
            "x-codes": codes,
        }
    return responses
