"""The door to who did what, for auditors, owners and managers; each reads of his own shops.

Refuses to change anything: there is no door that does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import asyncpg
import msgspec

from server.api.table import Call, Door
from server.audit import store
from server.audit.book import AuditBook
from server.clock import from_ms, to_ms
from server.errors import Refusal
from server.staff.member import Member

PAGE_LINES_MAX = 200
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]


class AuditWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines: of whom, of which door, with which outcome, from when until before when.

    `before`: the `next` of the page before. `shop_id`: of this shop only.
    """

    who: Word | None = None
    action: Word | None = None
    outcome: Word | None = None
    shop_id: Annotated[int, msgspec.Meta(ge=0, le=2**53)] | None = None
    since_ms: Moment = 0
    until_ms: Moment = 253_402_300_799_999
    before: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] = 2**63 - 1
    limit: Annotated[int, msgspec.Meta(ge=1, le=PAGE_LINES_MAX)] = 50


class AuditLine(msgspec.Struct, frozen=True):
    """Who did what. `outcome` null: nobody saw the end of it. `shop_id` 0: of no one shop."""

    id: int
    at_ms: int
    shop_id: int
    who: str
    name: str
    address: str
    action: str
    subject: str
    outcome: str | None
    request_id: str


class AuditAnswer(msgspec.Struct, frozen=True):
    """A page, the newest first; `next` null: there are no more."""

    lines: list[AuditLine]
    next: int | None


class Audit:
    """What may be asked about who did what."""

    def __init__(self, database: asyncpg.Pool, book: AuditBook) -> None:
        self._db = database
        self._book = book

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/v1/audit", "readAudit", "Read who did what, from where, and what came of it",
                "staff", self.read, "staff", params=AuditWanted, response=AuditAnswer,
            )
        ]  # fmt: skip

    async def read(self, call: Call) -> AuditAnswer:
        """Return a page of lines; one's own last action is in it."""
        asked: AuditWanted = call.params
        shops = _shops(call.person, asked.shop_id)
        await self._book.settle()
        rows = await store.list_lines(
            self._db, call.person.brand_id,
            store.Wanted(
                since=from_ms(asked.since_ms), until=_until(asked.until_ms),
                before_id=asked.before, shop_ids=None if shops is None else sorted(shops),
                who=asked.who, action=asked.action, outcome=asked.outcome, lines_max=asked.limit,
            ),
        )  # fmt: skip
        lines = [_line(row) for row in rows]
        return AuditAnswer(lines, lines[-1].id if len(lines) == asked.limit else None)


def _shops(person: Member, wanted: int | None) -> frozenset[int] | None:
    """Return of which shops somebody reads lines (None: of all and of none). Raises `not_allowed`."""
    may = person.audits()
    if may is not None and (not may or wanted not in {None, *may}):
        raise Refusal("not_allowed", shop_id=wanted)
    return may if wanted is None else frozenset({wanted})


def _until(at_ms: int) -> datetime:
    return min(from_ms(at_ms), datetime.max.replace(tzinfo=UTC))


def _line(row: asyncpg.Record) -> AuditLine:
    subject = f"{row['subject']} {row['told']}".strip()
    return AuditLine(
        row["id"], to_ms(row["at"]), row["shop_id"], row["who"], row["name"], row["address"],
        row["action"], subject, row["outcome"], row["request_id"],
    )  # fmt: skip
