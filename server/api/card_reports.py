"""Doors of statistics and statements: for business services, and for the screens of a shop.

A screen gets an address that is good for two minutes: a browser opens it in a tab of its own, where it can be
printed, and no token stands in an address. Reads go to the replica where there is one (R-000-14).
"""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Annotated, Literal

import asyncpg
import msgspec

from server.api.callers import Gate
from server.api.files import as_file
from server.api.table import Call, Door, Plain
from server.auth import token_hash
from server.cards import report, views
from server.clock import Clock, to_ms
from server.devices.store import find_by_token
from server.errors import Refusal
from server.events.cards import Trade
from server.ids import Id
from server.sealed import SealError, Sealing

TICKET_S = 120
_TICKET = "card report"
_TILLS = frozenset({"cashier", "monitor"})
_NEWEST = 2**53


class ReportWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which shop's days, both included and today by default; by day, dish or hour; as what."""

    shop_id: Id
    since: date | None = None
    until: date | None = None
    by: views.By = "day"
    format: report.Format = "json"


class PageWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which days of the device's own shop, both included and today by default."""

    since: date | None = None
    until: date | None = None
    by: views.By = "day"
    format: Literal["html", "csv", "xlsx"] = "html"


class PageAnswer(msgspec.Struct, frozen=True):
    """Where the report is until then; open it in a tab of its own."""

    url: str
    expires_at_ms: int


class TicketPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the house handed out."""

    ticket: Annotated[str, msgspec.Meta(max_length=1000)]


class StatementWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which card's trades, the newest first. `before`: the last id of the page before."""

    card_id: Id
    shop_id: Id
    since: date = date(2024, 1, 1)
    until: date = date(2099, 12, 31)
    before: Id = _NEWEST


class StatementAnswer(msgspec.Struct, frozen=True):
    """A page of trades; `next` goes into `before` for the next one, null: there is none."""

    trades: list[Trade]
    next: int | None


class _Ticket(msgspec.Struct, frozen=True):
    shop_id: int
    wanted: PageWanted
    expires_at_ms: int


class CardReports:
    """What may be read of cards' days."""

    def __init__(
        self,
        database: asyncpg.Pool,
        reports: asyncpg.Pool,
        gate: Gate,
        clock: Clock,
        sealing: Sealing,
    ) -> None:
        self._db = database
        self._reports = reports
        self._gate = gate
        self._clock = clock
        self._sealing = sealing

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/v1/shops/{shop_id}/card-report", "readCardReport",
                "Read a shop's card statistics; `format` chooses JSON, a page, CSV or a workbook",
                "money", self.read, params=ReportWanted, response=views.Report,
            ),
            Door(
                "GET", "/v1/cards/{card_id}/statement", "readCardStatement", "Read a card's trades",
                "money", self.statement, params=StatementWanted, response=StatementAnswer,
            ),
            Door(
                "GET", "/device/card-report", "makeCardReport",
                "Get the address of a report, with a cash desk's or monitor's token", "device",
                self.page, "stranger", params=PageWanted, response=PageAnswer,
                refusals=("bad_token", "not_allowed"),
            ),
            Door(
                "GET", "/reports/cards/{ticket}", "openCardReport", "Open a report", "device",
                self.open, "stranger", params=TicketPath, media_type="text/html",
                refusals=("not_found", "shop_not_found"),
            ),
        ]  # fmt: skip

    async def read(self, call: Call) -> views.Report | Plain:
        """Return a shop's statistics."""
        asked: ReportWanted = call.params
        await self._gate.actor(call.signer, "money", asked.shop_id)
        found = await self._read(asked.shop_id, asked.since, asked.until, asked.by)
        return found if asked.format == "json" else as_file(report.write(found, asked.format))

    async def _read(
        self, shop_id: int, since: date | None, until: date | None, by: views.By
    ) -> views.Report:
        period = views.Period(since, until)
        return await views.read_report(self._reports, shop_id, period, by, self._clock.now())

    async def statement(self, call: Call) -> StatementAnswer:
        """Return a page of a card's trades, of all shops of the brand."""
        asked: StatementWanted = call.params
        await self._gate.actor(call.signer, "money", asked.shop_id)
        days = (asked.since, asked.until)
        trades = await views.read_statement(
            self._reports, asked.shop_id, asked.card_id, days, asked.before
        )
        more = len(trades) == views.STATEMENT_TRADES_MAX
        return StatementAnswer(trades, trades[-1].id if more else None)

    async def page(self, call: Call) -> PageAnswer:
        """Return an address for a report of the device's shop."""
        device = await find_by_token(self._db, token_hash(_bearer(call)))
        if device is None:
            raise Refusal("bad_token")
        if device.kind not in _TILLS:
            raise Refusal("not_allowed", role=device.kind)
        expires_at_ms = to_ms(self._clock.now()) + TICKET_S * 1000
        ticket = msgspec.json.encode(_Ticket(device.shop_id, call.params, expires_at_ms)).decode()
        sealed = base64.urlsafe_b64encode(self._sealing.seal(ticket, _TICKET)).decode()
        return PageAnswer(f"/reports/cards/{sealed}", expires_at_ms)

    async def open(self, call: Call) -> Plain:
        """Return the report an address stands for, while it does."""
        try:
            sealed = base64.urlsafe_b64decode(call.params.ticket)
            ticket = msgspec.json.decode(self._sealing.opened(sealed, _TICKET), type=_Ticket)
        except (SealError, binascii.Error, ValueError):
            raise Refusal("not_found") from None
        if ticket.expires_at_ms < to_ms(self._clock.now()):
            raise Refusal("not_found", "This address was good for two minutes.")
        wanted = ticket.wanted
        found = await self._read(ticket.shop_id, wanted.since, wanted.until, wanted.by)
        return as_file(report.write(found, wanted.format))


def _bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal("bad_token")
    return token.strip()
