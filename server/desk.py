"""The one write door: who may → decide on what was read → write it all, guarded → tell.

`commands.py` is the book of what can be asked; this file is how. A command that was answered
before gets the same answer again. When a guard no longer holds the decision is made anew, a
bounded number of times. Only after the commit is anybody told. Refuses to hold a transaction open
while anything else is awaited: reading and writing are one statement each.
"""

from __future__ import annotations

import asyncio
import contextvars
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import msgspec
import structlog

from server import answers
from server.clock import Clock, to_ms
from server.db.pool import LOST
from server.errors import Refusal
from server.events import log
from server.events.decision import Actor, Context, Decision, Due, Role, Telling, Write, independent
from server.ids import IdMint
from server.lanes import Lanes
from server.reactions import react
from server.sealed import Sealing
from server.settings import Settings

_logger = structlog.get_logger()


# (shop, command) of each job and the moment → the facts of each
Load = Callable[[asyncpg.Connection, Sequence[tuple[int, Any]], int], Awaitable[list[Any]]]


class Entry(NamedTuple):
    """One line of the book: what it takes, how it reads, how it decides, who may ask."""

    struct: type[Any]
    load: Load
    decide: Callable[[Any, Any, Context], Decision]
    roles: frozenset[Role]
    # What nobody may read at rest is sealed before anything else sees the command.
    veil: Callable[[Any, Sealing], Any] | None = None


class Job(msgspec.Struct, eq=False):
    """A command or a due promise on its way through the lanes."""

    actor: Actor
    entry: Entry
    body: Any
    answer: asyncio.Future[dict[str, Any]]
    command_id: uuid.UUID | None = None
    digest: bytes = b""
    kept: tuple[int, int] | None = None
    attempts: int = 0
    # Lanes serve everybody; what goes wrong is logged in the words (request id) of who asked.
    asked_in: contextvars.Context | None = None

    @property
    def key(self) -> int:
        """Commands of one shop go one after another."""
        return self.actor.shop_id


