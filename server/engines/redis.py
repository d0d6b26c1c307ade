"""Redis 6.2 as one shop's own engine: a private socket and an append-only file.

Nothing in it is the truth, so a damaged file is put aside and Redis starts empty rather than keep
a shop closed. Refuses to listen on a network.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence

from server.engines.account import Account, give_to
from server.engines.binaries import Program
from server.engines.orphans import send_away, squatters
from server.engines.place import Place
from server.engines.refusal import EngineRefusal, from_os_error, from_words

SOCKET = "redis.sock"
AOF = "appendonly.aof"
ANSWER_MAX_S = 5.0
ORPHAN_STEPS = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
DAMAGED_KEPT_MAX = 3

# What Redis 6.2 says when its file cannot be read: the end cut off is repaired by itself.
DAMAGE_WORDS = (
    "Bad file format reading the append only file",
    "Unrecoverable error reading the append only file",
    "Wrong signature trying to load DB",
    "Internal error in RDB reading",
    "Terminating server after rdb file reading failure",
)


class Redis:
    """The one Redis of a place."""

    name = "redis"
    ready_words = "ready to accept connections"
    death_signal = signal.SIGTERM
    stop_steps = ((signal.SIGTERM, 10.0),)

    def __init__(self, place: Place, program: Program) -> None:
        self._place = place
        self._program = program
        self.directory = place.engine_directory(self.name)
        self._socket = place.run / SOCKET

    @property
    def account(self) -> Account:
        """Return who runs the server."""
        return self._place.account

    @property
    def url(self) -> str:
        """Return the address for redis-py."""
        return f"unix://{self._socket}"

    async def prepare(self) -> None:
        """Make the directory; an existing one keeps its owner unless that was root."""
        try:
            self.directory.mkdir(mode=0o700, exist_ok=True)
            if os.geteuid() == 0:
                give_to(self.account, self.directory)
        except OSError as error:
            raise from_os_error(error, self.directory) from error

    def command(self) -> list[str]:
        """Return the server's command line; there is no configuration file."""
        return [
            str(self._program.executable),
            "--port", "0",
            "--unixsocket", str(self._socket),
            "--unixsocketperm", "700",
            "--dir", str(self.directory),
            "--appendonly", "yes",
            "--appendfsync", "everysec",
            "--aof-load-truncated", "yes",
            "--save", "",
            "--maxmemory-policy", "noeviction",
            "--daemonize", "no",
            "--logfile", "",
        ]  # fmt: skip

    async def clear_the_way(self) -> None:
        """End a Redis that outlived its keeper."""
        found = squatters(self.directory, ["redis-server"])
        if found and not await send_away([one.pid for one in found], ORPHAN_STEPS):
            raise EngineRefusal(
                "data_dir_in_use",
                f"{self.directory} is still in use by the process {found[0].pid}, which does not"
                " end; end it, or restart the machine.",
            )
        self._socket.unlink(missing_ok=True)

    def mend(self, words: Sequence[str]) -> bool:
        """Put a damaged file aside for whoever wants to look, a bounded number of them."""
        if not any(needle in line for needle in DAMAGE_WORDS for line in words):
            return False
        for number in range(DAMAGED_KEPT_MAX, 0, -1):
            older = self.directory / f"damaged-{number}.aof"
            newer = self.directory / (f"damaged-{number - 1}.aof" if number > 1 else AOF)
            if newer.exists():
                newer.replace(older)
        return True

    async def probe(self) -> None:
        """Send PING and expect PONG."""
        async with asyncio.timeout(ANSWER_MAX_S):
            reader, writer = await asyncio.open_unix_connection(str(self._socket))
            try:
                writer.write(b"PING\r\n")
                answer = await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
        if answer != b"+PONG\r\n":
            raise ConnectionError(answer.decode(errors="replace"))

    def explain(self, words: Sequence[str]) -> EngineRefusal:
        """Say why the server ended."""
        return from_words("Redis", self.directory, words)
