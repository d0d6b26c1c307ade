"""The door that serves the API's own description; `/docs` shows it to people.

Refuses to reach for anything outside of this machine: the page and its script ship with us.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server.api.openapi import document
from server.api.table import Call, Door, Plain


class Documents:
    """Serves a document made once, when the house opens."""

    def __init__(self, doors: Sequence[Door], version: str) -> None:
        self._doors = [*doors, *self.doors()]
        self._bytes = msgspec.json.format(msgspec.json.encode(document(self._doors, version)))

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/openapi.json", "readOpenApi", "This document", "documents",
                self.openapi, "public",
            )
        ]  # fmt: skip

    async def openapi(self, call: Call) -> Plain:
        """Return the OpenAPI document."""
        del call
        return Plain(self._bytes, "application/json", headers={"cache-control": "no-cache"})
