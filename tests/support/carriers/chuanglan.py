"""A ChuangLan that can be scripted: takes messages over HTTP, pushes status reports.

Shares no code with the product: what it reads and answers is written down here a second time. Plain
`asyncio` streams, so that it answers several thousand requests a second when it plays in a bench.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

ACCOUNT = "N0000001"
PASSWORD = "Not-A-Secret1"
PUSHES_MAX = 3
CLOSED_STATUSES = {"500": 500, "502": 502, "404": 404, "429": 429, "302": 302}

# Whatever else a mood is, it is a code ("103") to refuse with. `ok` when no mood is left.
MOODS_KEPT = {"ok", "hang", "reset", "garbage", "no_id", "silent_close", "endless", "drip"}


class Taken(NamedTuple):
    """One submission that was accepted."""

    message_id: str
    uid: str
    phones: tuple[str, ...]
    text: str


class Push(NamedTuple):
    """One try at telling a status report."""

    query: dict[str, str]
    status: int
    taken: bool


class FakeChuanglan:
    """Keeps what it accepted; `moods` are used up one a submission, `ok` when there is none."""

    def __init__(self, *, keep: bool = True) -> None:
        self.moods: list[str] = []
        self.taken: list[Taken] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []  # path and body
        self.accepted = Counter[str]()  # by our uid: a message that was taken twice shows here
        self.seen = 0  # submissions that were read to their end
        self.balance = 953
        self.came = asyncio.Condition()
        self.let_go = asyncio.Event()
        self.pushes: list[Push] = []
        self.url = ""
        self._keep = keep  # False: count only, for a bench
        self._open: set[asyncio.StreamWriter] = set()

    # what it is asked

    async def hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
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

    async def until(self, seen: int) -> None:
        """Wait until so many submissions were read."""
        async with self.came:
            await self.came.wait_for(lambda: self.seen >= seen)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        path = first.split(" ")[1]
        if self._keep:
            self.requests.append((path, body))
        if path == "/msg/balance/json":
            return await _answer(writer, {"code": 0, "balance": str(self.balance)})
        self.seen += 1
        async with self.came:
            self.came.notify_all()
        return await self._submission(path, body, writer)

    async def _submission(
        self, path: str, body: dict[str, Any], writer: asyncio.StreamWriter
    ) -> bool:
        mood = self.moods.pop(0) if self.moods else "ok"
        if mood == "hang":
            await self.let_go.wait()
            return False
        if mood in {"reset", "silent_close"}:
            if mood == "reset":
                writer.transport.abort()
            return False
        if mood in CLOSED_STATUSES:
            return await _answer(writer, {}, CLOSED_STATUSES[mood])
        if mood in {"garbage", "endless", "drip"}:
            return await self._talk_nonsense(mood, writer)
        code = self._code(body) if mood in MOODS_KEPT else mood
        if code != "0":
            return await _answer(writer, {"code": code, "msgId": "", "errorMsg": "不行"})
        message_id = self._take(path, body)
        answer = {"code": "0", "msgId": "" if mood == "no_id" else message_id, "errorMsg": ""}
        if path == "/msg/variable/json":
            answer |= {"failNum": "0", "successNum": str(body["params"].count(";") + 1)}
        return await _answer(writer, answer)

    def _code(self, body: dict[str, Any]) -> str:
        if body.get("account") != ACCOUNT:
            return "101"
        if body.get("password") != PASSWORD:
            return "102"
        return "0" if 0 < len(body.get("msg", "")) <= 536 else "106"

    def _take(self, path: str, body: dict[str, Any]) -> str:
        message_id = f"{241104172820:012}{sum(self.accepted.values()):020}"
        self.accepted[body["uid"]] += 1
        if self._keep:
            variable = path == "/msg/variable/json"
            rows = body["params"].split(";") if variable else body["phone"].split(",")
            phones = tuple(row.split(",")[0] for row in rows)
            self.taken.append(Taken(message_id, body["uid"], phones, body["msg"]))
        return message_id

    async def _talk_nonsense(self, mood: str, writer: asyncio.StreamWriter) -> bool:
        if mood == "garbage":
            return await _answer(writer, "<html>welcome to the hotel wifi</html>")
        if mood == "drip":  # a byte now and then: no single read ever takes long
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not self.let_go.is_set():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
            return False
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()

    # what it tells

    def report(self, taken: Taken, phone: str, status: str = "DELIVRD") -> dict[str, str]:
        """Return a status report as its query says it."""
        return {
            "receiver": "", "pswd": "", "msgid": taken.message_id, "reportTime": "2411041728",
            "mobile": phone, "status": status, "notifyTime": "241104172820",
            "statusDesc": "短信发送成功" if status == "DELIVRD" else "失败", "length": "1",
            "uid": taken.uid,
        }  # fmt: skip

    async def push(self, url: str, report: dict[str, str]) -> bool:
        """Push one report as ChuangLan does, up to three times (the minute between is left out)."""
        for _ in range(PUSHES_MAX):
            status, body = await _get(url, report)
            taken = status == 200 and body == {"clcode": "000000"}
            self.pushes.append(Push(report, status, taken))
            if taken:
                return True
        return False


async def _answer(writer: asyncio.StreamWriter, what: object, status: int = 200) -> bool:
    body = json.dumps(what, ensure_ascii=False).encode()
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    return True


async def _get(url: str, query: dict[str, str]) -> tuple[int, object]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    target = f"{parts.path}?{urlencode(query)}"
    writer.write(f"GET {target} HTTP/1.1\r\nHost: us\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    try:
        return int(head.split(b" ")[1]), json.loads(body)
    except ValueError:
        return int(head.split(b" ")[1]), None


@asynccontextmanager
async def fake_chuanglan(port: int = 0, *, keep: bool = True) -> AsyncIterator[FakeChuanglan]:
    """Be ChuangLan on a port for the length of the block."""
    known = FakeChuanglan(keep=keep)
    server = await asyncio.start_server(known.hear, "127.0.0.1", port, backlog=1024)
    try:
        host, bound = server.sockets[0].getsockname()
        known.url = f"http://{host}:{bound}"
        yield known
    finally:
        server.close()
        known.hang_up()
        await server.wait_closed()
