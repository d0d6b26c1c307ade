"""A message centre that can be scripted: takes messages over SMPP 3.4, sends receipts.

Shares no code with the product: what its bytes mean is written down here a second time. It answers
from one callback, so that it takes ten thousands of messages a second when it plays in a bench.
"""

from __future__ import annotations

import asyncio
import itertools
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple, cast

SYSTEM_ID = "house"
PASSWORD = "sesame"
OK, THROTTLED, QUEUE_FULL, BAD_NUMBER, BAD_PASSWORD = 0, 0x58, 0x14, 0x0B, 0x0E
NACK, RESPONSE = 0x80000000, 0x80000000
_STATUSES = {"throttle": THROTTLED, "full": QUEUE_FULL, "bad_number": BAD_NUMBER}
BIND_TRANSCEIVER, UNBIND, SUBMIT, DELIVER, ENQUIRE = 9, 6, 4, 5, 0x15


class Submitted(NamedTuple):
    """One submit_sm as it came."""

    source: str
    phone: str
    esm_class: int
    receipt: bool
    coding: int
    body: bytes  # the short message, else the payload
    is_payload: bool

    @property
    def text(self) -> str:
        """Return the text, without the header that joins parts."""
        body = self.body[6:] if self.esm_class & 0x40 else self.body
        return body.decode("utf-16-be" if self.coding == 8 else "latin-1")

    @property
    def place(self) -> tuple[int, int, int] | None:
        """Return (number, parts, place) of a part of a longer text."""
        if not self.esm_class & 0x40:
            return None
        assert self.body[:3] == b"\x05\x00\x03"
        return self.body[3], self.body[4], self.body[5]


