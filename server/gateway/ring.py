"""◆ The last lines of a shop's log as ready frames, shared by all its devices.

A line is encoded once per subprotocol, when the first such device needs it, and the same bytes go
to every socket. Refuses to know who reads: a reader is a seq of its own.
"""

from __future__ import annotations

from collections import deque

from server.events.decision import Written
from server.gateway import frames

RING_LINES_MAX = 1024
RING_BYTES_MAX = 256 * 1024
FRAME_OVERHEAD_BYTES = 64  # what a frame says around the body


class Line:
    """One log line with its frames."""

    __slots__ = ("_json", "_packed", "at_ms", "body", "seq", "topics")

    def __init__(self, written: Written) -> None:
        self.seq = written.seq
        self.topics = written.topics
        self.at_ms = written.at_ms
        self.body = written.body
        self._json: bytes | None = None
        self._packed: bytes | None = None

    def frame(self, *, packed: bool) -> bytes:
        """Return the event frame in the subprotocol asked for."""
        if not packed:
            if self._json is None:
                self._json = frames.encode_event(self.seq, self.at_ms, self.body)
            return self._json
        if self._packed is None:
            self._packed = frames.encode_event_packed(self.seq, self.at_ms, self.body)
        return self._packed


class Ring:
    """Contiguous last lines, bounded in number and bytes."""

    __slots__ = ("_bytes", "_bytes_max", "_lines", "_lines_max", "head")

    def __init__(
        self, head: int = 0, *, lines_max: int = RING_LINES_MAX, bytes_max: int = RING_BYTES_MAX
    ) -> None:
        self.head = head
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._lines_max = lines_max
        self._bytes_max = bytes_max

    @property
    def floor(self) -> int:
        """The highest seq that can no longer be read here; a reader at it misses nothing."""
        return self.head - len(self._lines)

    def append(self, line: Line) -> None:
        """Add the next line, letting the oldest go when full."""
        assert line.seq == self.head + 1, f"line {line.seq} after {self.head}"
        self.head = line.seq
        self._lines.append(line)
        self._bytes += len(line.body) + FRAME_OVERHEAD_BYTES
        while len(self._lines) > self._lines_max or self._bytes > self._bytes_max:
            self._bytes -= len(self._lines.popleft().body) + FRAME_OVERHEAD_BYTES

    def after(self, seq: int) -> list[Line]:
        """Return the lines after `seq`, oldest first; the caller has looked at `floor`."""
        count = self.head - seq
        assert count <= len(self._lines), f"{seq} is below the floor {self.floor}"
        lines = self._lines
        return [lines[index] for index in range(-count, 0)] if count > 0 else []
