"""Sees to it that what somebody does at an audited door is written down: before it, and what came of it.

Refuses to let anything be done that could not be written down.
"""

from __future__ import annotations

from typing import Any

import msgspec

from server.api.table import Call, Door
from server.audit.book import AuditBook
from server.db.pool import LOST
from server.errors import Refusal

_SHOP_FIELDS = ("shop_id", "shopId")
# How much was moved, and for whom: the numbers of a money door's body, which are nobody's secret.
_MONEY_FIELDS = ("amount_fen", "price_fen", "segments", "credit", "user_id", "product_id")


async def answer(audit: AuditBook, door: Door, call: Call, request_id: str) -> Any:
    """Return a door's answer; of an audited door, with its line. Raises `audit_unavailable`."""
    if not door.is_audited:
        return await door.answer(call)
    caller = call.caller
    line = await audit.begin(
        door.name, caller.who, caller.name, call.address,
        brand_id=caller.brand_id, shop_id=_shop(call), request_id=request_id, facts=_facts(call),
    )  # fmt: skip
    outcome = "interrupted"
    try:
        told = await door.answer(call)
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
        audit.finish(line, outcome, call.noted)
    return told


def _facts(call: Call) -> dict[str, Any]:
    facts = {} if call.params is None else msgspec.structs.asdict(call.params)
    return facts | amounts_of(call.body)


def amounts_of(body: Any) -> dict[str, int]:
    """Return the numbers of a body that an audit line names: they are written down before anything is done."""
    found = {name: getattr(body, name, None) for name in _MONEY_FIELDS}
    return {name: value for name, value in found.items() if isinstance(value, int)}


def _shop(call: Call) -> int:
    for part in (call.params, call.body):
        for name in _SHOP_FIELDS:
            shop_id = getattr(part, name, None)
            if isinstance(shop_id, int):
                return shop_id
    return 0
