"""◆ A trade's life, and the postings that are its other half (R-000-25, R-000-26).

`STEPS` is the only place of a trade's transitions: `new` exists only inside the commit that makes the trade
and moves its money, so nobody ever sees a trade without its money or money without its trade. Refuses to
know cards' states.
"""

from __future__ import annotations

import uuid
from typing import Literal, get_args

from server.errors import Refusal
from server.events.cards import Trade, TradeState

Step = Literal["post", "refund_part", "refund_all", "hold", "release"]
Before = Literal["new", "posted", "part_refunded", "refunded", "held", "released"]

STATES: tuple[Before, ...] = get_args(Before)
VERBS: tuple[Step, ...] = get_args(Step)

STEPS: dict[tuple[Before, Step], TradeState] = {
    ("new", "post"): "posted",
    ("new", "hold"): "held",
    ("posted", "refund_part"): "part_refunded",
    ("posted", "refund_all"): "refunded",
    ("part_refunded", "refund_part"): "part_refunded",
    ("part_refunded", "refund_all"): "refunded",
    ("held", "release"): "released",
}

_POSTINGS = uuid.UUID("5b1d3f0a-97c7-5d3e-8e57-636172647300")


def next_state(state: Before, step: Step) -> TradeState:
    """Return where a step leads. Raises `trade_not_refundable` or `hold_ended`."""
    after = STEPS.get((state, step))
    if after is None:
        raise Refusal("hold_ended" if step == "release" else "trade_not_refundable")
    return after


def refunded(trade: Trade, amount_fen: int | None) -> tuple[int, TradeState]:
    """Return how much of a consumption goes back (all that is left by default), and its state then.

    Raises `trade_not_refundable`, `refund_exceeded` with what is left.
    """
    if trade.kind != "consume":
        raise Refusal("trade_not_refundable")
    left_fen = trade.amount_fen - trade.refunded_fen
    going_fen = left_fen if amount_fen is None else amount_fen
    if left_fen > 0 and going_fen > left_fen:
        raise Refusal("refund_exceeded", refundable_fen=left_fen)
    return going_fen, next_state(
        trade.state, "refund_all" if going_fen == left_fen else "refund_part"
    )


def posting_id(shop_id: int, trade_id: int, what: str) -> uuid.UUID:
    """Return the id of a trade's posting: the ledger's own proof against posting it twice."""
    return uuid.uuid5(_POSTINGS, f"{shop_id}:{trade_id}:{what}")
