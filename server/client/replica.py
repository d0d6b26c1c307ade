"""◆ What one device knows of its shop, and how far: snapshot, then event by event.

Refuses to ask for anything: it says where it stands, and whether something is missing.
"""

from __future__ import annotations

import msgspec

from server.events import catalogue as c
from server.events.view import View, apply, state_hash
from server.gateway import frames as f


class Replica:
    """A view at a seq of an epoch; `view` is None until the first snapshot."""

    def __init__(self) -> None:
        self.view: View | None = None
        self.epoch = 0
        self.seq = 0
        self._whole = False

    @property
    def whole(self) -> bool:
        """Tell whether the view is a shop's, and can be carried on from `seq`."""
        return self._whole

    def resume(self) -> f.Resume | None:
        """Return where to go on from, or None when only a snapshot helps."""
        return f.Resume(self.epoch, self.seq) if self._whole else None

    def distrust(self) -> None:
        """Ask for a snapshot next time: something may be missing."""
        self._whole = False

    def welcome(self, frame: f.Welcome) -> None:
        """Hear what follows: missed events, or a snapshot that has to come first."""
        if frame.mode == "snapshot":
            self._whole = False

    def snapshot(self, frame: f.Snapshot) -> None:
        """Begin anew."""
        self.view, self.epoch, self.seq = frame.view, frame.epoch, frame.seq
        self._whole = True

    def event(self, seq: int, event: c.Event) -> bool:
        """Take an event; False when it is known already."""
        if self.view is None or seq <= self.seq:
            return False
        apply(self.view, event)
        self.seq = seq
        return True

    def behind(self, room_seq: int) -> bool:
        """Tell whether the server sent something (`room_seq`) that never came."""
        return self._whole and room_seq > self.seq

    def item(self, item_id: int) -> c.Item | None:
        """Return a dish of an open order."""
        orders = self.view.orders if self.view is not None else []
        return next((i for o in orders for i in o.items if i.id == item_id), None)

    def state_hash(self) -> str:
        """Return 16 hex digits that two equal screens share; empty before the first snapshot."""
        return state_hash(self.view) if self.view is not None else ""


decode_event = msgspec.json.Decoder(c.Event).decode
decode_event_packed = msgspec.msgpack.Decoder(c.Event).decode
