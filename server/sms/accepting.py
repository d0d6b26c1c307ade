"""Accepts messages: units are held and the records are written in one commit (R-004-24).

Many callers at once are one batch per chain of the ledger. What is accepted stands in its queue, so a
worker that hears nothing of it still finds it; the poke after the commit only makes it quick. Refuses
to send, and to know who may ask: the doors do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from server.billing import store as ledger
from server.clock import to_ms
from server.errors import Refusal
from server.ids import IdMint
from server.sms import segments
from server.sms.ground import Ground
from server.sms.message import LIVES_S, LIVES_S_MAX, MESSAGES_MAX, Kind, Queue, Text
from server.sms.phones import Phone, masked
from server.sms.purse import shard_of
from server.sms.records import store
from server.sms.routing import Routes
from server.sms.window import Bounds, Window

BATCH_PHONES_MAX = 2_000  # a shard of the ledger waits for a commit with so many rows
WAITING_PHONES_MAX = 50_000


class Ask(NamedTuple):
    """What one caller asks: messages of one kind, under a number that names the request."""

    brand_id: int
    number: UUID
    kind: Kind
    texts: Sequence[Text]
    lives_s: int | None = None  # after so long it is of no use any more; None: as its kind


class Accepted(NamedTuple):
    """What was accepted: the number (单号), its messages, and what they are billed as."""

    number: UUID
    first_id: int
    last_id: int
    messages: int
    segments: int


class _Asked(NamedTuple):
    ask: Ask
    digest: bytes
    marks: Sequence[Sequence[bytes]]


class Acceptance:
    """Takes what is to be sent for a process."""

    def __init__(self, ground: Ground, routes: Routes) -> None:
        self._routes = routes
        self._pool = ground.pool
        self._clock = ground.clock
        self._phones = ground.phones
        self._poke = ground.pokes.poke
        self._purses = ground.purses
        self._mint = IdMint()
        bounds = Bounds(BATCH_PHONES_MAX, WAITING_PHONES_MAX)
        self._window: Window[_Asked, Accepted] = Window("sms accepting", self._write, bounds)

    async def accept(self, ask: Ask) -> Accepted:
        """Hold the units, write the messages into their queues, and return what was accepted.

        The same number with the same content gets the same answer. Raises `command_id_reused` for
        other content, `balance_insufficient`, `sms_no_carrier`, `sms_text_invalid`, `bad_field`, `busy`,
        and `unavailable`: then ask again with the same number.
        """
        _check(ask)
        ask = self._in_pieces(ask)
        await self._purses.of(ask.brand_id)
        marks = [[self._phones.index(Phone(p)) for p in text.phones] for text in ask.texts]
        asked = _Asked(ask, _digest(ask, marks), marks)
        weight = sum(len(text.phones) for text in ask.texts)
        accepted = await self._window.ask(shard_of(ask.brand_id), asked, weight)
        await self._poke({Queue(ask.brand_id, ask.kind, text.mode) for text in ask.texts})
        return accepted

    def _in_pieces(self, ask: Ask) -> Ask:
        """Return what was asked in pieces its carrier takes."""
        most = self._routes.phones_max_of(Queue(ask.brand_id, ask.kind, "multi"))
        if not most:
            raise Refusal("sms_no_carrier", kind=ask.kind)
        texts = [
            Text(text.phones[start : start + most], text.text)
            for text in ask.texts
            for start in range(0, len(text.phones), most)
        ]
        return ask._replace(texts=texts)

    async def drain(self) -> None:
        """Wait until everything that was asked is answered."""
        await self._window.drain()

    async def _write(self, shard: int, batch: Sequence[_Asked]) -> list[Accepted | Refusal]:
        at = self._clock.now()
        first: dict[UUID, _Asked] = {}
        for one in batch:
            first.setdefault(one.ask.number, one)  # of those asked twice at once
        requests = [await self._request(one, at) for one in first.values()]
        refused: dict[UUID, Refusal] = {}
        async with self._pool.acquire() as connection, connection.transaction():
            new = await store.add_requests(connection, requests, at)
            written = [request for request in requests if request.number in new]
            if written:
                holds = [request.hold for request in written]
                receipts = await ledger.post(connection, shard, at, holds)
                for request, receipt in zip(written, receipts, strict=True):
                    if receipt.status != "ok":
                        refused[request.number] = Refusal(
                            receipt.status, balance=receipt.balance, available=receipt.available
                        )
                bare = [request for request in written if request.number in refused]
                if bare:
                    await store.drop_requests(connection, bare)
            keys = ([one.ask.brand_id for one in batch], [one.ask.number for one in batch])
            rows = await connection.fetch(store.READ_REQUESTS, *keys)
        stands = {row["number"]: row for row in rows}
        return [_answer(one, stands, refused) for one in batch]

    async def _request(self, asked: _Asked, at: datetime) -> store.NewRequest:
        ask = asked.ask
        expires_at = at + timedelta(seconds=ask.lives_s or LIVES_S[ask.kind])
        messages = [
            self._message(ask.kind, text, marks, at, expires_at)
            for text, marks in zip(ask.texts, asked.marks, strict=True)
        ]
        purse = await self._purses.of(ask.brand_id)
        total = sum(message.segments for message in messages)
        hold = purse.hold(ask.number, total, expires_at)
        return store.NewRequest(ask.brand_id, ask.number, asked.digest, messages, hold)

    def _message(
        self, kind: Kind, text: Text, marks: Sequence[bytes], at: datetime, expires_at: datetime
    ) -> store.NewMessage:
        phones = [
            (mark, self._phones.seal(Phone(phone)), masked(Phone(phone)))
            for phone, mark in zip(text.phones, marks, strict=True)
        ]
        count = segments.count(text.text).segments * len(phones)
        message_id = self._mint.next_id(to_ms(at))
        return store.NewMessage(
            message_id, kind, text.mode, count, text.text, expires_at, phones
        )  # fmt: skip


def _check(ask: Ask) -> None:
    phones = sum(len(text.phones) for text in ask.texts)
    if not ask.texts or phones > MESSAGES_MAX or not all(text.phones for text in ask.texts):
        raise Refusal("bad_field", f"1 to {MESSAGES_MAX} telephones.", field="phones")
    if ask.lives_s is not None and not 1 <= ask.lives_s <= LIVES_S_MAX:
        raise Refusal("bad_field", f"1 to {LIVES_S_MAX} seconds.", field="lives_s")
    for text in ask.texts:
        segments.count(text.text)
        if len(set(text.phones)) < len(text.phones):
            raise Refusal("bad_field", "A telephone stands twice in one message.", field="phones")


def _digest(ask: Ask, marks: Sequence[Sequence[bytes]]) -> bytes:
    """Digest what was asked; of the numbers only their marks, or trying all numbers would find them."""
    texts = [
        (text.text, [mark.hex() for mark in each])
        for text, each in zip(ask.texts, marks, strict=True)
    ]
    return hashlib.sha256(msgspec.json.encode((ask.kind, ask.lives_s, texts))).digest()


def _answer(
    asked: _Asked, stands: dict[UUID, asyncpg.Record], refused: dict[UUID, Refusal]
) -> Accepted | Refusal:
    number = asked.ask.number
    if number in refused:
        return refused[number]
    row = stands[number]
    if row["digest"] != asked.digest:
        return Refusal("command_id_reused")
    return Accepted(number, row["first_id"], row["last_id"], row["messages"], row["segments"])
