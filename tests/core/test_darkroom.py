"""Photographs are made one at a time, also when who brought one has gone away."""

from __future__ import annotations

import asyncio
import threading

import pytest

from server.errors import Refusal
from server.pictures.darkroom import Darkroom
from server.pictures.photograph import Photograph

PATIENCE_S = 10.0
READY = Photograph("a.webp", b"a")


class Bench:
    """Work that ends when it is told to, and remembers what was begun."""

    def __init__(self) -> None:
        self.begun: list[bytes] = []
        self.begins = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def work(self, raw: bytes) -> Photograph:
        """Take as long as the test wants."""
        self.begun.append(raw)
        self.begins.release()
        assert self.may_end.acquire(timeout=PATIENCE_S)
        if raw == b"broken":
            raise Refusal("picture_unreadable")
        return READY

    async def begin(self) -> None:
        """Wait until a further thread works."""
        assert await asyncio.to_thread(self.begins.acquire, timeout=PATIENCE_S)


@pytest.mark.parametrize("first", [b"first", b"broken"])
async def test_a_place_is_free_when_its_thread_has_ended(first: bytes) -> None:
    """R-004-6: who brought the first is gone; the second waits for its thread all the same."""
    bench = Bench()
    room = Darkroom(bench.work)
    gone = asyncio.create_task(room.make(first))
    await bench.begin()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    waiting = asyncio.create_task(room.make(b"second"))
    for _ in range(20):  # every turn in which it could begin
        await asyncio.sleep(0)
    assert bench.begun == [first]
    bench.may_end.release()
    await bench.begin()
    bench.may_end.release()
    assert await waiting == READY
    assert bench.begun == [first, b"second"]


async def test_who_waits_in_vain_takes_no_place() -> None:
    """R-004-6: a caller that goes while it waits leaves the place to the next."""
    bench = Bench()
    room = Darkroom(bench.work)
    first = asyncio.create_task(room.make(b"first"))
    await bench.begin()
    impatient = asyncio.create_task(room.make(b"impatient"))
    await asyncio.sleep(0)
    impatient.cancel()
    third = asyncio.create_task(room.make(b"third"))
    for _ in range(2):
        bench.may_end.release()
    assert (await first, await third) == (READY, READY)
    assert bench.begun == [b"first", b"third"]
