"""Where photographs are made small and clean: so many at once, whoever still waits for them.

A thread cannot be stopped: a place is free again when its thread has ended, not when its caller has gone. Otherwise
who brings large pictures and goes away fills the machine's memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from server.pictures.photograph import Photograph, photograph

PICTURES_AT_ONCE_MAX = 1  # a large one takes 200 MB and a core for a second


class Darkroom:
    """Makes photographs in threads, at most `places_max` at once."""

    def __init__(
        self,
        work: Callable[[bytes], Photograph] = photograph,
        places_max: int = PICTURES_AT_ONCE_MAX,
    ) -> None:
        self._work = work
        self._places = asyncio.Semaphore(places_max)

    async def make(self, raw: bytes) -> Photograph:
        """Return what screens show. Raises `picture_unreadable`."""
        await self._places.acquire()
        try:
            working = asyncio.get_running_loop().run_in_executor(None, self._work, raw)
        except BaseException:  # no thread was begun
            self._places.release()
            raise
        working.add_done_callback(self._ended)
        return await asyncio.shield(working)

    def _ended(self, working: asyncio.Future[Photograph]) -> None:
        self._places.release()
        if not working.cancelled():
            working.exception()  # whoever went away is not told
