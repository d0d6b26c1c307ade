"""◆ Trades on a card: top up, consume, refund, set aside, close (R-000-18…30).

Every trade changes its rows and the ledger in one commit, decided on the card's version: two tills cannot
spend the same money or the same place in the day's limit. Refuses to know identities.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from server.billing.ledger import Kind, Posting, as_row
from server.cards import card as machine
from server.cards import trade as life
from server.cards.facts import CONSUMED, EXPIRED, GIVEN, PAID_OUT, SOLD, CardFacts, StoredTrade
from server.cards.holding import Note, replaced, step_row
from server.cards.policy import FEN_MAX, Fen
from server.errors import Refusal
from server.events import cards as e
from server.events.days import business_day
from server.events.decision import Context, Decision, Row, Said
from server.events.topics import CARDS
from server.events.words import Text
from server.ids import Id

LINES_MAX = 50
SERIAL_CHARACTERS_MAX = 40

Serial = Annotated[str, msgspec.Meta(max_length=SERIAL_CHARACTERS_MAX)]


class Consumed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a consumption: a dish of the menu or by name, and what it costs together."""

    name: Text
    amount_fen: Annotated[int, msgspec.Meta(ge=0, le=FEN_MAX)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=999)] = 1
    dish_id: Id | None = None


class TopUpCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """充值: money onto the card; the brand's rules say what is given on top (R-000-29)."""

    card_id: Id
    amount_fen: Fen
    note: Note = ""


class ConsumeCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """消费: pay with the card. `lines` are empty or come to the amount."""

    card_id: Id
    amount_fen: Fen
    lines: Annotated[list[Consumed], msgspec.Meta(max_length=LINES_MAX)] = []
    serial: Serial = ""
    note: Note = ""


