"""◆ Whose turn it is: a fair rotation over the queues of brands, kinds and modes.

Kinds take turns by weight, brands within a kind one after another, and each turn is a few messages,
so a million marketing texts delay nobody else's code and not their own brand's. What is under way is
bounded by brand and kind, and the slower kinds never hold all hands. Refuses to know messages: what
is in a queue, and since when, it is told.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from server.sms.message import KINDS, Kind, Queue

HANDS = 256  # messages a worker has under way
TURN_MESSAGES_MAX = 32  # of one queue, before it is the next one's turn
BRAND_IN_FLIGHT_MAX = 96  # of one brand and kind
QUEUES_MAX = 20_000  # known at once; the rest is found when some of these are empty

WEIGHTS: Mapping[Kind, int] = {"verification": 8, "notice": 3, "marketing": 1}
# Of all hands: a code always finds one, whatever hangs.
SHARES: Mapping[Kind, float] = {"verification": 1.0, "notice": 0.75, "marketing": 0.5}

CarrierOf = Callable[[Queue], str]
Rooms = Mapping[tuple[str, Kind], int]


class Bounds(NamedTuple):
    """How much may be under way."""

    hands: int = HANDS
    turn_messages_max: int = TURN_MESSAGES_MAX
    brand_in_flight_max: int = BRAND_IN_FLIGHT_MAX


class Grant(NamedTuple):
    """So many messages of a queue may be taken; `turn` says what was known of it then."""

    queue: Queue
    messages: int
    turn: int


class _Known(NamedTuple):
    """Since when a queue has something, and when that was noted."""

    due_ms: int
    turn: int


class Rotation:
    """Which queues have something, and what is under way."""

    def __init__(self, carrier_of: CarrierOf, bounds: Bounds | None = None) -> None:
        self._carrier_of = carrier_of
        self.bounds = bounds or Bounds()
        self._queues: dict[Kind, OrderedDict[Queue, _Known]] = {k: OrderedDict() for k in KINDS}
        self._credit: dict[Kind, int] = dict.fromkeys(KINDS, 0)
        self._by_kind: Counter[Kind] = Counter()
        self._by_brand: Counter[tuple[int, Kind]] = Counter()
        self._turn = 0
        self.in_flight = 0

    def note(self, queue: Queue, due_ms: int) -> bool:
        """Hear that a queue has something from `due_ms` on; False when there is no room to know."""
        queues = self._queues[queue.kind]
        known = queues.get(queue)
        if known is None and sum(map(len, self._queues.values())) >= QUEUES_MAX:
            return False
        self._turn += 1
        queues[queue] = _Known(min(due_ms, known.due_ms) if known else due_ms, self._turn)
        return True

    def take(self, now_ms: int, rooms: Rooms, messages_max: int) -> list[Grant]:
        """Grant turns of up to `messages_max` messages together; their hands are taken at once.

        `rooms` says how many of a kind each carrier takes now; what is not named takes none.
        """
        left = dict(rooms)
        grants: dict[Queue, Grant] = {}
        while messages_max > 0:
            grant = self._next(now_ms, left, messages_max)
            if grant is None:
                break
            messages_max -= grant.messages
            left[self._carrier_of(grant.queue), grant.queue.kind] -= grant.messages
            before = grants.get(grant.queue)
            given = before.messages if before else 0
            grants[grant.queue] = grant._replace(messages=grant.messages + given)
        return list(grants.values())

    def _next(self, now_ms: int, left: Rooms, messages_max: int) -> Grant | None:
        """Grant one turn; the kind with most credit goes first (smooth weighted rotation)."""
        able = {kind: queue for kind in KINDS if (queue := self._first(kind, now_ms, left))}
        if not able:
            return None
        for kind in able:
            self._credit[kind] += WEIGHTS[kind]
        chosen = max(able, key=self._credit.__getitem__)
        self._credit[chosen] -= sum(WEIGHTS[kind] for kind in able)
        queue = able[chosen]
        count = min(self.bounds.turn_messages_max, self._room(queue, left), messages_max)
        self._queues[chosen].move_to_end(queue)
        self.in_flight += count
        self._by_kind[chosen] += count
        self._by_brand[queue.brand_id, chosen] += count
        return Grant(queue, count, self._queues[chosen][queue].turn)

    def _first(self, kind: Kind, now_ms: int, left: Rooms) -> Queue | None:
        for queue, known in self._queues[kind].items():
            if known.due_ms <= now_ms and self._room(queue, left) > 0:
                return queue
        return None

    def _room(self, queue: Queue, left: Rooms) -> int:
        hands = self.bounds.hands
        return min(
            hands - self.in_flight,
            max(1, int(hands * SHARES[queue.kind])) - self._by_kind[queue.kind],
            self.bounds.brand_in_flight_max - self._by_brand[queue.brand_id, queue.kind],
            left.get((self._carrier_of(queue), queue.kind), 0),
        )

    def give_back(self, queue: Queue, messages: int) -> None:
        """Free hands: messages that are over, or that were not there to take."""
        brand = (queue.brand_id, queue.kind)
        self.in_flight -= messages
        self._by_kind[queue.kind] -= messages
        self._by_brand[brand] -= messages
        if not self._by_brand[brand]:
            del self._by_brand[brand]

    def empty(self, grant: Grant) -> None:
        """Hear that a grant found less than it was for; what was noted since is not forgotten."""
        known = self._queues[grant.queue.kind].get(grant.queue)
        if known is not None and known.turn == grant.turn:
            del self._queues[grant.queue.kind][grant.queue]

    def next_due_ms(self) -> int | None:
        """Return when the earliest queue is due, as far as known."""
        return min((k.due_ms for q in self._queues.values() for k in q.values()), default=None)
