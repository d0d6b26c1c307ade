"""How far each device is and when it was last there, on its way to PostgreSQL.

Notes are merged per device and written every few seconds in one statement; when the database is
away they wait, bounded by the number of devices. Refuses to be exact to the second: a lost note
costs a replay of lines the device knows.
"""

from __future__ import annotations

import structlog

from server.db.pool import LOST
from server.gateway.ground import Ground
from server.gateway.store import Cursor

FLUSH_S = 2.0
BATCH_MAX = 2_000
APP_CHARACTERS_MAX = 60

_logger = structlog.get_logger(__name__)


class Cursors:
    """Notes not yet stored, newest per device."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._notes: dict[tuple[int, int], Cursor] = {}

    def __len__(self) -> int:
        return len(self._notes)

    def note(
        self, shop_id: int, device_id: int, acked_seq: int, seen_ms: int, app: str = ""
    ) -> None:
        """Remember a device's cursor and presence, and what it said that it runs."""
        key = (shop_id, device_id)
        known = self._notes.get(key)
        if known is not None:
            acked_seq, seen_ms = max(known.acked_seq, acked_seq), max(known.seen_ms, seen_ms)
            app = app or known.app
        # what one device calls its page must not spoil a batch: the database takes no NUL and no half signs
        said = "".join(one for one in app[:APP_CHARACTERS_MAX] if one.isprintable())
        self._notes[key] = Cursor(shop_id, device_id, acked_seq, seen_ms, said)

    async def flush(self) -> None:
        """Store what is noted; what cannot be stored now is kept."""
        while self._notes:
            batch = list(self._notes.values())[:BATCH_MAX]
            for note in batch:
                del self._notes[note.shop_id, note.device_id]
            try:
                await self._ground.keep_cursors(batch)
            except LOST as error:
                _logger.warning("cursors_kept_back", error=type(error).__name__)
                for note in batch:
                    self.note(*note)
                return
