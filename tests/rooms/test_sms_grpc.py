"""The cost centre over gRPC, called by a foreign client: the same answers as over HTTP (R-004-19 … R-004-22)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse
from grpclib.client import StreamStreamMethod
from grpclib.const import Status

from server.api import costcenter_pb2 as pb
from server.api.costcenter import SERVICE
from tests.support.api_house import ApiHouse, Caller, api_house
from tests.support.grpc_caller import GrpcCaller, Outcome, grpc_caller

PrePay, StatusRequest = pb.SmsSendPrePayRequest, pb.SmsSendStatusCallBackRequest

WRONG, UNKNOWN, FORBIDDEN = Status.INVALID_ARGUMENT, Status.NOT_FOUND, Status.PERMISSION_DENIED

ANSWERS: dict[str, Any] = {
    "SmsSendPrePay": pb.SmsSendPrePayResponse,
    "SmsSendPay": pb.SmsSendPayResponse,
    "SmsReleaseFreezeNum": pb.SmsReleaseFreezeNumResponse,
    "SmsSendStatusCallBack": pb.SmsSendStatusCallBackResponse,
    "SmsReceiptStatusCallBack": pb.SmsReceiptStatusCallBackResponse,
    "ReadSmsFreeze": pb.SmsFreeze,
    "BuySmsPackage": pb.SmsPackage,
    "ReadSmsBalance": pb.SmsBalance,
}


class Door:
    """Calls the service as one caller."""

    def __init__(self, door: GrpcCaller, caller: Caller) -> None:
        self.door = door
        self.caller = caller

    async def ask(self, name: str, message: Any, key: str = "", **given: Any) -> Outcome:
        """Call a method and return what came back."""
        to = (f"/{SERVICE}/{name}", ANSWERS[name])
        return await self.door.send(self.caller, message, key, to=to, **given)

    async def told(self, name: str, message: Any, key: str = "") -> Any:
        """Call a method and return its answer."""
        outcome = await self.ask(name, message, key)
        assert outcome.status is Status.OK, outcome
        return outcome.answer


@pytest.fixture
async def house(database_url: str, redis_url: str) -> AsyncIterator[ApiHouse]:
    """Give an API on real engines."""
    async with api_house(database_url, redis_url) as made:
        yield made


@pytest.fixture
async def channel(house: ApiHouse) -> AsyncIterator[GrpcCaller]:
    """Give a channel to the house's gRPC port."""
    async with grpc_caller(house) as made:
        yield made


@pytest.fixture
async def mall(house: ApiHouse, channel: GrpcCaller) -> Door:
    """Give a caller that may move money, with a package of a hundred."""
    door = Door(channel, await house.caller("mall", roles=("money",)))
    await door.told("BuySmsPackage", PACKAGE)
    return door


PACKAGE = pb.BuySmsPackageRequest(orderNo="M1", segments=100, priceFen=450, validityDays=30)


async def test_from_a_package_to_a_refund(house: ApiHouse, mall: Door) -> None:
    """Every operation of the papers, by its name, and HTTP sees the same (R-004-19 … R-004-22)."""
    package = await mall.told("BuySmsPackage", PACKAGE)
    assert (package.left, package.state, package.priceFen) == (100, "open", 450)
    freeze = await mall.told("SmsSendPrePay", PrePay(segments=9), "press-1")
    assert freeze == await mall.told("SmsSendPrePay", PrePay(segments=9), "press-1")
    pay = pb.SmsSendPayRequest(number=freeze.number, segments=4, payment=str(uuid.uuid4()))
    paid = await mall.told("SmsSendPay", pay)
    assert (paid.payment, paid.balance) == (pay.payment, 96)
    failed = StatusRequest(payment=paid.payment, success=False)
    for _ in range(2):
        status = await mall.told("SmsSendStatusCallBack", failed)
        assert (status.state, status.refunded) == ("failed", 4)
    word = pb.SmsReceiptStatusCallBackRequest(payment=paid.payment, state="undelivered", code="OFF")
    receipt = await mall.told("SmsReceiptStatusCallBack", word)
    assert (receipt.state, receipt.settled) == ("undelivered", True)
    which = pb.SmsFreezeRequest(number=freeze.number)
    await mall.told("SmsReleaseFreezeNum", which)
    found = await mall.told("ReadSmsFreeze", which)
    assert (found.state, found.segments, found.paid, found.rest) == ("released", 9, 4, 0)
    assert found.expiresAt == freeze.expiresAt
    balance = await mall.told("ReadSmsBalance", pb.SmsBalanceRequest())
    assert (balance.brandId, balance.available, balance.held, balance.expiring) == (1, 100, 0, 100)
    over_http = (await mall.caller.ask("GET", "/v1/sms/balance")).json()
    assert over_http["available"] == 100


