"""Doors of the cost centre for whoever keeps it from a desk: the statement as a file, when to be warned.

Refuses to add, pay and give back segments: what was bought is said by who sold it, what was sent by who sent it.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg
import msgspec

from server.api.callers import brand_of, money_brand
from server.api.files import as_file
from server.api.sms import known_moment
from server.api.sms_words import SEGMENTS_MAX, Kind, Moment
from server.api.table import Call, Door, Plain, for_people_too
from server.errors import Refusal
from server.events.decision import Role
from server.sheets import CSV_TYPE, Written, as_csv
from server.sms import statement, store, views
from server.sms.costcentre import reachable
from server.sms.packages import Packages

LINES_MAX = 10_000  # of one file
READS_MAX = 200  # each looks at a bounded number of lines; a filter that fits nothing ends here
_RULES = "/v1/sms/rules"


class StatementWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines: of a kind, of a time; at the times of which zone, in which language."""

    kind: Kind | None = None
    since: Moment = 0
    until: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_000)] = 253_402_300_799_000
    zone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = "UTC"
    language: statement.Language = "zh"


class SmsRules(msgspec.Struct, frozen=True, rename="camel"):
    """What holds for a brand's texts.

    `warnBelow`: below so many segments that can still be frozen managers are warned; 0: never.
    `undelivered`: what did not reach its telephone is kept (paid all the same) or comes back.
    """

    warn_below: int
    undelivered: Literal["kept", "comes_back"]


class SmsRulesWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """When to be warned; 0: never."""

    warn_below: Annotated[int, msgspec.Meta(ge=0, le=SEGMENTS_MAX)]


class SmsDesk:
    """What a desk may ask of the cost centre beside what services may."""

    def __init__(self, database: asyncpg.Pool, packages: Packages) -> None:
        self._db = database
        self._packages = packages

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return for_people_too([
            Door(
                "GET", "/v1/sms/statement", "readSmsStatement",
                "Take the account's lines away as CSV, at most 10,000", "money", self.statement,
                params=StatementWanted, media_type="text/csv",
            ),
            Door(
                "GET", _RULES, "readSmsRules", "Read what holds for a brand's texts", "money",
                self.read_rules, response=SmsRules,
            ),
            Door(
                "PUT", _RULES, "setSmsRules", "Say below how many segments to be warned", "money",
                self.put_rules, request=SmsRulesWish, response=SmsRules,
            ),
        ])  # fmt: skip

    async def statement(self, call: Call) -> Plain:
        """Return the lines as a file; when there are more than it may have, its last row says so."""
        asked: StatementWanted = call.params
        brand_id = money_brand(call.caller)
        zone = _zone(asked.zone)
        kinds = () if asked.kind is None else (asked.kind,)
        since, until = known_moment(asked.since, "since"), known_moment(asked.until, "until")
        found: list[views.Record] = []
        wanted = views.Wanted(kinds, since, until, None, 2**62, views.RECORDS_MAX)
        cut = True
        for _ in range(READS_MAX):
            page = await self._packages.records(brand_id, wanted)
            found += page.records
            cut = page.next is not None
            if page.next is None or len(found) >= LINES_MAX:
                break
            wanted = wanted._replace(before=page.next)
        cut = cut or len(found) > LINES_MAX
        lines = statement.table(found[:LINES_MAX], zone, asked.language, cut=cut)
        body = await asyncio.to_thread(as_csv, lines)  # ten thousand lines take tenths of a second
        return as_file(Written(body, CSV_TYPE, "sms-statement.csv"))

    async def read_rules(self, call: Call) -> SmsRules:
        """Return what holds for the caller's brand."""
        return await self._rules(money_brand(call.caller))

    async def put_rules(self, call: Call) -> SmsRules:
        """Set when to be warned: a key that moves money may, and of people who leads all shops."""
        asked: SmsRulesWish = call.body
        role: Role = "money" if call.member is None else "manager"
        brand_id = brand_of(call.caller, role, whole_brand=True)
        call.noted["warn_below"] = asked.warn_below
        with reachable():
            await store.put_warn_below(self._db, brand_id, asked.warn_below)
        return await self._rules(brand_id)

    async def _rules(self, brand_id: int) -> SmsRules:
        with reachable():
            rules = await store.read_rules(self._db, brand_id)
        return SmsRules(rules.warn_below, "comes_back" if rules.refunds_undelivered else "kept")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refusal("bad_field", "No such time zone.", field="zone") from None
