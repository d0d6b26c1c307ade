"""◆ A hold's life: units set aside for something that will be done or not.

The documents say freeze for hold, pay for capture and release for giving up. Captures may take less
than was held; what is left stays held until it is released. Refuses to know accounts.
"""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

HoldState = Literal["held", "captured", "released"]
HoldVerb = Literal["capture_part", "capture_rest", "release"]

STEPS: dict[tuple[HoldState, HoldVerb], HoldState] = {
    ("held", "capture_part"): "held",
    ("held", "capture_rest"): "captured",
    ("held", "release"): "released",
}


class Hold(msgspec.Struct):
    """Units of an account that nobody else may use."""

    id: UUID
    account: int
    amount: int
    used: int = 0
    state: HoldState = "held"

    @property
    def rest(self) -> int:
        """Return what can still be captured."""
        return self.amount - self.used

    def refusal(self, amount: int | None = None) -> str | None:
        """Say why `amount` cannot be captured (or, without one, the hold not released)."""
        if (self.state, "release") not in STEPS:
            return "hold_ended"
        if amount is not None and amount > self.rest:
            return "hold_exceeded"
        return None

    def capture(self, amount: int) -> None:
        """Use a part of it, or all that is left."""
        verb: HoldVerb = "capture_rest" if amount == self.rest else "capture_part"
        self.state = STEPS[self.state, verb]
        self.used += amount

    def release(self) -> int:
        """End it and return what becomes available again."""
        self.state = STEPS[self.state, "release"]
        return self.rest
