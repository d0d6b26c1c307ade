"""Screens of the day: real device clients that write down everything they were told."""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from server.client.device import Device
from server.client.outbox import Kept
from server.client.replica import Replica
from server.client.terms import Heard, Tempo
from server.clock import SystemClock, to_ms
from server.events import catalogue as c
from server.events.view import DeviceKind
from server.gateway import frames as f
from server.gateway.topics import audience

IMPATIENT = Tempo(
    ping_s=0.5, silence_s_max=2.0, welcome_s_max=4.0, backoff_first_s=0.05, backoff_s_max=1.0
)


class Entry(NamedTuple):
    """What a screen was told, in order; a snapshot comes with the hash of what it shows."""

    what: Literal["snapshot", "event"]
    seq: int
    hash: str = ""


class History(Replica):
    """A replica that remembers how it became what it is."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.repeats: list[int] = []  # events that came though they were known
        self.shown = ""  # what a browser's page says it shows

    def snapshot(self, frame: f.Snapshot) -> None:
        """Begin anew, and note it."""
        super().snapshot(frame)
        self.entries.append(Entry("snapshot", frame.seq, self.state_hash()))

    def state_hash(self) -> str:
        """Return the hash of what is shown, here or in a browser."""
        return self.shown or super().state_hash()

    def event(self, seq: int, event: c.Event) -> bool:
        """Take an event, and note it when it is new."""
        fresh = super().event(seq, event)
        if fresh:
            self.entries.append(Entry("event", seq))
        else:
            self.repeats.append(seq)
        return fresh


class Screen:
    """One device and everything it was told and asked."""

    def __init__(
        self, name: str, kind: DeviceKind, device_id: int, place_id: int | None = None
    ) -> None:
        self.name = name
        self.kind = kind
        self.device_id = device_id
        self.place_id = place_id
        self.history = History()
        self.answers: list[Kept] = []
        self.heard: list[tuple[int, int]] = []  # (seq, how late in ms)
        self._clock = SystemClock()
        self._device: Device | None = None

    @property
    def device(self) -> Device:
        """Return the device once it is connected."""
        assert self._device is not None
        return self._device

    def connect(self, port: int, token: str, seed: int) -> Device:
        """Make the device that goes through this port; msgpack for every other one."""
        self._device = Device(
            f"http://127.0.0.1:{port}",
            token,
            on_event=self._hear,
            on_answer=self.answers.append,
            dice=random.Random(f"{seed} {self.name}"),
            tempo=IMPATIENT,
            packed=self.device_id % 2 == 0,
        )
        self._device.replica = self.history
        return self._device

    def _hear(self, heard: Heard) -> None:
        self.heard.append((heard.seq, to_ms(self._clock.now()) - heard.at_ms))

    def hears(self, topics: frozenset[str]) -> bool:
        """Tell whether an event with these topics is meant for this screen."""
        mine = audience(self.kind, self.place_id, None) | {f"device:{self.device_id}"}
        return bool(mine & topics)
