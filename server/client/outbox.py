"""◆ What a device asked for and was not answered yet: each command keeps its id until its reply.

After a cut everything unanswered is sent again under the same id, so it takes effect once.
Commands about one thing go one after the other, because a later step makes no sense before an
earlier one; others need not wait for them. Refuses to send, to wait and to read a clock.
"""

from __future__ import annotations

import random
import uuid
from typing import Any, Literal

import msgspec

from server.gateway import frames as f

COMMANDS_MAX = 500
IN_FLIGHT_MAX = 8
RETRY_FIRST_S = 0.5
RETRY_S_MAX = 10.0
# The gateway takes 30 frames a second after a burst of 300; pings and acks need some of it.
BURST_MAX = 150.0
PER_S = 20.0


class OutboxFullError(Exception):
    """Too many commands wait for an answer; nobody has answered for a long time."""


class Kept(msgspec.Struct, eq=False):
    """One command; `lane` is the thing it is about."""

    id: uuid.UUID
    name: str
    body: dict[str, Any]
    lane: str
    state: Literal["queued", "sent"] = "queued"
    sends: int = 0
    reply: f.Reply | None = None


class Outbox:
    """Unanswered commands in the order they were asked."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._kept: dict[uuid.UUID, Kept] = {}
        self._retry_s = RETRY_FIRST_S
        self._rests_until_s = 0.0
        self._allowance = BURST_MAX
        self._allowance_at_s = 0.0

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, name: str, body: dict[str, Any]) -> Kept:
        """Mint a command's id and keep it; raises `OutboxFullError`."""
        if len(self._kept) >= COMMANDS_MAX:
            raise OutboxFullError
        word = body.get("item_id") or body.get("call_id") or body.get("place_id") or ""
        # Never from seeded dice: the house remembers the ids of the evening before.
        kept = Kept(uuid.uuid4(), name, body, str(word))
        self._kept[kept.id] = kept
        return kept

    def opened(self, now_s: float) -> None:
        """Hear that a link is open: everything unanswered is due again."""
        for kept in self._kept.values():
            kept.state = "queued"
        self._allowance, self._allowance_at_s = BURST_MAX, now_s
        self._rests_until_s = now_s

    def due(self, now_s: float) -> list[Kept]:
        """Return what to send now, marked as sent."""
        if now_s < self._rests_until_s:
            return []
        grown = self._allowance + (now_s - self._allowance_at_s) * PER_S
        self._allowance, self._allowance_at_s = min(BURST_MAX, grown), now_s
        flying = sum(kept.state == "sent" for kept in self._kept.values())
        busy: set[str] = set()
        found: list[Kept] = []
        for kept in self._kept.values():
            free = kept.lane not in busy
            busy.add(kept.lane)
            if kept.state == "queued" and free and flying < IN_FLIGHT_MAX and self._allowance >= 1:
                self._allowance -= 1
                flying += 1
                kept.state = "sent"
                kept.sends += 1
                found.append(kept)
        return found

    def wait_s(self, now_s: float) -> float | None:
        """Return when `due` is worth asking again, or None when only a reply can change that."""
        if all(kept.state == "sent" for kept in self._kept.values()):
            return None
        rest_s = self._rests_until_s - now_s
        return rest_s if rest_s > 0 else 1 / PER_S

    def answered(self, reply: f.Reply, now_s: float) -> Kept | None:
        """Take a reply; return the command it settles, None when it is to be asked again."""
        try:
            kept = self._kept.get(uuid.UUID(reply.id))
        except ValueError:
            return None
        if kept is None:
            return None
        if reply.refusal is not None and reply.refusal.retryable:
            kept.state = "queued"
            self._rests_until_s = now_s + self._dice.uniform(0.1, 1.0) * self._retry_s
            self._retry_s = min(self._retry_s * 2, RETRY_S_MAX)
            return None
        self._retry_s = RETRY_FIRST_S
        kept.reply = reply
        del self._kept[kept.id]
        return kept
