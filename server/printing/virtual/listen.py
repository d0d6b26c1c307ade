"""The virtual printer at a TCP port or a pseudo-terminal; its sheets lie in a folder as pictures and text.

One client at a time, as real ones. Refuses connections from other machines unless it is told to listen there.
"""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.printing.virtual.machine import VirtualPrinter

READ_BYTES = 4096
SHEETS_KEPT_MAX = 1_000
WAITING_MAX = 16  # clients; whoever comes on top of that is turned away


class Folder:
    """Where sheets go; older ones make room."""

    def __init__(self, path: Path, printer: VirtualPrinter) -> None:
        self._path = path
        self._printer = printer
        self.came = asyncio.Event()
        path.mkdir(parents=True, exist_ok=True)
        self.count = max(
            (int(one.stem) for one in path.glob("*.png") if one.stem.isdecimal()), default=0
        )

    def collect(self) -> None:
        """Put down what was cut off since."""
        sheets = self._printer.sheets
        done, sheets.done = sheets.done, []
        texts, sheets.texts = sheets.texts, []
        for sheet, text in zip(done, texts, strict=True):
            self.count += 1
            sheet.save(self._path / f"{self.count:06}.png")
            (self._path / f"{self.count:06}.txt").write_text(text, "utf-8")
            for ending in ("png", "txt"):
                old = self._path / f"{self.count - SHEETS_KEPT_MAX:06}.{ending}"
                old.unlink(missing_ok=True)
        if done:
            self.came.set()


@asynccontextmanager
async def listening(
    printer: VirtualPrinter, folder: Folder, host: str, port: int
) -> AsyncIterator[int]:
    """Serve at a TCP port; yield its number."""
    turn = asyncio.Lock()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(writers) >= WAITING_MAX:
            writer.transport.abort()
            return
        writers.add(writer)
        try:
            async with turn:
                await _serve(printer, folder, reader, writer)
        except OSError:
            pass  # the client is gone
        finally:
            writers.discard(writer)
            writer.transport.abort()

    server = await asyncio.start_server(serve, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in list(writers):
            writer.transport.abort()
        await server.wait_closed()


async def _serve(
    printer: VirtualPrinter,
    folder: Folder,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    line = printer.line(writer.write)
    try:
        while data := await reader.read(READ_BYTES):
            alive = line.take(data)
            folder.collect()
            if not alive:
                return
            await writer.drain()
        writer.close()
        await writer.wait_closed()
    finally:
        printer.leave(line)


@asynccontextmanager
async def at_terminal(printer: VirtualPrinter, folder: Folder) -> AsyncIterator[str]:
    """Serve at a pseudo-terminal, as a serial printer; yield the device's name."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.set_blocking(ours, False)
    loop = asyncio.get_running_loop()
    line = printer.line(lambda said: _write(ours, said))

    def arrived() -> None:
        try:
            data = os.read(ours, READ_BYTES)
        except OSError:
            return
        if not line.take(data):
            loop.remove_reader(ours)
        folder.collect()

    loop.add_reader(ours, arrived)
    try:
        # Our own end stays open, so that a client may come and go.
        yield os.ttyname(theirs)
    finally:
        loop.remove_reader(ours)
        os.close(ours)
        os.close(theirs)


def _write(descriptor: int, said: bytes) -> None:
    try:
        os.write(descriptor, said)
    except OSError:
        return  # nobody reads: a serial line loses what is not taken
