"""The virtual printer and people who never heard of it: python-escpos over TCP, pyserial at its terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import serial
from escpos.printer import Network
from PIL import Image

from server.printing.layout import laid_out
from server.printing.picture import dots, drawn
from server.printing.port import DONE_QUERY, STATUS_QUERY, Paper, is_done, read_status
from server.printing.render import render
from server.printing.virtual.listen import Folder, at_terminal, listening
from server.printing.virtual.machine import VirtualPrinter
from server.virtual_printer import noises, obeyed
from tests.support.papers import RECEIPT, TICKET
from tests.support.patience import PATIENCE_S

RASTER = Paper(mode="raster")


class Scene:
    """A printer at a port, and its folder."""

    def __init__(self, printer: VirtualPrinter, folder: Folder, port: int, path: Path) -> None:
        self.printer, self.folder, self.port, self._path = printer, folder, port, path

    async def sheet(self, number: int = 1) -> tuple[Image.Image, str]:
        """Return a sheet as it lies in the folder, once it came."""
        async with asyncio.timeout(PATIENCE_S):
            while self.folder.count < number:
                self.folder.came.clear()
                await self.folder.came.wait()
        with Image.open(self._path / f"{number:06}.png") as picture:
            picture.load()
            return picture, (self._path / f"{number:06}.txt").read_text("utf-8")


@asynccontextmanager
async def scene(path: Path, port: int = 0) -> AsyncIterator[Scene]:
    """Give a printer that listens."""
    printer = VirtualPrinter(Paper())
    folder = Folder(path, printer)
    async with listening(printer, folder, "127.0.0.1", port) as found:
        yield Scene(printer, folder, found, path)


async def test_our_paper_comes_out_dot_by_dot(tmp_path: Path) -> None:
    """What is drawn is what lies in the folder; sent over a real socket, confirmed in its turn (R-000-12)."""
    async with scene(tmp_path) as it:
        reader, writer = await asyncio.open_connection("127.0.0.1", it.port)
        writer.write(STATUS_QUERY)
        status = read_status(await reader.readexactly(4))
        assert status is not None
        assert status.ready
        writer.write(render(TICKET, RASTER, "zh") + DONE_QUERY)
        assert is_done(await reader.read(16))
        writer.close()
        await writer.wait_closed()
        sheet, _ = await it.sheet()
    wanted = drawn(laid_out(TICKET, "zh"), 576)
    assert dots(sheet.crop((0, 0, 576, wanted.height))) == dots(wanted)


async def test_python_escpos_prints_and_asks(tmp_path: Path) -> None:
    """A foreign client's text, sizes, QR, picture and cut come out; it reads our answers as it should."""

    def print_it(port: int) -> tuple[bool, int]:
        client = Network("127.0.0.1", port, timeout=5, profile="TM-T88III")
        online, paper = client.is_online(), client.paper_status()
        client.set(align="center", bold=True, double_height=True, double_width=True)
        client.textln("Foreign 水饺")
        client.set(align="left", normal_textsize=True)
        client.textln("two lines")
        client.qr("https://example.com/", native=True)
        client.image(Image.new("1", (80, 40)), impl="bitImageRaster")
        client.image(Image.new("1", (80, 40)), impl="bitImageColumn")
        client.cut()
        client.close()
        return online, paper

    async with scene(tmp_path) as it:
        assert await asyncio.to_thread(print_it, it.port) == (True, 2)
        sheet, text = await it.sheet()
        assert "Foreign 水饺" in text
        assert "[QR https://example.com/]" in text
        assert it.printer.sheets.lost == []
        assert sheet.height > 200
        it.printer.fail("paper_out")
        client = await asyncio.to_thread(Network, "127.0.0.1", it.port, 5)
        assert await asyncio.to_thread(client.paper_status) == 0
        assert await asyncio.to_thread(client.is_online) is False
        await asyncio.to_thread(client.close)


async def test_a_serial_client_at_the_terminal(tmp_path: Path) -> None:
    """Pyserial opens it as a port, asks, prints, comes again."""

    def ask(device: str, data: bytes, count: int) -> bytes:
        with serial.Serial(device, 9600, timeout=5) as port:
            port.write(data)
            said: bytes = port.read(count)
            return said

    printer = VirtualPrinter(Paper())
    folder = Folder(tmp_path, printer)
    async with at_terminal(printer, folder) as device:
        status = read_status(await asyncio.to_thread(ask, device, STATUS_QUERY, 4))
        assert status is not None
        assert status.ready
        job = render(RECEIPT, Paper(), "zh") + DONE_QUERY
        assert is_done(await asyncio.to_thread(ask, device, job, 1))
    assert "合计" in (tmp_path / "000001.txt").read_text("utf-8")


async def _hung_up(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def test_it_serves_one_at_a_time_and_loses_power(tmp_path: Path) -> None:
    """Who comes second waits for the first; when the power goes, the line is cut and the sheet is torn."""
    async with scene(tmp_path) as it:
        reader, first = await asyncio.open_connection("127.0.0.1", it.port)
        first.write(STATUS_QUERY)
        await reader.readexactly(4)
        waiting, second = await asyncio.open_connection("127.0.0.1", it.port)
        second.write(STATUS_QUERY)
        assert (
            obeyed(it.printer, "die 400\n", lambda: None) == "The power goes after 400 more bytes."
        )
        first.write(render(TICKET, Paper(), "zh"))
        assert await _hung_up(reader)
        first.close()
        assert len(await waiting.readexactly(4)) == 4
        second.close()
        torn, text = await it.sheet()
        assert "801房" in text
        assert "1f3a" not in text
        assert torn.height < 600


def test_a_person_hears_the_buzzer_and_the_drawer() -> None:
    """A bill at a printer with a drawer opens it, once; its copy does not, and a ticket only beeps."""
    paper = Paper(drawer=True, buzzer=True)
    printer = VirtualPrinter(paper)
    copy = msgspec.structs.replace(RECEIPT, copy=2)
    for document, heard in ((RECEIPT, 2), (copy, 1), (TICKET, 1)):
        printer.line(lambda _: None).take(render(document, paper, "zh"))
        assert noises(printer) == ["It beeps.", "The drawer opens."][:heard]
    assert noises(printer) == []


def test_typed_words() -> None:
    """A person makes it fail and mends it by the same word."""
    printer = VirtualPrinter(Paper())
    assert obeyed(printer, "paper\n", lambda: None) == "Now: paper_out."
    assert obeyed(printer, "cover\n", lambda: None) == "Now: cover_open, paper_out."
    assert obeyed(printer, "paper\n", lambda: None) == "Now: cover_open."
    ended: list[bool] = []
    obeyed(printer, "", lambda: ended.append(True))
    assert ended == [True]
