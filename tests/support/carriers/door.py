"""A door for status reports, for tests of carriers without a house around them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.sms.carriers import chuanglan_words as words
from server.sms.carriers.chuanglan_words import Account
from server.sms.carriers.port import Receipt


class Door:
    """Reads pushes with the product's words and keeps them, after as many `troubles` as it has."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.receipts: list[Receipt] = []
        self.troubles = 0
        self.url = ""

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one push."""
        line = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ")
        body = self._take(line[1].partition("?")[2])
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()

    def _take(self, query: str) -> bytes:
        if self.troubles:
            self.troubles -= 1
            return words.TRY_AGAIN
        self.receipts.append(words.read_push(query, self.account, 0, "chuanglan"))
        return words.TAKEN


@asynccontextmanager
async def push_door(account: Account) -> AsyncIterator[Door]:
    """Listen for pushes for the length of the block."""
    door = Door(account)
    server = await asyncio.start_server(door.hear, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    door.url = f"http://{host}:{port}/receipts"
    try:
        yield door
    finally:
        server.close()
        await server.wait_closed()