class RefundTrade(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """消费退款: give a consumption back, all that is left of it or a part."""

    trade_id: Id
    amount_fen: Fen | None = None
    note: Note = ""


class FreezeFunds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """冻结资金: set an amount aside; it is there but cannot be spent."""

    card_id: Id
    amount_fen: Fen
    note: Note = ""


class UnfreezeFunds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """解冻资金: what was set aside may be spent again."""

    trade_id: Id


class CloseCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """销卡: pay out what was paid in, let the bonus lapse, close for good."""

    card_id: Id
    note: Note = ""


def top_up(command: TopUpCard, facts: CardFacts, context: Context) -> Decision:
    """Add a lot of what was paid, and one of what is given on top (R-000-18, R-000-29)."""
    _may(facts, "top_up")
    policy = facts.policy
    if command.amount_fen > policy.top_up_fen_max:
        raise Refusal("card_amount_invalid", amount_fen_min=1, amount_fen_max=policy.top_up_fen_max)
    bonus_fen = policy.bonus_fen(command.amount_fen)
    if facts.posted_fen + command.amount_fen + bonus_fen > policy.balance_fen_max:
        raise Refusal("card_balance_limit", balance_fen_max=policy.balance_fen_max)
    paid, given = policy.priorities
    made = _Made(facts, context, "top_up", command.note)
    made.post("G", SOLD, command.amount_fen, priority=paid)
    if bonus_fen:
        made.post("G", GIVEN, bonus_fen, priority=given)
    trade = made.trade(command.amount_fen, command.amount_fen + bonus_fen, bonus_fen=bonus_fen)
    return made.decision(e.CardToppedUp(trade), bonus_fen=bonus_fen)


def consume(command: ConsumeCard, facts: CardFacts, context: Context) -> Decision:
    """Check card, holder, repetition, limits and balance, then deduct (R-000-22…26, R-000-30)."""
    if facts.serial is not None:
        return _said_before(command, facts, facts.serial, context)
    _may(facts, "consume")
    _check_amount(command, facts)
    today = _today(facts, context)
    used, most = facts.consumed.get(today, 0), facts.policy.trades_per_day_max
    if most and used >= most:
        raise Refusal(
            "card_limit_reached", trades_max=most, trades_today=used,
            business_day=today.isoformat(),
        )  # fmt: skip
    _check_balance(command.amount_fen, facts)
    made = _Made(facts, context, "consume", command.note)
    made.post("D", CONSUMED, command.amount_fen)
    lines = msgspec.convert(msgspec.to_builtins(command.lines), list[e.TradeLine])
    trade = made.trade(command.amount_fen, -command.amount_fen, lines=lines, serial=command.serial)
    return made.decision(e.CardConsumed(trade), trades_today=used + 1, trades_max=most)


def _said_before(
    command: ConsumeCard, facts: CardFacts, known: e.Trade, context: Context
) -> Decision:
    """Answer a register that repeats a serial number as it was answered (R-000-23)."""
    if (known.card_id, known.amount_fen, known.kind) != (
        command.card_id, command.amount_fen, "consume",
    ):  # fmt: skip
        raise Refusal("trade_serial_reused")
    used = facts.consumed.get(_today(facts, context), 0)
    result = _result(known) | {
        "trades_today": used, "trades_max": facts.policy.trades_per_day_max,
    }  # fmt: skip
    return Decision(result=result)


def _check_amount(command: ConsumeCard, facts: CardFacts) -> None:
    most = facts.policy.amount_fen_max
    if command.amount_fen > most:
        raise Refusal("card_amount_invalid", amount_fen_min=1, amount_fen_max=most)
    if command.lines and sum(line.amount_fen for line in command.lines) != command.amount_fen:
        raise Refusal("card_lines_differ")


def _check_balance(amount_fen: int, facts: CardFacts) -> None:
    """Say how much is missing: the till offers to top up just that (R-000-22)."""
    short_fen = amount_fen - facts.available_fen
    if short_fen > 0:
        raise Refusal(
            "balance_insufficient", balance_fen=facts.posted_fen,
            available_fen=facts.available_fen, short_fen=short_fen,
        )  # fmt: skip


def refund(command: RefundTrade, facts: CardFacts, context: Context) -> Decision:
    """Put a consumption, or a part, back into the lots it came from (R-000-18)."""
    known = _trade(facts)
    going_fen, state = life.refunded(known.trade, command.amount_fen)
    _may(facts, "refund")
    _check_till(known.trade, going_fen, facts, context)
    made = _Made(facts, context, "refund", command.note)
    made.post("F", CONSUMED, going_fen, ref=known)
    whole = going_fen == known.trade.amount_fen
    lines = known.trade.lines if whole else []
    trade = made.trade(going_fen, going_fen, lines=lines, refers_to=known.trade.id)
    refunded_fen = known.trade.refunded_fen + going_fen
    made.rows.append(_trade_step(known, state, refunded_fen))
    change = e.TradeChange(known.trade.id, state, refunded_fen)
    return made.decision(
        e.CardRefunded(trade, change),
        refunded_trade_id=known.trade.id,
        state=state,
        refunded_fen=refunded_fen,
    )


def _check_till(trade: e.Trade, going_fen: int, facts: CardFacts, context: Context) -> None:
    """Hold a till to what it may give back of one charge, in however many parts."""
    most = facts.policy.cashier_refund_fen_max
    if context.actor.role != "cashier" or most is None:
        return
    left_fen = max(most - trade.refunded_fen, 0)
    if going_fen > left_fen:
        raise Refusal("not_allowed", amount_fen_max=left_fen)


def freeze_funds(command: FreezeFunds, facts: CardFacts, context: Context) -> Decision:
    """Set an amount aside on the ledger (R-000-28)."""
    _may(facts, "freeze_funds")
    _check_balance(command.amount_fen, facts)
    made = _Made(facts, context, "freeze_funds", command.note)
    made.post("H", None, command.amount_fen)
    trade = made.trade(command.amount_fen, 0, held_fen=command.amount_fen)
    return made.decision(e.CardFundsFrozen(trade))


def unfreeze_funds(command: UnfreezeFunds, facts: CardFacts, context: Context) -> Decision:
    """End a hold: all of it may be spent again (R-000-28)."""
    known = _trade(facts)
    if known.trade.kind != "freeze_funds":
        raise Refusal("hold_not_found")
    state = life.next_state(known.trade.state, "release")
    _may(facts, "release_funds")
    made = _Made(facts, context, "freeze_funds", "")
    made.post("R", None, 0, ref=known)
    made.rows.append(_trade_step(known, state, 0))
    trade = msgspec.structs.replace(known.trade, state=state)
    result = {
        "trade_id": trade.id, "state": state, "balance_fen": facts.posted_fen,
        "available_fen": facts.available_fen + trade.amount_fen,
    }  # fmt: skip
    return made.only_said(e.CardFundsReleased(trade), result)


def close(command: CloseCard, facts: CardFacts, context: Context) -> Decision:
    """Empty every lot to where it belongs, then close card and account (reading A3)."""
    state = _may(facts, "close")
    if facts.held_fen:
        raise Refusal("card_funds_held", held_fen=facts.held_fen)
    made = _Made(facts, context, "close", command.note)
    lapsed_fen = sum(lot.fen for lot in facts.lots if lot.source == GIVEN)
    paid_fen = sum(lot.fen for lot in facts.lots) - lapsed_fen
    assert paid_fen + lapsed_fen == facts.posted_fen, "what is left in lots is the balance"
    for lot in facts.lots:
        made.empty(lot.id, lot.fen, EXPIRED if lot.source == GIVEN else PAID_OUT)
    trade = made.trade(paid_fen, -facts.posted_fen, bonus_fen=lapsed_fen)
    made.card_changes = {"state": state, "closed_at_ms": context.now_ms}
    made.rows.append(Row("ledger_close", {"id": facts.card.account_id}))
    after = replaced(facts, msgspec.structs.replace(facts.card, state=state))
    return made.decision(
        e.CardClosed(trade, after.card.face()), paid_out_fen=paid_fen, lapsed_bonus_fen=lapsed_fen
    )


def _may(facts: CardFacts, verb: machine.CardVerb) -> e.CardState:
    return machine.next_state(facts.card.state, verb, facts.card.user_state)


def _today(facts: CardFacts, context: Context) -> Any:
    return business_day(context.now_ms, facts.timezone)


def _trade(facts: CardFacts) -> StoredTrade:
    if facts.trade is None:
        raise Refusal("trade_not_found")
    return facts.trade


def _trade_step(known: StoredTrade, state: e.TradeState, refunded_fen: int) -> Row:
    values = {
        "id": known.trade.id, "state": state, "refunded_fen": refunded_fen,
        "version": known.version + 1,
    }  # fmt: skip
    return Row("card_trade_step", values)


def _result(trade: e.Trade) -> dict[str, Any]:
    return {
        "trade_id": trade.id, "balance_fen": trade.balance_fen,
        "available_fen": trade.available_fen, "trade": msgspec.to_builtins(trade),
    }  # fmt: skip


class _Made:
    """A trade in the making: its postings, its rows, what is said of it."""

    def __init__(self, facts: CardFacts, context: Context, kind: e.TradeKind, note: str) -> None:
        self._facts = facts
        self._context = context
        self._kind = kind
        self._note = note
        self._id = context.new_id()
        self._postings: list[Posting] = []
        self.card_changes: dict[str, Any] = {}
        self.rows: list[Row] = []

    def post(
        self, kind: Kind, house: str | None, amount_fen: int, *, priority: int = 0,
        ref: StoredTrade | None = None,
    ) -> None:  # fmt: skip
        """Add a posting between the card's account and one of the house."""
        contra = None if house is None else self._facts.house[house]
        self._add(
            house or kind, kind, amount_fen, contra, ref.postings[0] if ref else None, priority
        )

    def empty(self, lot: Any, amount_fen: int, house: str) -> None:
        """Add a posting that ends what is left of a lot."""
        self._add(f"lot:{lot}", "X", amount_fen, self._facts.house[house], lot, 0)

    def _add(
        self, what: str, kind: Kind, amount_fen: int, contra: int | None, ref: Any, priority: int
    ) -> None:  # fmt: skip
        posting_id = life.posting_id(self._context.actor.shop_id, self._id, what)
        account = self._facts.card.account_id
        self._postings.append(
            Posting(posting_id, kind, account, amount_fen, contra, ref, None, priority)
        )

    def trade(self, amount_fen: int, moved_fen: int, *, held_fen: int = 0, **more: Any) -> e.Trade:
        """Return the trade, and keep its row. `moved_fen`: what it adds to the balance."""
        facts, context = self._facts, self._context
        step: life.Step = "hold" if self._kind == "freeze_funds" else "post"
        fields: dict[str, Any] = {"bonus_fen": 0, "lines": []}
        trade = e.Trade(
            id=self._id,
            kind=self._kind,
            state=life.next_state("new", step),
            card_id=facts.card.id,
            number_masked=machine.masked(facts.card.number),
            amount_fen=amount_fen,
            refunded_fen=0,
            balance_fen=facts.posted_fen + moved_fen,
            available_fen=facts.available_fen + moved_fen - held_fen,
            at_ms=context.now_ms,
            business_day=_today(facts, context).isoformat(),
            by=context.actor.name,
            device_id=context.actor.device_id,
            note=self._note,
            **(fields | more),
        )
        stored = msgspec.to_builtins(trade)
        stored["brand_id"] = facts.brand_id
        stored["postings"] = [str(posting.id) for posting in self._postings]
        self.rows.append(Row("card_trade", stored))
        self._trade = trade
        return trade

    def decision(self, event: Any, **more: Any) -> Decision:
        """Return the whole of it: trade, money and what is said, for one commit."""
        return self.only_said(event, _result(self._trade) | more)

    def only_said(self, event: Any, result: dict[str, Any]) -> Decision:
        """Return it with a result of its own, whether a trade was made or changed."""
        postings = [Row("posting", as_row(posting)) for posting in self._postings]
        rows = [step_row(self._facts, **self.card_changes), *self.rows, *postings]
        return Decision(result=result, rows=rows, said=[Said(event, CARDS)])
