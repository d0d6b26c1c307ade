"""A bad network: a TCP relay per screen whose links can be cut in every way a cable and a Wi-Fi know.

Refuses to choose when and how: a plan does.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

CHUNK_BYTES = 64 * 1024
CONNECT_S_MAX = 3.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER 0: closing sends RST instead of FIN

Trouble = Literal["reset", "blackhole", "half_close", "delay", "shut_door"]


class Wire:
    """One connection through the relay: two sockets and two pumps."""

    def __init__(
        self,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        flowing: asyncio.Event,
    ) -> None:
        self._near = near
        self._far = far
        self._flowing = flowing

    async def run(self) -> None:
        """Carry bytes both ways until both ends are done or one is broken."""
        near, far = self._near, self._far
        pumps = [
            asyncio.create_task(self._pump(near[0], far[1])),
            asyncio.create_task(self._pump(far[0], near[1])),
        ]
        try:
            await asyncio.wait(pumps)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.wait(pumps)
            self.reset()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(CHUNK_BYTES):
                await self._flowing.wait()  # a blackhole swallows nothing, it only never delivers
                writer.write(data)
                await writer.drain()
            await self._flowing.wait()
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            self.reset()

    def reset(self) -> None:
        """Cut both ends hard."""
        for _, writer in (self._near, self._far):
            with suppress(OSError):
                sock = writer.get_extra_info("socket")
                if sock is not None and sock.fileno() >= 0:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()

    def half_close(self) -> None:
        """Tell the near end that nothing more comes, and the far end nothing."""
        with suppress(OSError):
            if self._near[1].can_write_eof():
                self._near[1].write_eof()


class Link:
    """One screen's way to the house: a port of its own that leads to the real one."""

    def __init__(self, name: str, far_port: int) -> None:
        self.name = name
        self.port = 0
        self.cuts = 0
        self._far_port = far_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._door_open = True
        self._wires: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def serve(self, near: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection of the screen's."""
        task = asyncio.create_task(self._carry(near, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, near: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._door_open:
            writer.transport.abort()
            return
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                far = await asyncio.open_connection("127.0.0.1", self._far_port)
        except OSError:
            writer.transport.abort()
            return
        wire = Wire((near, writer), far, self._flowing)
        self._wires.add(wire)
        try:
            await wire.run()
        finally:
            self._wires.discard(wire)

    async def suffer(self, trouble: Trouble, for_s: float) -> None:
        """Have one trouble for a while; the link works again afterwards."""
        self.cuts += 1
        match trouble:
            case "reset":
                self._reset_all()
            case "blackhole":
                await self._stop_flow(for_s)
                self._reset_all()
            case "delay":
                await self._stop_flow(for_s)
            case "half_close":
                wires = list(self._wires)
                for wire in wires:
                    wire.half_close()
                await asyncio.sleep(for_s)
                for wire in wires:
                    wire.reset()
            case "shut_door":
                self.shut()
                await asyncio.sleep(for_s)
                self._door_open = True

    async def _stop_flow(self, for_s: float) -> None:
        self._flowing.clear()
        await asyncio.sleep(for_s)
        self._flowing.set()

    def shut(self) -> None:
        """Let nobody through until `heal`."""
        self._door_open = False
        self._reset_all()

    def lead_to(self, far_port: int) -> None:
        """Lead elsewhere from the next connection on."""
        self._far_port = far_port

    def heal(self) -> None:
        """End every trouble."""
        self._door_open = True
        self._flowing.set()

    def _reset_all(self) -> None:
        for wire in list(self._wires):
            wire.reset()

    async def close(self) -> None:
        """Cut what is left and wait until nothing runs."""
        self.heal()
        self._reset_all()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


@asynccontextmanager
async def open_link(name: str, far_port: int) -> AsyncIterator[Link]:
    """Give a screen a link for the length of the block."""
    link = Link(name, far_port)
    server = await asyncio.start_server(link.serve, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        server.close()
        await link.close()
        await server.wait_closed()
