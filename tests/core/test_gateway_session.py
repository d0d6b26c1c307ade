"""What a connection may say when: the whole table, cell by cell."""

from __future__ import annotations

import uuid
from typing import get_args

import msgspec
import pytest

from server.gateway import frames as f
from server.gateway import session as s
from server.gateway.session import Session, State, Verb

ID = str(uuid.UUID(int=7))
CAPITALS = "0190B6E4-ABCD-7000-8000-0000000000FF"

FRAMES: dict[str, f.FromDevice] = {
    "hello": f.Hello(token="secret"),
    "command": f.Command(id=ID, name="StartItem", body=msgspec.Raw(b'{"item_id":1}')),
    "ack": f.Ack(up_to=812),
    "ping": f.Ping(sent_ms=5),
    "pong": f.Pong(),
    "move": f.Move(id=ID, place_id=3),
    "bye": f.Bye(),
}

# What follows (outputs in order) → the state after it. "-" is nothing, "." the same state.
GRID = """
            waiting                       checking               joining                live                          closing
hello       Identify,Wake>checking        Close4400,Wake>closing Close4400,Wake>closing Close4400,Wake>closing        ->.
command     Close4400,Wake>closing        Say>.                  Run>.                  Run>.                         ->.
ack         Close4400,Wake>closing        ->.                    Note>.                 Note>.                        ->.
ping        Tell>.                        Tell>.                 Tell>.                 Tell>.                        ->.
pong        Close4400,Wake>closing        ->.                    ->.                    ->.                           ->.
move        Close4400,Wake>closing        Say>.                  Run>.                  Run>.                         ->.
bye         Close1000,Wake>closing        Close1000,Wake>closing Close1000,Wake>closing Close1000,Wake>closing        ->.
garbage     Close4400,Wake>closing        Close4400,Wake>closing Close4400,Wake>closing Close4400,Wake>closing        ->.
due         Close4401,Wake>closing        Close1013,Wake>closing Close1013,Wake>closing Tell,Wake>.                   Abort>.
admitted    ->.                           ->joining              ->.                    ->.                           ->.
refused     ->.                           Close4403,Wake>closing Close4403,Wake>closing ->.                           ->.
joined      ->.                           ->.                    Wake>live              ->.                           ->.
again       ->.                           ->.                    ->.                    Wake>joining                  ->.
close       Close1012,Wake>closing        Close1012,Wake>closing Close1012,Wake>closing Close1012,Wake>closing        ->.
"""  # noqa: E501 - a table is read across
STATES: list[State] = ["waiting", "checking", "joining", "live", "closing"]
ROWS = [line.split() for line in GRID.strip().splitlines()[1:]]
CELLS = [(state, row[0], cell) for row in ROWS for state, cell in zip(STATES, row[1:], strict=True)]


def session_in(state: State) -> Session:
    """Return a session that has reached a state the usual way."""
    session = Session(0.0)
    session.open()
    if state != "waiting":
        session.receive(FRAMES["hello"], 0.0)
    if state in {"joining", "live"}:
        session.admitted()
    if state == "live":
        session.joined(0.5)
    if state == "closing":
        session.close(4409)
    assert session.state == state
    return session


def do(session: Session, verb: str) -> list[s.Output]:
    """Let one thing happen."""
    if verb in FRAMES:
        return session.receive(FRAMES[verb], 1.0)
    if verb == "due":
        return session.due(0.5)
    if verb == "joined":
        return session.joined(0.5)
    if verb == "refused":
        return session.refused(4403)
    if verb == "close":
        return session.close(1012)
    outputs: list[s.Output] = getattr(session, verb)()
    return outputs


def word(output: s.Output) -> str:
    """Name an output as the grid does."""
    return f"Close{output.code}" if isinstance(output, s.Close) else type(output).__name__


@pytest.mark.parametrize(("state", "verb", "cell"), CELLS)
def test_every_cell(state: State, verb: str, cell: str) -> None:
    """Whatever happens in whatever state, exactly what the table says follows."""
    session = session_in(state)
    outputs = do(session, verb)
    expected, _, after = cell.partition(">")
    assert ",".join(map(word, outputs)) == expected.strip("-")
    assert session.state == (state if after == "." else after)


def test_the_grid_names_every_verb_and_state() -> None:
    """A verb or state added to the machine must be added to the grid."""
    assert [row[0] for row in ROWS] == list(get_args(Verb))
    assert list(get_args(State)) == STATES


