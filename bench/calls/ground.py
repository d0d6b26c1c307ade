"""Shops with one screen of each kind, a business service's key, and a caller that signs."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import asyncpg

from bench.commands.store import make_shops
from server.auth import Signable, new_key, signed_headers
from server.clock import SystemClock
from server.events.view import DeviceKind

SHOPS = 125
KINDS: tuple[DeviceKind, ...] = ("kitchen", "waiter", "cashier", "call_screen")
CHANNELS = ["kitchen", "pad", "cashier", "call_screen"]
BRAND = 900

ONE_OF_EACH = """
DELETE FROM device WHERE id > 4;
UPDATE device SET kind = (ARRAY['kitchen', 'waiter', 'cashier', 'call_screen'])[id];
UPDATE account SET kind = (ARRAY['kitchen', 'waiter', 'cashier', 'call_screen'])[id] WHERE id <= 4;
"""
ADD_CLIENT = """
INSERT INTO api_client (brand_id, id, name, rate_per_s, burst_max)
VALUES (900, 1, 'bench', 10000, 100000)
"""
ADD_KEY = """
INSERT INTO api_key (brand_id, client_id, slot, id, secret, made_at) VALUES (900, 1, 1, $1, $2, now())
"""

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


async def lay_ground(database_url: str, shops: int = SHOPS) -> tuple[str, str]:
    """Write the shops and a client that may call as often as it likes; return its key."""
    await make_shops(database_url, 1, shops)
    connection = await asyncpg.connect(database_url)
    key = new_key()
    try:
        await connection.execute(ONE_OF_EACH)
        await connection.execute(ADD_CLIENT)
        await connection.execute(ADD_KEY, *key)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    return key


def call_of(shop: int, number: int) -> dict[str, Any]:
    """Return a call for all four ends that can be known again by its number."""
    return {
        "shopId": shop, "event": "order_rushed", "channels": CHANNELS, "msgType": 1,
        "msgTemplateId": 1,
        "callParams": {"roomName": str(number), "goodsName": "水饺", "num": "2"},
    }  # fmt: skip


class Till:
    """A business service over one kept connection: one request at a time."""

    def __init__(self, key: tuple[str, str], port: int) -> None:
        self._key, self._port, self._clock = key, port, SystemClock()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def open(self) -> None:
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def post(self, path: str, body: Any) -> bytes:
        """Send a signed request and return the answer's body; anything but success is an error."""
        return await self._ask(
            Signable("POST", path, "", json.dumps(body).encode(), uuid.uuid4().hex)
        )

    async def get(self, path: str, query: str) -> bytes:
        """Ask a signed question and return the answer's body."""
        return await self._ask(Signable("GET", path, query, b""))

    async def _ask(self, request: Signable) -> bytes:
        raw = request.body
        target = f"{request.path}?{request.query}" if request.query else request.path
        headers = signed_headers(*self._key, request, int(self._clock.now().timestamp()))
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join(
            [
                f"{request.method} {target} HTTP/1.1", f"host: 127.0.0.1:{self._port}", *lines,
                "content-type: application/json", f"content-length: {len(raw)}", "", "",
            ]
        )  # fmt: skip
        self._writer.write(head.encode() + raw)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(answer)
        assert length is not None
        told = await self._reader.readexactly(int(length[1]))
        if answer[9:12] not in {b"200", b"201", b"202"}:
            raise RuntimeError(told.decode())
        return told


Saw = Callable[[int], None]
