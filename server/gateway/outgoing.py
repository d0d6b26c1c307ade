"""◆ Who gets which bytes when: the fast set and the slow set of each room, joined writes.

Devices whose sockets take everything are in the fast set, where an event costs one bare `send`. A short
write moves a device to the slow set: only its place in the shop's ring is kept, and it is served
from there when its socket drains. Refuses to own sockets, timers or clocks: they are handed in.

Invariants. A fast device has every line of its room up to `settled`; what it lacks is `pending` or
under way in `flight`. A slow device has every line it hears up to its `cursor`. A device turns fast
only while nothing is pending and its cursor stands at the head.
"""

from __future__ import annotations

from collections.abc import Callable

from server.gateway.ring import Line
from server.gateway.rooms import Flight, Member, Room, Send, ShopRooms
from server.gateway.topics import personal

WRITE_BYTES_MAX = 32 * 1024  # joined frames per write, half a socket buffer
CHUNK_SENDS_MAX = 1000  # about 5 ms; heartbeats and other shops get in between
OWED_BYTES_MAX = 256 * 1024
INTERVAL_S_MAX = 0.005
LAG_IGNORED_S = 0.0005
REST_SHARE = 0.25  # of a flush: meanwhile more come, and a joined write costs as little (0013)
TOO_SLOW = 4003

Schedule = Callable[[float, Callable[[], None]], None]


def _nobody(data: bytes) -> int:
    """Stand in for a device that left while a flight was under way."""
    return len(data)


