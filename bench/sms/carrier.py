"""A ChuangLan that takes everything at once, on a real socket, and pushes a report of each telephone.

It shares the cores with what it measures, so it parses no more of HTTP than the product writes.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple, cast
from urllib.parse import urlencode

ACCOUNT, PASSWORD = "N0000001", "Not-A-Secret1"
RECEIVER, PUSHED = "bench", "pushed by the bench"
PUSH_CONNECTIONS = 16

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Report(NamedTuple):
    """What is told of one telephone."""

    message_id: str
    uid: str
    phone: str


class Carrier:
    """Counts what it takes; remembers when a watched text came."""

    def __init__(self) -> None:
        self.url = ""
        self.answers_s = 0.0
        self.taken = 0
        self.told = 0
        self.watched: dict[str, float] = {}  # a text, when it came; 0: not yet
        self.reports: deque[Report] | None = None  # None: nobody wants them

    def take(self, body: bytes) -> bytes:
        """Take a submission and return the answer."""
        asked = json.loads(body)
        if asked["msg"] in self.watched:
            self.watched[asked["msg"]] = time.perf_counter()
        self.taken += 1
        message_id = f"{self.taken:020}"
        phones = asked["phone"].split(",")
        if self.reports is not None:
            self.reports.extend(Report(message_id, asked["uid"], phone) for phone in phones)
        return json.dumps({"code": "0", "msgId": message_id, "errorMsg": ""}).encode()

    def begin_reports(self) -> None:
        """Tell what becomes of what is taken from now on."""
        self.reports, self.told = deque(), 0

    async def push(self, port: int) -> None:
        """Tell reports over one kept connection until cancelled."""
        assert self.reports is not None
        while not self.reports:  # noqa: ASYNC110 - who connects and says nothing is cut off
            await asyncio.sleep(0.005)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                if not self.reports:
                    await asyncio.sleep(0.005)
                    continue
                writer.write(_request(self.reports.popleft()))
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                assert length is not None
                told = await reader.readexactly(int(length[1]))
                if b"000000" not in told:
                    raise RuntimeError(told.decode())
                self.told += 1
        finally:
            writer.close()


class _Connection(asyncio.Protocol):
    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._came = b""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (end := self._came.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._came, 0, end)
            assert length is not None
            stop = end + 4 + int(length[1])
            if len(self._came) < stop:
                return
            answer = self._carrier.take(self._came[end + 4 : stop])
            self._came = self._came[stop:]
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(answer)}\r\n\r\n"
            if self._carrier.answers_s:
                later = self._carrier.answers_s
                self._loop.call_later(later, self._transport.write, head.encode() + answer)
            else:
                self._transport.write(head.encode() + answer)


def _request(report: Report) -> bytes:
    query = urlencode(
        {
            "receiver": RECEIVER, "pswd": PUSHED, "msgid": report.message_id, "mobile": report.phone,
            "status": "DELIVRD", "notifyTime": "261126120000", "reportTime": "2611261200",
            "statusDesc": "DELIVRD", "length": "1", "uid": report.uid,
        }
    )  # fmt: skip
    return f"GET /v1/sms/receipts/chuanglan?{query} HTTP/1.1\r\nhost: bench\r\n\r\n".encode()


@asynccontextmanager
async def open_carrier() -> AsyncIterator[Carrier]:
    """Listen for the length of the block."""
    carrier = Carrier()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(carrier), "127.0.0.1", 0, backlog=1024)
    host, port = server.sockets[0].getsockname()
    carrier.url = f"http://{host}:{port}"
    try:
        yield carrier
    finally:
        server.close()
