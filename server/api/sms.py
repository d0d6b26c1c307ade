"""Doors of the SMS cost centre: packages, freezes, payments, what became of them, records.

HTTP and gRPC (`costcenter.py`) both ask here, so they answer alike. For keys that may move money, of
all shops of a brand; the brand charged is the key's. Refuses to send and to count segments.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from server.api import sms_words as w
from server.api.callers import money_brand
from server.api.store import Client
from server.api.table import Call, Door, Signer, for_people_too
from server.clock import from_ms, to_ms
from server.errors import Refusal
from server.sms import views
from server.sms.costcentre import CostCentre
from server.sms.packages import Package, Packages, Purchase

_FREEZES, _PAYMENTS, _PACKAGES = "/v1/sms/freezes", "/v1/sms/payments", "/v1/sms/packages"
DERIVED = 5  # the version of ids that are made of words
_FROZEN = ("hold_not_found", "hold_ended", "hold_exceeded")


class SmsMoney:
    """What business services may ask of the cost centre."""

    def __init__(self, costcentre: CostCentre, packages: Packages) -> None:
        self._centre = costcentre
        self.packages = packages

    def doors(self) -> list[Door]:
        """Return this audience's rows of the table; what only reads is for people, too."""
        doors = self._all_doors()
        reads = [door for door in doors if door.method == "GET"]
        return [*(door for door in doors if door not in reads), *for_people_too(reads)]

    def _all_doors(self) -> list[Door]:
        return [
            Door(
                "POST", _FREEZES, "smsSendPrePay", "Freeze segments (SmsSendPrePay)", "money",
                lambda c: self.pre_pay(c.signer, c.command_id, c.body), request=w.PrePayRequest,
                response=w.PrePayAnswer, status=201,
                refusals=("balance_insufficient", "posting_id_reused", "ledger_account_frozen"),
            ),
            Door(
                "GET", f"{_FREEZES}/{{number}}", "readSmsFreeze", "Read a freeze by its number", "money",
                lambda c: self.read(c.caller, w.NumberRequest(number=c.params.number)),
                params=w.NumberPath, response=w.FreezeAnswer, refusals=("hold_not_found",),
            ),
            Door(
                "POST", f"{_FREEZES}/{{number}}/release", "smsReleaseFreezeNum",
                "End a freeze (SmsReleaseFreezeNum)", "money",
                lambda c: self.release(
                    c.signer, w.NumberRequest(number=c.params.number, brand_id=c.body.brand_id)
                ),
                params=w.NumberPath, request=w.BrandWords, response=w.ReleaseAnswer,
                refusals=("hold_not_found",),
            ),
            Door(
                "POST", _PAYMENTS, "smsSendPay", "Pay from a freeze (SmsSendPay)", "money",
                lambda c: self.pay(c.signer, c.command_id, c.body), request=w.PayRequest,
                response=w.PayAnswer, status=201, refusals=(*_FROZEN, "posting_id_reused"),
            ),
            Door(
                "POST", f"{_PAYMENTS}/{{payment}}/status", "smsSendStatusCallBack",
                "Say whether it was sent; what failed comes back (SmsSendStatusCallBack)", "money",
                lambda c: self.settle(
                    c.signer,
                    w.StatusRequest(
                        payment=c.params.payment, success=c.body.success, brand_id=c.body.brand_id
                    ),
                ),
                params=w.PaymentPath, request=w.StatusBody, response=w.StatusAnswer,
                refusals=(
                    "posting_not_found", "outcome_differs", "refund_exceeded", "posting_id_reused",
                    "not_allowed", "sms_word_too_late",
                ),
            ),
            *self._package_doors(),
        ]  # fmt: skip

    def _package_doors(self) -> list[Door]:
        return [
            Door(
                "POST", _PACKAGES, "buySmsPackage", "Add a package that was bought", "money",
                lambda c: self.buy(c.signer, c.body), request=w.BuyRequest,
                response=w.PackageAnswer, status=201, refusals=("posting_id_reused",),
            ),
            Door(
                "GET", _PACKAGES, "listSmsPackages", "List packages and what is left of them",
                "money", self.list_packages, params=w.PackagesWanted, response=w.PackagesAnswer,
            ),
            Door(
                "POST", f"{_PACKAGES}/{{orderNo}}/return", "returnSmsPackage",
                "Give what is left of a package back to its seller", "money", self.give_back,
                params=w.PackagePath, request=w.ReturnBody, response=w.PackageAnswer,
                refusals=("package_not_found", "lot_exceeded", "balance_insufficient", "posting_id_reused"),
            ),
            Door(
                "GET", "/v1/sms/balance", "readSmsBalance", "Read what a brand has", "money",
                lambda c: self.balance(c.caller, w.BrandWords()), response=w.BalanceAnswer,
            ),
            Door(
                "GET", "/v1/sms/records", "listSmsRecords",
                "List payments, freezes, refunds and all else of the account", "money",
                self.list_records, params=w.RecordsWanted, response=w.RecordsAnswer,
            ),
        ]  # fmt: skip

    async def pre_pay(
        self, client: Client, command_id: UUID, asked: w.PrePayRequest
    ) -> w.PrePayAnswer:
        """Freeze; without a number of the caller's, the request's own id is the number."""
        done = await self._centre.pre_pay(
            _brand(client, asked), new_id(asked.number, command_id, "number"), asked.segments,
            expires_s=asked.expires_s,
        )  # fmt: skip
        return w.PrePayAnswer(
            number=done.number, segments=done.segments, available=done.available,
            expires_at=to_ms(done.expires),
        )  # fmt: skip

    async def pay(self, client: Client, command_id: UUID, asked: w.PayRequest) -> w.PayAnswer:
        """Pay; without an id of the caller's, the request's own id is the payment's."""
        payment = new_id(asked.payment, command_id, "payment")
        done = await self._centre.pay(
            _brand(client, asked), payment, asked.number, asked.segments
        )  # fmt: skip
        return w.PayAnswer(
            payment=payment, number=done.number, segments=done.segments, balance=done.balance
        )

    async def read(self, client: Signer, asked: w.NumberRequest) -> w.FreezeAnswer:
        """Return a freeze."""
        found = await self._centre.read(_brand(client, asked), asked.number)
        return w.FreezeAnswer(
            number=found.number, state=found.state, segments=found.segments, paid=found.paid,
            rest=found.rest, at=to_ms(found.at), expires_at=_ms(found.expires),
        )  # fmt: skip

    async def release(self, client: Client, asked: w.NumberRequest) -> w.ReleaseAnswer:
        """End a freeze."""
        await self._centre.release(_brand(client, asked), asked.number)
        return w.ReleaseAnswer(number=asked.number)

    async def settle(self, client: Client, asked: w.StatusRequest) -> w.StatusAnswer:
        """Remember what became of a payment."""
        state = "sent" if asked.success else "failed"
        done = await self._centre.settle(_brand(client, asked), asked.payment, state)  # type: ignore[arg-type]
        return w.StatusAnswer(
            payment=done.payment, state=done.state, segments=done.segments, refunded=done.refunded
        )

    async def buy(self, client: Client, asked: w.BuyRequest) -> w.PackageAnswer:
        """Add a package, once for each order number."""
        purchase = Purchase(
            order_no=asked.order_no, segments=asked.segments, price_fen=asked.price_fen,
            name=asked.name, validity_days=asked.validity_days, expires=_moment(asked.expires_at),
        )  # fmt: skip
        return _package(await self.packages.buy(_brand(client, asked), purchase))

    async def give_back(self, call: Call) -> w.PackageAnswer:
        """Take what goes back to the seller."""
        asked: w.ReturnBody = call.body
        return _package(
            await self.packages.give_back(
                _brand(call.signer, asked), call.params.order_no, asked.return_no, asked.segments
            )
        )

    async def list_packages(self, call: Call) -> w.PackagesAnswer:
        """Return a page of packages."""
        asked: w.PackagesWanted = call.params
        found = await self.packages.list(
            money_brand(call.caller), open_only=asked.state == "open", before=asked.before,
            rows_max=asked.limit,
        )  # fmt: skip
        more = asked.state == "all" and len(found) == asked.limit
        return w.PackagesAnswer(
            packages=[_package(one) for one in found], next=found[-1].order_no if more else None
        )

    async def balance(self, client: Signer, asked: w.BrandWords) -> w.BalanceAnswer:
        """Return what a brand has; one that bought nothing has nothing."""
        brand_id = _brand(client, asked)
        has = await self.packages.balance(brand_id)
        return w.BalanceAnswer(
            brand_id=brand_id, available=has.available, held=has.held, expiring=has.expiring,
            expires_at=_ms(has.expires),
        )  # fmt: skip

    async def list_records(self, call: Call) -> w.RecordsAnswer:
        """Return a page of records."""
        asked: w.RecordsWanted = call.params
        kinds = () if asked.kind is None else (asked.kind,)
        since, until = known_moment(asked.since, "since"), known_moment(asked.until, "until")
        wanted = views.Wanted(kinds, since, until, asked.about, asked.before, asked.limit)
        page = await self.packages.records(money_brand(call.caller), wanted)
        return w.RecordsAnswer(records=[_record(one) for one in page.records], next=page.next)


