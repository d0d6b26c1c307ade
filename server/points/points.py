"""◆ What earns points, how many, and for how long they are good.

A brand's rule says; whoever has none has the house's. Amounts are whole fen, points are whole, and what
a purchase earns is rounded down, once per purchase: nothing is carried over to the next. Refuses to
know balances (the ledger does) and to give the same source twice.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from server.billing.ledger import Posting
from server.errors import Refusal

SourceKind = Literal["purchase", "review"]

# Names of what earns: the same purchase told twice is one posting, whoever tells it.
_SOURCES = uuid.UUID("b2a6a6de-6b51-4b0a-9a55-3a5f3c1f6a02")


class Rule(msgspec.Struct, frozen=True):
    """What a brand gives: `purchase_points` for each `purchase_fen`, `review_points` for a review.

    At most `reviews_per_day_max` reviews of a guest earn on one day of the brand's time zone. Points
    are good until the end of the day `valid_days` after they were earned; None: for good.
    """

    version: int
    purchase_points: int
    purchase_fen: int
    review_points: int
    reviews_per_day_max: int
    valid_days: int | None
    timezone: str


HOUSE_RULE = Rule(
    version=0,
    purchase_points=1,
    purchase_fen=100,
    review_points=10,
    reviews_per_day_max=3,
    valid_days=365,
    timezone="Asia/Shanghai",
)


class Asked(msgspec.Struct, frozen=True):
    """Points for a guest: what happened (an order, a review) by the caller's own id for it."""

    brand_id: int
    user_id: int
    kind: SourceKind
    source: str
    amount_fen: int = 0  # of a purchase

    @property
    def id(self) -> uuid.UUID:
        """Return the id of what this earns: one per source, whoever asks and for whom."""
        return uuid.uuid5(_SOURCES, f"{self.brand_id} {self.kind} {self.source}")


class Member(msgspec.Struct, frozen=True):
    """A guest of a brand: the account, and how many reviews earned on the last day there were any."""

    account: int
    review_day: date | None = None
    reviews: int = 0
    version: int = 1


class Earning(msgspec.Struct, frozen=True):
    """What a source earned; `capped`: nothing, because the day had its reviews already."""

    id: uuid.UUID
    user_id: int
    amount_fen: int
    points: int
    capped: bool
    rule_version: int
    expires: datetime | None


def check_rule(rule: Rule) -> None:
    """Raise `bad_field` when a rule names a time zone nobody knows."""
    try:
        ZoneInfo(rule.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refusal("bad_field", field="timezone") from None


def worth(rule: Rule, asked: Asked) -> int:
    """Return the points of a purchase or review, rounded down."""
    if asked.kind == "review":
        return rule.review_points
    return asked.amount_fen * rule.purchase_points // rule.purchase_fen


def expiry(rule: Rule, at: datetime) -> datetime | None:
    """Return the midnight that ends the last day on which points earned now are good."""
    if rule.valid_days is None:
        return None
    zone = ZoneInfo(rule.timezone)
    end = at.astimezone(zone).date() + timedelta(days=rule.valid_days + 1)
    return datetime(end.year, end.month, end.day, tzinfo=zone)


def reviews_on(rule: Rule, member: Member, at: datetime) -> tuple[date, int]:
    """Return which day it is for a brand, and how many reviews of this guest earned on it."""
    today = at.astimezone(ZoneInfo(rule.timezone)).date()
    return today, member.reviews if member.review_day == today else 0


def earn(asked: Asked, rule: Rule, member: Member, at: datetime) -> Earning:
    """Return what a source that nobody told before earns."""
    _, reviews = reviews_on(rule, member, at)
    capped = asked.kind == "review" and reviews >= rule.reviews_per_day_max
    points = 0 if capped else worth(rule, asked)
    expires = expiry(rule, at) if points else None
    return Earning(asked.id, asked.user_id, asked.amount_fen, points, capped, rule.version, expires)


def told_again(asked: Asked, earning: Earning) -> Earning:
    """Return what a source earned when it was first told.

    Raises `points_source_reused` when it was told of another guest or with another amount.
    """
    if (asked.user_id, asked.amount_fen) != (earning.user_id, earning.amount_fen):
        raise Refusal("points_source_reused", kind=asked.kind, source=asked.source)
    return earning


def grant(earning: Earning, account: int, house: int) -> Posting:
    """Return the ledger's posting of what was earned."""
    return Posting(earning.id, "G", account, earning.points, house, expires=earning.expires)


class Exchange(msgspec.Struct, frozen=True):
    """Points of a guest for a product (积分兑换记录)."""

    id: uuid.UUID
    brand_id: int
    user_id: int
    exchanged_credit: int
    product_id: int


def exchanged_again(asked: Exchange, found: Exchange) -> None:
    """Raise `command_id_reused` when an exchange of this id was another one."""
    if asked != found:
        raise Refusal("command_id_reused")


def exchange_row(exchange: Exchange) -> dict[str, Any]:
    """Return what the write door takes of an exchange."""
    return msgspec.structs.asdict(exchange) | {"id": str(exchange.id)}


def earning_row(asked: Asked, earning: Earning) -> dict[str, Any]:
    """Return what the write door takes of an earning."""
    return {
        "id": str(earning.id), "brand_id": asked.brand_id, "user_id": asked.user_id,
        "kind": asked.kind, "source": asked.source, "amount_fen": asked.amount_fen,
        "points": earning.points, "capped": earning.capped, "rule_version": earning.rule_version,
    }  # fmt: skip


def review_row(asked: Asked, rule: Rule, member: Member, at: datetime) -> dict[str, Any]:
    """Return what the write door takes of a review that earns: one more of the day's."""
    day, reviews = reviews_on(rule, member, at)
    return {
        "brand_id": asked.brand_id, "user_id": asked.user_id, "review_day": day,
        "reviews": reviews + 1, "version": member.version + 1,
    }  # fmt: skip
