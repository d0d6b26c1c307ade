"""◆ One connection to a message centre, from its bind to its end: bytes and time in, outputs out.

`TABLE` is the only place of its steps. What was submitted and not answered when time is up or the
connection ends is `Unknown`; a negative answer is `Refused`, because the protocol says so. Refuses to
read a clock, to connect, and to submit more than the window allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from server.sms.carriers import smpp_pdu as pdu
from server.sms.carriers.port import Accepted, Outcome, Refused, Unknown
from server.sms.carriers.smpp_pdu import Deliver, Pdu, Submit

SessionState = Literal["new", "binding", "bound", "unbinding", "closed"]
SessionVerb = Literal["bind", "accepted", "rejected", "unbind", "unbound", "lost"]

TABLE: dict[tuple[SessionState, SessionVerb], SessionState] = {
    ("new", "bind"): "binding",
    ("binding", "accepted"): "bound",
    ("binding", "rejected"): "closed",
    ("bound", "unbind"): "unbinding",
    ("bound", "unbound"): "closed",  # the message centre asked us to go
    ("unbinding", "unbound"): "closed",
    ("new", "lost"): "closed",
    ("binding", "lost"): "closed",
    ("bound", "lost"): "closed",
    ("unbinding", "lost"): "closed",
}

SEQUENCE_MAX = 0x7FFFFFFF
_NAMES = {
    0x01: "ESME_RINVMSGLEN", 0x02: "ESME_RINVCMDLEN", 0x03: "ESME_RINVCMDID",
    0x04: "ESME_RINVBNDSTS", 0x05: "ESME_RALYBND", 0x08: "ESME_RSYSERR", 0x0A: "ESME_RINVSRCADR",
    0x0B: "ESME_RINVDSTADR", 0x0D: "ESME_RBINDFAIL", 0x0E: "ESME_RINVPASWD", 0x0F: "ESME_RINVSYSID",
    0x14: "ESME_RMSGQFUL", 0x45: "ESME_RSUBMITFAIL", 0x48: "ESME_RINVSRCTON",
    0x50: "ESME_RINVDSTTON", 0x58: "ESME_RTHROTTLED", 0x64: "ESME_RX_T_APPN",
    0x65: "ESME_RX_P_APPN", 0x66: "ESME_RX_R_APPN", 0xFF: "ESME_RUNKNOWNERR",
}  # fmt: skip
_LATER = frozenset({0x08, 0x14, 0x45, 0x58, 0x64})


class SessionBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a connection may have open and how long it waits."""

    window_max: int = 16  # submissions without an answer
    answer_s_max: float = 30.0  # for one submission; then it is unknown
    bind_s_max: float = 10.0
    quiet_s_max: float = 30.0  # of hearing nothing, until it is asked whether it is there
    sign_of_life_s_max: float = 10.0  # for the answer to that; then it is taken as lost


class Write(NamedTuple):
    """Bytes to write."""

    data: bytes


class Bound(NamedTuple):
    """Messages may be submitted."""


class Answered(NamedTuple):
    """What became of a submission; an id is as the message centre wrote it."""

    sequence: int
    outcome: Outcome


class Delivered(NamedTuple):
    """A receipt or a message came and waits for `acknowledge`."""

    sequence: int
    deliver: Deliver


class Closed(NamedTuple):
    """The end; the connection is to be closed."""

    why: str


Output = Write | Bound | Answered | Delivered | Closed


def name_of(status: int) -> str:
    """Return a status' name in the standard, or its number."""
    return _NAMES.get(status, f"0x{status:08X}")