class Desk:
    """Takes commands and due promises, answers with the remembered result."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        book: Mapping[str, Entry],
        telling: Telling,
        settings: Settings,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._book = book
        self._telling = telling
        self._mint = IdMint()
        self._sealing = Sealing(settings.seal_key)
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}
        self._attempts_max = settings.decide_attempts_max
        self.lanes: Lanes[Job] = Lanes(
            self._work,
            lanes=settings.lanes,
            batch_jobs_max=settings.batch_commands_max,
            waiting_jobs_max=settings.waiting_commands_max,
        )

    async def execute(
        self, actor: Actor, command_id: uuid.UUID, name: str, body: bytes
    ) -> dict[str, Any]:
        """Do what `name` says and return its result; the same id and body get the same answer.

        Raises `Refusal`; `command_id_reused` when the id was used for something else.
        """
        entry = self._entry(name)
        if actor.role not in entry.roles:
            raise Refusal("not_allowed", role=actor.role, command=name)
        asked = self._read(name, body)
        if entry.veil is not None:
            asked = entry.veil(asked, self._sealing)
            body = msgspec.json.encode(asked)  # what the command is known by from here on
        job = self._job(actor, entry, asked)
        job.command_id = command_id
        job.digest = answers.digest(actor, name, body)
        job.asked_in = contextvars.copy_context()
        self.lanes.submit(job)
        return await job.answer

    async def keep(self, due: Sequence[Due]) -> list[Refusal | None]:
        """Keep due promises: each settled in the commit that does it, all in one where they may.

        None for what is settled, here or elsewhere; a refusal for what is still due. Promises of
        one shop go together unless they change the same row.
        """
        outcomes: list[Refusal | None] = [None] * len(due)
        jobs: list[tuple[int, Job]] = []
        for index, one in enumerate(due):
            try:
                jobs.append((index, self._promised(one)))
            except Refusal as refusal:
                outcomes[index] = refusal
        if jobs:
            await self._work([job for _, job in jobs])
        for index, job in jobs:
            outcomes[index] = job.answer.exception()  # type: ignore[assignment]  # only refusals
        return outcomes

    def _promised(self, due: Due) -> Job:
        actor = Actor(role="system", id="promise", name="", shop_id=due.shop_id)
        job = self._job(actor, self._entry(due.kind), self._read(due.kind, due.payload))
        job.kept = (due.id, due.attempt)
        return job

    def _entry(self, name: str) -> Entry:
        entry = self._book.get(name)
        if entry is None:
            raise Refusal("unknown_command", name=name)
        return entry

    def _read(self, name: str, body: bytes | str) -> Any:
        """Decode by the one decoder of a line of the book: making one costs more than using it."""
        known = self._decoders.get(name)
        if known is None:
            known = self._decoders[name] = msgspec.json.Decoder(self._book[name].struct)
        try:
            return known.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refusal("bad_field", str(error)) from error

    def _job(self, actor: Actor, entry: Entry, body: Any) -> Job:
        return Job(actor, entry, body, asyncio.get_running_loop().create_future())

    async def _work(self, batch: list[Job]) -> None:
        try:
            async with self._pool.acquire() as connection:
                await self._attempt(connection, batch)  # type: ignore[arg-type]  # it acts like one
        except LOST as error:
            _logger.warning("database_unavailable", error=type(error).__name__)
            _fail(batch, Refusal("unavailable"))
        except Exception as error:  # noqa: BLE001
            # The task's edge: a broken command must not stop the desk, nor its neighbours.
            if len(batch) > 1:
                for half in _halves(batch):
                    await self._work(half)
                return
            (batch[0].asked_in or contextvars.copy_context()).run(_log_broken, batch[0], error)
            _fail(batch, Refusal("internal"))

    async def _attempt(
        self, connection: asyncpg.Connection, batch: list[Job], *, mended: bool = False
    ) -> None:
        """Decide and write a batch; what the door refuses is told apart and tried again."""
        now_ms = to_ms(self._clock.now())
        facts = await _load(connection, batch, now_ms)
        writes = [self._decide(job, fact, now_ms) for job, fact in zip(batch, facts, strict=True)]
        taken = independent(writes)
        later = [job for job, take in zip(batch, taken, strict=True) if not take]
        batch = [job for job, take in zip(batch, taken, strict=True) if take]
        writes = [write for write, take in zip(writes, taken, strict=True) if take]
        try:
            written, armed = await log.write(connection, writes, now_ms, self._mint)
        except log.DoorError as error:
            await self._again(connection, batch, writes, error, mended=mended)
        else:
            for job, write, events in zip(batch, writes, written, strict=True):
                if events:
                    self._telling.publish(write.shop_id, events)
                _answer(job, write.reply)
            if armed:
                self._telling.arm(armed)
        if later:
            await self._attempt(connection, later)

    async def _again(
        self,
        connection: asyncpg.Connection,
        batch: list[Job],
        writes: list[Write],
        error: log.DoorError,
        *,
        mended: bool,
    ) -> None:
        """Answer what is settled and try the others again, together once, then in halves.

        One that was seen before costs its neighbours a few more statements, not one each.
        """
        if isinstance(error, log.SeenError):
            rest = await self._answer_seen(connection, batch, writes)
        elif isinstance(error, log.KeptError):
            rest = await _answer_kept(connection, batch, writes)
        else:
            rest = batch
        if len(rest) < len(batch):
            if rest:
                await self._attempt(connection, rest, mended=mended)
        elif len(batch) == 1:
            await self._refused(connection, batch[0], error)
        elif not mended and isinstance(error, log.StaleError):
            await self._attempt(connection, batch, mended=True)
        else:
            for half in _halves(batch):
                await self._attempt(connection, half, mended=True)

    def _decide(self, job: Job, facts: Any, now_ms: int) -> Write:
        context = Context(job.actor, now_ms, self._mint)
        try:
            if isinstance(facts, Refusal):
                raise facts
            decision = job.entry.decide(job.body, facts, context)
            react(decision, facts, context)
            if decision.refusal is not None:
                reply = answers.refused(decision.refusal)
            else:
                reply = b"" if job.kept else answers.accepted(decision.result)
        except Refusal as refusal:
            decision = Decision(result={})
            reply = answers.refused(refusal)
            if job.kept:  # nobody hears this answer
                kind, shop_id = type(job.body).__name__, job.actor.shop_id
                _logger.warning("promise_refused", kind=kind, shop_id=shop_id, code=refusal.code)
        return Write(job.actor.shop_id, decision, job.command_id, job.digest, reply, job.kept)

    async def _answer_seen(
        self, connection: asyncpg.Connection, batch: list[Job], writes: list[Write]
    ) -> list[Job]:
        """Answer what was answered before the same again; return the others."""
        found = await log.read_remembered(connection, writes)
        rest = []
        for job in batch:
            remembered = job.command_id and found.get((job.actor.shop_id, job.command_id))
            if remembered:
                digest, reply = remembered
                _answer(job, reply if digest == job.digest else answers.REUSED)
            else:
                rest.append(job)
        return rest

    async def _refused(
        self, connection: asyncpg.Connection, job: Job, error: log.DoorError
    ) -> None:
        if isinstance(error, log.NoShopError):
            _fail([job], Refusal("shop_not_found"))
        elif isinstance(error, log.PostingError):
            # Not remembered: after a top-up the same command may go through.
            _fail([job], Refusal(error.code))
        elif job.attempts < self._attempts_max:
            job.attempts += 1
            await self._attempt(connection, [job])
        else:
            _fail([job], Refusal("busy"))


async def _answer_kept(
    connection: asyncpg.Connection, batch: list[Job], writes: list[Write]
) -> list[Job]:
    """Be done with promises that somebody else kept or moved; return the others."""
    waiting = await log.read_keepable(connection, writes)
    rest = []
    for job in batch:
        if job.kept and (job.actor.shop_id, job.kept[0]) not in waiting:
            _answer(job, b"")
        else:
            rest.append(job)
    return rest


def _halves(batch: list[Job]) -> tuple[list[Job], list[Job]]:
    middle = len(batch) // 2
    return batch[:middle], batch[middle:]


def _log_broken(job: Job, error: Exception) -> None:
    _logger.error(
        "command_broke", command=type(job.body).__name__, shop_id=job.actor.shop_id,
        command_id=str(job.command_id), promise=job.kept, exc_info=error,
    )  # fmt: skip


async def _load(connection: asyncpg.Connection, batch: list[Job], now_ms: int) -> list[Any]:
    """Read the facts of all jobs, one statement per kind of reading."""
    facts: list[Any] = [None] * len(batch)
    groups: dict[Load, list[int]] = {}
    for index, job in enumerate(batch):
        groups.setdefault(job.entry.load, []).append(index)
    for load, indexes in groups.items():
        asked = [(batch[i].actor.shop_id, batch[i].body) for i in indexes]
        found = await load(connection, asked, now_ms)
        for index, fact in zip(indexes, found, strict=True):
            facts[index] = fact
    return facts


def _answer(job: Job, reply: bytes) -> None:
    if job.answer.done():
        return  # the caller went away; the answer is remembered for when it asks again
    if job.kept:
        job.answer.set_result({})
        return
    answer = answers.opened(reply)
    if isinstance(answer, Refusal):
        job.answer.set_exception(answer)
    else:
        job.answer.set_result(answer)


def _fail(batch: list[Job], refusal: Refusal) -> None:
    for job in batch:
        if not job.answer.done():
            job.answer.set_exception(refusal)
