"""Ways to printers that are no network: a serial line, and a line that takes a byte and no more."""

from __future__ import annotations

import asyncio
import errno
import os
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.auth import read_networks
from server.printing.port import Paper
from server.printing.printer import Printer, PrinterKind
from server.printing.transports import DescriptorWire, FileWire, open_wire
from server.printing.usb import UsbWire
from tests.support.paper import TestPrinter, printers, text_of
from tests.support.patience import PATIENCE_S
from tests.support.pressroom import NETWORKS, PaperHouse, paper_house
from tests.support.small_disk import small_disk

KUNG_PAO = 2


@asynccontextmanager
async def serial_printer(printer: TestPrinter) -> AsyncIterator[str]:
    """Give the device of a printer on a serial line (a pty)."""
    far, near = os.openpty()
    tty.setraw(far)
    tty.setraw(near)
    os.set_blocking(far, False)
    line = printer.line()
    loop = asyncio.get_running_loop()

    def hear() -> None:
        try:
            data = os.read(far, 4096)
        except OSError:
            return
        for byte in data:
            if answer := line.take(byte):
                os.write(far, answer)

    loop.add_reader(far, hear)
    try:
        yield os.ttyname(near)
    finally:
        loop.remove_reader(far)
        os.close(far)
        os.close(near)


async def test_a_serial_printer_confirms_as_a_network_one(
    database_url: str, tmp_path: Path
) -> None:
    """Text goes over a serial line, the printer answers on it, and the paper is known to be there."""
    printer = TestPrinter()
    async with paper_house(database_url, tmp_path) as house, serial_printer(printer) as device:
        await house.add("热菜", printer, kind="serial", address=f"{device}@115200")
        await house.kitchen.order(1, KUNG_PAO)
        await house.print_all()
        assert await house.states() == ["confirmed"]
        assert "宫保鸡丁" in text_of(printer.papers[0])


async def test_a_line_that_takes_part_of_a_paper_says_how_much() -> None:
    """What was taken is counted, so that a paper of which a byte left is never sent again."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    wire = DescriptorWire(writing)
    sending = asyncio.create_task(wire.write(b"x" * 200_000))
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.wait({sending}, timeout=0.2)  # the pipe is full by then
    os.close(reading)
    with pytest.raises(BrokenPipeError):
        await sending
    assert 0 < wire.written < 200_000
    os.close(writing)


async def conditions(house: PaperHouse) -> list[str]:
    """Return what a cash desk is told of printers."""
    desk = (await house.kitchen.view("cashier")).printing
    return [one.condition for one in desk.printers] if desk else []


async def test_a_name_that_leads_outside_is_not_followed(database_url: str, tmp_path: Path) -> None:
    """A name is looked up when something is printed: no byte leaves the networks for printers, and people are told."""
    async with paper_house(database_url, tmp_path) as house, printers(1) as (printer,):
        await house.add("热菜", printer, address=f"localhost:{printer.port}")
        elsewhere = {"networks": read_networks(["192.168.0.0/16"])}
        house.pressroom = house.worker("two", **elsewhere)
        await house.kitchen.order(1, KUNG_PAO)
        await house.keep()
        working = asyncio.create_task(house.pressroom.run())
        async with asyncio.timeout(PATIENCE_S):
            while (await conditions(house)) != ["not_private"]:
                pass  # it asks the database, which gives the press its turn
        assert (printer.papers, printer.torn, await house.states()) == ([], [], ["queued"])
        working.cancel()
        await asyncio.wait([working])


async def test_a_printer_nobody_plugged_in_is_offline(tmp_path: Path) -> None:
    """No device, no host, no USB library: each is an `OSError`, which the press calls offline."""
    ways: list[tuple[PrinterKind, str]] = [
        ("serial", "/dev/ttyUSB99"), ("network", "127.0.0.1:1"), ("usb", "04b8:0202"),
    ]  # fmt: skip
    for kind, address in ways:
        printer = Printer(id=1, version=1, name="x", kind=kind, address=address, paper=Paper())
        with pytest.raises((OSError, TimeoutError)):
            async with open_wire(printer, tmp_path, NETWORKS):
                pass


class Stuck:
    """A USB printer that takes a little of each piece, and from some point on nothing in time."""

    def __init__(self, takes: list[int]) -> None:
        self.device = self
        self.out_ep, self.in_ep = 1, 0x82
        self.came = b""
        self._takes = takes

    def write(self, _: int, data: bytes, __: int) -> int:
        """Take some, or none in time; what went out before a timeout nobody says."""
        if not self._takes:
            self.came += data[:7]
            raise OSError(errno.ETIMEDOUT, "Operation timed out")
        taken = self._takes.pop(0)
        self.came += data[:taken]
        return taken

    def read(self, _: int, __: int, ___: int) -> bytes:
        """Say nothing in time."""
        raise OSError(errno.ETIMEDOUT, "Operation timed out")


async def test_usb_never_says_that_nothing_went_out_when_something_may_have() -> None:
    """A piece that timed out counts: its paper is in doubt, and not sent again by itself (R-000-12)."""
    stuck = Stuck([])
    wire = UsbWire(stuck)
    with pytest.raises(OSError, match="timed out"):
        await wire.write(b"x" * 100)
    assert stuck.came
    assert wire.written >= len(stuck.came)
    assert await wire.read(0.01) == b""
    slow = Stuck([3, 4_000, 1_997])
    wire = UsbWire(slow)
    await wire.write(bytes(range(250)) * 24)
    assert (slow.came[:250], wire.written) == (bytes(range(250)), 6_000)


async def test_printers_that_share_a_folder_lose_no_paper(tmp_path: Path) -> None:
    """Two printers of the kind `file` with one folder put their papers down at once: each is there, once."""
    papers = [f"paper {n}".encode() for n in range(40)]

    async def put(mine: list[bytes]) -> None:
        for paper in mine:
            await FileWire(tmp_path).write(paper)

    await asyncio.gather(put(papers[:20]), put(papers[20:]))
    assert sorted(one.read_bytes() for one in tmp_path.glob("*.bin")) == sorted(papers)
    assert not list(tmp_path.glob("*.part"))


async def test_a_full_disk_is_not_filled_with_beginnings_of_papers(tmp_path: Path) -> None:
    """What cannot be put down whole leaves nothing, counts as not written, and comes out once there is room."""
    with small_disk(tmp_path / "disk", size_mb=1) as disk:
        wire = FileWire(disk.path / "paper")
        wire.readable = "宫保鸡丁"
        for _ in range(3):
            with pytest.raises(OSError, match="No space left"):
                await wire.write(bytes(2 * 2**20))
        assert (wire.written, list((disk.path / "paper").iterdir())) == (0, [])
        await wire.write(b"whole")
        assert [one.name for one in (disk.path / "paper").glob("*.bin")] == ["000001.bin"]
