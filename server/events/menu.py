"""◆ What is said about the menu while guests read it (沽清).

Refuses to hold behaviour, as the catalogue does.
"""

from __future__ import annotations

from server.events.words import Fact


class DishSale(Fact, frozen=True, tag=True):
    """A dish is sold out from now on, or can be had again."""

    dish_id: int
    sold_out: bool
    at_ms: int
    by: str


TOPICS = frozenset({"kitchen", "pad", "cashier", "menu"})  # everybody who orders, and who cooks
