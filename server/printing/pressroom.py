"""A worker's presses: looks for printers with something to do, takes those nobody is at, keeps its leases.

Any number of workers may run: a printer has one of them at a time, and when that one dies another is there
within a lease. Refuses to print: `press.py` does.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from server.db.pool import LOST
from server.errors import Refusal
from server.printing import store
from server.printing.press import Press, PressGround
from server.printing.store import Key, Lease

LOOK_S = 0.25
STOP_S_MAX = 5.0  # for the papers that are under way
PRINTERS_MAX = 500  # a worker is at, at once
WORK_READ_MAX = 5_000

_log = structlog.get_logger(__name__)


class Pressroom:
    """Runs a press for each printer that has something to do."""

    def __init__(self, ground: PressGround) -> None:
        self._ground = ground
        self._presses: dict[Key, tuple[Press, asyncio.Task[None]]] = {}
        self._kept_s = float("-inf")

    async def run(self) -> None:
        """Look after printers until cancelled; then leave them to others at once."""
        try:
            while True:
                try:
                    await self.turn()
                except LOST as error:
                    _log.warning("presses_wait", error=type(error).__name__)
                await asyncio.sleep(LOOK_S)
        finally:
            await self._stop()

    async def turn(self) -> None:
        """Keep leases, take printers with something to do that nobody is at."""
        await self._keep()
        work = await store.read_work(self._ground.pool, WORK_READ_MAX)
        free = sorted(work - self._presses.keys())[: PRINTERS_MAX - len(self._presses)]
        if not free:
            return
        for key in await store.take_printers(self._ground.pool, self._lease(), free):
            press = Press(self._ground, key)
            self._presses[key] = press, asyncio.create_task(self._at(press, key))

    async def drain(self) -> None:
        """Wait until nobody is at a printer."""
        while self._presses:
            await asyncio.wait([task for _, task in self._presses.values()])

    async def _at(self, press: Press, key: Key) -> None:
        try:
            await press.run()
            await store.leave_printer(self._ground.pool, self._ground.worker, key)
        except (*LOST, Refusal) as error:
            # The lease ends by itself; whoever takes the printer then lists what was under way.
            _log.warning("press_stopped", printer=key, error=type(error).__name__)
        except Exception:  # noqa: BLE001
            # The task's edge: one printer's trouble is not the others'.
            _log.exception("press_broke", printer=key)
        finally:
            self._presses.pop(key, None)

    async def _keep(self) -> None:
        now_s = self._ground.clock.monotonic_s()
        if not self._presses or now_s - self._kept_s < self._ground.lease_s / 3:
            return
        self._kept_s = now_s
        keys = list(self._presses)
        kept = await store.keep_printers(self._ground.pool, self._lease(), keys)
        for key in keys:
            if key not in kept and key in self._presses:
                _log.warning("printer_taken", printer=key)
                self._presses[key][1].cancel()

    def _lease(self) -> Lease:
        now = self._ground.clock.now()
        return Lease(self._ground.worker, now, now + timedelta(seconds=self._ground.lease_s))

    async def _stop(self) -> None:
        held = dict(self._presses)
        if not held:
            return
        for press, _ in held.values():
            press.close()
        _, late = await asyncio.wait([task for _, task in held.values()], timeout=STOP_S_MAX)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        for key in held:
            try:
                await store.leave_printer(self._ground.pool, self._ground.worker, key)
            except LOST:
                return  # the lease ends by itself
