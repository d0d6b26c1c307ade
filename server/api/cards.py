"""Doors of meal cards: open, read, top up, consume, refund, freeze, close, replace (R-000-16…30).

For keys that may move money, in the shops they are let into. Every change is a command of the desk; refuses
to know any rule of cards itself.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import asyncpg
import msgspec

from server.api.callers import Gate, money_brand
from server.api.table import Call, Door
from server.cards import holding, store, trading
from server.cards.card import IdentityKind
from server.cards.facts import CardFacts
from server.cards.policy import BonusRule, CardPolicy, Fen, check
from server.clock import Clock, to_ms
from server.errors import Refusal
from server.events import cards as e
from server.ids import Id
from server.pairing.door import Execute


class CardPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which card."""

    card_id: Id


class TradePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which trade."""

    trade_id: Id


class CardWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and which card: one of the three."""

    shop_id: Id
    number: holding.Number = ""
    user_code: Id | None = None
    card_id: Id | None = None


class OpenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose card it will be: an ID-card number or a telephone number, unique in the brand."""

    shop_id: Id
    identity_kind: IdentityKind
    identity: Annotated[str, msgspec.Meta(max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=40)] = ""
    number: holding.Number = ""


class OpenAnswer(msgspec.Struct, frozen=True):
    """The holder's code, the account bound to the card, and the whole number, to be put on the card."""

    card_id: int
    user_code: int
    account_code: int
    number: str
    number_masked: str
    state: e.CardState
    user_state: e.CardUserState


class CardAnswer(msgspec.Struct, frozen=True):
    """A card and what is on it; `number` only where it is new."""

    card_id: int
    user_code: int
    account_code: int
    number_masked: str
    name_masked: str
    state: e.CardState
    user_state: e.CardUserState
    balance_fen: int
    available_fen: int
    held_fen: int
    paid_fen: int
    bonus_fen: int
    trades_today: int
    trades_max: int
    amount_fen_max: int
    opened_at_ms: int
    bonus_rules: list[BonusRule]
    changed: bool = True
    number: str | None = None


class ShopRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop."""

    shop_id: Id


class NoteRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and why."""

    shop_id: Id
    note: holding.Note = ""


class ScopeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and whether the card or its holder is meant."""

    shop_id: Id
    scope: Literal["card", "user"] = "card"
    note: holding.Note = ""


class AmountRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and how much."""

    shop_id: Id
    amount_fen: Fen
    note: holding.Note = ""


class ConsumeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, how much, for what. `serial`: the till's own number; repeated it pays once."""

    shop_id: Id
    amount_fen: Fen
    lines: Annotated[list[trading.Consumed], msgspec.Meta(max_length=trading.LINES_MAX)] = []
    serial: trading.Serial = ""
    note: holding.Note = ""


class RefundRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and how much; without an amount all that is left."""

    shop_id: Id
    amount_fen: Fen | None = None
    note: holding.Note = ""


class ReplaceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which shop, and the new card's number; without one the house makes it."""

    shop_id: Id
    number: holding.Number = ""


class TradeAnswer(msgspec.Struct, frozen=True):
    """What it came to; a repetition is answered as it was then.

    `trade` null where a trade was changed and none was made. Of a refund: `refunded_fen` so far.
    """

    trade_id: int
    balance_fen: int
    available_fen: int
    trade: e.Trade | None = None
    bonus_fen: int = 0
    trades_today: int | None = None
    trades_max: int | None = None
    refunded_trade_id: int | None = None
    refunded_fen: int | None = None
    state: e.TradeState | None = None
    paid_out_fen: int | None = None
    lapsed_bonus_fen: int | None = None


