"""Keeping one engine alive: start it, believe it only when it answers, start it again, stop it.

Refuses to give up on an engine that ran once: a shop whose disk was full goes on by itself when
there is room again. The first start is different: there somebody is watching, so it refuses.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from server.engines.account import Account
from server.engines.refusal import EngineRefusal

LAUNCH = Path(__file__).with_name("launch.py")

# Crash recovery replays up to max_wal_size (2 GB) and Redis its whole file: minutes, not hours.
START_MAX_S = 300.0
PROBE_MAX_S = 30.0
PROBE_PAUSE_S = 0.02

BACK_OFF_MIN_S = 0.1
BACK_OFF_MAX_S = 5.0
# An engine that does not answer for so long hangs: nothing but an end helps it.
HEALTH_EVERY_S = 5.0
HEALTH_ANSWER_S_MAX = 10.0
HEALTH_MISSES_MAX = 3

# An engine that lived this long was healthy; its next fall is a new story.
STEADY_S = 20.0

WORDS_MAX = 40
LISTEN_ON_MAX_S = 2.0
LINE_MAX_BYTES = 64 * 1024
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/local/bin:/usr/bin:/bin"}


class Log(Protocol):
    """What this package needs of a structlog logger."""

    def debug(self, event: str, **fields: object) -> object: ...
    def info(self, event: str, **fields: object) -> object: ...
    def warning(self, event: str, **fields: object) -> object: ...
    def error(self, event: str, **fields: object) -> object: ...


class Engine(Protocol):
    """What differs between PostgreSQL and Redis."""

    @property
    def name(self) -> str: ...
    @property
    def account(self) -> Account: ...
    @property
    def directory(self) -> Path: ...
    @property
    def ready_words(self) -> str: ...
    @property
    def death_signal(self) -> signal.Signals: ...
    @property
    def stop_steps(self) -> Sequence[tuple[signal.Signals, float]]: ...

    def command(self) -> list[str]:
        """Return the program and its arguments; it stays in the foreground."""
        ...

    async def clear_the_way(self) -> None:
        """Remove what a killed predecessor left; may refuse."""
        ...

    async def probe(self) -> None:
        """Ask the running engine a real question; OSError or ConnectionError when it is mute."""
        ...

    def mend(self, words: Sequence[str]) -> bool:
        """Repair what its last words complain about; tell whether another try is worth it."""
        ...

    def explain(self, words: Sequence[str]) -> EngineRefusal:
        """Say why it ended, from the last lines it wrote."""
        ...


class Run:
    """One life of an engine process: from its start to its end."""

    def __init__(self, process: asyncio.subprocess.Process, ready_words: str) -> None:
        self.process = process
        self.words: deque[str] = deque(maxlen=WORDS_MAX)
        self.said_ready = asyncio.Event()
        self._ready_words = ready_words

    async def listen(self, log: Log, name: str) -> None:
        """Read what the engine says until it falls silent for good."""
        stream = self.process.stdout
        assert stream is not None
        while line := await _line(stream):
            said = line.decode(errors="replace").rstrip()
            if not said:
                continue
            self.words.append(said)
            log.debug("engine_said", engine=name, line=said)
            if self._ready_words in said:
                self.said_ready.set()


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await stream.read(error.consumed or 1)


async def spawn(command: Sequence[str], account: Account, directory: Path,
                death_signal: signal.Signals) -> asyncio.subprocess.Process:  # fmt: skip
    """Start `command` as `account` in `directory`, in a session of its own, tied to our life.

    The tie is to the calling thread: it must live as long as the engine shall.
    """
    return await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", str(LAUNCH),
        str(os.getpid()), str(int(death_signal)), str(account.uid), str(account.gid),
        str(directory), *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # Ctrl-C at the terminal is for us: we stop the engines after their users.
        start_new_session=True,
        env=ENVIRONMENT,
        limit=LINE_MAX_BYTES,
    )  # fmt: skip


class Health(NamedTuple):
    """How often an engine is asked whether it is well, how long it may think, how often it may fail to."""

    every_s: float = HEALTH_EVERY_S
    answer_s_max: float = HEALTH_ANSWER_S_MAX
    misses_max: int = HEALTH_MISSES_MAX


class Keeper:
    """Keeps one engine running until `stop`."""

    def __init__(self, engine: Engine, log: Log, health: Health | None = None) -> None:
        self._health = health or Health()
        self._asking: asyncio.Task[None] | None = None
        self._engine = engine
        self._log = log
        self._run: Run | None = None
        self._listening: set[asyncio.Task[None]] = set()
        self._last_words: Sequence[str] = ()
        self._keeping: asyncio.Task[None] | None = None
        self._answers = False
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Return the pid of the engine while it answers, None while it is down."""
        return self._run.process.pid if self._run and self._answers else None

    async def start(self) -> None:
        """Start the engine and return when it answers; refuses when it cannot."""
        assert self._keeping is None, "started twice"
        await self._start_mended()
        self._keeping = asyncio.create_task(self._keep(), name=f"keep-{self._engine.name}")
        self._asking = asyncio.create_task(self._ask(), name=f"ask-{self._engine.name}")

    async def stop(self) -> None:
        """Stop the engine, gently first; safe to call again and after a failed start."""
        tasks = [task for task in (self._keeping, self._asking) if task is not None]
        self._keeping = self._asking = None
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._end()
        await self._hear_out()

    async def _keep(self) -> None:
        """Start it again whenever it ends, at once the first time, then slower and slower."""
        back_off_s = 0.0
        while True:
            if await self._ended_within(STEADY_S):
                back_off_s = await self._again(back_off_s)
            else:
                back_off_s = 0.0
                await self._ended_within(None)

    async def _ask(self) -> None:
        """Ask a running engine now and then; end one that hangs, so that it is started again."""
        misses = 0
        while True:
            await asyncio.sleep(self._health.every_s)
            run = self._run
            if run is None or not self._answers or await self._is_well() or run is not self._run:
                misses = 0  # well, or another one than was asked
                continue
            misses += 1
            self._log.warning("engine_silent", engine=self._engine.name, misses=misses)
            if misses >= self._health.misses_max and run.process.returncode is None:
                misses = 0
                self._log.error("engine_hangs", engine=self._engine.name, pid=run.process.pid)
                with contextlib.suppress(ProcessLookupError):
                    run.process.kill()

    async def _is_well(self) -> bool:
        try:
            async with asyncio.timeout(self._health.answer_s_max):
                await self._engine.probe()
        except TimeoutError:
            return False
        except (OSError, EngineRefusal):
            return True  # it says no: it is alive, and has its reasons
        return True

    async def _ended_within(self, wait_s: float | None) -> bool:
        assert self._run is not None
        try:
            async with asyncio.timeout(wait_s):
                await self._run.process.wait()
        except TimeoutError:
            return False
        return True

    async def _again(self, back_off_s: float) -> float:
        """Bring a dead engine back and return the pause that its next death would cost."""
        assert self._run is not None
        ended = {"engine": self._engine.name, "status": self._run.process.returncode}
        self._answers = False
        self._log.warning("engine_died", **ended, last_words=list(self._run.words)[-3:])
        while True:
            await asyncio.sleep(back_off_s)
            back_off_s = min(max(back_off_s * 2, BACK_OFF_MIN_S), BACK_OFF_MAX_S)
            try:
                await self._start_mended()
            except (EngineRefusal, OSError) as failure:
                self._log.error(
                    "engine_start_failed",
                    engine=self._engine.name,
                    reason=str(failure),
                    again_in_s=back_off_s,
                )
            else:
                return back_off_s

    async def _start_mended(self) -> None:
        try:
            await self._start_once()
        except EngineRefusal as refusal:
            if not self._engine.mend(self._last_words):
                raise
            self._log.error("engine_mended", engine=self._engine.name, because=refusal.sentence)
            await self._start_once()

    async def _start_once(self) -> None:
        engine = self._engine
        await self._end()
        await engine.clear_the_way()
        process = await spawn(
            engine.command(), engine.account, engine.directory, engine.death_signal
        )
        run = self._run = Run(process, engine.ready_words)
        listening = asyncio.create_task(run.listen(self._log, engine.name))
        self._listening.add(listening)
        listening.add_done_callback(self._listening.discard)
        try:
            async with asyncio.timeout(START_MAX_S):
                await self._until_ready(run)
        except TimeoutError:
            await self._end()
            raise EngineRefusal(
                "start_too_slow",
                f"{engine.name} did not answer within {START_MAX_S:.0f} seconds in"
                f" {engine.directory}.",
            ) from None
        except BaseException:
            await self._end()
            raise
        self._answers = True
        self.starts += 1
        self._log.info("engine_ready", engine=engine.name, pid=process.pid, starts=self.starts)

    async def _until_ready(self, run: Run) -> None:
        """Wait for the words, then for a real answer; refuses when the process ends instead."""
        ended = asyncio.ensure_future(run.process.wait())
        ready = asyncio.ensure_future(run.said_ready.wait())
        try:
            await asyncio.wait((ended, ready), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
        if run.said_ready.is_set() and await self._answers_probe(run):
            return
        # The last words are the reason, and they may still be in the pipe.
        await self._hear_out()
        self._last_words = list(run.words)
        raise self._engine.explain(self._last_words)

    async def _hear_out(self) -> None:
        """Wait, not for ever, until everybody who holds an engine's pipe has ended."""
        if self._listening:
            await asyncio.wait(self._listening, timeout=LISTEN_ON_MAX_S)

    async def _answers_probe(self, run: Run) -> bool:
        """Ask until the engine answers; False when it ends or stays mute."""
        try:
            async with asyncio.timeout(PROBE_MAX_S):
                while run.process.returncode is None:
                    try:
                        await self._engine.probe()
                    except OSError:
                        await asyncio.sleep(PROBE_PAUSE_S)
                    else:
                        return True
        except TimeoutError:
            run.words.append("it says that it is ready but does not answer")
        return False

    async def _end(self) -> None:
        """Bring the present process to its end, step by step harder."""
        run, self._answers = self._run, False
        if run is None:
            return
        steps = [*self._engine.stop_steps, (signal.SIGKILL, None)]
        for number, wait_s in steps:
            if run.process.returncode is not None:
                break
            with contextlib.suppress(ProcessLookupError):
                run.process.send_signal(number)
            await self._ended_within(wait_s)
        self._run = None
