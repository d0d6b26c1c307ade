"""◆ What one connection may say when, and what follows: a table that can be printed.

`receive` takes a frame and the time and returns outputs; the skin around it does them and reports
back (`admitted`, `refused`, `joined`). Nothing here awaits, reads a clock or touches a socket.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from server.errors import REFUSALS
from server.gateway import frames as f

State = Literal["waiting", "checking", "joining", "live", "closing"]
Verb = Literal[
    "hello", "command", "ack", "ping", "pong", "move", "bye",
    "garbage", "due", "admitted", "refused", "joined", "again", "close",
]  # fmt: skip

CHECKING_S_MAX = 30.0  # the database may be starting; then the device tries again (1013)
CLOSING_S_MAX = 5.0
STALLED_S_MAX = 20.0
EXCESS_FRAMES_MAX = 60


class Identify(NamedTuple):
    """Find out whose token this is."""

    hello: f.Hello


class Say(NamedTuple):
    """Send this frame."""

    frame: f.ToDevice


class Tell(NamedTuple):
    """Send a ping (`sent_ms` None) or a pong with the shop's and the room's seq."""

    sent_ms: int | None


class Run(NamedTuple):
    """Execute a command; `move` is set when it was a `move` frame.

    `said` is the id letter for letter: a device that writes capitals looks for them in the reply.
    """

    id: uuid.UUID
    said: str
    name: str
    body: msgspec.Raw
    move: f.Move | None = None


class Note(NamedTuple):
    """Remember how far the device is, and what became of rings."""

    ack: f.Ack


class Wake(NamedTuple):
    """Call `due` after so many seconds (one alarm per connection: the latest counts)."""

    after_s: float


class Close(NamedTuple):
    """Say bye (when the table says so) and close with this code."""

    code: int


class Abort(NamedTuple):
    """Drop the connection; nobody is there."""


Output = Identify | Say | Tell | Run | Note | Wake | Close | Abort


class Step(NamedTuple):
    """A cell of the table: the state after it, and the method that says what follows."""

    next: State
    act: str


# An empty cell for a frame is a bad frame (4400); for anything else it means "too late: nothing".
TABLE: dict[tuple[State, Verb], Step] = {
    ("waiting", "hello"): Step("checking", "identify"),
    ("waiting", "ping"): Step("waiting", "pong"),
    ("waiting", "bye"): Step("closing", "goodbye"),
    ("waiting", "garbage"): Step("closing", "bad_frame"),
    ("waiting", "due"): Step("closing", "no_hello"),
    ("waiting", "close"): Step("closing", "close"),
    ("checking", "ping"): Step("checking", "pong"),
    ("checking", "pong"): Step("checking", "nothing"),
    ("checking", "ack"): Step("checking", "nothing"),
    ("checking", "command"): Step("checking", "too_early"),
    ("checking", "move"): Step("checking", "too_early"),
    ("checking", "bye"): Step("closing", "goodbye"),
    ("checking", "garbage"): Step("closing", "bad_frame"),
    ("checking", "due"): Step("closing", "overloaded"),
    ("checking", "admitted"): Step("joining", "nothing"),
    ("checking", "refused"): Step("closing", "close"),
    ("checking", "close"): Step("closing", "close"),
    ("joining", "ping"): Step("joining", "pong"),
    ("joining", "pong"): Step("joining", "nothing"),
    ("joining", "ack"): Step("joining", "note"),
    ("joining", "command"): Step("joining", "run"),
    ("joining", "move"): Step("joining", "move"),
    ("joining", "bye"): Step("closing", "goodbye"),
    ("joining", "garbage"): Step("closing", "bad_frame"),
    ("joining", "due"): Step("closing", "overloaded"),
    ("joining", "refused"): Step("closing", "close"),
    ("joining", "joined"): Step("live", "begin"),
    ("joining", "close"): Step("closing", "close"),
    ("live", "ping"): Step("live", "pong"),
    ("live", "pong"): Step("live", "nothing"),
    ("live", "ack"): Step("live", "note"),
    ("live", "command"): Step("live", "run"),
    ("live", "move"): Step("live", "move"),
    ("live", "bye"): Step("closing", "goodbye"),
    ("live", "garbage"): Step("closing", "bad_frame"),
    ("live", "due"): Step("live", "beat"),
    ("live", "again"): Step("joining", "admit"),
    ("live", "close"): Step("closing", "close"),
    # Whatever the device said before it heard our close is not answered any more.
    ("closing", "hello"): Step("closing", "nothing"),
    ("closing", "command"): Step("closing", "nothing"),
    ("closing", "ack"): Step("closing", "nothing"),
    ("closing", "ping"): Step("closing", "nothing"),
    ("closing", "pong"): Step("closing", "nothing"),
    ("closing", "move"): Step("closing", "nothing"),
    ("closing", "bye"): Step("closing", "nothing"),
    ("closing", "garbage"): Step("closing", "nothing"),
    ("closing", "due"): Step("closing", "abort"),
}

FRAME_VERBS: frozenset[Verb] = frozenset({"hello", "command", "ack", "ping", "pong", "move", "bye"})
_VERB_OF: dict[type, Verb] = {
    f.Hello: "hello",
    f.Command: "command",
    f.Ack: "ack",
    f.Ping: "ping",
    f.Pong: "pong",
    f.Move: "move",
    f.Bye: "bye",
}


class Session:
    """One connection's state, its frame budget and its heartbeat."""

    __slots__ = ("_budget", "_budget_s", "_excess", "_missed", "code", "state")

    def __init__(self, now_s: float) -> None:
        self.state: State = "waiting"
        self.code = 0  # why it closes
        self._budget = float(f.FRAMES_BURST_MAX)
        self._budget_s = now_s
        self._excess = 0
        self._missed = 0  # pings since anything was heard

    def open(self) -> list[Output]:
        """Begin: a hello is due."""
        return [Wake(f.UNAUTHENTICATED_S_MAX)]

    def receive(self, frame: f.FromDevice, now_s: float) -> list[Output]:
        """Take a frame from the device."""
        self._missed = 0
        if self.state != "closing" and not self._within_budget(now_s):
            return self._flood(frame)
        return self._step(_VERB_OF[type(frame)], frame)

    def heard(self, now_s: float) -> list[Output]:
        """Hear a ping or pong of the WebSocket itself: the device is there, and it costs a frame."""
        self._missed = 0
        if self.state != "closing" and not self._within_budget(now_s):
            return self._flood(None)
        return []

    def garbage(self) -> list[Output]:
        """Take a message that is no frame."""
        return self._step("garbage", None)

    def admitted(self) -> list[Output]:
        """Hear that the token is good."""
        return self._step("admitted", None)

    def refused(self, code: int) -> list[Output]:
        """Hear that the device may not come in, and why."""
        return self._step("refused", code)

    def joined(self, spread: float) -> list[Output]:
        """Hear that the device is in its room; `spread` in [0, 1) scatters heartbeats."""
        return self._step("joined", spread)

    def again(self) -> list[Output]:
        """Hear that the device stands elsewhere and starts from a fresh snapshot."""
        return self._step("again", None)

    def close(self, code: int) -> list[Output]:
        """Close from our side."""
        return self._step("close", code)

    def due(self, spread: float, *, stalled_s: float = 0.0) -> list[Output]:
        """Hear that the alarm rang; `stalled_s` is how long the socket has taken nothing."""
        return self._step("due", (spread, stalled_s))

    def _step(self, verb: Verb, given: object) -> list[Output]:
        step = TABLE.get((self.state, verb))
        if step is None:
            return self._step("garbage", None) if verb in FRAME_VERBS else []
        self.state = step.next
        outputs: list[Output] = getattr(self, "_on_" + step.act)(given)
        return outputs

    # the budget of frames

    def _within_budget(self, now_s: float) -> bool:
        filled = self._budget + (now_s - self._budget_s) * f.FRAMES_PER_S_MAX
        self._budget = min(filled, float(f.FRAMES_BURST_MAX)) - 1.0
        self._budget_s = now_s
        if self._budget >= 0.0:
            self._excess = 0
            return True
        self._budget = 0.0
        return False

    def _flood(self, frame: f.FromDevice | None) -> list[Output]:
        self._excess += 1
        if self._excess > EXCESS_FRAMES_MAX:
            self.state = "closing"
            return self._on_close(4429)
        if isinstance(frame, (f.Command, f.Move)):
            return [Say(refusal(frame.id, "rate_limited"))]
        return []

    # what follows from a step

    def _on_nothing(self, _: object) -> Sequence[Output]:
        return []

    def _on_identify(self, frame: f.Hello) -> Sequence[Output]:
        return [Identify(frame), Wake(CHECKING_S_MAX)]

    def _on_admit(self, _: object) -> Sequence[Output]:
        return [Wake(CHECKING_S_MAX)]

    def _on_begin(self, spread: float) -> Sequence[Output]:
        return [Wake(heartbeat_s(spread))]

    def _on_pong(self, frame: f.Ping) -> Sequence[Output]:
        return [Tell(frame.sent_ms)]

    def _on_note(self, frame: f.Ack) -> Sequence[Output]:
        return [Note(frame)]

    def _on_too_early(self, frame: f.Command | f.Move) -> Sequence[Output]:
        return [Say(refusal(frame.id, "busy"))]

    def _on_run(self, frame: f.Command) -> Sequence[Output]:
        command_id = _uuid(frame.id)
        if command_id is None:
            return [Say(refusal(frame.id, "bad_field"))]
        return [Run(command_id, frame.id, frame.name, frame.body)]

    def _on_move(self, frame: f.Move) -> Sequence[Output]:
        command_id = _uuid(frame.id)
        if command_id is None:
            return [Say(refusal(frame.id, "bad_field"))]
        return [Run(command_id, frame.id, "MoveDevice", msgspec.Raw(b"{}"), frame)]

    def _on_beat(self, given: tuple[float, float]) -> Sequence[Output]:
        spread, stalled_s = given
        if stalled_s > STALLED_S_MAX:
            return self._end(4003)
        if self._missed >= f.HEARTBEATS_MISSED_MAX:
            return self._end(4002)
        self._missed += 1
        return [Tell(None), Wake(heartbeat_s(spread))]

    def _on_goodbye(self, _: object) -> Sequence[Output]:
        return self._end(1000)

    def _on_bad_frame(self, _: object) -> Sequence[Output]:
        return self._end(4400)

    def _on_no_hello(self, _: object) -> Sequence[Output]:
        return self._end(4401)

    def _on_overloaded(self, _: object) -> Sequence[Output]:
        return self._end(1013)

    def _on_close(self, code: int) -> list[Output]:
        return self._end(code)

    def _on_abort(self, _: object) -> Sequence[Output]:
        return [Abort()]

    def _end(self, code: int) -> list[Output]:
        self.state = "closing"
        self.code = code
        return [Close(code), Wake(CLOSING_S_MAX)]


