"""Doors of points: earned by purchases and reviews, exchanged, given back, told.

For keys that may move money, of all shops of a brand. Refuses to know rates and balances
(`server/points`, the ledger).
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import asyncpg
import msgspec

from server.api.callers import money_brand
from server.api.table import Call, Door
from server.billing.ledger import AMOUNT_MAX
from server.clock import Clock, to_ms
from server.ids import Id
from server.points import views
from server.points.book import PointsBook
from server.points.points import HOUSE_RULE, Asked, Exchange, Rule
from server.points.store import KnownExchange

Source = Annotated[str, msgspec.Meta(pattern="^[!-~]{1,64}$")]
Fen = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
Credit = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
PointsGiven = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]


class PurchaseRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A guest bought something. `source`: your order's number; each earns once, whoever tells it."""

    user_id: Id
    source: Source
    amount_fen: Fen


class ReviewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A guest showed what was bought (晒单评论). `source`: your review's number; each earns once."""

    user_id: Id
    source: Source


class EarnedAnswer(msgspec.Struct, frozen=True):
    """What it earned and until when that is good; a repetition is answered as it was then.

    `capped`: nothing, because the guest's reviews of that day had earned already. `balance`: after
    it; null when nothing was earned.
    """

    earning_id: UUID
    points: int
    capped: bool
    expires_at_ms: int | None
    balance: int | None


class ExchangeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A guest wants a product for points; send an Idempotency-Key per press of the button."""

    user_id: Id
    product_id: Id
    credit: Credit


class ExchangePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which exchange."""

    exchange_id: UUID


class ExchangeAnswer(msgspec.Struct, frozen=True):
    """An exchange (积分兑换记录), the balance it left, and how many of its points were given back."""

    exchange_id: UUID
    user_id: int
    product_id: int
    exchanged_credit: int
    refunded: int
    at_ms: int
    balance: int


class RefundRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many points of the exchange go back to where they came from."""

    credit: Credit


class RefundAnswer(msgspec.Struct, frozen=True):
    """How many of the exchange's points are back by now, and the balance after this refund."""

    exchange_id: UUID
    refunded: int
    balance: int


class GuestPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which guest, by the number of your member system."""

    user_id: Id


class StatementWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which guest's lines, the newest first. `before`: the last `line` of the page before."""

    user_id: Id
    before: Id = views.NEWEST
    limit: Annotated[int, msgspec.Meta(ge=1, le=views.LINES_MAX)] = 50


class StatementAnswer(msgspec.Struct, frozen=True):
    """A page of lines; `next` goes into `before` for the next one, null: there is none."""

    lines: list[views.StatementLine]
    next: int | None


class RuleRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the brand gives from now on; `version`: the one you read (0: the house's)."""

    version: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 2)]
    purchase_points: PointsGiven
    purchase_fen: Annotated[int, msgspec.Meta(ge=1, le=100_000_000)]
    review_points: PointsGiven
    reviews_per_day_max: Annotated[int, msgspec.Meta(ge=0, le=1_000)]
    valid_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None
    timezone: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] = HOUSE_RULE.timezone


class RuleAnswer(msgspec.Struct, frozen=True):
    """What holds: so many points for each so many fen, rounded down; so many for a review."""

    rule: Rule


