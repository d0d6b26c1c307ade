"""◆ The cost centre in its callers' words: what is asked and answered, as JSON and as protobuf.

`costcenter.proto` beside this file has the same names; over gRPC a message is read as the JSON that
protobuf says it is. Times are milliseconds since 1970. Refuses to know balances.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from server.ids import Id

SEGMENTS_MAX = 1_000_000_000
EXPIRES_S_MAX = 30 * 86_400
LISTED_MAX = 200

BrandId = Annotated[int, msgspec.Meta(ge=0, le=2**53)]  # 0: the key's own
Segments = Annotated[int, msgspec.Meta(ge=1, le=SEGMENTS_MAX)]
Number = Annotated[str, msgspec.Meta(pattern=r"^[\x21-\x7e]{1,64}$")]
Moment = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Listed = Annotated[int, msgspec.Meta(ge=1, le=LISTED_MAX)]
Kind = Literal["package", "freeze", "payment", "release", "refund", "expiry", "return"]


class BrandWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """For which brand; nobody charges another's."""

    brand_id: BrandId = 0


class PrePayRequest(BrandWords, frozen=True, kw_only=True):
    """Freeze billed segments: all telephones', all parts. `number`: yours, a random UUID, else it is minted."""

    segments: Segments
    number: UUID | None = None
    expires_s: Annotated[int, msgspec.Meta(ge=1, le=EXPIRES_S_MAX)] = 86_400


class PrePayAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The number (单号) of the freeze, and what the brand could still freeze."""

    number: UUID
    segments: int
    available: int
    expires_at: int


class PayRequest(BrandWords, frozen=True, kw_only=True):
    """Pay from a freeze. `payment`: yours, a random UUID, else it is minted; one for each message."""

    number: UUID
    segments: Segments
    payment: UUID | None = None


class PayAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What was paid, and what the brand has left, frozen segments included."""

    payment: UUID
    number: UUID
    segments: int
    balance: int


class NumberRequest(BrandWords, frozen=True, kw_only=True):
    """Which freeze."""

    number: UUID


class NumberPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which freeze."""

    number: UUID


class ReleaseAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """It is released, or will be: what fails is queued and tried until it is done."""

    number: UUID


class FreezeAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A freeze as it is: `rest` can still be paid. `state`: held, captured (all paid) or released."""

    number: UUID
    state: Literal["held", "captured", "released"]
    segments: int
    paid: int
    rest: int
    at: int
    expires_at: int | None


class PaymentPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which payment."""

    payment: UUID


class StatusBody(BrandWords, frozen=True, kw_only=True):
    """Whether the carrier took the message; if not, its segments come back."""

    success: bool


class StatusRequest(BrandWords, frozen=True, kw_only=True):
    """Whether the carrier took the message of a payment; if not, its segments come back."""

    payment: UUID
    success: bool


class StatusAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What became of the payment, and how much of it came back."""

    payment: UUID
    state: Literal["sent", "failed"]
    segments: int
    refunded: int


class BuyRequest(BrandWords, frozen=True, kw_only=True):
    """A package was bought (套餐包购买回调). It expires after so many days, at a moment, or never."""

    order_no: Number
    segments: Segments
    price_fen: Annotated[int, msgspec.Meta(ge=0, le=10**12)] = 0
    name: Annotated[str, msgspec.Meta(max_length=64)] = ""
    validity_days: Annotated[int, msgspec.Meta(ge=1, le=3_650)] | None = None
    expires_at: Moment | None = None


class PackageAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A package; `left` includes what is frozen, `returned` went back to the seller."""

    package_id: UUID
    order_no: str
    name: str
    segments: int
    left: int
    returned: int
    price_fen: int
    state: Literal["open", "used", "expired"]
    bought_at: int
    expires_at: int | None


class PackagePath(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Which package, by its seller's order number."""

    order_no: Number


class ReturnBody(BrandWords, frozen=True, kw_only=True):
    """How much of the package goes back; `returnNo` is the seller's, once each."""

    return_no: Number
    segments: Segments


class PackagesWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`state` open: what has something left, in the order it is used. all: the newest first.

    `before`: the last order number of the page before.
    """

    state: Literal["open", "all"] = "open"
    before: Annotated[str, msgspec.Meta(max_length=64)] = ""
    limit: Listed = 50


class PackagesAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Packages of the brand; `next` goes into `before`, null: there is no next page."""

    packages: list[PackageAnswer]
    next: str | None


class BalanceAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What can be frozen, what is frozen, and how much of both will be lost when."""

    brand_id: Id
    available: int
    held: int
    expiring: int
    expires_at: int | None


class RecordsWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which records: of a kind, of a time, about one id (a freeze, a payment, a package)."""

    kind: Kind | None = None
    since: Moment = 0
    until: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_000)] = 253_402_300_799_000
    about: UUID | None = None
    before: Annotated[int, msgspec.Meta(ge=1, le=2**62)] = 2**62
    limit: Listed = 50


class RecordAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One line of the brand's account.

    `refersTo`: the freeze of a payment or release, the payment of a refund, the package that expired
    or went back. `state`: of a payment, once it was said.
    """

    line: int
    at: int
    id: UUID
    kind: Kind
    segments: int
    balance: int
    available: int
    refers_to: UUID | None
    expires_at: int | None
    state: Literal["sent", "failed"] | None


class RecordsAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A page, the newest first. `next` goes into `before`; a page may be short and have one."""

    records: list[RecordAnswer]
    next: int | None
