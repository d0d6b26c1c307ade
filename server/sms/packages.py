"""Packages of segments: bought, listed, given back to the seller (R-004-18).

The seller's order number makes a purchase happen once; package and units stand in one commit. What is
left of a package when it expires is taken by the ledger's keeper, but never what is frozen (A14).
Refuses to know how a package is paid for: the price is written down for the record.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from server.billing import store as ledger
from server.billing.ledger import SHARDS, Posting
from server.clock import Clock, from_ms, to_ms
from server.errors import Refusal
from server.ids import IdMint
from server.sms import store, views
from server.sms.costcentre import NAMES, UNIT, CostCentre, reachable

SEGMENTS_MAX = 1_000_000_000
PRICE_FEN_MAX = 10**12
VALIDITY_DAYS_MAX = 3_650
NAME_CHARS_MAX = 64
LISTED_MAX = 200

_ORDER_NO = re.compile(r"[\x21-\x7e]{1,64}")
PackageState = Literal["open", "used", "expired"]


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """What a brand bought. It expires so many days after, or at a moment, or never."""

    order_no: str
    segments: int
    price_fen: int
    name: str = ""
    validity_days: int | None = None
    expires: datetime | None = None


class Package(NamedTuple):
    """A package as it is now.

    `left` includes what is frozen, because a freeze is of no package until it is paid. `expires` is
    later than it was bought with when a refund came back after that (the ledger's grace).
    """

    id: UUID
    order_no: str
    name: str
    segments: int
    left: int
    returned: int
    price_fen: int
    bought: datetime
    expires: datetime | None
    state: PackageState


class Packages:
    """Sells packages to brands' accounts; one for a process."""

    def __init__(self, pool: asyncpg.Pool, costcentre: CostCentre, clock: Clock) -> None:
        self._pool = pool
        self._costcentre = costcentre
        self._clock = clock
        self._mint = IdMint()

    async def open(self, brand_id: int, *, expiry_first: bool) -> None:
        """Open a brand's account and fix the order its packages are used in (A13).

        Raises `sms_order_fixed` when it is open and has the other.
        """
        await self._costcentre.open(brand_id, expiry_first=expiry_first)

    async def buy(self, brand_id: int, purchase: Purchase) -> Package:
        """Add a package: the callback of a purchase, once for each order number (R-004-18).

        Raises `bad_field`, and `posting_id_reused` for an order number with other content.
        """
        _check(purchase)
        now = from_ms(to_ms(self._clock.now()))  # as the ledger keeps a lot's expiry
        bought = _bought(brand_id, purchase, now)
        account = await self._costcentre.open(brand_id)
        with reachable():
            async with self._pool.acquire() as connection:
                house = await self._house(connection, "sold", account.id)
                try:
                    async with connection.transaction():
                        if await store.add_package(connection, bought):
                            if bought.expires_at is not None and bought.expires_at <= now:
                                raise Refusal("bad_field", "It has expired.", field="expiresAt")
                            grant = Posting(
                                bought.id, "G", account.id, purchase.segments, house,
                                expires=bought.expires_at,
                            )  # fmt: skip
                            await ledger.post_rows(connection, now, [grant])
                        elif not await store.is_same_package(connection, bought):
                            raise Refusal("posting_id_reused", order_no=purchase.order_no)
                except ledger.PostingRefusedError as error:
                    raise Refusal(error.code) from error
                except asyncpg.ForeignKeyViolationError:
                    raise Refusal("bad_field", "No such brand.", field="brandId") from None
                return await self._read(connection, brand_id, purchase.order_no)

    async def give_back(
        self, brand_id: int, order_no: str, return_no: str, segments: int
    ) -> Package:
        """Take segments of a package away that go back to the seller, once for each return number.

        Only what is left of it and not frozen. Raises `package_not_found`, `lot_exceeded`,
        `balance_insufficient`, `posting_id_reused`.
        """
        if not 1 <= segments <= SEGMENTS_MAX:
            raise Refusal("bad_field", field="segments")
        now = self._clock.now()
        account = await self._costcentre.find(brand_id)
        if account is None:
            raise Refusal("package_not_found")
        with reachable():
            async with self._pool.acquire() as connection:
                package = await self._read(connection, brand_id, order_no)
                house = await self._house(connection, "returned", account.id)
                name = uuid.uuid5(NAMES, f"return {brand_id} {return_no}")
                row = store.Returned(brand_id, return_no, package.id, segments, now)
                taken = Posting(name, "X", account.id, segments, house, package.id)
                try:
                    async with connection.transaction():
                        if await store.add_return(connection, row):
                            await ledger.post_rows(connection, now, [taken])
                        elif not await store.is_same_return(connection, row):
                            raise Refusal("posting_id_reused", return_no=return_no)
                except ledger.PostingRefusedError as error:
                    raise Refusal(error.code) from error
                return await self._read(connection, brand_id, order_no)

    async def _house(self, connection: ledger.Connection, code: str, account_id: int) -> int:
        shard = account_id % SHARDS
        now_ms = to_ms(self._clock.now())
        row = await ledger.house_account(connection, self._mint, now_ms, UNIT, code, shard)
        return row.id

    async def _read(self, connection: store.Connection, brand_id: int, order_no: str) -> Package:
        row = await connection.fetchrow(views.READ_PACKAGE, brand_id, order_no)
        if row is None:
            raise Refusal("package_not_found")
        return self._package(row)

    async def list(
        self, brand_id: int, *, open_only: bool, before: str = "", rows_max: int = 50
    ) -> list[Package]:
        """Return packages: those with something left in the order they are used, or all of them.

        All of them come the newest first, after the order number `before`.
        """
        with reachable():
            if open_only:
                account = await self._costcentre.find(brand_id)
                rows = [] if account is None else await self._pool.fetch(
                    views.READ_OPEN_PACKAGES, brand_id, account.id, rows_max
                )  # fmt: skip
            else:
                rows = await self._pool.fetch(views.READ_PACKAGES, brand_id, before, rows_max)
        return [self._package(row) for row in rows]

    async def balance(self, brand_id: int) -> views.Balance:
        """Return what a brand has; one that never bought anything has nothing."""
        account = await self._costcentre.find(brand_id)
        if account is None:
            return views.Balance(0, 0, None, 0)
        with reachable():
            return await views.read_balance(self._pool, account.id)

    async def records(self, brand_id: int, wanted: views.Wanted) -> views.Records:
        """Return a page of a brand's records."""
        account = await self._costcentre.find(brand_id)
        if account is None:
            return views.Records([], None)
        with reachable():
            return await views.read_records(self._pool, brand_id, account.id, wanted)

    def _package(self, row: asyncpg.Record) -> Package:
        state: PackageState = "open" if row["remaining"] else "used"
        if row["expires"] is not None and row["expires"] <= self._clock.now():
            state = "expired"
        return Package._make((*row, state))


def _bought(brand_id: int, purchase: Purchase, now: datetime) -> store.Bought:
    expires = purchase.expires
    if purchase.validity_days is not None:
        expires = now + timedelta(days=purchase.validity_days)
    return store.Bought(
        brand_id,
        uuid.uuid5(NAMES, f"package {brand_id} {purchase.order_no}"),
        purchase.order_no,
        purchase.name,
        purchase.segments,
        purchase.price_fen,
        purchase.validity_days,
        now,
        expires,
    )


def _check(purchase: Purchase) -> None:
    days = purchase.validity_days
    wrong = (
        ("orderNo", _ORDER_NO.fullmatch(purchase.order_no) is None),
        ("segments", not 1 <= purchase.segments <= SEGMENTS_MAX),
        ("priceFen", not 0 <= purchase.price_fen <= PRICE_FEN_MAX),
        ("validityDays", days is not None and not 1 <= days <= VALIDITY_DAYS_MAX),
        ("expiresAt", days is not None and purchase.expires is not None),
        ("name", len(purchase.name) > NAME_CHARS_MAX or "\0" in purchase.name),
    )
    for field, is_wrong in wrong:
        if is_wrong:
            raise Refusal("bad_field", field=field)
