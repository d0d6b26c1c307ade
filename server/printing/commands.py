"""◆ What people and the press say about printers and papers.

Each takes facts as read and returns a decision. What is loud (a printer in trouble, a paper somebody has
to decide about) is said in the shop's log in the same commit. Refuses to read, write or send by itself.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from server.errors import Refusal
from server.events import printing as said
from server.events.decision import Context, Decision, Row, Said
from server.ids import Id
from server.printing import job as machine
from server.printing.printer import PRINTERS_MAX, Printer, PrinterPlan, check, paper_of
from server.printing.tickets import PrintTest, queue_test


class StoredJob(msgspec.Struct, frozen=True):
    """A paper as stored, with what a decision about it needs to know of its printer."""

    id: int
    printer_id: int
    printer: str
    from_id: int | None
    source: str
    order_id: int | None
    kind: said.DocumentKind
    title: str
    document: msgspec.Raw
    copy: int
    state: said.PaperState
    reason: str
    made_at_ms: int
    ended_at_ms: int | None
    settled: said.PaperEnd | None
    settled_by: str
    version: int
    expires_after_s: int


class JobFacts(msgspec.Struct):
    """One paper, and whether its printer may be used."""

    job: StoredJob
    enabled: bool


class ShopPrinters(msgspec.Struct):
    """All printers of a shop, by id, and its stations."""

    printers: dict[int, Printer]
    stations: frozenset[int]
    next_id: int


class PutPrinter(PrinterPlan, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new printer, or a printer set up otherwise; `version` is the one that was read."""

    printer_id: Id | None = None
    version: int = 0


class PrintAgain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """补打: the same paper again, marked as a copy; what was undecided about it is decided.

    `undecided`: asked by who decides about a paper in doubt, not by who wants one more.
    """

    job_id: Id
    undecided: bool = False


class SettlePaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody looked: the paper is there, or it is not wanted any more."""

    job_id: Id
    outcome: Literal["printed", "dropped"]


class EndPaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The press cannot say more, or may not go on: somebody has to decide."""

    job_id: Id
    verb: Literal["lose", "fail", "expire"]
    reason: str
    version: int


