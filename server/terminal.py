"""What a person does at a terminal is written into the audit book like everything else (R-000-16).

Who it was is what the operating system says: its user, on this host. Refuses to do what could not be
written down.
"""

from __future__ import annotations

import getpass
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from server.audit.book import AuditBook
from server.clock import Clock
from server.errors import Refusal


def whoever() -> str:
    """Return the operating system's name for who sits here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"


@asynccontextmanager
async def written_down(
    pool: asyncpg.Pool,
    clock: Clock,
    action: str,
    *,
    brand_id: int = 0,
    shop_id: int = 0,
    **facts: Any,
) -> AsyncIterator[None]:
    """Write a line before the block and what came of it after. Raises `audit_unavailable`."""
    book = AuditBook(pool, clock)
    user = whoever()
    line = await book.begin(
        action,
        f"os:{user}",
        user,
        f"terminal {socket.gethostname()}",
        brand_id=brand_id,
        shop_id=shop_id,
        facts=facts,
    )
    outcome = "interrupted"
    try:
        yield
        outcome = "ok"
    except Refusal as refusal:
        outcome = refusal.code
        raise
    finally:
        book.finish(line, outcome)
        await book.close()