def heartbeat_s(spread: float) -> float:
    """Return the time to the next ping: 25 s ± 20 %, `spread` in [0, 1)."""
    return f.HEARTBEAT_S * (1 + f.HEARTBEAT_JITTER * (2 * spread - 1))


def refusal(command_id: str, code: str, sentence: str = "") -> f.Reply:
    """Return the reply that says no for a reason of the catalogue."""
    kind = REFUSALS[code]
    body = f.RefusalBody(code=code, sentence=sentence or kind.en, retryable=kind.retryable)
    return f.Reply(id=command_id, ok=False, refusal=body)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def table_text() -> str:
    """Return the table as Markdown: a row per verb, a column per state."""
    states: list[State] = ["waiting", "checking", "joining", "live", "closing"]
    verbs: list[Verb] = list(dict.fromkeys(verb for _, verb in TABLE))
    rows = ["| | " + " | ".join(states) + " |", "|---" * (len(states) + 1) + "|"]
    for verb in verbs:
        cells = []
        for state in states:
            step = TABLE.get((state, verb))
            if step is None:
                cells.append("4400" if verb in FRAME_VERBS else "")
            else:
                arrow = "" if step.next == state else f" → {step.next}"
                cells.append(f"{step.act}{arrow}")
        rows.append(f"| **{verb}** | " + " | ".join(cells) + " |")
    return "\n".join(rows)