async def test_refusals_have_a_status_and_our_code(mall: Door) -> None:
    """The same codes as over HTTP; what is missing is named, and success is never guessed."""
    some = str(uuid.uuid4())
    for name, message, status, code, field in (
        ("SmsSendPrePay", PrePay(segments=101), Status.FAILED_PRECONDITION, "balance_insufficient", None),
        ("SmsSendPrePay", PrePay(), WRONG, "bad_field", "segments"),
        ("SmsSendPrePay", PrePay(segments=1, number="7"), WRONG, "bad_field", "number"),
        ("SmsSendPrePay", PrePay(segments=1, brandId=2), FORBIDDEN, "not_allowed", "brandId"),
        ("SmsReceiptStatusCallBack", pb.SmsReceiptStatusCallBackRequest(payment=some, state="delivered"),
         UNKNOWN, "posting_not_found", None),
        ("SmsReceiptStatusCallBack", pb.SmsReceiptStatusCallBackRequest(payment=some, state="lost"),
         WRONG, "bad_field", "state"),
        ("SmsSendPay", pb.SmsSendPayRequest(number=some, segments=1), UNKNOWN, "hold_not_found", None),
        ("ReadSmsFreeze", pb.SmsFreezeRequest(number=some), UNKNOWN, "hold_not_found", None),
        ("SmsSendStatusCallBack", StatusRequest(payment=some), WRONG, "bad_field", "success"),
    ):  # fmt: skip
        outcome = await mall.ask(name, message)
        assert (outcome.status, outcome.code, outcome.facts.get("field")) == (status, code, field)


async def test_who_may_not_is_refused(house: ApiHouse, channel: GrpcCaller, mall: Door) -> None:
    """No signature, one for another method or message, a key without money, one of another brand."""
    freeze = await mall.told("SmsSendPrePay", PrePay(segments=9))
    which = pb.SmsFreezeRequest(number=freeze.number)
    forged = await mall.ask("ReadSmsFreeze", which, signed=pb.SmsFreezeRequest(number="other"))
    assert (forged.status, forged.code) == (Status.UNAUTHENTICATED, "bad_signature")
    read = mall.caller.headers("POST", f"/{SERVICE}/ReadSmsFreeze", which.SerializeToString())
    to = (f"/{SERVICE}/SmsReleaseFreezeNum", pb.SmsReleaseFreezeNumResponse)
    assert (await channel.send_with(read, which, to)).code == "bad_signature"
    till = Door(channel, await house.caller("till"))
    other = Door(channel, await house.caller("others", brand_id=2, roles=("money",)))
    for name in ("ReadSmsFreeze", "SmsReleaseFreezeNum"):
        outcome = await till.ask(name, which)
        assert (outcome.status, outcome.code) == (FORBIDDEN, "not_allowed")
        assert (await other.ask(name, which)).code == "hold_not_found"
    assert (await mall.told("ReadSmsFreeze", which)).state == "held"


async def test_reflection_says_what_there_is(channel: GrpcCaller) -> None:
    """A tool without the proto file finds the service, beside the message centre's."""
    path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    ask = StreamStreamMethod(
        channel.channel, path, ServerReflectionRequest, ServerReflectionResponse
    )
    listed, described = await ask(
        [
            ServerReflectionRequest(list_services=""),
            ServerReflectionRequest(file_containing_symbol=SERVICE),
        ]
    )
    names = {service.name for service in listed.list_services_response.service}
    assert {SERVICE, "messagecenter.MessageCenter"} <= names
    proto = pb.DESCRIPTOR.serialized_pb
    assert proto in described.file_descriptor_response.file_descriptor_proto


async def test_changes_leave_the_lines_their_twins_leave(house: ApiHouse, mall: Door) -> None:
    """What moves money by gRPC is written down by the name it has over HTTP; what only reads is not (R-000-16)."""
    freeze = await mall.told("SmsSendPrePay", PrePay(segments=9))
    await mall.told("ReadSmsFreeze", pb.SmsFreezeRequest(number=freeze.number))
    some = str(uuid.uuid4())
    await mall.ask("SmsSendPay", pb.SmsSendPayRequest(number=some, segments=1))
    await house.front.audit.settle()
    rows = await house.db.fetch(
        "SELECT a.action, a.brand_id, a.who, a.subject, o.outcome"
        "  FROM audit a LEFT JOIN audit_outcome o USING (at, id) ORDER BY a.id"
    )
    assert [(row["action"], row["outcome"]) for row in rows] == [
        ("buySmsPackage", "ok"), ("smsSendPrePay", "ok"), ("smsSendPay", "hold_not_found"),
    ]  # fmt: skip
    assert some in rows[-1]["subject"]
    assert {row["brand_id"] for row in rows} == {1}
