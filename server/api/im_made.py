"""Whether a manager's change was made before, by the same Idempotency-Key: then it is the same change.

A sentence and a rule have a version as their fence, so nothing is made twice; what is told apart here is
an answer that was lost from a hand that came too late. Refuses to change anything.
"""

from __future__ import annotations

from typing import Any, Protocol

import asyncpg

from server.api.table import Call
from server.broadcast.policies import store
from server.broadcast.template import Template
from server.errors import Refusal


class Sketch(Protocol):
    """A template as it is asked for."""

    name: str
    parameters: Any
    text: Any
    version: int

    def at(self, template_id: int) -> Template:
        """Return the version it is to be."""
        ...


async def made_template(
    db: asyncpg.Pool, call: Call, template_id: int | None = None
) -> Template | None:
    """Return the version that this command made before; raises `command_id_reused` for another."""
    asked: Sketch = call.body
    made = await store.find_made_template(db, call.caller.brand_id, call.command_id)
    if made is not None and made != asked.at(template_id or made.id):
        raise Refusal("command_id_reused")
    return made


async def made_change(db: asyncpg.Pool, call: Call) -> bool:
    """Say whether this command changed its rule before; raises `command_id_reused` for another."""
    asked = call.body
    made = await store.find_made_change(db, call.caller.brand_id, call.command_id)
    wanted = store.StoredChange(call.params.shop_id, asked.channel, asked.change, asked.version + 1)
    if made is not None and made != (call.params.event, wanted):
        raise Refusal("command_id_reused")
    return made is not None
