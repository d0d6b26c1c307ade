"""◆ One shop's log as a node hears it: each line once, in order, and a gap is noticed.

Lines reach a node by two doors (its own process, its inbox), late, twice or not at all.
Refuses to read the log: it says after which seq somebody must.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.events.decision import Written

HELD_MAX = 2_000  # beyond this the log is read anyway, so the surplus may be forgotten


class Feed:
    """The order keeper of one shop; `head` is None until the first device tells where it stands."""

    __slots__ = ("_held", "epoch", "head", "known_top")

    def __init__(self) -> None:
        self.epoch = 0
        self.head: int | None = None
        self.known_top = 0
        self._held: dict[int, Written] = {}

    @property
    def has_gap(self) -> bool:
        """Tell whether a later line is known than the ones that may be told."""
        return self.head is not None and self.known_top > self.head

    def start(self, head: int, epoch: int) -> list[Written]:
        """Begin after `head`; return what was held and follows it."""
        self.head, self.epoch = head, epoch
        self._held = {seq: line for seq, line in self._held.items() if seq > head}
        return self._contiguous()

    def offer(self, events: Iterable[Written]) -> list[Written]:
        """Take lines as they come; return those whose turn it is, each exactly once."""
        ready: list[Written] = []
        for event in events:
            seq = event.seq
            if self.head is not None and seq <= self.head:
                continue
            if seq - 1 == self.head and not self._held:
                self.head = seq  # nearly always: the next line, and nothing waits for it
                ready.append(event)
            elif len(self._held) < HELD_MAX:
                self._held[seq] = event
            self.known_top = max(self.known_top, seq)
        return ready + self._contiguous() if self._held else ready

    def expect(self, top: int) -> bool:
        """Hear that the log has reached `top`; return whether lines are missing here."""
        self.known_top = max(self.known_top, top)
        return self.has_gap

    def _contiguous(self) -> list[Written]:
        if self.head is None:
            return []
        ready: list[Written] = []
        held, seq = self._held, self.head + 1
        while (event := held.pop(seq, None)) is not None:
            ready.append(event)
            seq += 1
        self.head = seq - 1
        self.known_top = max(self.known_top, self.head)
        return ready
