"""◆ Which carrier a brand's messages of a kind go to.

Refuses to know whether the carrier is well: whoever sends does.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from server.sms.message import KINDS, Kind, Queue

NOBODY = ""
PHONES_MAX = 1_000  # of a carrier that says nothing else


class Routes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The house's own choice per kind, and where brands differ from it."""

    default: Mapping[Kind, str] = {}
    brands: Mapping[int, Mapping[Kind, str]] = {}
    phones_max: Mapping[str, int] = {}  # of one message, by carrier

    def phones_max_of(self, queue: Queue) -> int:
        """Return to how many telephones one message of a queue may go; 0: nobody carries it."""
        carrier = self.carrier_of(queue)
        return 0 if carrier == NOBODY else self.phones_max.get(carrier, PHONES_MAX)

    def carrier_of(self, queue: Queue) -> str:
        """Return the carrier's name; `NOBODY` when there is none for it."""
        own = self.brands.get(queue.brand_id, {})
        return own.get(queue.kind) or self.default.get(queue.kind, NOBODY)

    def carriers_of(self, brand_id: int) -> frozenset[str]:
        """Return by which carriers a brand's messages go, whatever their kind."""
        return frozenset(self.carrier_of(Queue(brand_id, kind, "single")) for kind in KINDS) - {
            NOBODY
        }

    def names(self) -> set[str]:
        """Return every carrier that is named here."""
        return {*self.default.values(), *(n for own in self.brands.values() for n in own.values())}
