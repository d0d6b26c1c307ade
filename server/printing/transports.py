"""The wire to a printer: bytes out, counted; answers in, with a limit.

`written` is what the other side's machine took: while it is nought, nothing can have been printed. One
short connection for one paper, because many printers serve one client at a time. Refuses to know what the
bytes mean and to try again.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from server.auth import Network, address_in
from server.printing.printer import Printer, device_and_baud, host_and_port

CONNECT_S_MAX = 3.0
WRITE_S_MAX = 15.0  # between two pieces a printer takes: it prints while it listens
ANSWER_BYTES_MAX = 4096
PIECE_BYTES = 4096
SEND_BUFFER_BYTES = 4096  # what lies in our own machine is not at the printer
FILES_KEPT_MAX = 1_000  # of a folder; older papers make room


class Wire(Protocol):
    """An open way to a printer."""

    written: int

    async def write(self, data: bytes) -> None:
        """Write all of it. Raises `OSError` or `TimeoutError`; `written` says how far it came."""
        ...

    async def read(self, wait_s: float) -> bytes:
        """Return what the printer says next; empty when it says nothing in that time, or hung up."""
        ...


class NotPrivateError(OSError):
    """A printer's name leads out of the networks where printers may be."""


@asynccontextmanager
async def open_wire(
    printer: Printer, data_dir: Path, networks: Sequence[Network]
) -> AsyncIterator[Wire]:
    """Open the way to a printer for one paper. Raises `OSError` or `TimeoutError`.

    A network printer is reached in `networks` only; raises `NotPrivateError` for one elsewhere.
    """
    match printer.kind:
        case "network":
            async with _socket_to(*host_and_port(printer.address), networks) as wire:
                yield wire
        case "serial":
            async with _serial_to(*device_and_baud(printer.address)) as wire:
                yield wire
        case "usb":
            from server.printing.usb import open_usb  # noqa: PLC0415 - an extra of its own

            async with open_usb(printer.address) as wire:
                yield wire
        case "file":
            yield FileWire(folder_of(printer, data_dir))


def folder_of(printer: Printer, data_dir: Path) -> Path:
    """Return where a printer of the kind `file` puts its papers."""
    return data_dir / "paper" / printer.address


@asynccontextmanager
async def _socket_to(host: str, port: int, networks: Sequence[Network]) -> AsyncIterator[Wire]:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_S_MAX):
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        allowed = [one for one in found if address_in(str(one[4][0]), networks)]
        if not allowed:
            raise NotPrivateError(errno.EACCES, f"{host} is in no network for printers.")
        family, kind, protocol, _, address = allowed[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await loop.sock_connect(sock, address)
        except BaseException:
            sock.close()
            raise
    try:
        yield DescriptorWire(sock.fileno())
    finally:
        sock.close()


@asynccontextmanager
async def _serial_to(device: str, baud: int) -> AsyncIterator[Wire]:
    import serial  # noqa: PLC0415 - who has no serial printer saves it

    try:
        port = serial.Serial(device, baud, timeout=0, write_timeout=0, exclusive=True)
    except serial.SerialException as error:
        raise OSError(errno.ENODEV, str(error)) from error
    try:
        yield DescriptorWire(port.fileno(), hangs_up=False)
    finally:
        port.close()


class DescriptorWire:
    """A socket or a serial line: counts what the kernel takes, piece by piece.

    `hangs_up`: an empty read is the end; on a serial line it only says that nothing has come yet.
    """

    def __init__(self, descriptor: int, *, hangs_up: bool = True) -> None:
        self.written = 0
        self._descriptor = descriptor
        self._hangs_up = hangs_up

    async def write(self, data: bytes) -> None:
        """Write in pieces, waiting for each to be taken."""
        while data:
            try:
                taken = os.write(self._descriptor, data[:PIECE_BYTES])
            except BlockingIOError:
                async with asyncio.timeout(WRITE_S_MAX):
                    await self._ready(reading=False)
                continue
            self.written += taken
            data = data[taken:]

    async def read(self, wait_s: float) -> bytes:
        """Wait for an answer."""
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    try:
                        said = os.read(self._descriptor, ANSWER_BYTES_MAX)
                    except BlockingIOError:
                        said = None
                    if said or (said is not None and self._hangs_up):
                        return said
                    await self._ready(reading=True)
        except TimeoutError:
            return b""

    async def _ready(self, *, reading: bool) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        add, remove = (
            (loop.add_reader, loop.remove_reader)
            if reading
            else (loop.add_writer, loop.remove_writer)
        )
        add(self._descriptor, wake)
        try:
            await ready
        finally:
            remove(self._descriptor)


class FileWire:
    """A folder for papers: each is a file of its own, whole or not there; text and picture beside it."""

    def __init__(self, folder: Path) -> None:
        self.written = 0
        self.readable = ""
        self.picture = b""
        self._folder = folder

    async def write(self, data: bytes) -> None:
        """Put the paper down whole; a name is never used twice."""
        await asyncio.to_thread(self._put, data)
        self.written += len(data)

    def _put(self, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        taken = [int(one.stem) for one in self._folder.glob("*.bin") if one.stem.isdecimal()]
        name = self._claimed(max(taken, default=0) + 1)
        part = self._folder / f"{name}.part"
        try:
            (self._folder / f"{name}.txt").write_text(self.readable, encoding="utf-8")
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            (self._folder / f"{name}.png").write_bytes(self.picture)
            part.rename(self._folder / f"{name}.bin")
        except OSError:
            # It is tried again every few seconds: a full disk must not fill with beginnings.
            for ending in (".part", ".png", ".txt"):
                (self._folder / f"{name}{ending}").unlink(missing_ok=True)
            raise
        for old in sorted(taken)[: max(0, len(taken) + 1 - FILES_KEPT_MAX)]:
            for ending in (".bin", ".txt", ".png"):
                (self._folder / f"{old:06}{ending}").unlink(missing_ok=True)

    def _claimed(self, number: int) -> str:
        """Return a name of this paper alone: other printers may have the same folder."""
        while True:
            try:
                (self._folder / f"{number:06}.txt").touch(exist_ok=False)
            except FileExistsError:
                number += 1
            else:
                return f"{number:06}"

    async def read(self, wait_s: float) -> bytes:
        """Say nothing, as paper does."""
        return b""
