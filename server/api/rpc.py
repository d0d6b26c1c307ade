"""One method of gRPC, as the edge (`grpc.py`) serves it.

Refuses to know what travels: the edge reads, proves, counts and refuses; a method only answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

from google.protobuf.message import Message

from server.api.store import Client


class Rpc(NamedTuple):
    """A method of a service.

    `answer` is given who asked, the id a repetition is known by, and the message; it returns the
    answer's bytes and may raise a `Refusal` or `msgspec.ValidationError`.
    """

    service: str
    name: str
    request: type[Message]
    answer: Callable[[Client, UUID, Any], Awaitable[bytes]]
    audited: bool = False  # as its twin over HTTP

    @property
    def action(self) -> str:
        """Return what the audit book calls it: the name of its twin over HTTP."""
        return self.name[0].lower() + self.name[1:]

    @property
    def path(self) -> str:
        """Return what is called, and signed."""
        return f"/{self.service}/{self.name}"