def test_every_act_of_the_table_exists() -> None:
    """No cell names a method that is not there, and no method is in no cell."""
    acts = {step.act for step in s.TABLE.values()}
    methods = {name.removeprefix("_on_") for name in vars(Session) if name.startswith("_on_")}
    assert acts == methods


def test_two_missed_heartbeats_close() -> None:
    """A device whose cable was pulled is let go at the third heartbeat (4002)."""
    session = session_in("live")
    assert [word(session.due(0.5)[0]) for _ in range(3)] == ["Tell", "Tell", "Close4002"]


def test_any_word_keeps_the_connection() -> None:
    """A device that says anything between two heartbeats has not missed one."""
    session = session_in("live")
    for _ in range(10):
        assert word(session.due(0.5)[0]) == "Tell"
        session.heard(0.0)


def test_a_flood_of_pings_is_a_flood() -> None:
    """Pings of the WebSocket itself cost frames too: nobody keeps a core busy with them (4429)."""
    session = session_in("live")
    answers = [word(out) for _ in range(370) for out in session.heard(0.0)]
    assert answers == ["Close4429", "Wake"]


def test_a_reply_carries_the_id_as_it_was_written() -> None:
    """A device that writes its ids in capitals finds them so in the reply."""
    (run,) = session_in("live").receive(f.Command(id=CAPITALS, name="StartItem"), 0.0)
    assert isinstance(run, s.Run)
    assert (run.id, run.said) == (uuid.UUID(CAPITALS), CAPITALS)


@pytest.mark.parametrize(("spread", "seconds"), [(0.0, 20.0), (0.5, 25.0), (1.0, 30.0)])
def test_heartbeats_are_scattered(spread: float, seconds: float) -> None:
    """Devices that came together do not ping together: 25 s plus or minus 20 %."""
    assert s.heartbeat_s(spread) == pytest.approx(seconds)


def test_a_stalled_socket_closes_too_slow() -> None:
    """A device that takes nothing for 20 s is cut with 4003 at its next heartbeat."""
    assert word(session_in("live").due(0.5, stalled_s=19.0)[0]) == "Tell"
    assert word(session_in("live").due(0.5, stalled_s=21.0)[0]) == "Close4003"


def test_a_burst_is_allowed_and_a_flood_is_not() -> None:
    """300 presses at once are run, then `rate_limited` is answered, then 4429 closes."""
    session = session_in("live")
    answers = [word(out) for _ in range(370) for out in session.receive(FRAMES["command"], 0.0)]
    assert answers[:298] == ["Run"] * 298
    said = answers.index("Say")
    assert answers[said:] == ["Say"] * 60 + ["Close4429", "Wake"]
    assert session.code == 4429


def test_the_budget_refills() -> None:
    """30 frames a second for ever are fine."""
    session = session_in("live")
    for tick in range(3_000):
        assert word(session.receive(FRAMES["command"], tick / 30)[0]) == "Run"


def test_only_excess_in_a_row_is_a_flood() -> None:
    """A device that is a little too fast all day is told so each time and never closed."""
    session = session_in("live")
    for _ in range(298):
        session.receive(FRAMES["command"], 0.0)
    for second in range(1, 101):
        said = [word(out) for _ in range(40) for out in session.receive(FRAMES["command"], second)]
        assert said.count("Run") >= 30
        assert set(said) <= {"Run", "Say"}


@pytest.mark.parametrize("frame", [f.Command(id="7", name="X"), f.Move(id="", place_id=1)])
def test_a_command_needs_a_uuid(frame: f.FromDevice) -> None:
    """An id that is no UUID is refused by name, and the connection stays."""
    session = session_in("live")
    (said,) = session.receive(frame, 0.0)
    assert isinstance(said, s.Say)
    assert isinstance(said.frame, f.Reply)
    assert said.frame.refusal is not None
    assert said.frame.refusal.code == "bad_field"
    assert session.state == "live"


def test_every_code_a_session_closes_with_is_in_the_table() -> None:
    """No device meets a close code that `frames.CLOSE_CODES` does not explain."""
    used = {int(cell.split("Close")[1][:4]) for *_, cell in CELLS if "Close" in cell}
    assert used <= set(f.CLOSE_CODES)


def test_the_table_can_be_printed() -> None:
    """The documentation's table has one row per verb."""
    assert s.table_text().count("\n") == len(get_args(Verb)) + 1