class NotePrinter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The press has seen how a printer is."""

    printer_id: Id
    condition: said.PrinterCondition


def put_printer(command: PutPrinter, facts: ShopPrinters, context: Context) -> Decision:
    """Set a printer up. Raises `printer_not_found`, `version_changed`, `printer_name_taken`, `bad_field`."""
    check(command)
    known = _known(command, facts)
    others = [one for one in facts.printers.values() if known is None or one.id != known.id]
    if known is None and len(others) >= PRINTERS_MAX:
        raise Refusal("printers_too_many", printers_max=PRINTERS_MAX)
    if command.name in {one.name for one in others}:
        raise Refusal("printer_name_taken")
    if command.backup_id is not None and command.backup_id not in {one.id for one in others}:
        raise Refusal("printer_not_found", printer_id=command.backup_id)
    strange = set(command.stations) - facts.stations
    if strange:
        raise Refusal("station_not_found", station_id=min(strange))
    printer_id, version = (known.id, known.version + 1) if known else (facts.next_id, 1)
    values: dict[str, Any] = msgspec.to_builtins(command) | {"paper": paper_of(command)}
    del values["printer_id"]
    rows = [Row("printer", values | {"id": printer_id, "version": version})]
    heard = []
    if known is not None and known.condition not in {"ready", "unknown"}:
        # Renamed or put away: what the cash desk lists follows.
        condition = known.condition if command.enabled else "ready"
        since_ms = known.condition_at_ms or context.now_ms
        mark = said.PrinterMark(printer_id, command.name, condition, since_ms)
        heard.append(Said(said.PrinterChanged(mark), said.TOPICS))
    return Decision({"printer_id": printer_id, "version": version}, rows, heard)


def _known(command: PutPrinter, facts: ShopPrinters) -> Printer | None:
    if command.printer_id is None:
        return None
    known = facts.printers.get(command.printer_id)
    if known is None:
        raise Refusal("printer_not_found", printer_id=command.printer_id)
    if known.version != command.version:
        raise Refusal("version_changed", version=known.version)
    return known


def print_again(command: PrintAgain, facts: JobFacts, context: Context) -> Decision:
    """Queue a copy with the mark 补打.

    Raises `print_job_under_way`, `printer_disabled`, and `print_job_decided` at the second of two desks.
    """
    job = facts.job
    if job.state not in machine.REPEATABLE:
        raise Refusal("print_job_under_way", state=job.state)
    if command.undecided and job.settled is not None:
        raise Refusal("print_job_decided", settled=job.settled)
    if not facts.enabled:
        raise Refusal("printer_disabled", printer_id=job.printer_id)
    copy_id = context.new_id()
    first, _, _ = job.source.partition("#")
    copy = {
        "id": copy_id, "printer_id": job.printer_id, "source": f"{first}#{copy_id}",
        "order_id": job.order_id, "kind": job.kind, "title": job.title, "document": job.document,
        "copy": job.copy + 1, "made_at_ms": context.now_ms,
        "expires_at_ms": context.now_ms + job.expires_after_s * 1000,
    }  # fmt: skip
    decision = Decision({"job_id": copy_id, "copy": job.copy + 1}, [Row("print_job", copy)])
    if job.state in machine.UNDECIDED and job.settled is None:
        _settled(decision, job, "reprinted", context)
    return decision


def print_test(command: PrintTest, facts: ShopPrinters, context: Context) -> Decision:
    """Queue a test ticket. Raises `printer_not_found`, `printer_disabled`."""
    printer = facts.printers.get(command.printer_id)
    if printer is None:
        raise Refusal("printer_not_found", printer_id=command.printer_id)
    if not printer.enabled:
        raise Refusal("printer_disabled", printer_id=printer.id)
    return queue_test(printer, context)


def settle_paper(command: SettlePaper, facts: JobFacts, context: Context) -> Decision:
    """Be done with a paper. Raises `print_job_decided`, `print_job_under_way`."""
    job = facts.job
    decision = Decision({"job_id": job.id, "settled": command.outcome})
    if machine.settle(job.state, job.settled, command.outcome):
        _settled(decision, job, command.outcome, context)
    return decision


def _settled(decision: Decision, job: StoredJob, outcome: said.PaperEnd, context: Context) -> None:
    by = context.actor.name
    decision.rows.append(_step(job, settled=outcome, settled_by=by))
    event = said.PaperSettled(job.id, outcome, by, context.now_ms)
    decision.said.append(Said(event, said.TOPICS))


def end_paper(command: EndPaper, facts: JobFacts, context: Context) -> Decision:
    """List a paper for somebody to decide; one that went on meanwhile is left as it is."""
    job = facts.job
    state = machine.next_state(job.state, command.verb)
    if state is None or job.version != command.version:
        return Decision({"state": job.state, "changed": False})
    paper = said.Paper(
        job.id, job.printer_id, job.printer, job.kind, job.title, job.copy, state, command.reason,
        job.made_at_ms, context.now_ms,
    )  # fmt: skip
    row = _step(job, state=state, reason=command.reason, ended_at_ms=context.now_ms)
    return Decision(
        {"state": state, "changed": True}, [row], [Said(said.PaperStuck(paper), said.TOPICS)]
    )


def note_printer(command: NotePrinter, facts: ShopPrinters, context: Context) -> Decision:
    """Say that a printer stopped or prints again; the same again is no news."""
    printer = facts.printers.get(command.printer_id)
    if printer is None or printer.condition == command.condition:
        return Decision({"changed": False})
    step = {
        "id": printer.id, "condition": command.condition, "condition_at_ms": context.now_ms,
        "version": printer.version + 1,
    }  # fmt: skip
    mark = said.PrinterMark(printer.id, printer.name, command.condition, context.now_ms)
    quiet = printer.condition == "unknown" and command.condition == "ready"
    heard = [] if quiet or not printer.enabled else [Said(said.PrinterChanged(mark), said.TOPICS)]
    return Decision({"changed": True}, [Row("printer_step", step)], heard)


def _step(job: StoredJob, **changes: Any) -> Row:
    values = {
        "id": job.id, "printer_id": job.printer_id, "from_id": job.from_id, "state": job.state,
        "reason": job.reason, "ended_at_ms": job.ended_at_ms, "settled": job.settled,
        "settled_by": job.settled_by, "version": job.version + 1,
    }  # fmt: skip
    return Row("print_job_step", values | changes)
