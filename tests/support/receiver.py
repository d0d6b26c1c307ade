"""A business service that receives webhooks on a real socket, and has bad days."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple

Mood = Literal["ok", "error", "redirect", "hang", "reset", "endless"]

_ANSWERS = {
    "ok": b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
    "error": b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno",
    "redirect": b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "endless": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
}


class Received(NamedTuple):
    """One post as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        """Return what a repetition is known by."""
        return self.headers["idempotency-key"]


class Receiver:
    """Answers each post in the mood that is next; `ok` when there is none."""

    def __init__(self) -> None:
        self.moods: list[Mood] = []
        self.posts: list[Received] = []
        self.came = asyncio.Condition()
        self.inside = self.inside_max = 0
        self.opened = 0  # connections
        self.let_go = asyncio.Event()
        self.url = ""
        self._open: set[asyncio.StreamWriter] = set()

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.opened += 1
        self._open.add(writer)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            self._open.discard(writer)
            writer.close()

    def hang_up(self) -> None:
        """Drop every connection."""
        self.let_go.set()
        for writer in self._open:
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.posts.append(Received(first.split(" ")[1], headers, body))
        self.inside += 1
        self.inside_max = max(self.inside_max, self.inside)
        async with self.came:
            self.came.notify_all()
        try:
            return await self._answer(self.moods.pop(0) if self.moods else "ok", writer)
        finally:
            self.inside -= 1

    async def _answer(self, mood: Mood, writer: asyncio.StreamWriter) -> bool:
        if mood == "reset":
            writer.transport.abort()
            return False
        if mood == "hang":
            await self.let_go.wait()
            return False
        writer.write(_ANSWERS[mood])
        await writer.drain()
        while mood == "endless":
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()
        return True

    async def until(self, posts: int) -> None:
        """Wait until so many posts came."""
        async with self.came:
            await self.came.wait_for(lambda: len(self.posts) >= posts)


@asynccontextmanager
async def receiver(port: int = 0) -> AsyncIterator[Receiver]:
    """Receive on a port for the length of the block; after it nobody listens there."""
    known = Receiver()
    server = await asyncio.start_server(known.hear, "127.0.0.1", port)
    try:
        host, bound = server.sockets[0].getsockname()
        known.url = f"http://{host}:{bound}/hooks/kitchen?shop=a%20b"
        yield known
    finally:
        server.close()
        known.hang_up()
        await server.wait_closed()