class PolicyRequest(CardPolicy, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The brand's rules from now on; `version`: the one you read (0: the house's)."""

    version: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 2)]


class PolicyAnswer(msgspec.Struct, frozen=True):
    """What holds, and its version."""

    policy: CardPolicy
    version: int


_STATE = ("card_not_found", "card_frozen", "card_user_frozen", "card_closed")
_MONEY = ("balance_insufficient", "ledger_account_frozen", "ledger_account_closed")

# path → command, summary, request, answer, further refusals
_CARD_DOORS: dict[str, tuple[str, str, type, type, tuple[str, ...]]] = {
    "top-up": (
        "TopUpCard", "Put money on a card", AmountRequest, TradeAnswer,
        ("card_amount_invalid", "card_balance_limit"),
    ),
    "consume": (
        "ConsumeCard", "Pay with a card", ConsumeRequest, TradeAnswer,
        ("card_amount_invalid", "card_limit_reached", "card_lines_differ", "trade_serial_reused", *_MONEY),
    ),
    "freeze": ("FreezeCard", "Stop a card or its holder from spending", ScopeRequest, CardAnswer, ()),
    "unfreeze": ("UnfreezeCard", "Let a card or its holder spend again", ScopeRequest, CardAnswer, ()),
    "freeze-funds": ("FreezeFunds", "Set an amount aside", AmountRequest, TradeAnswer, _MONEY),
    "replace": (
        "ReplaceCard", "Give the account another card number", ReplaceRequest, CardAnswer,
        ("card_number_taken", "card_number_invalid"),
    ),
    "close": ("CloseCard", "Pay a card out and close it", NoteRequest, TradeAnswer, ("card_funds_held",)),
}  # fmt: skip

_TRADE_DOORS: dict[str, tuple[str, str, type, type, tuple[str, ...]]] = {
    "refund": (
        "RefundTrade", "Give a consumption back, wholly or in part", RefundRequest, TradeAnswer,
        ("trade_not_found", "trade_not_refundable", "refund_exceeded", "card_closed"),
    ),
    "unfreeze-funds": (
        "UnfreezeFunds", "Let what was set aside be spent again", ShopRequest, TradeAnswer,
        ("trade_not_found", "hold_not_found", "hold_ended", "card_closed"),
    ),
}  # fmt: skip


class Cards:
    """What may be asked about cards."""

    def __init__(self, execute: Execute, database: asyncpg.Pool, gate: Gate, clock: Clock) -> None:
        self._execute = execute
        self._db = database
        self._gate = gate
        self._clock = clock

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        return [
            Door(
                "POST", "/v1/cards", "openCard", "Open a card: a holder and an account", "money",
                self.open, request=OpenRequest, response=OpenAnswer, status=201,
                refusals=(
                    "card_identity_taken", "card_identity_invalid", "card_number_taken",
                    "card_number_invalid", "card_user_frozen",
                ),
            ),
            Door(
                "GET", "/v1/cards", "readCard", "Read what is on a card", "money",
                self.read, params=CardWanted, response=CardAnswer, refusals=("card_not_found",),
            ),
            *(self._door("cards", CardPath, word, row) for word, row in _CARD_DOORS.items()),
            *(self._door("card-trades", TradePath, word, row) for word, row in _TRADE_DOORS.items()),
            Door(
                "GET", "/v1/card-policy", "readCardPolicy", "Read the brand's rules for cards",
                "money", self.read_policy, response=PolicyAnswer,
            ),
            Door(
                "PUT", "/v1/card-policy", "putCardPolicy", "Change the brand's rules for cards",
                "money", self.put_policy, request=PolicyRequest, response=PolicyAnswer,
                refusals=("version_changed",),
            ),
        ]  # fmt: skip

    def _door(
        self, noun: str, path: type, word: str, row: tuple[str, str, type, type, tuple[str, ...]]
    ) -> Door:
        command, summary, request, response, refusals = row
        key = msgspec.structs.fields(path)[0].name

        async def answer(call: Call) -> Any:
            body = msgspec.structs.asdict(call.body)
            del body["shop_id"]
            asked = {key: getattr(call.params, key), **body}
            return msgspec.convert(await self._command(call, command, asked), response)

        return Door(
            "POST", f"/v1/{noun}/{{{key}}}/{word}", command[0].lower() + command[1:], summary,
            "money", answer, params=path, request=request, response=response,
            refusals=(*(_STATE if noun == "cards" else ()), *refusals),
        )  # fmt: skip

    async def open(self, call: Call) -> OpenAnswer:
        """Open a card."""
        body = msgspec.structs.asdict(call.body)
        del body["shop_id"]
        return msgspec.convert(await self._command(call, "OpenCard", body), OpenAnswer)

    async def read(self, call: Call) -> CardAnswer:
        """Return a card by its number, its holder's code or its id; writes nothing."""
        asked: CardWanted = call.params
        await self._gate.actor(call.caller, "money", asked.shop_id)
        wanted = holding.ReadCard(asked.number, asked.user_code, asked.card_id)
        now_ms = to_ms(self._clock.now())
        [found] = await store.read_whole_cards(self._db, [(asked.shop_id, wanted)], now_ms)
        if isinstance(found, Refusal):
            raise found
        assert isinstance(found, CardFacts)
        return msgspec.convert(holding.answer(found, now_ms), CardAnswer)

    async def read_policy(self, call: Call) -> PolicyAnswer:
        """Return the brand's rules."""
        return PolicyAnswer(*await store.read_policy(self._db, money_brand(call.caller)))

    async def put_policy(self, call: Call) -> PolicyAnswer:
        """Change the brand's rules; the next trade is held to them."""
        brand_id = money_brand(call.caller)
        fields = msgspec.structs.asdict(call.body)
        version = fields.pop("version")
        policy = CardPolicy(**fields)
        check(policy)
        return PolicyAnswer(policy, await store.put_policy(self._db, brand_id, policy, version))

    async def _command(self, call: Call, name: str, body: dict[str, Any]) -> dict[str, Any]:
        actor = await self._gate.actor(call.caller, "money", call.body.shop_id)
        return await self._execute(actor, call.command_id, name, msgspec.json.encode(body))
