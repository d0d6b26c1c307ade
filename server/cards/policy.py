"""◆ What a brand decided about its cards: limits, and what is given on top of a top-up (多充多送).

Refuses to know cards.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from server.errors import Refusal

FEN_MAX = 100_000_000  # a million yuan: more is a slip of the finger
BONUS_RULES_MAX = 20

Fen = Annotated[int, msgspec.Meta(ge=1, le=FEN_MAX)]
FenOrNone = Annotated[int, msgspec.Meta(ge=0, le=FEN_MAX)]


class BonusRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who tops up at least `from_fen` gets `bonus_fen` on top."""

    from_fen: Fen
    bonus_fen: Fen


class CardPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A brand's rules.

    `trades_per_day_max` counts consumptions of one card in one business day (R-000-24; 0: no limit).
    `balance_fen_max` is what the rules for prepaid cards of one company allow on a named card (5,000 yuan).
    `cashier_refund_fen_max`: what a till may give back of one charge by itself, in parts or at once;
    none: everything. `bonus_first`: whether
    the bonus is spent before what was paid for; it holds for top-ups from then on.
    """

    trades_per_day_max: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 3
    amount_fen_max: Fen = 200_000
    top_up_fen_max: Fen = 500_000
    balance_fen_max: Fen = 500_000
    cashier_refund_fen_max: FenOrNone | None = 20_000
    bonus_first: bool = False
    bonus_rules: Annotated[list[BonusRule], msgspec.Meta(max_length=BONUS_RULES_MAX)] = []

    def bonus_fen(self, amount_fen: int) -> int:
        """Return what is given on top: the step that was reached counts, not its multiples."""
        reached = [rule for rule in self.bonus_rules if rule.from_fen <= amount_fen]
        return max(reached, key=lambda rule: rule.from_fen).bonus_fen if reached else 0

    @property
    def priorities(self) -> tuple[int, int]:
        """Return the order of burning of paid and of given lots: the lower goes first."""
        return (1, 0) if self.bonus_first else (1, 2)


def check(policy: CardPolicy) -> None:
    """Raise `bad_field` for rules that contradict themselves."""
    steps = [rule.from_fen for rule in policy.bonus_rules]
    if len(set(steps)) < len(steps):
        raise Refusal("bad_field", "Two bonus rules begin at the same amount.", field="bonus_rules")
