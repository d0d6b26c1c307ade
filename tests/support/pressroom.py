"""A kitchen with printers: its promises are kept, its pressroom is turned, its papers are read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from server.auth import read_networks
from server.printing.press import PressGround
from server.printing.pressroom import Pressroom
from server.settings import Settings
from tests.support.calling import Calling, calling
from tests.support.kitchen import Kitchen
from tests.support.paper import TestPrinter

READ_JOBS = (
    "SELECT id, printer_id, kind, state, reason, settled, copy, title FROM print_job ORDER BY id"
)
PAPER = {"width_dots": 384, "columns": 32, "mode": "text"}
NETWORKS = read_networks(Settings().printer_networks)


class PaperHouse:
    """The kitchen, and people at its printers."""

    def __init__(self, house: Calling, data_dir: Path) -> None:
        self.kitchen: Kitchen = house.kitchen
        self.data_dir = data_dir
        self.pressroom = self.worker("one")
        self._house = house

    def worker(self, name: str, **ground: Any) -> Pressroom:
        """Return the pressroom of a worker that impatient people have set up."""
        kitchen = self.kitchen
        quick: dict[str, Any] = {"networks": NETWORKS, "retry_s": 0.05, "done_s": 1.0} | ground
        return Pressroom(
            PressGround(
                kitchen.pool, kitchen.clock, kitchen.desk.execute, self.data_dir, name, **quick
            )
        )

    async def add(self, name: str, printer: TestPrinter, **plan: Any) -> int:
        """Set a printer up; return its id."""
        wanted = {
            "name": name, "kind": "network", "address": f"127.0.0.1:{printer.port}", "paper": PAPER,
        }  # fmt: skip
        made = await self.kitchen.ask("manager", "PutPrinter", **(wanted | plan))
        printer_id: int = made["printer_id"]
        return printer_id

    async def keep(self) -> None:
        """Keep what was promised: orders become papers."""
        await self._house.after(seconds=0)

    async def print_all(self) -> None:
        """Keep what was promised and print until nothing waits."""
        await self.keep()
        await self.pressroom.turn()
        await self.pressroom.drain()

    async def jobs(self) -> list[dict[str, Any]]:
        """Return every paper's row."""
        return [dict(row) for row in await self.kitchen.pool.fetch(READ_JOBS)]

    async def states(self) -> list[str]:
        """Return the state of every paper."""
        return [job["state"] for job in await self.jobs()]


@asynccontextmanager
async def paper_house(database_url: str, data_dir: Path) -> AsyncIterator[PaperHouse]:
    """Open a kitchen whose clock stands still, without a printer yet."""
    async with calling(database_url) as house:
        yield PaperHouse(house, data_dir)