def new_id(given: UUID | None, command_id: UUID, field: str) -> UUID:
    """Return what something new is called: by the caller's own id, else by the request's.

    All ids of the ledger are of one space. Those the house makes of words, another brand's packages and
    requests among them, are of version 5; whoever could guess one and use it up first would be in the way
    of what it is for. Raises `bad_field` for an id of that version.
    """
    if given is None:
        return command_id
    if given.version == DERIVED:
        raise Refusal("bad_field", "Your own ids are random ones, not of version 5.", field=field)
    return given


def own_brand(signer: Signer, asked_brand_id: int) -> int:
    """Return the brand that is charged: the key's, whatever is asked. Raises `not_allowed`."""
    brand_id = money_brand(signer)
    if asked_brand_id not in {0, brand_id}:
        raise Refusal("not_allowed", "The key is of another brand.", field="brandId")
    return brand_id


def _brand(signer: Signer, asked: w.BrandWords) -> int:
    return own_brand(signer, asked.brand_id)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


def _moment(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else known_moment(at_ms, "expiresAt")


def known_moment(at_ms: int, field: str) -> datetime:
    """Return a moment. Raises `bad_field` for one no calendar has."""
    try:
        return from_ms(at_ms)
    except OverflowError:
        raise Refusal("bad_field", "No calendar goes that far.", field=field) from None


def _package(package: Package) -> w.PackageAnswer:
    return w.PackageAnswer(
        package_id=package.id, order_no=package.order_no, name=package.name, segments=package.segments,
        left=package.left, returned=package.returned, price_fen=package.price_fen,
        state=package.state, bought_at=to_ms(package.bought), expires_at=_ms(package.expires),
    )  # fmt: skip


def _record(record: views.Record) -> w.RecordAnswer:
    return w.RecordAnswer(
        line=record.line, at=to_ms(record.at), id=record.id, kind=record.kind,
        segments=record.segments, balance=record.balance, available=record.available,
        refers_to=record.refers_to, expires_at=_ms(record.expires), state=record.state,
    )  # fmt: skip