class Session:
    """Decides for one connection. Times are `Clock.monotonic_s()`."""

    def __init__(self, bounds: SessionBounds | None = None) -> None:
        self.bounds = bounds or SessionBounds()
        self.state: SessionState = "new"
        self._reader = pdu.Reader()
        self._sequence = 0
        self._open: dict[int, float] = {}  # submission → when its time is up; oldest first
        self._heard_s = 0.0
        self._asked_s: float | None = None

    @property
    def open_count(self) -> int:
        """Return how many submissions have no answer."""
        return len(self._open)

    @property
    def may_submit(self) -> bool:
        """Return whether it is bound and the window has room."""
        return self.state == "bound" and len(self._open) < self.bounds.window_max

    def bind(self, body: bytes, now_s: float) -> Write:
        """Ask to be let in, with a `bind_body`."""
        self._step("bind")
        self._heard_s = now_s
        return self._ask(pdu.BIND_TRANSCEIVER, body)

    def submit(self, submit: Submit, now_s: float) -> tuple[int, Write]:
        """Return a submission's number and bytes; from here on it is unknown until answered."""
        assert self.may_submit
        written = self._ask(pdu.SUBMIT_SM, pdu.submit_body(submit))
        self._open[self._sequence] = now_s + self.bounds.answer_s_max
        return self._sequence, written

    def acknowledge(self, sequence: int, status: int = pdu.OK) -> Write:
        """Answer a delivery: with `OK` it does not come again."""
        return _answer(pdu.DELIVER_SM, sequence, status, b"\0")

    def unbind(self) -> Write:
        """Take leave; what has no answer yet may still get one until it is closed."""
        self._step("unbind")
        return self._ask(pdu.UNBIND)

    def receive(self, data: bytes, now_s: float) -> list[Output]:
        """Take what came; the outputs are to be done in their order."""
        self._heard_s, self._asked_s = now_s, None
        try:
            units = self._reader.feed(data)
        except pdu.MalformedError as error:
            nack = Write(pdu.write(Pdu(pdu.GENERIC_NACK, pdu.INVALID_COMMAND, 0)))
            return [nack, *self.lost(f"not SMPP: {error}")]
        outputs: list[Output] = []
        for unit in units:
            if self.state != "closed":
                outputs += self._take(unit)
        return outputs

    def tick(self, now_s: float) -> list[Output]:
        """Look at the time: about once a second is enough."""
        if self.state == "binding" and now_s >= self._heard_s + self.bounds.bind_s_max:
            return self.lost("the bind was not answered")
        if self.state not in {"bound", "unbinding"}:
            return []
        return [*self._overdue(now_s), *self._is_it_there(now_s)]

    def lost(self, why: str) -> list[Output]:
        """Take the connection as ended: what has no answer is unknown."""
        if self.state == "closed":
            return []
        self._step("lost")
        return list(self._close(why))

    def _overdue(self, now_s: float) -> Iterator[Output]:
        while self._open:
            sequence, until_s = next(iter(self._open.items()))
            if now_s < until_s:
                return
            del self._open[sequence]
            yield Answered(sequence, Unknown(f"no answer in {self.bounds.answer_s_max:g} s"))

    def _is_it_there(self, now_s: float) -> Iterator[Output]:
        if self._asked_s is None:
            if now_s >= self._heard_s + self.bounds.quiet_s_max:
                self._asked_s = now_s
                yield self._ask(pdu.ENQUIRE_LINK)
        elif now_s >= self._asked_s + self.bounds.sign_of_life_s_max:
            yield from self.lost("no sign of life")

    def _take(self, unit: Pdu) -> Iterator[Output]:
        if unit.command == pdu.GENERIC_NACK:
            yield from self._answered(unit)
        elif unit.command & pdu.RESPONSE:
            yield from self._take_response(unit)
        elif unit.command == pdu.ENQUIRE_LINK:
            yield _answer(pdu.ENQUIRE_LINK, unit.sequence)
        elif unit.command == pdu.DELIVER_SM:
            yield self._take_delivery(unit)
        elif unit.command == pdu.UNBIND:
            yield _answer(pdu.UNBIND, unit.sequence)
            if (self.state, "unbound") in TABLE:
                self._step("unbound")
                yield from self._close("the message centre took leave")
        else:
            yield Write(pdu.write(Pdu(pdu.GENERIC_NACK, pdu.INVALID_COMMAND, unit.sequence)))

    def _take_response(self, unit: Pdu) -> Iterator[Output]:
        command = unit.command ^ pdu.RESPONSE
        if command == pdu.SUBMIT_SM:
            yield from self._answered(unit)
        elif command == pdu.BIND_TRANSCEIVER and self.state == "binding":
            if unit.status == pdu.OK:
                self._step("accepted")
                yield Bound()
            else:
                self._step("rejected")
                yield from self._close(f"the bind was refused: {name_of(unit.status)}")
        elif command == pdu.UNBIND and self.state == "unbinding":
            self._step("unbound")
            yield from self._close("we took leave")
        # What else is answered (a sign of life) counted when it was heard.

    def _take_delivery(self, unit: Pdu) -> Output:
        try:
            return Delivered(unit.sequence, pdu.read_deliver(unit.body))
        except pdu.MalformedError:
            return self.acknowledge(unit.sequence, pdu.PERMANENT_APP_ERROR)

    def _answered(self, unit: Pdu) -> Iterator[Output]:
        """An answer to nothing open came after its time was up: it was called unknown, and stays so."""
        if self._open.pop(unit.sequence, None) is not None:
            yield Answered(unit.sequence, _outcome(unit))

    def _close(self, why: str) -> Iterator[Output]:
        for sequence in self._open:
            yield Answered(sequence, Unknown(f"the connection ended: {why}"))
        self._open.clear()
        yield Closed(why)

    def _step(self, verb: SessionVerb) -> None:
        self.state = TABLE[self.state, verb]

    def _ask(self, command: int, body: bytes = b"") -> Write:
        self._sequence = self._sequence % SEQUENCE_MAX + 1
        return Write(pdu.write(Pdu(command, pdu.OK, self._sequence, body)))


def _answer(command: int, sequence: int, status: int = pdu.OK, body: bytes = b"") -> Write:
    return Write(pdu.write(Pdu(command | pdu.RESPONSE, status, sequence, body)))


def _outcome(unit: Pdu) -> Outcome:
    name = name_of(unit.status)
    if unit.status == pdu.OK and unit.command != pdu.GENERIC_NACK:
        message_id = pdu.read_id(unit.body)
        return Accepted(message_id) if message_id else Unknown("accepted without an id")
    if unit.status == pdu.UNKNOWN_ERROR:
        return Unknown(f"the message centre does not know what became of it ({name})")
    sentence = f"The message centre refused it ({name})."
    return Refused(name, sentence, retryable=unit.status in _LATER)
