"""◆ Opening, reading, freezing and replacing cards (R-000-17, R-000-21).

A card belongs to one holder, known by an identity that arrives here sealed: the plain one ends at the desk's
door (`Entry.veil`). Refuses to move money; `trading.py` does.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from server.billing.ledger import SHARDS, shard_of
from server.cards import card as machine
from server.cards.facts import GIVEN, HOUSE, CardFacts, OpeningFacts
from server.errors import Refusal
from server.events import cards as e
from server.events.days import business_day
from server.events.decision import Context, Decision, Row, Said
from server.events.topics import CARDS
from server.ids import Id

NOTE_CHARACTERS_MAX = 100
LEDGER_UNIT = "CNY"
LEDGER_CODE = "card"
REFUND_GRACE_S = 259_200  # of the ledger's lots; cards' lots do not expire

Number = Annotated[str, msgspec.Meta(max_length=32)]
Note = Annotated[str, msgspec.Meta(max_length=NOTE_CHARACTERS_MAX)]


class ReadCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """读卡: what is on a card; known by its number, its holder's code or its id."""

    number: Number = ""
    user_code: Id | None = None
    card_id: Id | None = None


class OpenCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """开卡: a holder and an account; without a number the house makes one."""

    identity_kind: machine.IdentityKind
    identity: Annotated[str, msgspec.Meta(max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=40)] = ""
    number: Number = ""

    def __repr__(self) -> str:
        return "OpenCard(…)"


class SealedOpening(msgspec.Struct, frozen=True):
    """OpenCard as it goes on from the door: nobody can read who it is."""

    identity_kind: machine.IdentityKind
    identity_sealed: str
    identity_index: str
    name_sealed: str | None
    name_masked: str
    number: str


class FreezeCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """冻结: the card, or everything its holder has, spends nothing."""

    card_id: Id
    scope: Literal["card", "user"] = "card"
    note: Note = ""


class UnfreezeCard(FreezeCard, frozen=True, forbid_unknown_fields=True):
    """解冻: the card, or its holder, may spend again."""


class ReplaceCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """补卡: another number for the same account; the old one opens nothing from now on."""

    card_id: Id
    number: Number = ""


def read(command: ReadCard, facts: CardFacts, context: Context) -> Decision:
    """Answer what is on the card (R-000-2, R-000-22); nothing changes."""
    return Decision(result=answer(facts, context.now_ms))


def answer(facts: CardFacts, now_ms: int) -> dict[str, Any]:
    """Return a card as tills and callers see it."""
    card, policy = facts.card, facts.policy
    bonus_fen = sum(lot.fen for lot in facts.lots if lot.source == GIVEN)
    today = business_day(now_ms, facts.timezone)
    return {
        "card_id": card.id,
        "user_code": card.user_id,
        "account_code": card.account_id,
        "number_masked": machine.masked(card.number),
        "name_masked": card.name_masked,
        "state": card.state,
        "user_state": card.user_state,
        "balance_fen": facts.posted_fen,
        "available_fen": facts.available_fen,
        "held_fen": facts.held_fen,
        "paid_fen": facts.posted_fen - bonus_fen,
        "bonus_fen": bonus_fen,
        "trades_today": facts.consumed.get(today, 0),
        "trades_max": policy.trades_per_day_max,
        "amount_fen_max": policy.amount_fen_max,
        "opened_at_ms": card.opened_at_ms,
        "bonus_rules": msgspec.to_builtins(policy.bonus_rules),
    }


def open_card(command: SealedOpening, facts: OpeningFacts, context: Context) -> Decision:
    """Create the holder, unless known, and the account bound to the card (R-000-21)."""
    if facts.live:
        raise Refusal("card_identity_taken")
    user_id, user_state = facts.user or (context.new_id(), "open")
    if user_state == "frozen":
        raise Refusal("card_user_frozen")
    if facts.number_taken:
        raise Refusal("card_number_taken")
    number = machine.checked_number(command.number) if command.number else machine.new_number()
    card_id = context.new_id()
    shard = shard_of(f"card:{card_id}")
    account_id = _account_id(shard, context)
    rows = [
        *_house_rows(facts, shard, context),
        _account_row(account_id, f"card:{card_id}", LEDGER_CODE),
        *([] if facts.user else [_user_row(command, facts.brand_id, user_id, context)]),
        Row(
            "card_new",
            {
                "brand_id": facts.brand_id, "id": card_id, "user_id": user_id,
                "account_id": account_id, "number": number, "opened_at_ms": context.now_ms,
            },
        ),
    ]  # fmt: skip
    face = e.CardFace(card_id, user_id, account_id, machine.masked(number), "open", "open")
    result = msgspec.to_builtins(face) | {"card_id": card_id, "number": number}
    del result["id"]
    said = Said(e.CardOpened(face, context.now_ms, context.actor.name), CARDS)
    return Decision(result=result, rows=rows, said=[said])