class Outgoing:
    """Everything on its way to devices.

    `schedule(delay_s, call)` runs a call on the loop, soon when the delay is 0; `join=False` sends
    every event on its own (for measuring what joining gains).
    """

    def __init__(
        self,
        schedule: Schedule,
        now_s: Callable[[], float],
        *,
        join: bool = True,
        chunk_sends_max: int = CHUNK_SENDS_MAX,
        write_bytes_max: int = WRITE_BYTES_MAX,
    ) -> None:
        self._chunk_sends_max = chunk_sends_max
        self._write_bytes_max = write_bytes_max
        self._schedule = schedule
        self._now_s = now_s
        self._join = join
        self._dirty: list[Room] = []
        self._armed = False
        self._planned_s = 0.0
        self._not_before_s = 0.0
        self.writes = 0
        self.frames_sent = 0
        self.slowed = 0

    # events

    def append(self, shop: ShopRooms, line: Line) -> bool:
        """Take the next line of a shop's log; it is written within a few milliseconds.

        Returns whether it names a device or an account.
        """
        shop.ring.append(line)
        rooms, names_somebody = shop.route(line.topics)
        for room in rooms:
            room.pending.append(line)
            if not room.dirty:
                room.dirty = True
                self._dirty.append(room)
        if rooms and not self._armed:
            self._arm()
        if names_somebody:
            self._append_personal(shop, line, rooms)
        return names_somebody

    def _append_personal(self, shop: ShopRooms, line: Line, rooms: list[Room]) -> None:
        devices, accounts = personal(line.topics)
        for member in list(shop.members.values()):
            named = member.device_id in devices or member.account_id in accounts
            if not named or member.room is None or member.room in rooms:
                continue
            if self._slow_down(member):
                member.cursor = min(member.cursor, line.seq - 1)
            self.drained(member)

    def _arm(self) -> None:
        now_s = self._now_s()
        self._armed = True
        self._planned_s = max(now_s, self._not_before_s)
        self._schedule(self._planned_s - now_s, self._flush)

    def _flush(self) -> None:
        """Write what is pending; the busier the loop, the longer until the next time."""
        began_s = self._now_s()
        lag_s = began_s - self._planned_s
        self._armed = False
        dirty, self._dirty = self._dirty, []
        for room in dirty:
            room.dirty = False
            if room.flight is None:
                self._launch(room)
        self._rest(max(lag_s, (self._now_s() - began_s) * REST_SHARE))

    def _rest(self, rest_s: float) -> None:
        """Let more come together before the next flush, unless the loop is idle anyway."""
        now_s = self._now_s()
        self._not_before_s = now_s + (min(rest_s, INTERVAL_S_MAX) if rest_s > LAG_IGNORED_S else 0)

    def _launch(self, room: Room) -> None:
        """Write the room's pending lines, in one go or (large rooms) in chunks."""
        while room.pending and room.flight is None:
            base = room.pending[0].seq - 1
            data, top = self._take(room)
            targets = list(room.fast)
            if not room.pending:
                for member in list(room.slow):
                    self.drained(member)
            if len(targets) <= self._chunk_sends_max:
                self._burst(room, data, top, targets)
                room.settled = top
            else:
                room.flight = Flight(data, (base, top), targets, self._now_s())
                self._fly(room)

    def _take(self, room: Room) -> tuple[bytes, int]:
        """Take the next write's lines off `pending`: joined up to a bound, or just one."""
        pending, packed = room.pending, room.packed
        if not self._join or len(pending) == 1:
            line = pending.pop(0)
            self.frames_sent += len(room.fast)
            return line.frame(packed=packed), line.seq
        taken: list[bytes] = []
        size = 0
        for line in pending:
            frame = line.frame(packed=packed)
            if taken and size + len(frame) > self._write_bytes_max:
                break
            taken.append(frame)
            size += len(frame)
        top = pending[len(taken) - 1].seq
        del pending[: len(taken)]
        self.frames_sent += len(room.fast) * len(taken)
        return b"".join(taken), top

    def _fly(self, room: Room) -> None:
        """Write one chunk of the flight and leave the loop to others before the next."""
        flight = room.flight
        assert flight is not None
        chunk = flight.targets[flight.at : flight.at + self._chunk_sends_max]
        flight.at += len(chunk)
        self._burst(room, flight.data, flight.top, chunk)
        if flight.at < len(flight.targets):
            self._schedule(0.0, lambda: self._fly(room))
            return
        room.flight = None
        room.settled = flight.top
        self._rest((self._now_s() - flight.began_s) * REST_SHARE)
        if room.pending and not room.dirty:
            room.dirty = True
            self._dirty.append(room)
        if self._dirty and not self._armed:
            self._arm()

    def _burst(self, room: Room, data: bytes, top: int, targets: list[Send]) -> None:
        """The hot loop: the same bytes to every socket; nothing else happens per device."""
        size = len(data)
        short: list[tuple[Send, int]] = []
        self.writes += len(targets)
        for send in targets:
            try:
                sent = send(data)
            except BlockingIOError:
                short.append((send, 0))
            except OSError:
                short.append((send, -1))
            else:
                if sent != size:
                    short.append((send, sent))
        for send, sent in short:
            member = room.fast.get(send)
            if member is None:
                continue
            if sent < 0:
                self.leave(member)
                member.pipe.cut(1006)
                continue
            del room.fast[send]
            room.slow[member] = None
            member.cursor = top
            self.slowed += 1
            member.pipe.write(memoryview(data)[sent:])

    # devices

    def join(
        self, shop: ShopRooms, member: Member, audience: frozenset[str], *, packed: bool, seq: int
    ) -> None:
        """Let a device hear its audience from the line after `seq` on.

        `member.first` goes out before that; `seq` is at or above the ring's floor.
        """
        room = shop.room(audience, packed=packed)
        shop.members[member.device_id] = member
        member.room = room
        member.cursor = seq
        room.slow[member] = None
        self.drained(member)

    def leave(self, member: Member) -> None:
        """Take a device out of its room; it hears nothing from now on."""
        room = member.room
        if room is None:
            return
        if room.fast.pop(member.send, None) is not None:
            self._step_out(room, member)
        else:
            room.slow.pop(member, None)
        member.room = None
        if room.shop.members.get(member.device_id) is member:
            del room.shop.members[member.device_id]
        room.shop.forget(room)

    def write(self, member: Member, frame: bytes) -> None:
        """Send a frame of this device's own (reply, ping), after the lines it still lacks."""
        room = member.room
        if room is not None and member.send not in room.fast:
            member.last.append(frame)
            member.last_bytes += len(frame)
            if member.last_bytes > OWED_BYTES_MAX:
                member.pipe.cut(TOO_SLOW)
            elif not member.paused:
                self.drained(member)
        else:
            member.pipe.write(frame)

    def room_seq(self, member: Member) -> int:
        """Return the last line meant for this device that it surely was sent."""
        room = member.room
        if room is None:
            return 0
        if member.send in room.fast:
            return room.settled
        return 0 if member.paused or member.first else min(member.cursor, room.shop.ring.head)

    def drained(self, member: Member) -> None:
        """Go on with a slow device: its socket takes bytes again, or there is news for it."""
        room = member.room
        if room is None or member.send in room.fast or member.paused:
            return
        while self._owes(member):
            if not self._pump(member):
                return
        if not room.pending and member.cursor == room.shop.ring.head:
            del room.slow[member]
            room.fast[member.send] = member

    def held(self, member: Member) -> None:
        """Hear from the transport that it holds bytes the socket did not take."""
        self._slow_down(member)
        member.paused = True

    def resumed(self, member: Member) -> None:
        """Hear from the transport that it holds nothing any more."""
        member.paused = False
        self.drained(member)

    def _owes(self, member: Member) -> bool:
        assert member.room is not None
        return bool(member.first or member.last or member.cursor < member.room.shop.ring.head)

    def _pump(self, member: Member) -> bool:
        """Send the next piece to a slow device; return whether it may be asked for more."""
        assert member.room is not None
        ring = member.room.shop.ring
        if member.cursor < ring.floor:
            member.pipe.cut(TOO_SLOW)
            return False
        piece = self._piece(member)
        if not piece:
            return True
        try:
            sent = member.send(piece)
        except BlockingIOError:
            sent = 0
        except OSError:
            member.pipe.cut(1006)
            return False
        if sent < len(piece):
            member.pipe.write(memoryview(piece)[sent:])
        return not member.paused

    def _piece(self, member: Member) -> bytes:
        """Collect up to one write: the replay, then the ring's lines, then the device's own."""
        room = member.room
        assert room is not None
        taken: list[bytes] = []
        size = 0
        while member.first and size < self._write_bytes_max:
            taken.append(member.first.pop(0))
            size += len(taken[-1])
        if not member.first:
            for line in room.shop.ring.after(member.cursor):
                if size >= self._write_bytes_max:
                    break
                if member.hears(line, room.audience):
                    taken.append(line.frame(packed=room.packed))
                    size += len(taken[-1])
                member.cursor = line.seq
            if member.cursor >= room.shop.ring.head and member.last:
                taken.extend(member.last)
                member.last, member.last_bytes = [], 0
        return b"".join(taken)

    def _slow_down(self, member: Member) -> bool:
        """Move a fast device to the slow set at exactly what it was sent; return whether it was."""
        room = member.room
        if room is None or room.fast.pop(member.send, None) is None:
            return False
        room.slow[member] = None
        self.slowed += 1
        flight = room.flight
        if not self._step_out(room, member):
            assert flight is not None
            member.cursor = flight.base
        elif room.pending:
            member.cursor = room.pending[0].seq - 1
        else:
            member.cursor = room.shop.ring.head
        return True

    def _step_out(self, room: Room, member: Member) -> bool:
        """Leave a flight under way; return whether its bytes had been written to this device."""
        flight = room.flight
        if flight is None:
            return True
        try:
            index = flight.targets.index(member.send, flight.at)
        except ValueError:
            return True
        flight.targets[index] = _nobody
        return False
