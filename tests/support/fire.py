"""Processes of ours that are killed with `kill -9` and come back, and the hand that kills them.

Web and worker are real subprocesses of the product; the engines are the product's own, supervised
by it. Refuses to choose when: a plan does.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import redis

from server.clock import SystemClock, to_ms
from tests.support.engines import EnginePair

AGAIN_S = 0.1
AGAIN_S_MAX = 1.0
STEADY_S = 3.0
STOP_S_MAX = 45.0
RESTART_S_MAX = 60.0
LOOK_S = 0.02


class Death(NamedTuple):
    """A process that ended, and whether we killed it."""

    name: str
    ours: bool
    status: int


class Part:
    """One process of the product, started again whenever it ends."""

    def __init__(
        self, name: str, arguments: list[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.deaths: list[Death] = []
        self.pids: list[int] = []
        self._arguments = arguments
        self._environment = dict(os.environ) | dict(environment)
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._killed: set[int] = set()

    async def start(self) -> None:
        """Start it and keep it running."""
        await self._spawn()
        self._keeping = asyncio.create_task(self._keep())

    async def _spawn(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "server", "--parent", str(os.getpid()), *self._arguments,
                env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.pids.append(self._process.pid)

    async def _keep(self) -> None:
        again_s, loop = AGAIN_S, asyncio.get_running_loop()
        while True:
            assert self._process is not None
            since_s = loop.time()
            status = await self._process.wait()
            ours = self._process.pid in self._killed
            self.deaths.append(Death(self.name, ours, status))
            steady = loop.time() - since_s > STEADY_S
            again_s = AGAIN_S if steady else min(again_s * 2, AGAIN_S_MAX)
            await asyncio.sleep(again_s)
            await self._spawn()

    def kill(self) -> None:
        """Kill it with -9, if it runs just now."""
        process = self._process
        if process is not None and process.returncode is None:
            self._killed.add(process.pid)
            process.send_signal(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask it to end; return its status, -9 when it had to be killed."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_S_MAX):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        return process.returncode or 0


class Fire:
    """Everything that can be killed, by name."""

    def __init__(self, parts: list[Part], pair: EnginePair) -> None:
        self.parts = {part.name: part for part in parts}
        self.pair = pair
        self.kills: list[tuple[int, str]] = []  # when (ms since 1970), what
        self.engine_pids: set[int] = {pair.postgres_pid, pair.redis_pid}
        self._clock = SystemClock()

    @property
    def names(self) -> list[str]:
        """Return what a plan may name."""
        return [*self.parts, "redis", "postgres"]

    async def kill(self, name: str) -> None:
        """Kill one of them with -9; Redis loses its data as well."""
        if name == "redis":
            await asyncio.to_thread(self._wipe_redis)
            await self._kill_engine("redis")
        elif name == "postgres":
            await self._kill_engine("postgres")
        else:
            self.parts[name].kill()
        self.kills.append((to_ms(self._clock.now()), name))

    def _wipe_redis(self) -> None:
        with suppress(redis.RedisError), redis.from_url(self.pair.redis_url) as client:
            client.flushall()

    def _pid(self, name: str) -> int | None:
        engines = self.pair.engines
        assert engines is not None
        return engines.redis_pid if name == "redis" else engines.postgres_pid

    async def _kill_engine(self, name: str) -> None:
        pid = self._pid(name)
        if pid is None:
            return  # it is down already: an earlier kill is not over
        self.engine_pids.add(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    async def all_up(self) -> None:
        """Wait until both engines run again."""
        async with asyncio.timeout(RESTART_S_MAX):
            for name in ("redis", "postgres"):
                # The supervisor lives on another thread's loop and has nothing to wait on here.
                while (pid := self._pid(name)) is None or not _alive(pid):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK_S)
                self.engine_pids.add(pid)

    def still_running(self) -> list[int]:
        """Return the pids of everything started here that has not ended."""
        pids = self.engine_pids.union(*(part.pids for part in self.parts.values()))
        return sorted(pid for pid in pids if _alive(pid))


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
