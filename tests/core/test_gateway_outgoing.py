"""Whatever sockets do, each device gets exactly its lines in order, or is closed with 4003."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.events.decision import Written
from server.gateway import frames as f
from server.gateway.outgoing import OWED_BYTES_MAX, WRITE_BYTES_MAX, Outgoing
from server.gateway.ring import Line, Ring
from server.gateway.rooms import Member, ShopRooms
from tests.core.test_gateway_frames import read_frames

PAD, KITCHEN, BOTH = frozenset({"pad"}), frozenset({"kitchen"}), frozenset({"pad", "kitchen"})
AUDIENCES = st.sampled_from([PAD, KITCHEN])
TOPICS = st.sampled_from([PAD, KITCHEN, BOTH, frozenset({"screen"})])


class Wire:
    """A socket that takes as many bytes as it is told to, under a transport that buffers."""

    def __init__(self, outgoing: Outgoing, device_id: int, room: int) -> None:
        self.outgoing = outgoing
        self.room_bytes = room
        self.taken = bytearray()
        self.buffer = bytearray()
        self.broken = False
        self.code = 0
        self.member = Member(device_id, 100 + device_id % 2, self.send, self)

    def send(self, data: bytes) -> int:
        """Take what fits, as a non-blocking socket does."""
        assert not self.buffer, "a direct write would overtake what the transport holds"
        assert not self.code, "nothing is sent to a device that was cut"
        if self.broken:
            raise BrokenPipeError
        size = min(self.room_bytes, len(data))
        if size == 0 and data:
            raise BlockingIOError
        self.taken += data[:size]
        self.room_bytes -= size
        return size

    def write(self, data: bytes | memoryview) -> None:
        """Take what fits and keep the rest, as a transport does."""
        was_empty = not self.buffer
        self.buffer += data
        self._move()
        if self.buffer and was_empty:
            self.outgoing.held(self.member)

    def _move(self) -> None:
        size = min(self.room_bytes, len(self.buffer))
        self.taken += self.buffer[:size]
        del self.buffer[:size]
        self.room_bytes -= size

    def drain(self, size: int) -> None:
        """Let the peer read."""
        held = bool(self.buffer)
        self.room_bytes += size
        self._move()
        if held and not self.buffer:
            self.outgoing.resumed(self.member)

    def cut(self, code: int) -> None:
        """Close."""
        self.code = code
        self.outgoing.leave(self.member)


class Story:
    """What one device should hear."""

    def __init__(self, wire: Wire, audience: frozenset[str], since: int) -> None:
        self.wire = wire
        self.audience = audience
        self.since = since
        self.said = 0
        self.left = False

    def heard(self) -> tuple[list[int], list[int]]:
        """Return the seqs and the numbers of its own frames that arrived whole."""
        seqs, own = [], []
        for frame in read_frames(bytes(self.wire.taken)):
            read = msgspec.json.decode(frame.data)
            if read["t"] == "event":
                seqs.append(read["seq"])
            else:
                own.append(read["sent_ms"])
        return seqs, own


class Fanout(RuleBasedStateMachine):
    """Events, joins, leaves, short writes, drains, replies and turns of the loop in any order."""

    @initialize(join=st.booleans(), chunk=st.sampled_from([1, 2, 1000]))
    def begin(self, *, join: bool, chunk: int) -> None:
        """Choose how writes are joined and how large a chunk is."""
        self.now_s = 0.0
        self.calls: list[tuple[float, Callable[[], None]]] = []
        self.outgoing = Outgoing(
            lambda delay_s, call: self.calls.append((self.now_s + delay_s, call)),
            lambda: self.now_s,
            join=join,
            chunk_sends_max=chunk,
            write_bytes_max=400,
        )
        self.shop = ShopRooms(Ring(10, lines_max=8))
        self.lines: list[Line] = []
        self.stories: list[Story] = []

    @rule(topics=TOPICS, device=st.none() | st.integers(0, 5), size=st.integers(0, 90))
    def event(self, topics: frozenset[str], device: int | None, size: int) -> None:
        """Something is committed, sometimes about one device or one account."""
        if device is not None:
            name = f"account:{100 + device % 2}" if size % 2 else f"device:{device}"
            topics |= {name}
        body = b'{"kind":"%b"}' % (b"x" * size)
        line = Line(Written(self.shop.ring.head + 1, 0, topics, body))
        self.lines.append(line)
        self.outgoing.append(self.shop, line)

    @rule(audience=AUDIENCES, back=st.integers(-2, 8), room=st.integers(0, 3_000))
    def join(self, audience: frozenset[str], back: int, room: int) -> None:
        """A device comes, having everything up to some seq (perhaps beyond what we heard of)."""
        since = max(self.shop.ring.head - back, self.shop.ring.floor)
        wire = Wire(self.outgoing, len(self.stories), room)
        self.stories.append(Story(wire, audience, since))
        self.outgoing.join(self.shop, wire.member, audience, packed=False, seq=since)

    def present(self) -> list[Story]:
        """Return the devices that are still connected."""
        return [s for s in self.stories if not s.left and not s.wire.code]

    @precondition(lambda self: self.present())
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """A device goes."""
        story = data.draw(st.sampled_from(self.present()))
        self.outgoing.leave(story.wire.member)
        story.left = True

    @precondition(lambda self: self.present())
    @rule(data=st.data(), size=st.integers(1, 4_000))
    def drain(self, data: st.DataObject, size: int) -> None:
        """A device reads."""
        data.draw(st.sampled_from(self.present())).wire.drain(size)

    @precondition(lambda self: self.present())
    @rule(data=st.data())
    def snap(self, data: st.DataObject) -> None:
        """A device's socket breaks."""
        data.draw(st.sampled_from(self.present())).wire.broken = True

    @precondition(lambda self: self.present())
    @rule(data=st.data())
    def reply(self, data: st.DataObject) -> None:
        """A device is answered something of its own."""
        story = data.draw(st.sampled_from(self.present()))
        story.said += 1
        pong = f.PongOut(seq=0, room_seq=0, server_ms=0, sent_ms=story.said)
        self.outgoing.write(story.wire.member, f.encode(pong, packed=False))

    @rule(turns=st.integers(1, 4))
    def turn(self, turns: int) -> None:
        """The loop runs what is due."""
        for _ in range(turns):
            self.now_s += 0.004
            due = [call for at_s, call in self.calls if at_s <= self.now_s]
            self.calls = [(at_s, call) for at_s, call in self.calls if at_s > self.now_s]
            for call in due:
                call()

    def expected(self, story: Story) -> list[int]:
        """Return the seqs a device should hear."""
        own = story.wire.member
        return [
            line.seq
            for line in self.lines
            if line.seq > story.since and own.hears(line, story.audience)
        ]

    @invariant()
    def nothing_is_wrong_so_far(self) -> None:
        """What arrived is the beginning of what should; pings never promise what was not sent."""
        for story in getattr(self, "stories", []):
            seqs, own = story.heard()
            expected = self.expected(story)
            assert seqs == expected[: len(seqs)]
            assert own == list(range(1, len(own) + 1))
            sent = [seq for seq in expected if seq <= self.outgoing.room_seq(story.wire.member)]
            held = read_frames(bytes(story.wire.taken + story.wire.buffer))
            assert len(sent) <= sum(b'"event"' in frame.data[:12] for frame in held)

    def teardown(self) -> None:
        """Once everybody reads and the loop has run, nothing is missing."""
        if not hasattr(self, "stories"):
            return
        for round_ in range(14):
            if round_ > 1:  # until beyond every seq that a device claimed to have
                self.event(BOTH, None, 1)
            for story in self.present():
                story.wire.drain(100_000)
            self.turn(40)
        assert not self.calls
        for story in self.stories:
            seqs, own = story.heard()
            assert story.wire.code in {0, 4003, 1006}
            if story.left or story.wire.code or story.wire.broken:
                continue
            if self.expected(story)[len(seqs) :]:
                pytest.fail(f"{self.expected(story)} but heard {seqs}")
            assert len(own) == story.said
            assert story.wire.member.send in story.wire.member.room.fast  # type: ignore[union-attr]


