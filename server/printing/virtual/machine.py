"""◆ A printer that is not there: takes bytes, answers how it is, prints, and fails when it is told to.

Real-time questions are answered at once, everything else in its turn; without paper, with its cover open or
its cutter jammed it holds what it was sent, and goes on when that is mended. Refuses to know wires.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from server.printing.port import Paper
from server.printing.virtual.reader import Op, Reader
from server.printing.virtual.sheet import Sheets

Trouble = Literal["paper_out", "cover_open", "cutter_jammed"]

HELD_OPS_MAX = 65_536  # some thirty tickets; what comes on top of that is lost, as in any printer
LINES_MAX = 64  # of which something is held; an older one is forgotten
MAKER, MODEL, FIRMWARE = b"CHUANCAI", b"VIRTUAL", b"1"
_REAL_TIME = 0x12  # bits 1 and 4, which tell these answers from others
_AT_ONCE = frozenset({"status", "recover", "real_time"})


class VirtualPrinter:
    """A printer's state and paper; every connection is a `Line` to it."""

    def __init__(self, paper: Paper, *, one_buffer: bool = False) -> None:
        """Be a printer; with `one_buffer` what a client left unfinished is not ended by hanging up."""
        self.paper = paper
        self.sheets = Sheets(paper)
        self.troubles: set[Trouble] = set()
        self.dies_after: int | None = None  # bytes from now on, then the power is gone
        self.lines: list[Line] = []
        self._one = Reader(paper.encoding) if one_buffer else None

    @property
    def stopped(self) -> bool:
        """Return whether it does not go on."""
        return bool(self.troubles)

    def reader(self) -> Reader:
        """Return who reads a new connection."""
        return self._one or Reader(self.paper.encoding)

    def line(self, say: Callable[[bytes], None]) -> Line:
        """Return a new connection; `say` takes what the printer answers on it."""
        line = Line(self, say)
        self.lines.append(line)
        return line

    def fail(self, trouble: Trouble) -> None:
        """Run out of paper, open the cover, jam: whoever asked to be told is told."""
        self.troubles.add(trouble)
        self._tell()

    def mend(self, trouble: Trouble) -> None:
        """Be well again in this, and go on with what was held."""
        self.troubles.discard(trouble)
        self._tell()
        for line in list(self.lines):
            line.resume()
        self.lines = [line for line in self.lines if line.open or line.held]

    def lose_power(self) -> None:
        """Forget what was sent and not printed; what is on paper stays there."""
        self.dies_after = None
        self._one = Reader(self.paper.encoding) if self._one else None
        for line in self.lines:
            line.clear()
        self.lines.clear()
        self.sheets.torn()
        self.sheets.cut()

    def leave(self, line: Line) -> None:
        """End a connection; what it had sent is printed when the printer can."""
        line.open = False
        self.lines = [one for one in self.lines if one.open or one.held][-LINES_MAX:]

    def _tell(self) -> None:
        for line in self.lines:
            line.tell()

    def real_time(self, which: int) -> bytes:
        """Return the answer to DLE EOT `which`; nothing to one that does not exist."""
        out, cover, jammed = (
            one in self.troubles for one in ("paper_out", "cover_open", "cutter_jammed")
        )
        answer = {
            1: 0x08 if self.stopped else 0,
            2: (0x04 if cover else 0) | (0x20 if out else 0) | (0x40 if jammed else 0),
            3: 0x08 if jammed else 0,
            4: 0x60 if out else 0,
        }.get(which)
        return b"" if answer is None else bytes([_REAL_TIME | answer])

    def automatic(self) -> bytes:
        """Return the four bytes of automatic status back."""
        first = 0x10 | (0x08 if self.stopped else 0)
        first |= 0x20 if "cover_open" in self.troubles else 0
        second = 0x08 if "cutter_jammed" in self.troubles else 0
        third = 0x0C if "paper_out" in self.troubles else 0
        return bytes([first, second, third, 0x0F])


class Line:
    """One connection to a printer."""

    def __init__(self, printer: VirtualPrinter, say: Callable[[bytes], None]) -> None:
        self.held: deque[Op] = deque()
        self.open = True
        self._printer = printer
        self._reader = printer.reader()
        self._answer = say
        self._told = False  # whether its client asked to be told of changes

    def take(self, data: bytes) -> bool:
        """Take what arrived; return whether the printer still has power."""
        printer = self._printer
        left = printer.dies_after
        if left is not None:
            printer.dies_after = max(0, left - len(data))
            data = data[:left]
        for op in self._reader.take(data):
            self._arrived(op)
        if printer.dies_after == 0:
            printer.lose_power()
            return False
        return True

    def _arrived(self, op: Op) -> None:
        if op.name in _AT_ONCE:
            self._at_once(op)
        elif self.held or self._printer.stopped:
            if len(self.held) < HELD_OPS_MAX:
                self.held.append(op)
            # A question whether it is well must not wait until it is.
            if op.name == "tell" and self._printer.stopped:
                self._in_turn(op)
        else:
            self._in_turn(op)

    def _at_once(self, op: Op) -> None:
        if op.name == "status":
            self._say(self._printer.real_time(op.data[0]))
        elif op.name == "recover" or op.data[:1] == b"\x08":
            self.held.clear()
        elif op.data[:1] == b"\x01":
            self._printer.sheets.pulses += 1

    def _in_turn(self, op: Op) -> None:
        if op.name == "tell":
            self._told = op.data != b"\0"
            self.tell()
        elif op.name == "ask":
            self._say(b"\x00")
        elif op.name == "who":
            name = {65: FIRMWARE, 66: MAKER, 67: MODEL}.get(op.data[0])
            self._say(b"_" + name + b"\0" if name else b"\x02")
        else:
            self._printer.sheets.print(op)

    def tell(self) -> None:
        """Say how the printer is, if that was asked for."""
        if self._told:
            self._say(self._printer.automatic())

    def resume(self) -> None:
        """Go on with what was held."""
        while self.held and not self._printer.stopped:
            self._in_turn(self.held.popleft())

    def _say(self, answer: bytes) -> None:
        if self.open:
            self._answer(answer)

    def clear(self) -> None:
        """Forget what was held."""
        self.held.clear()
