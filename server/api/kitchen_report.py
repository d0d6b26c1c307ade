"""The door to how a kitchen did: for business services, and for managers in a browser.

A page is opened in the session a person logged in with, so no token stands in an address. Reads go to the
replica where there is one (R-000-14).
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Literal

import asyncpg
import msgspec

from server.api.callers import Gate, roles_of
from server.api.files import as_file
from server.api.table import Call, Door, Plain
from server.clock import Clock
from server.events.decision import Role
from server.ids import Id
from server.kds.report import files, views
from server.kds.report.figures import By, KitchenReport
from server.kds.report.words import Language


class KitchenReportWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which shop's days, both included and today by default; as what, in which language.

    `by`: which list a CSV has; JSON, page and workbook have all of them.
    """

    shop_id: Id
    since: date | None = None
    until: date | None = None
    format: Literal["json"] | files.FileFormat = "json"
    by: By = "dish"
    language: Language = "zh"


class KitchenReports:
    """What may be read of a kitchen's days."""

    def __init__(self, reports: asyncpg.Pool, gate: Gate, clock: Clock) -> None:
        self._reports = reports
        self._gate = gate
        self._clock = clock

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/v1/shops/{shop_id}/kitchen-report", "readKitchenReport",
                "Read how long a kitchen's dishes took; `format` chooses JSON, a page, CSV or a workbook",
                "business", self.read, params=KitchenReportWanted, response=KitchenReport,
            ),
        ]  # fmt: skip

    async def read(self, call: Call) -> KitchenReport | Plain:
        """Return a shop's report, to whoever orders or manages there."""
        asked: KitchenReportWanted = call.params
        role: Role = "business" if "business" in roles_of(call.caller) else "manager"
        await self._gate.actor(call.caller, role, asked.shop_id)
        period = views.Period(asked.since, asked.until)
        found = await views.read_report(self._reports, asked.shop_id, period, self._clock.now())
        if asked.format == "json":
            return found
        written = await asyncio.to_thread(  # a workbook of many dishes takes tenths of a second
            files.write, found, asked.format, asked.by, asked.language
        )
        return as_file(written)
