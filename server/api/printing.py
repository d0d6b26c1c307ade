"""Doors for paper: set printers up, see what came out, decide about what may have come out.

Every change is a command of the desk. Refuses to know printers' words; what a paper says is shown one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import asyncpg
import msgspec

from server.api.business import ShopPath
from server.api.callers import Gate
from server.api.files import as_file
from server.api.table import Call, Door, Plain
from server.auth import Network
from server.events.decision import Role
from server.events.printing import PaperState
from server.ids import Id
from server.pairing.door import Execute
from server.printing import views
from server.printing.port import Document
from server.printing.printer import Printer, PrinterPlan, check_reach
from server.printing.render import preview_page, preview_png
from server.printing.sample import sample
from server.sheets import HTML_TYPE, PNG_TYPE, Written

JOBS_LISTED_MAX = 200


class NewPrinter(PrinterPlan, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A printer to be set up."""


class ChangedPrinter(PrinterPlan, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a printer shall be from now on, and the version it was read at."""

    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class PrinterInfo(Printer, frozen=True, kw_only=True):
    """A printer, how it is, and how many papers wait at it."""

    waiting: int


class PrintersAnswer(msgspec.Struct, frozen=True):
    """All printers of a shop."""

    printers: list[PrinterInfo]


class PrinterAnswer(msgspec.Struct, frozen=True):
    """Which printer it is, and its version now."""

    printer_id: int
    version: int


class PrinterPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which printer of which shop."""

    shop_id: Id
    printer_id: Id


class JobsPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which papers; `undecided`: those somebody has to decide about. `before`: the `next` of a page."""

    shop_id: Id
    state: PaperState | None = None
    printer_id: Id | None = None
    undecided: bool = False
    before: Annotated[int, msgspec.Meta(ge=1, le=2**53)] = 2**53
    limit: Annotated[int, msgspec.Meta(ge=1, le=JOBS_LISTED_MAX)] = 50


class JobsAnswer(msgspec.Struct, frozen=True):
    """A page, the newest first; `next` null: there are no more."""

    jobs: list[views.JobLine]
    next: int | None


class JobPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which paper of which shop."""

    shop_id: Id
    job_id: Id


class PaperWanted(JobPath, frozen=True, forbid_unknown_fields=True):
    """Which paper, as a page or a picture."""

    format: Literal["html", "png"] = "html"


class SampleWanted(PrinterPath, frozen=True, forbid_unknown_fields=True):
    """Which kind of paper, as a page or a picture."""

    document: Literal["ticket", "receipt", "label"] = "ticket"
    format: Literal["html", "png"] = "html"


class QueuedAnswer(msgspec.Struct, frozen=True):
    """The papers that wait to be printed now."""

    job_ids: list[int]


class SettleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The paper is there (`printed`), or it is not wanted any more (`dropped`)."""

    outcome: Literal["printed", "dropped"]


class SettledAnswer(msgspec.Struct, frozen=True):
    """What was decided about a paper."""

    job_id: int
    settled: Literal["printed", "dropped"]


class OrderPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which order."""

    order_id: Id


class ReceiptRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop; `printer_id` null: on every printer for receipts."""

    shop_id: Id
    printer_id: Id | None = None


_SETTING = ("printer_not_found", "printer_not_private", "printer_name_taken", "station_not_found")
_JOB = ("print_job_not_found", "print_job_under_way")


class Printing:
    """What managers and cash desks may ask about paper."""

    def __init__(
        self,
        execute: Execute,
        database: asyncpg.Pool,
        gate: Gate,
        networks: Sequence[Network],
    ) -> None:
        self._execute = execute
        self._db = database
        self._gate = gate
        self._networks = networks

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "GET", "/v1/shops/{shop_id}/printers", "listPrinters",
                "List printers and how they are", "manager", self.list_printers,
                params=ShopPath, response=PrintersAnswer,
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/printers", "addPrinter", "Set a printer up",
                "manager", self.add, params=ShopPath, request=NewPrinter, response=PrinterAnswer,
                status=201, refusals=(*_SETTING, "printers_too_many"),
            ),
            Door(
                "PUT", "/v1/shops/{shop_id}/printers/{printer_id}", "changePrinter",
                "Set a printer up otherwise", "manager", self.change, params=PrinterPath,
                request=ChangedPrinter, response=PrinterAnswer,
                refusals=(*_SETTING, "version_changed"),
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/printers/{printer_id}/test", "testPrinter",
                "Print a ticket with what is hard to print", "manager", self.test,
                params=PrinterPath, response=QueuedAnswer,
                refusals=("printer_not_found", "printer_disabled"),
            ),
            Door(
                "GET", "/v1/shops/{shop_id}/print-jobs", "listPrintJobs",
                "List papers and what is known of them", "manager", self.list_jobs,
                params=JobsPage, response=JobsAnswer,
            ),
            Door(
                "GET", "/v1/shops/{shop_id}/print-jobs/{job_id}/preview", "previewPaper",
                "See a paper as it comes out of its printer, as a page or a picture", "manager",
                self.paper, params=PaperWanted, media_type="text/html",
                refusals=("print_job_not_found",),
            ),
            Door(
                "GET", "/v1/shops/{shop_id}/printers/{printer_id}/preview", "previewPrinter",
                "See how a printer prints what is hard to print, as a page or a picture", "manager",
                self.sample, params=SampleWanted, media_type="text/html",
                refusals=("printer_not_found",),
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/print-jobs/{job_id}/reprint", "reprint",
                "Print a paper again, marked as a copy", "manager", self.reprint,
                params=JobPath, response=QueuedAnswer, refusals=(*_JOB, "printer_disabled"),
            ),
            Door(
                "POST", "/v1/shops/{shop_id}/print-jobs/{job_id}/settle", "settlePrintJob",
                "Say that a paper is there, or not wanted any more", "manager", self.settle,
                params=JobPath, request=SettleRequest, response=SettledAnswer,
                refusals=(*_JOB, "print_job_decided"),
            ),
            Door(
                "POST", "/v1/orders/{order_id}/receipt", "printReceipt", "Print an order's bill",
                "manager", self.receipt, params=OrderPath, request=ReceiptRequest,
                response=QueuedAnswer, refusals=("order_not_found", "printer_not_found"),
            ),
        ]  # fmt: skip

    async def list_printers(self, call: Call) -> PrintersAnswer:
        """List printers."""
        actor = await self._gate.actor(call.caller, "business", call.params.shop_id)
        lines = await views.list_printers(self._db, actor.shop_id)
        return PrintersAnswer(
            [
                PrinterInfo(**msgspec.structs.asdict(line.printer), waiting=line.waiting)
                for line in lines
            ]
        )

    async def add(self, call: Call) -> PrinterAnswer:
        """Set a printer up."""
        return await self._put(call, {})

    async def change(self, call: Call) -> PrinterAnswer:
        """Set a printer up otherwise."""
        return await self._put(call, {"printer_id": call.params.printer_id})

    async def _put(self, call: Call, more: dict[str, Any]) -> PrinterAnswer:
        check_reach(call.body.kind, call.body.address, self._networks)
        plan = msgspec.structs.asdict(call.body) | more
        return PrinterAnswer(**await self._ask(call, "manager", "PutPrinter", plan))

    async def test(self, call: Call) -> QueuedAnswer:
        """Print a test ticket."""
        asked = {"printer_id": call.params.printer_id}
        return QueuedAnswer(**await self._ask(call, "manager", "PrintTest", asked))

    async def list_jobs(self, call: Call) -> JobsAnswer:
        """List papers."""
        asked: JobsPage = call.params
        actor = await self._gate.actor(call.caller, "business", asked.shop_id)
        wanted = views.JobsWanted(
            asked.before, asked.state, asked.printer_id, asked.undecided, asked.limit
        )
        jobs = await views.list_jobs(self._db, actor.shop_id, wanted)
        return JobsAnswer(jobs, jobs[-1].id if len(jobs) == asked.limit else None)

    async def paper(self, call: Call) -> Plain:
        """Show a paper."""
        asked: PaperWanted = call.params
        actor = await self._gate.actor(call.caller, "business", asked.shop_id)
        document, printer = await views.read_paper(self._db, actor.shop_id, asked.job_id)
        return await _preview(document, printer, asked.format, f"paper-{asked.job_id}")

    async def sample(self, call: Call) -> Plain:
        """Show how a printer would print."""
        asked: SampleWanted = call.params
        actor = await self._gate.actor(call.caller, "business", asked.shop_id)
        printer = await views.find_printer(self._db, actor.shop_id, asked.printer_id)
        document = sample(asked.document, printer.name)
        return await _preview(document, printer, asked.format, f"printer-{asked.printer_id}")

    async def reprint(self, call: Call) -> QueuedAnswer:
        """Print again, marked."""
        asked = {"job_id": call.params.job_id}
        done = await self._ask(call, "business", "PrintAgain", asked)
        return QueuedAnswer([done["job_id"]])

    async def settle(self, call: Call) -> SettledAnswer:
        """Be done with a paper."""
        asked = {"job_id": call.params.job_id, "outcome": call.body.outcome}
        return SettledAnswer(**await self._ask(call, "business", "SettlePaper", asked))

    async def receipt(self, call: Call) -> QueuedAnswer:
        """Print a bill."""
        asked = {"order_id": call.params.order_id, "printer_id": call.body.printer_id}
        return QueuedAnswer(**await self._ask(call, "business", "PrintReceipt", asked))

    async def _ask(self, call: Call, role: Role, name: str, body: Any) -> dict[str, Any]:
        shop_id = getattr(call.params, "shop_id", None) or call.body.shop_id
        actor = await self._gate.actor(call.caller, role, shop_id)
        return await self._execute(actor, call.command_id, name, msgspec.json.encode(body))


async def _preview(document: Document, printer: Printer, form: str, name: str) -> Plain:
    look = (document, printer.paper, printer.language)
    if form == "png":
        drawn = await asyncio.to_thread(preview_png, *look)  # some ten milliseconds
        return as_file(Written(drawn, PNG_TYPE, f"{name}.png"))
    page = await asyncio.to_thread(preview_page, *look)  # a font measures each row
    return as_file(Written(page.encode(), HTML_TYPE, f"{name}.html"))
