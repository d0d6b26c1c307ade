"""A printer with one buffer: what a lost line left unfinished must not eat the next paper."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from server.printing.port import Paper, Ticket, numbered, read_document
from server.printing.render import render
from server.printing.virtual.listen import Folder, listening
from server.printing.virtual.machine import VirtualPrinter
from server.printing.virtual.sheet import printed
from tests.support.paper import TestPrinter, printers
from tests.support.papers import RECEIPT, TICKET
from tests.support.patience import PATIENCE_S
from tests.support.pressroom import PaperHouse, paper_house

KUNG_PAO = 2
NARROW = {"width_dots": 384, "columns": 32}


async def _cut_off(port: int, data: bytes) -> None:
    """Send a part of a paper and hang up."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def _last_sheet(folder: Path) -> Image.Image:
    (newest,) = sorted(folder.glob("*.png"))[-1:]
    with Image.open(newest) as picture:
        return picture.convert("1")


async def _known(house: PaperHouse) -> str:
    """Return what becomes of the only paper."""
    await house.kitchen.order(1, KUNG_PAO)
    async with asyncio.timeout(PATIENCE_S):
        await house.print_all()
    (state,) = await house.states()
    return state


@pytest.mark.parametrize("mode", ["raster", "text"])
async def test_the_next_paper_comes_out_whole(database_url: str, tmp_path: Path, mode: str) -> None:
    """Half a picture, or half a code, lies in its buffer: it is ended first, then the paper comes, dot by dot."""
    paper = Paper(width_dots=384, columns=32, mode="raster" if mode == "raster" else "text")
    cut_off = render(TICKET, paper, "zh")[:3000]
    if mode == "text":
        link = RECEIPT.link + "x" * 400
        cut_off = render(msgspec.structs.replace(RECEIPT, link=link), paper, "zh")
        cut_off = cut_off[: cut_off.index(b"https://") + 4]
    machine = VirtualPrinter(paper, one_buffer=True)
    folder = Folder(tmp_path / "sheets", machine)
    async with (
        paper_house(database_url, tmp_path) as house,
        listening(machine, folder, "127.0.0.1", 0) as port,
    ):
        there = TestPrinter()
        there.port = port
        await house.add("热菜", there, paper=NARROW | {"mode": mode})
        await _cut_off(port, cut_off)
        await house.kitchen.pool.execute(
            "UPDATE printer SET condition = 'offline', condition_at = $1", house.kitchen.clock.now()
        )
        assert await _known(house) == "confirmed"
        row = await house.kitchen.pool.fetchrow("SELECT id, document FROM print_job")
    assert row is not None
    document = numbered(read_document(row["document"]), row["id"], 1)
    assert isinstance(document, Ticket)
    (wanted,) = printed(render(document, paper, "zh"), paper)
    sheet = _last_sheet(tmp_path / "sheets")
    below = sheet.crop((0, sheet.height - wanted.height, sheet.width, sheet.height))
    assert below.tobytes() == wanted.tobytes()
    assert machine.sheets.lost == []


async def test_a_paper_cut_off_while_it_is_written_is_not_sent_again(
    database_url: str, tmp_path: Path
) -> None:
    """The line is reset in the middle of a picture: part of it may be on paper, so a person decides (R-004-6)."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        printer.rest_s = (
            0.001  # it prints while it listens: the rest of the picture waits on our side
        )
        await house.add("热菜", printer, paper=NARROW | {"mode": "raster"})
        printer.resets_after = 2_000
        assert await _known(house) == "uncertain"
        [job] = await house.jobs()
        assert job["reason"] == "wire_lost"
        async with asyncio.timeout(PATIENCE_S):
            await house.print_all()
        assert (await house.states(), printer.papers) == (["uncertain"], [])