class Points:
    """What may be asked of points."""

    def __init__(self, database: asyncpg.Pool, clock: Clock) -> None:
        self._db = database
        self._book = PointsBook(database, clock)

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table."""
        ledger = ("ledger_account_frozen", "ledger_account_closed", "ledger_amount_invalid")
        return [
            Door(
                "POST", "/v1/points/purchases", "earnByPurchase",
                "Give a guest the points of a purchase", "money", self.purchase,
                request=PurchaseRequest, response=EarnedAnswer,
                refusals=("points_source_reused", *ledger),
            ),
            Door(
                "POST", "/v1/points/reviews", "earnByReview",
                "Give a guest the points of a photo review", "money", self.review,
                request=ReviewRequest, response=EarnedAnswer,
                refusals=("points_source_reused", *ledger),
            ),
            Door(
                "POST", "/v1/points/exchanges", "exchangePoints",
                "Exchange a guest's points for a product", "money", self.exchange,
                request=ExchangeRequest, response=ExchangeAnswer, status=201,
                refusals=("balance_insufficient", *ledger),
            ),
            Door(
                "GET", "/v1/points/exchanges/{exchange_id}", "readExchange", "Read an exchange",
                "money", self.read_exchange, params=ExchangePath, response=ExchangeAnswer,
                refusals=("exchange_not_found",),
            ),
            Door(
                "POST", "/v1/points/exchanges/{exchange_id}/refunds", "refundExchange",
                "Give points of an exchange back", "money", self.refund, params=ExchangePath,
                request=RefundRequest, response=RefundAnswer,
                refusals=(
                    "exchange_not_found", "refund_exceeded", "posting_id_reused",
                    "ledger_account_closed",
                ),
            ),
            Door(
                "GET", "/v1/points/users/{user_id}", "readPoints",
                "Read a guest's points and what expires next", "money", self.read_balance,
                params=GuestPath, response=views.Balance,
            ),
            Door(
                "GET", "/v1/points/users/{user_id}/statement", "readPointsStatement",
                "Read what a guest earned and exchanged", "money", self.read_statement,
                params=StatementWanted, response=StatementAnswer,
            ),
            Door(
                "GET", "/v1/points/rule", "readPointsRule", "Read what earns points", "money",
                self.read_rule, response=RuleAnswer,
            ),
            Door(
                "PUT", "/v1/points/rule", "putPointsRule", "Say what earns points from now on",
                "money", self.put_rule, request=RuleRequest, response=RuleAnswer,
                refusals=("version_changed",),
            ),
        ]  # fmt: skip

    async def purchase(self, call: Call) -> EarnedAnswer:
        """Give the points of a purchase."""
        asked: PurchaseRequest = call.body
        brand_id = money_brand(call.caller)
        return await self._earn(
            Asked(brand_id, asked.user_id, "purchase", asked.source, asked.amount_fen)
        )

    async def review(self, call: Call) -> EarnedAnswer:
        """Give the points of a review."""
        brand_id = money_brand(call.caller)
        return await self._earn(Asked(brand_id, call.body.user_id, "review", call.body.source))

    async def _earn(self, asked: Asked) -> EarnedAnswer:
        earned, balance = await self._book.earn(asked)
        expires_at_ms = to_ms(earned.expires) if earned.expires else None
        return EarnedAnswer(earned.id, earned.points, earned.capped, expires_at_ms, balance)

    async def exchange(self, call: Call) -> ExchangeAnswer:
        """Deduct and record, or neither."""
        asked: ExchangeRequest = call.body
        brand_id = money_brand(call.caller)
        wanted = Exchange(call.command_id, brand_id, asked.user_id, asked.credit, asked.product_id)
        return _told(await self._book.exchange(wanted))

    async def read_exchange(self, call: Call) -> ExchangeAnswer:
        """Return an exchange of the brand."""
        brand_id = money_brand(call.caller)
        return _told(await self._book.read_exchange(brand_id, call.params.exchange_id))

    async def refund(self, call: Call) -> RefundAnswer:
        """Give points back."""
        brand_id, exchange_id = money_brand(call.caller), call.params.exchange_id
        known, balance = await self._book.refund(
            brand_id, call.command_id, exchange_id, call.body.credit
        )
        return RefundAnswer(exchange_id, known.refunded, balance)

    async def read_balance(self, call: Call) -> views.Balance:
        """Return what a guest has."""
        return await views.read_balance(self._db, money_brand(call.caller), call.params.user_id)

    async def read_statement(self, call: Call) -> StatementAnswer:
        """Return a page of a guest's lines."""
        asked: StatementWanted = call.params
        guest = (money_brand(call.caller), asked.user_id)
        lines = await views.read_statement(self._db, guest, asked.before, asked.limit)
        full = len(lines) == asked.limit
        return StatementAnswer(lines, lines[-1].line if full else None)

    async def read_rule(self, call: Call) -> RuleAnswer:
        """Return what holds for the brand."""
        return RuleAnswer(await self._book.read_rule(money_brand(call.caller)))

    async def put_rule(self, call: Call) -> RuleAnswer:
        """Let another rule hold from the next purchase on."""
        asked: RuleRequest = call.body
        brand_id = money_brand(call.caller)
        rule = Rule(**msgspec.structs.asdict(asked))
        return RuleAnswer(await self._book.put_rule(brand_id, rule, call.caller.name))


def _told(known: KnownExchange) -> ExchangeAnswer:
    one = known.exchange
    return ExchangeAnswer(
        one.id, one.user_id, one.product_id, one.exchanged_credit, known.refunded,
        to_ms(known.at), known.balance,
    )  # fmt: skip