def _account_id(shard: int, context: Context) -> int:
    account_id = context.new_id()
    while account_id % SHARDS != shard:
        account_id = context.new_id()
    return account_id


def _account_row(account_id: int, owner: str, code: str) -> Row:
    values = {
        "id": account_id, "owner": owner, "unit": LEDGER_UNIT, "code": code, "grace_s": REFUND_GRACE_S,
    }  # fmt: skip
    return Row("ledger_account", values)


def _house_rows(facts: OpeningFacts, shard: int, context: Context) -> list[Row]:
    """Open the house's accounts of this shard with the first card that needs them."""
    missing = [code for code in HOUSE if f"{shard} {code}" not in facts.house]
    return [_account_row(_account_id(shard, context), "", code) for code in missing]


def _user_row(command: SealedOpening, brand_id: int, user_id: int, context: Context) -> Row:
    values = {
        "brand_id": brand_id, "id": user_id, "identity_kind": command.identity_kind,
        "identity_sealed": command.identity_sealed, "identity_index": command.identity_index,
        "name_sealed": command.name_sealed, "name_masked": command.name_masked, "state": "open",
        "opened_at_ms": context.now_ms, "version": 1,
    }  # fmt: skip
    return Row("card_user", values)


def freeze(command: FreezeCard, facts: CardFacts, context: Context) -> Decision:
    """Stop a card, or its holder, from spending; again is fine."""
    return _stepped("freeze", command.scope, facts, context)


def unfreeze(command: UnfreezeCard, facts: CardFacts, context: Context) -> Decision:
    """Let a card, or its holder, spend again; again is fine."""
    return _stepped("unfreeze", command.scope, facts, context)


def _stepped(
    verb: Literal["freeze", "unfreeze"],
    scope: Literal["card", "user"],
    facts: CardFacts,
    context: Context,
) -> Decision:
    card = facts.card
    state, user_state = card.state, card.user_state
    if scope == "card":
        state = machine.next_state(state, verb, "open")
    else:
        user_state = "frozen" if verb == "freeze" else "open"
    changed = (state, user_state) != (card.state, card.user_state)
    after = msgspec.structs.replace(card, state=state, user_state=user_state)
    result = {"changed": changed, **answer(replaced(facts, after), context.now_ms)}
    if not changed:
        return Decision(result=result)
    rows = [step_row(facts, state=state)]
    if scope == "user":
        rows.append(
            Row(
                "card_user",
                {
                    "brand_id": facts.brand_id, "id": card.user_id, "state": user_state,
                    "version": card.user_version + 1,
                },
            )
        )  # fmt: skip
    kind = e.CardFrozen if verb == "freeze" else e.CardUnfrozen
    said = Said(kind(after.face(), context.now_ms, context.actor.name), CARDS)
    return Decision(result=result, rows=rows, said=[said])


def replace_card(command: ReplaceCard, facts: CardFacts, context: Context) -> Decision:
    """Give the account another number; whoever found the old card finds it dead."""
    machine.next_state(facts.card.state, "replace", "open")
    if facts.number_taken:
        raise Refusal("card_number_taken")
    number = machine.checked_number(command.number) if command.number else machine.new_number()
    after = msgspec.structs.replace(facts.card, number=number)
    said = Said(e.CardReplaced(after.face(), context.now_ms, context.actor.name), CARDS)
    return Decision(
        result=answer(replaced(facts, after), context.now_ms) | {"number": number},
        rows=[step_row(facts, number=number)],
        said=[said],
    )


def replaced(facts: CardFacts, card: Any) -> CardFacts:
    """Return the facts with the card as it will be."""
    return msgspec.structs.replace(facts, card=card)


def step_row(facts: CardFacts, **changes: Any) -> Row:
    """Return the row that moves a card on by one version; every movement of its money has one."""
    card = facts.card
    values = {
        "brand_id": facts.brand_id, "id": card.id, "state": card.state, "number": card.number,
        "closed_at_ms": None, "version": card.version + 1,
    }  # fmt: skip
    return Row("card_step", values | changes)
