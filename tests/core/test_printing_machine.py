"""A printer that is not there behaves as one that is: its answers, its troubles, its paper."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.printing.port import (
    DONE_QUERY,
    STATUS_QUERY,
    Encoding,
    Paper,
    Status,
    is_done,
    read_status,
)
from server.printing.render import render
from server.printing.virtual.machine import Trouble, VirtualPrinter
from tests.support.papers import TICKET

PAPER = Paper(width_dots=384, columns=32)
JOB = render(TICKET, PAPER, "zh") + DONE_QUERY


def _asked(printer: VirtualPrinter) -> Status | None:
    said: list[bytes] = []
    line = printer.line(said.append)
    line.take(STATUS_QUERY)
    printer.leave(line)
    return read_status(b"".join(said))


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (None,            Status(paper=True,  cover=True,  cutter=True,  offline=False)),
        ("paper_out",     Status(paper=False, cover=True,  cutter=True,  offline=True)),
        ("cover_open",    Status(paper=True,  cover=False, cutter=True,  offline=True)),
        ("cutter_jammed", Status(paper=True,  cover=True,  cutter=False, offline=True)),
    ],
)  # fmt: skip
def test_it_says_how_it_is(trouble: Trouble | None, status: Status) -> None:
    """Paper, cover, cutter and offline are told apart by the answers (R-000-12)."""
    printer = VirtualPrinter(PAPER)
    if trouble:
        printer.fail(trouble)
    assert _asked(printer) == status
    if trouble:
        printer.mend(trouble)
    assert _asked(printer) == Status(paper=True, cover=True, cutter=True, offline=False)


def test_it_prints_and_says_when() -> None:
    """A job comes out whole, then the printer says that it is done."""
    printer, said = VirtualPrinter(PAPER), list[bytes]()
    line = printer.line(said.append)
    for byte in JOB[:-3]:
        assert line.take(bytes([byte]))
    assert (len(printer.sheets.done), said) == (1, [])
    line.take(JOB[-3:])
    assert is_done(b"".join(said))
    assert "宫保鸡丁" in printer.sheets.texts[0]
    assert printer.sheets.lost == []


def test_what_a_printer_says_unasked_is_no_yes() -> None:
    """Printers that tell of every change by themselves (GS a) are not taken to be done because their paper ran out."""
    printer, said = VirtualPrinter(PAPER), list[bytes]()
    line = printer.line(said.append)
    line.take(b"\x1da\xff" + JOB[:200])
    printer.fail("paper_out")
    line.take(JOB[200:])
    unasked = b"".join(said)
    assert len(unasked) >= 8
    assert not any(is_done(unasked[:end]) for end in range(len(unasked) + 1))
    printer.mend("paper_out")
    assert is_done(b"".join(said))


def test_without_paper_it_waits_and_goes_on() -> None:
    """What was sent while the paper was out comes out, once, when there is some; questions are answered meanwhile."""
    printer, said = VirtualPrinter(PAPER), list[bytes]()
    line = printer.line(said.append)
    line.take(JOB[:200])
    printer.fail("paper_out")
    line.take(JOB[200:])
    line.take(STATUS_QUERY)
    status = read_status(b"".join(said))
    assert (printer.sheets.done, status is not None and status.paper) == ([], False)
    said.clear()
    printer.leave(line)
    printer.mend("paper_out")
    assert (len(printer.sheets.done), said, printer.lines) == (1, [], [])


def test_power_that_goes_leaves_a_torn_sheet() -> None:
    """Half a ticket is on paper, the rest is nowhere, and the next one comes out whole."""
    printer = VirtualPrinter(PAPER)
    printer.dies_after = 300
    assert not printer.line(lambda _: None).take(JOB)
    assert printer.line(lambda _: None).take(JOB)
    torn, whole = printer.sheets.done
    assert torn.height < whole.height
    assert whole.tobytes() == _alone().tobytes()


def _alone() -> Image.Image:
    printer = VirtualPrinter(PAPER)
    printer.line(lambda _: None).take(JOB)
    return printer.sheets.done[0]


def test_whoever_asked_to_be_told_is_told() -> None:
    """GS a: four bytes at once, and again with every change."""
    printer, said = VirtualPrinter(PAPER), list[bytes]()
    printer.line(said.append).take(b"\x1b@\x1da\xff")
    printer.fail("cover_open")
    printer.mend("cover_open")
    assert said == [b"\x10\x00\x00\x0f", b"\x38\x00\x00\x0f", b"\x10\x00\x00\x0f"]


COMMANDS = st.sampled_from(
    [b"\x1d(L", b"\x1d8L", b"\x1d(k", b"\x1dv0", b"\x1b*", b"\x1dk", b"\x1dV", b"\x1bD", b"\x10\x14", b"\x1c&",
     b"\x1b!", b"\x1d!", b"\x1b3", b"\x1bd", b"\x1b\\", b"\x1b$", b"\x1d(L\x04\x000p\0\0", b"\x1d(L\x02\x0002",
     b"\x1d(k\x03\x001P0", b"\x1d(k\x03\x001Q0", b"\x1bJ", b"\x1bt\x01", "水".encode("gb18030")]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(COMMANDS | st.binary(max_size=12), max_size=30),
    st.sampled_from(["gb18030", "big5", "utf8"]),
)
def test_noise_does_not_break_it(noise: list[bytes], encoding: Encoding) -> None:
    """Whatever a foreign client sends, the printer goes on; after a pause and ESC @ it prints as before."""
    printer = VirtualPrinter(Paper(width_dots=384, columns=32, encoding=encoding))
    printer.line(lambda _: None).take(b"".join(noise))
    printer.sheets.cut()
    printer.sheets.done.clear()
    printer.line(lambda _: None).take(render(TICKET, printer.paper, "zh"))
    assert len(printer.sheets.done) == 1