TestFanout = Fanout.TestCase
TestFanout.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def soon() -> tuple[Outgoing, Callable[[], None]]:
    """Return an Outgoing and what runs its loop until nothing is left."""
    calls: list[Callable[[], None]] = []
    outgoing = Outgoing(lambda _, call: calls.append(call), lambda: 0.0)

    def run() -> None:
        while calls:
            calls.pop(0)()

    return outgoing, run


def test_pending_lines_are_joined_into_one_write() -> None:
    """Ten events of a moment cost a device one write, not ten (what makes 2 × nchan)."""
    outgoing, run = soon()
    shop = ShopRooms(Ring())
    wires = [Wire(outgoing, number, 1_000_000) for number in range(3)]
    for wire in wires:
        outgoing.join(shop, wire.member, PAD, packed=False, seq=0)
    before = outgoing.writes
    for seq in range(1, 11):
        outgoing.append(shop, Line(Written(seq, 0, PAD, b"{}")))
    run()
    assert outgoing.writes - before == 3
    assert all(len(read_frames(bytes(wire.taken))) == 10 for wire in wires)


def test_a_device_that_never_reads_is_cut_and_costs_nothing() -> None:
    """A stalled pad keeps no bytes of its own; when the ring passed it, it is closed with 4003."""
    outgoing, run = soon()
    shop = ShopRooms(Ring(0, lines_max=50))
    healthy, stalled = Wire(outgoing, 1, 1_000_000), Wire(outgoing, 2, 100)
    for wire in (healthy, stalled):
        outgoing.join(shop, wire.member, PAD, packed=False, seq=0)
    for seq in range(1, 101):
        outgoing.append(shop, Line(Written(seq, 0, PAD, b'{"kind":"x"}')))
        run()
    assert len(stalled.buffer) < 100, "only the rest of the frame that was under way"
    stalled.drain(1_000)
    assert stalled.code == 4003
    assert len(read_frames(bytes(healthy.taken))) == 100


