"""◆ What a command is known by, and its answer as it is remembered.

Refuses to know who waits for the answer.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec

from server.errors import Refusal
from server.events.decision import Actor

_encode = msgspec.json.Encoder().encode
_canonical = msgspec.json.Encoder(order="sorted").encode
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # as JSON writes it


class _Answer(msgspec.Struct):
    ok: bool
    result: dict[str, Any] | None = None
    refusal: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def digest(actor: Actor, name: str, body: bytes) -> bytes:
    """Return what a command is known by: who, what, exactly as sent. Raises `bad_field` for a NUL.

    As sent and not as decoded: a newer version knows more fields, and a press that was on its way
    while the house was updated must still be known by its id.
    """
    parts = _canonical([actor.id, name, msgspec.json.decode(body)])
    if _NUL.search(parts):
        raise Refusal("bad_field", "A text holds the character U+0000, which no table can.")
    return hashlib.blake2b(parts, digest_size=16).digest()


def accepted(result: dict[str, Any]) -> bytes:
    """Return the answer of a command that was done."""
    return _encode({"ok": True, "result": result})


def refused(refusal: Refusal) -> bytes:
    """Return the answer of a command that was refused."""
    said = {"code": refusal.code, "sentence": refusal.sentence, "detail": refusal.detail}
    return _encode({"ok": False, "refusal": said})


REUSED = refused(Refusal("command_id_reused"))


def opened(reply: bytes) -> dict[str, Any] | Refusal:
    """Return what an answer says."""
    answer = _decode(reply)
    if answer.refusal is None:
        return answer.result or {}
    said = answer.refusal
    return Refusal(said["code"], said["sentence"], **said["detail"])