class FakeSmsc:
    """Keeps what it accepted. `moods` are used up one a submission; `ok` when there is none.

    ok · throttle · full · bad_number · nack · no_id · hold (answers never) · late (answers when
    `let_go` is set) · drop (ends the connection after reading) · abort · an int: that status.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self.moods: list[str | int] = []
        self.submitted: list[Submitted] = []
        self.accepted = Counter[tuple[str, bytes]]()  # (phone, body): a text taken twice shows
        self.seen = 0
        self.binds = 0
        self.enquiries = 0
        self.deaf_to_enquiries = False
        self.refuse_binds = False
        self.let_go = asyncio.Event()
        self.came = asyncio.Condition()
        self.id_of: Callable[[int], str] = str
        self.port = 0
        self._keep = keep
        self._sessions: list[_Session] = []
        self._ids = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self) -> asyncio.Protocol:
        """Make the protocol of one connection."""
        return _Session(self)

    @property
    def session(self) -> _Session:
        """Return the newest connection that was bound."""
        return self._sessions[-1]

    async def until(self, seen: int = 0, binds: int = 0) -> None:
        """Wait until so many submissions were read and connections bound."""
        async with self.came:
            await self.came.wait_for(lambda: self.seen >= seen and self.binds >= binds)

    async def deliver(
        self, phone: str, body: bytes, tlvs: bytes = b"", *, esm_class: int = 4, coding: int = 0
    ) -> int:
        """Deliver to the newest connection and return the status it is answered with."""
        return await self.session.deliver(phone, body, tlvs, esm_class=esm_class, coding=coding)

    async def receipt(self, message_id: str, phone: str, stat: str = "DELIVRD") -> int:
        """Deliver a receipt in the customary text and return the status it is answered with."""
        return await self.deliver(phone, receipt_text(message_id, stat))

    def hang_up(self) -> None:
        """End every connection at once."""
        self.let_go.set()
        for session in self._sessions:
            session.transport.abort()

    def note(self) -> None:
        """Wake whoever waits for something that came."""
        task = asyncio.ensure_future(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self.came:
            self.came.notify_all()


class _Session(asyncio.Protocol):
    """One connection of an `ESME`."""

    def __init__(self, smsc: FakeSmsc) -> None:
        self._smsc = smsc
        self._held = b""
        self._bound = False
        self._numbers = itertools.count(1)
        self._delivered: dict[int, asyncio.Future[int]] = {}
        self._late: set[asyncio.Task[None]] = set()
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        for waiting in self._delivered.values():
            if not waiting.done():
                waiting.set_result(-1)

    def data_received(self, data: bytes) -> None:
        self._held += data
        at, out = 0, []
        while len(self._held) - at >= 16:
            length, command, status, sequence = struct.unpack_from(">IIII", self._held, at)
            if len(self._held) - at < length:
                break
            body = self._held[at + 16 : at + length]
            at += length
            out.append(self._take(command, status, sequence, body))
        self._held = self._held[at:]
        answer = b"".join(out)
        if answer:
            self.transport.write(answer)

    async def deliver(
        self, phone: str, body: bytes, tlvs: bytes, *, esm_class: int, coding: int
    ) -> int:
        """Deliver and wait for the answer's status; -1 when the connection ended first."""
        number = next(self._numbers)
        fields = bytes([esm_class, 0, 0, 0, 0, 0, 0, coding, 0, len(body)])
        address = b"\0\1\1" + phone.encode() + b"\0" + b"\0\0106900\0"
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._delivered[number] = answered
        self.transport.write(_pdu(DELIVER, OK, number, address + fields + body + tlvs))
        return await answered

    def _take(self, command: int, status: int, sequence: int, body: bytes) -> bytes:
        if command == SUBMIT and self._bound:
            return self._submit(sequence, body)
        if command == BIND_TRANSCEIVER:
            return self._bind(sequence, body)
        if command == DELIVER | RESPONSE:
            self._delivered.pop(sequence).set_result(status)
            return b""
        if command == ENQUIRE:
            self._smsc.enquiries += 1
            self._smsc.note()
            deaf = self._smsc.deaf_to_enquiries
            return b"" if deaf else _pdu(ENQUIRE | RESPONSE, OK, sequence)
        if command == UNBIND:
            self.transport.write(_pdu(UNBIND | RESPONSE, OK, sequence))
            self.transport.close()
            return b""
        return b"" if command & RESPONSE else _pdu(NACK, 3, sequence)

    def _bind(self, sequence: int, body: bytes) -> bytes:
        system_id, password, _ = body.split(b"\0")[:3]
        known = (system_id.decode(), password.decode()) == (SYSTEM_ID, PASSWORD)
        if not known or self._smsc.refuse_binds:
            return _pdu(BIND_TRANSCEIVER | RESPONSE, BAD_PASSWORD, sequence)
        self._bound = True
        self._smsc.binds += 1
        self._smsc._sessions.append(self)
        self._smsc.note()
        return _pdu(BIND_TRANSCEIVER | RESPONSE, OK, sequence, b"fake\0")

    def _submit(self, sequence: int, body: bytes) -> bytes:
        smsc = self._smsc
        smsc.seen += 1
        if smsc._keep:
            smsc.note()
        elif not smsc.moods:  # a bench: nothing is read or kept
            return _pdu(SUBMIT | RESPONSE, OK, sequence, b"%d\0" % smsc.seen)
        mood = smsc.moods.pop(0) if smsc.moods else "ok"
        if mood == "late":
            task = asyncio.ensure_future(self._answer_late(sequence, body))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        if mood == "drop":
            self.transport.close()
        if mood == "abort":
            self.transport.abort()
        if mood in {"hold", "late", "drop", "abort"}:
            return b""
        if mood == "nack":
            return _pdu(NACK, 2, sequence)
        status = mood if isinstance(mood, int) else _STATUSES.get(mood)
        if status is not None:
            return _pdu(SUBMIT | RESPONSE, status, sequence)
        return self._accept(sequence, body, has_id=mood != "no_id")

    def _accept(self, sequence: int, body: bytes, *, has_id: bool = True) -> bytes:
        submitted = read_submit(body)
        self._smsc.submitted.append(submitted)
        self._smsc.accepted[submitted.phone, submitted.body] += 1
        message_id = self._smsc.id_of(next(self._smsc._ids)) if has_id else ""
        # A parameter nobody asked for: some message centres say more than the standard.
        extra = struct.pack(">HH", 0x1401, 3) + b"abc"
        return _pdu(SUBMIT | RESPONSE, OK, sequence, message_id.encode() + b"\0" + extra)

    async def _answer_late(self, sequence: int, body: bytes) -> None:
        await self._smsc.let_go.wait()
        self.transport.write(self._accept(sequence, body))


def read_submit(body: bytes) -> Submitted:
    """Return what a submit_sm says."""
    _, rest = body.split(b"\0", 1)
    source, rest = rest[2:].split(b"\0", 1)
    phone, rest = rest[2:].split(b"\0", 1)
    esm_class, rest = rest[0], rest[3:]
    assert rest[:2] == b"\0\0"  # no schedule, no validity
    receipt, coding, length = rest[2], rest[4], rest[6]
    short, more = rest[7 : 7 + length], rest[7 + length :]
    payload = b""
    if more:
        tag, size = struct.unpack_from(">HH", more)
        assert (tag, len(more)) == (0x0424, size + 4)
        payload = more[4:]
    return Submitted(
        source.decode(), phone.decode(), esm_class, receipt == 1, coding, short or payload,
        bool(payload),
    )  # fmt: skip


def receipt_text(message_id: str, stat: str = "DELIVRD", err: str = "000") -> bytes:
    """Return a receipt's text as most message centres write it."""
    return (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2411041728 done date:2411041729 "
        f"stat:{stat} err:{err} text:stat:EXPIRED id:9"
    ).encode()


def tlv(tag: int, value: bytes) -> bytes:
    """Return one optional parameter."""
    return struct.pack(">HH", tag, len(value)) + value


def _pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


@asynccontextmanager
async def fake_smsc(port: int = 0, *, keep: bool = True) -> AsyncIterator[FakeSmsc]:
    """Be a message centre on a port for the length of the block."""
    smsc = FakeSmsc(keep=keep)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(smsc, "127.0.0.1", port)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        smsc.hang_up()
        await server.wait_closed()