def test_a_device_that_asks_and_never_reads_is_cut() -> None:
    """Answers nobody takes are kept up to a bound, then the device is closed with 4003."""
    outgoing, _ = soon()
    stalled = Wire(outgoing, 1, 0)
    outgoing.join(ShopRooms(Ring()), stalled.member, PAD, packed=False, seq=0)
    stalled.write(b"x")
    reply = b"r" * (OWED_BYTES_MAX // 4)
    for _ in range(4):
        outgoing.write(stalled.member, reply)
    assert stalled.code == 0
    outgoing.write(stalled.member, reply)
    assert stalled.code == 4003
    assert stalled.buffer == b"x", "nothing of it went to the transport"


def test_a_joined_write_is_bounded() -> None:
    """After a pause of the loop a device gets several writes, each far below its socket's buffer."""
    outgoing, run = soon()
    shop, wire = ShopRooms(Ring()), Wire(outgoing, 1, 1_000_000)
    outgoing.join(shop, wire.member, PAD, packed=False, seq=0)
    for seq in range(1, 201):
        outgoing.append(shop, Line(Written(seq, 0, PAD, b'{"kind":"%b"}' % (b"x" * 1000))))
    run()
    assert outgoing.writes == -(-len(wire.taken) // WRITE_BYTES_MAX)
    assert len(read_frames(bytes(wire.taken))) == 200


def test_a_ping_claims_nothing_that_lies_in_our_buffer() -> None:
    """A stalled device is not told of a line it cannot have: it would take it for lost."""
    outgoing, run = soon()
    shop, wire = ShopRooms(Ring(40)), Wire(outgoing, 1, 5)
    outgoing.join(shop, wire.member, PAD, packed=False, seq=40)
    outgoing.append(shop, Line(Written(41, 0, PAD, b'{"kind":"x"}')))
    run()
    assert outgoing.room_seq(wire.member) == 0
    wire.drain(1_000)
    assert outgoing.room_seq(wire.member) in {0, 41}


def test_a_line_for_an_account_reaches_its_devices_only() -> None:
    """What concerns the cash desks' shared account is heard by each of them and by nobody else."""
    outgoing, run = soon()
    shop = ShopRooms(Ring())
    wires = [Wire(outgoing, number, 1_000_000) for number in range(4)]
    for wire in wires:
        outgoing.join(shop, wire.member, PAD, packed=False, seq=0)
    outgoing.append(shop, Line(Written(1, 0, frozenset({"account:101"}), b'{"kind":"x"}')))
    run()
    assert [len(read_frames(bytes(wire.taken))) for wire in wires] == [0, 1, 0, 1]


def test_the_busier_the_loop_the_longer_lines_are_collected() -> None:
    """Idle, a line goes out at once; a loop that lags collects for as long, 5 ms at most."""
    delays: list[float] = []
    calls: list[Callable[[], None]] = []
    now_s = [0.0]

    def schedule(delay_s: float, call: Callable[[], None]) -> None:
        delays.append(delay_s)
        calls.append(call)

    outgoing = Outgoing(schedule, lambda: now_s[0])
    shop = ShopRooms(Ring())
    outgoing.join(shop, Wire(outgoing, 1, 1_000_000).member, PAD, packed=False, seq=0)
    for seq, lag_s in enumerate((0.0, 0.003, 0.2, 0.0), start=1):
        outgoing.append(shop, Line(Written(seq, 0, PAD, b"{}")))
        now_s[0] += delays[-1] + lag_s
        calls.pop()()
    assert delays == pytest.approx([0.0, 0.0, 0.003, 0.005])


class Crowd:
    """Three devices in a room that is written one device at a time, and the loop's turns."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []
        self.outgoing = Outgoing(
            lambda _, call: self.calls.append(call), lambda: 0.0, chunk_sends_max=1
        )
        self.shop = ShopRooms(Ring(40))
        self.wires = [self.join(number) for number in range(3)]

    def join(self, number: int, since: int = 40) -> Wire:
        """Let a device in."""
        wire = Wire(self.outgoing, number, 1_000_000)
        self.outgoing.join(self.shop, wire.member, PAD, packed=False, seq=since)
        return wire

    def say(self, topics: frozenset[str] = PAD) -> None:
        """Commit a line."""
        self.outgoing.append(
            self.shop, Line(Written(self.shop.ring.head + 1, 0, topics, b'{"kind":"x"}'))
        )

    def reply(self, wire: Wire) -> None:
        """Answer a device something of its own."""
        pong = f.PongOut(seq=0, room_seq=0, server_ms=0, sent_ms=1)
        self.outgoing.write(wire.member, f.encode(pong, packed=False))

    def turn(self) -> None:
        """Run the loop once."""
        self.calls.pop(0)()

    def run(self) -> None:
        """Run the loop until nothing is left."""
        while self.calls:
            self.turn()

    def seqs(self) -> list[list[int]]:
        """Return what each device heard."""
        return [Story(wire, PAD, 0).heard()[0] for wire in self.wires]


def test_a_device_that_stalls_before_its_turn_gets_the_line_once() -> None:
    """Mid-way through a large room, a device whose own reply stalls it loses and doubles nothing."""
    crowd = Crowd()
    crowd.say()
    crowd.turn()  # the first of three is written
    stalling = crowd.wires[2]
    stalling.room_bytes = 3
    crowd.reply(stalling)
    crowd.say()
    crowd.run()
    stalling.drain(10_000)
    crowd.run()
    assert crowd.seqs() == [[41, 42]] * 3


def test_a_device_that_stalls_after_its_turn_gets_the_line_once() -> None:
    """The same for a device that had been written already."""
    crowd = Crowd()
    crowd.say()
    crowd.turn()
    crowd.wires[0].room_bytes = 3
    crowd.reply(crowd.wires[0])
    crowd.say()
    crowd.run()
    crowd.wires[0].drain(10_000)
    crowd.run()
    assert crowd.seqs() == [[41, 42]] * 3


def test_a_personal_line_keeps_its_place_in_a_large_room() -> None:
    """A move reaches its device after the lines before it, also mid-way through a room."""
    crowd = Crowd()
    crowd.say()
    crowd.turn()
    for number in range(3):
        crowd.say(frozenset({f"device:{number}"}))
    crowd.say()
    crowd.run()
    assert crowd.seqs() == [[41, 42, 45], [41, 43, 45], [41, 44, 45]]


def test_who_comes_and_goes_mid_way() -> None:
    """A device that leaves mid-way is not written to; one that joins then gets no line twice."""
    crowd = Crowd()
    crowd.say()
    crowd.turn()
    crowd.outgoing.leave(crowd.wires[2].member)
    crowd.wires.append(crowd.join(3, since=41))
    crowd.wires.append(crowd.join(4, since=40))
    crowd.say()
    crowd.run()
    assert crowd.seqs() == [[41, 42], [41, 42], [], [42], [41, 42]]
