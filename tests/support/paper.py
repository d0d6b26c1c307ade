"""Printers that are not there: they listen, answer how they are, remember what came out, and can fail."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache

from server.printing.escpos import INIT
from server.printing.virtual.reader import Reader

PIECE_BYTES = 256
BUFFER_BYTES = 2048
PAPERS_READ_MAX = 5_000  # a person looks at the same papers again and again
CUT = b"\x1dV\x01"
COVER_SAID = b"\x38\x00\x00\x0f"  # automatic status: offline, cover open
EOT_ANSWERS = {1: 0x12, 2: 0x12, 3: 0x12, 4: 0x12}


class TestPrinter:
    """A network printer: what was printed and cut is a paper; what was not cut is a torn one."""

    __test__ = False

    def __init__(self) -> None:
        self.port = 0
        self.papers: list[bytes] = []  # whole ones, in the order they came out
        self.torn: list[bytes] = []
        self.paper_out = False
        self.cover_open = False
        self.mute = False
        self.dies_after: int | None = None  # bytes of the next paper, then the power is gone
        self.resets_after: int | None = None  # bytes of the next paper, then the line is reset
        self.stops_after: int | None = None  # bytes of the next paper, then its cover is open
        self.came = asyncio.Event()  # a whole paper came out
        self.rest_s = 0.0  # after each piece it takes: it prints
        self.stalls = False  # takes bytes and says nothing in its turn
        self.tells = False  # says by itself when its cover is opened, as some do from the factory
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, Roll] = {}
        self._left: list[Roll] = []  # what lies in the buffer of a line that is closed

    async def switch_on(self) -> None:
        """Listen; the address stays the same."""
        if self._server is None:
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            sock.bind(("127.0.0.1", self.port))
            self._server = await asyncio.start_server(self._serve, sock=sock, limit=PIECE_BYTES)
            self.port = sock.getsockname()[1]

    async def switch_off(self) -> None:
        """Be gone, in the middle of a word if need be."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer, roll in list(self._open.items()):
            roll.forget()
            writer.transport.abort()
        for roll in self._left:
            roll.forget()
        self._left.clear()
        if server is not None:
            await server.wait_closed()

    @property
    def is_on(self) -> bool:
        """Return whether it has power."""
        return self._server is not None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        paper = self._open[writer] = Roll(self)
        try:
            while data := await reader.read(PIECE_BYTES if self.rest_s else 4096):
                if self.rest_s:
                    await asyncio.sleep(self.rest_s)
                for byte in data:
                    answer = paper.take(byte)
                    if answer and not self.mute:
                        writer.write(answer)
                    if await self._fails(paper, writer):
                        return
        except OSError:
            pass
        finally:
            if self.is_on and self.stopped:
                self._left.append(paper)  # it prints what it has once it can
            else:
                paper.tear()
            del self._open[writer]
            writer.close()

    async def _fails(self, paper: Roll, writer: asyncio.StreamWriter) -> bool:
        if self.resets_after is not None and len(paper.line) >= self.resets_after:
            self.resets_after = None
            writer.transport.abort()
            return True
        if self.stops_after is not None and len(paper.line) >= self.stops_after:
            self.stops_after, self.cover_open = None, True
            if self.tells:
                writer.write(COVER_SAID)
        if self.dies_after is not None and len(paper.line) >= self.dies_after:
            self.dies_after = None
            server, self._server = self._server, None
            if server is not None:
                server.close()
            writer.transport.abort()
            return True
        return False

    def line(self) -> Roll:
        """Return a line of its own to this printer, for wires that are no sockets."""
        return Roll(self)

    async def mend(self) -> None:
        """Close the cover, put paper in, switch it on: it goes on with what lies in its buffer."""
        self.paper_out = self.cover_open = self.stalls = self.mute = False
        for writer, roll in self._open.items():
            writer.write(roll.resume())
        for roll in self._left:
            roll.resume()
            roll.tear()
        self._left.clear()
        await self.switch_on()

    def status(self, which: int) -> int:
        """Return the answer to DLE EOT `which`."""
        answer = EOT_ANSWERS[which]
        if which == 1 and (self.paper_out or self.cover_open):
            answer |= 0x08
        if which == 2:
            answer |= (0x04 if self.cover_open else 0) | (0x20 if self.paper_out else 0)
        if which == 4 and self.paper_out:
            answer |= 0x60
        return answer

    @property
    def stopped(self) -> bool:
        """Return whether it does not go on in what it was sent."""
        return self.paper_out or self.cover_open


class Roll:
    """What goes through one connection: real-time questions are answered at once, the rest in turn."""

    def __init__(self, printer: TestPrinter) -> None:
        self._printer = printer
        self.line = b""  # printed and not cut
        self._held = b""  # a command that is not whole yet
        self._buffer = b""  # taken and not worked off

    def take(self, byte: int) -> bytes:
        """Take a byte; return what the printer says to it."""
        self._held += bytes([byte])
        if b"\x10\x04".startswith(self._held):
            return b""
        if self._held[:2] == b"\x10\x04":
            which, self._held = self._held[2], b""
            return bytes([self._printer.status(which)])
        if self._printer.stopped:
            self._buffer += self._held
            self._held = b""
            return b""
        return self._work()

    def _work(self) -> bytes:
        if b"\x1dr\x01".startswith(self._held) and len(self._held) < 3:
            return b""
        if self._held == b"\x1dr\x01":
            self._held = b""
            return b"" if self._printer.stalls else b"\x00"
        self.line += self._held
        self._held = b""
        if self.line.endswith(CUT):
            self._printer.papers.append(self.line)
            self._printer.came.set()
            self.line = b""
        return b""

    def resume(self) -> bytes:
        """Work off what lies in the buffer; return what the printer says to it."""
        waiting, self._buffer = self._buffer, b""
        said = b""
        for byte in waiting:
            self._held += bytes([byte])
            said += self._work()
        return said

    def forget(self) -> None:
        """Lose power, and with it what lies in the buffer."""
        self._buffer = b""

    def tear(self) -> None:
        """Lose the connection: what was printed and not cut is a torn paper."""
        if self.line.lstrip(b"\0").removeprefix(INIT):  # NUL and ESC @ leave nothing on paper
            self._printer.torn.append(self.line)
        self.line = b""


@asynccontextmanager
async def printers(count: int) -> AsyncIterator[list[TestPrinter]]:
    """Give so many printers that are on."""
    all_ = [TestPrinter() for _ in range(count)]
    for one in all_:
        await one.switch_on()
    try:
        yield all_
    finally:
        for one in all_:
            await one.switch_off()


@lru_cache(PAPERS_READ_MAX)
def text_of(paper: bytes) -> str:
    """Return what can be read on a paper, line by line."""
    said = "".join("\n" if op.name == "newline" else op.text for op in Reader().take(paper))
    return "\n".join(line.strip() for line in said.splitlines())
