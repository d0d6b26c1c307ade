"""At one printer: takes its papers in turn, and says of each what is known.

Before a byte leaves the printer is asked how it is, and that bytes may leave is written down; after the
last byte it is asked, in its turn, whether it is done. Whatever goes wrong in between leaves the paper
`uncertain`: it is never sent again by itself. Refuses to be at a printer that another worker is at; the
lease in the row is the fence.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import msgspec
import structlog

from server.auth import Network
from server.clock import Clock
from server.events.decision import Actor
from server.events.printing import PrinterCondition
from server.printing import port, store
from server.printing.escpos import padding
from server.printing.printer import Printer
from server.printing.render import as_text, preview_png, render
from server.printing.store import Key, OpenJob, Step
from server.printing.transports import FileWire, NotPrivateError, Wire, open_wire

ANSWER_S_MAX = 2.0  # for a printer to say how it is
DONE_S_MAX = 20.0  # for the last line to be printed and the paper to be cut
RETRY_S = 1.0
RETRY_S_MAX = 5.0
BACKUP_AFTER_S = 10  # of waiting at a printer that does not print
JOBS_READ_MAX = 100

_JOBS = uuid.UUID("5c0a2f62-5a4e-4f0e-9a5f-0d6f6d1c7a11")
_log = structlog.get_logger(__name__)

Execute = Callable[[Actor, uuid.UUID, str, bytes], Awaitable[dict[str, Any]]]


class PressGround(NamedTuple):
    """What everybody at a printer stands on; `worker` is whose leases they are."""

    pool: asyncpg.Pool
    clock: Clock
    execute: Execute
    data_dir: Path
    worker: str
    networks: Sequence[Network]  # where network printers may be
    lease_s: float = 15.0
    retry_s: float = RETRY_S
    done_s: float = DONE_S_MAX


class WireLostError(Exception):
    """The printer cannot be reached, or no longer; `condition` says why."""

    def __init__(self, why: str, condition: PrinterCondition = "offline") -> None:
        super().__init__(why)
        self.condition = condition


class Press:
    """Prints what waits at one printer until nothing does."""

    def __init__(self, ground: PressGround, key: Key) -> None:
        self._ground = ground
        self._key = key
        self._woken = asyncio.Event()
        self._closing = False
        self._retry_s = ground.retry_s
        self._torn = False  # whether a paper was cut off in the middle, and none came out since

    def close(self) -> None:
        """Finish the paper that is under way and begin no other."""
        self._closing = True
        self._woken.set()

    async def run(self) -> None:
        """Work until nothing waits and the printer is well.

        Raises what the database and the desk do: what was under way is then found by the next `run`.
        """
        await self._recover()
        while not self._closing:
            printer = await store.read_printer(self._ground.pool, self._key)
            jobs = await self._still_wanted(printer)
            if not jobs and printer.condition in {"ready", "unknown"}:
                return
            if not printer.enabled:
                await self._put_away(printer, jobs)
                return
            try:
                condition = await self._work(printer, jobs[0] if jobs else None)
            except WireLostError as lost:
                condition = lost.condition
            await self._note(printer, condition)
            if condition == "ready":
                self._retry_s = self._ground.retry_s
                continue
            await self._use_backup(printer)
            await self._rest()

    async def _recover(self) -> None:
        """List what somebody had begun who is not there any more: nobody knows what came out."""
        for job in await store.read_open(self._ground.pool, self._key, JOBS_READ_MAX):
            if job.state != "queued":
                self._torn = True
                await self._end(job, "lose", "press_lost", job.version)

    async def _still_wanted(self, printer: Printer) -> list[OpenJob]:
        """Return what waits and is not too old; what is too old is listed, not printed."""
        now = self._ground.clock.now()
        fresh = []
        for job in await store.read_open(self._ground.pool, self._key, JOBS_READ_MAX):
            if job.state == "queued" and job.expires_at <= now:
                await self._end(job, "expire", "too_old", job.version)
            elif job.state == "queued":
                fresh.append(job)
        return fresh

    async def _put_away(self, printer: Printer, jobs: list[OpenJob]) -> None:
        """Let a printer that is not to be used any more give its papers to its backup, or list them."""
        if printer.backup_id is not None:
            await store.move(
                self._ground.pool, self._key, printer.backup_id, self._ground.clock.now()
            )
            jobs = await store.read_open(self._ground.pool, self._key, JOBS_READ_MAX)
        for job in jobs:
            await self._end(job, "fail", "printer_disabled", job.version)

    async def _use_backup(self, printer: Printer) -> None:
        """Give away what this printer cannot print: back to where it came from, or to its own backup."""
        returned = await store.move_back(self._ground.pool, self._key)
        if returned:
            _log.warning("papers_moved_back", backup=self._key, papers=returned)
        if printer.backup_id is None:
            return
        backup = await store.read_printer(self._ground.pool, (self._key[0], printer.backup_id))
        if not backup.enabled or backup.condition not in {"ready", "unknown"}:
            return
        waited_since = self._ground.clock.now() - timedelta(seconds=BACKUP_AFTER_S)
        moved = await store.move(self._ground.pool, self._key, backup.id, waited_since)
        if moved:
            _log.warning("papers_moved", printer=self._key, backup=backup.id, papers=moved)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._retry_s):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._retry_s = min(self._retry_s * 2, RETRY_S_MAX)

    async def _work(self, printer: Printer, job: OpenJob | None) -> PrinterCondition:
        """Ask the printer how it is and, when it is well, print a paper; return how it is.

        Raises `WireLostError`.
        """
        try:
            document = await self._document(printer, job) if job else None
            data = b""
            if document is not None:
                # A picture takes some ten milliseconds, which other printers would wait for.
                data = await asyncio.to_thread(render, document, printer.paper, printer.language)
        except (LookupError, TypeError, ValueError):
            # A document no layout can take must not stand before the others.
            assert job is not None
            _log.exception("paper_not_laid_out", printer=self._key, job=job.id)
            await self._end(job, "fail", "not_laid_out", job.version)
            return printer.condition
        wires = open_wire(printer, self._ground.data_dir, self._ground.networks)
        wire = await _reached(wires.__aenter__())
        try:
            condition = await self._ask(printer, wire)
            if self._may_wait(printer) and condition in {"ready", "silent"}:
                await _reached(wire.write(padding(printer.paper)))
                condition = await self._ask(printer, wire)
            if isinstance(wire, FileWire) and document is not None:
                look = (document, printer.paper, printer.language)
                wire.readable = as_text(*look)
                wire.picture = await asyncio.to_thread(preview_png, *look)
            if condition == "ready" and job is not None:
                return await self._print(printer, job, wire, data)
            return condition
        finally:
            await wires.__aexit__(None, None, None)

    def _may_wait(self, printer: Printer) -> bool:
        """Return whether a printer may wait for the rest of a paper that was cut off."""
        away = self._torn or printer.condition in {"offline", "silent"}
        return away and printer.kind != "file"

    async def _document(self, printer: Printer, job: OpenJob) -> port.Document:
        backup_from = ""
        if job.from_id is not None:
            other = await store.read_printer(self._ground.pool, (self._key[0], job.from_id))
            backup_from = other.name
        return port.numbered(port.read_document(job.document), job.id, job.copy, backup_from)

    async def _ask(self, printer: Printer, wire: Wire) -> PrinterCondition:
        if not printer.answers:
            return "ready"
        await _reached(wire.write(port.STATUS_QUERY))
        said = await self._hear(
            wire, ANSWER_S_MAX, lambda heard: port.read_status(heard) is not None
        )
        return condition_of(port.read_status(said))

    async def _hear(self, wire: Wire, wait_s: float, enough: Callable[[bytes], bool]) -> bytes:
        """Return what the printer says until it is enough, or nothing more comes."""
        clock = self._ground.clock
        until_s = clock.monotonic_s() + wait_s
        heard = b""
        while not enough(heard) and (left_s := until_s - clock.monotonic_s()) > 0:
            more = await _reached(wire.read(left_s))
            if not more:
                break
            heard += more
        return heard

    async def _print(
        self, printer: Printer, job: OpenJob, wire: Wire, data: bytes
    ) -> PrinterCondition:
        ground = self._ground
        version = await store.begin(ground.pool, self._key, job, ground.worker, ground.clock.now())
        if version is None:
            return "ready"  # it went elsewhere meanwhile
        before = wire.written
        try:
            await _reached(wire.write(data))
        except WireLostError:
            if wire.written == before:
                await self._step(job, version, "sending", "queued")
            else:
                self._torn = True
                await self._end(job, "lose", "wire_lost", version)
            return "offline"
        if not printer.answers:
            await self._step(job, version, "sending", "sent", over=True)
            return "ready"
        sent = await self._step(job, version, "sending", "sent")
        if sent is None:
            return "ready"
        return await self._confirm(job, sent, wire)

    async def _confirm(self, job: OpenJob, version: int, wire: Wire) -> PrinterCondition:
        """Ask whether it is done; without a yes nobody knows, and nobody may guess."""
        condition: PrinterCondition = "silent"
        try:
            await _reached(wire.write(port.DONE_QUERY))
            done = port.is_done(await self._hear(wire, self._ground.done_s, port.is_done))
            await _reached(wire.write(port.STATUS_QUERY))
            said = await self._hear(
                wire, ANSWER_S_MAX, lambda heard: port.read_status(heard) is not None
            )
            condition = condition_of(port.read_status(said))
        except WireLostError:
            done, condition = False, "offline"
        self._torn = not done
        if done:
            await self._step(job, version, "sent", "confirmed", over=True)
        else:
            reason = condition if condition != "ready" else "not_confirmed"
            await self._end(job, "lose", reason, version)
        return condition

    async def _step(
        self, job: OpenJob, version: int, before: str, after: str, *, over: bool = False
    ) -> int | None:
        ended_at = self._ground.clock.now() if over else None
        taken = Step(job.id, version, before, after, ended_at)
        return await store.step(self._ground.pool, self._key[0], taken)

    async def _end(self, job: OpenJob, verb: str, reason: str, version: int) -> None:
        body = {"job_id": job.id, "verb": verb, "reason": reason, "version": version}
        command_id = uuid.uuid5(_JOBS, f"{self._key[0]}/{job.id}/{version}/{verb}")
        await self._say("EndPaper", command_id, body)

    async def _note(self, printer: Printer, condition: PrinterCondition) -> None:
        if condition != printer.condition:
            body = {"printer_id": printer.id, "condition": condition}
            await self._say("NotePrinter", uuid.uuid4(), body)

    async def _say(self, name: str, command_id: uuid.UUID, body: dict[str, Any]) -> None:
        actor = Actor(role="system", id="press", name="", shop_id=self._key[0])
        await self._ground.execute(actor, command_id, name, msgspec.json.encode(body))


def condition_of(status: port.Status | None) -> PrinterCondition:
    """Return in one word what keeps a printer from printing."""
    if status is None:
        return "silent"
    if not status.cover:
        return "cover_open"
    if not status.paper:
        return "paper_out"
    if not status.cutter:
        return "cutter_error"
    return "error" if status.offline or status.error else "ready"


async def _reached(reaching: Awaitable[Any]) -> Any:
    """Tell trouble on the wire from trouble with the database. Raises `WireLostError`."""
    try:
        return await reaching
    except NotPrivateError as error:
        raise WireLostError(str(error), "not_private") from error
    except (OSError, TimeoutError) as error:
        raise WireLostError(str(error) or type(error).__name__) from error
