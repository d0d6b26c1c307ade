"""Packages bought, listed, expired and given back; balance and records (R-004-18, R-004-37)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from server.errors import Refusal
from server.sms import views
from server.sms.packages import Purchase
from server.sms.views import RecordKind, Wanted
from tests.support.sms_scene import BRAND, NOON, OTHER, SmsScene, sms_scene

YEAR = timedelta(days=365)
PURCHASE = Purchase(
    order_no="MALL-1", segments=100, price_fen=450, name="一百条", validity_days=365
)


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[SmsScene]:
    """Give a cost centre of two brands."""
    async with sms_scene(database_url) as made:
        yield made


async def test_a_purchase_is_added_once(scene: SmsScene) -> None:
    """The seller's callback, however often and from whatever side, adds one package (R-004-18)."""
    told = await asyncio.gather(*(scene.packages.buy(BRAND, PURCHASE) for _ in range(8)))
    scene.clock.advance(seconds=3600)  # "365 days" are still those of the first time
    again = await scene.packages.buy(BRAND, PURCHASE)
    assert {*told, again} == {again}
    assert (again.segments, again.left, again.price_fen) == (100, 100, 450)
    assert (again.bought, again.expires) == (NOON, NOON + YEAR)
    assert await scene.have() == (100, 0)
    assert await scene.left() == [100]
    await scene.packages.buy(OTHER, PURCHASE)  # another brand's order of the same number is another
    assert (await scene.have(OTHER), await scene.have()) == ((100, 0), (100, 0))


@pytest.mark.parametrize(
    "changes",
    [
        {"segments": 101}, {"price_fen": 1}, {"name": "另一个"}, {"validity_days": 30},
        {"validity_days": None, "expires": NOON + YEAR}, {"validity_days": None},
    ],
)  # fmt: skip
async def test_an_order_number_with_other_content_is_refused(
    scene: SmsScene, changes: dict[str, Any]
) -> None:
    """Two different purchases under one number are a mistake of the seller's, and nothing is added."""
    await scene.packages.buy(BRAND, PURCHASE)
    with pytest.raises(Refusal, match="posting_id_reused"):
        await scene.packages.buy(BRAND, msgspec.structs.replace(PURCHASE, **changes))
    assert await scene.have() == (100, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"order_no": "a b"}, "orderNo"), ({"order_no": "x" * 65}, "orderNo"),
        ({"segments": 0}, "segments"), ({"segments": 2_000_000_000}, "segments"), ({"price_fen": -1}, "priceFen"),
        ({"validity_days": 0}, "validityDays"), ({"validity_days": 3_651}, "validityDays"),
        ({"name": "x" * 65}, "name"), ({"name": "\0"}, "name"), ({"expires": NOON + YEAR}, "expiresAt"),
        ({"validity_days": None, "expires": NOON}, "expiresAt"),
    ],
)  # fmt: skip
async def test_what_no_package_can_be_is_refused(
    scene: SmsScene, changes: dict[str, Any], field: str
) -> None:
    """The refusal names the field; the order number is still free."""
    with pytest.raises(Refusal, match="bad_field") as refusal:
        await scene.packages.buy(BRAND, msgspec.structs.replace(PURCHASE, **changes))
    assert refusal.value.detail["field"] == field
    await scene.packages.buy(BRAND, PURCHASE)
    with pytest.raises(Refusal, match="bad_field"):
        await scene.packages.buy(404, PURCHASE)  # nobody's


async def test_packages_are_used_in_the_order_they_were_bought(scene: SmsScene) -> None:
    """First in, first out, whatever expires first; a brand may have it the other way (R-004-18, A13)."""
    await scene.costcentre.open(OTHER, expiry_first=True)
    for brand_id in (BRAND, OTHER):
        await scene.buy(10, brand_id=brand_id)
        await scene.buy(20, brand_id=brand_id, days=30)
        await scene.buy(30, brand_id=brand_id, days=10)
        await scene.paid(4, brand_id=brand_id)
    assert await scene.left(BRAND) == [6, 20, 30]
    assert await scene.left(OTHER) == [26, 20, 10]
    for brand_id, other_way in ((BRAND, True), (OTHER, False)):
        with pytest.raises(Refusal, match="sms_order_fixed"):
            await scene.costcentre.open(brand_id, expiry_first=other_way)


async def test_what_is_frozen_does_not_expire(scene: SmsScene) -> None:
    """The daily job takes what nobody holds; the rest when its freeze has ended (R-004-18, A14)."""
    await scene.buy(100, days=1)
    number = await scene.freeze(30)
    scene.clock.advance(seconds=86_399)
    assert await scene.keeper.sweep() == 0
    await scene.costcentre.pre_pay(BRAND, uuid.uuid4(), 10, expires_s=3600)
    scene.clock.advance(seconds=1)
    assert await scene.keeper.sweep() == 2  # 60 of the package; and the first freeze is a day old
    assert await scene.have() == (40, 10)
    assert await scene.keeper.sweep() == 1
    assert await scene.have() == (10, 10)
    with pytest.raises(Refusal, match="hold_ended"):
        await scene.costcentre.pay(BRAND, uuid.uuid4(), number, 1)
    scene.clock.advance(seconds=3600)
    assert [await scene.keeper.sweep() for _ in range(3)] == [1, 1, 0]
    assert await scene.have() == (0, 0)
    (package,) = await scene.packages.list(BRAND, open_only=False)
    assert (package.state, package.left) == ("expired", 0)
    await scene.audited()


async def test_a_refund_into_an_expired_package_may_be_used_a_while(scene: SmsScene) -> None:
    """What a failed message gives back is not lost at once: three days of grace (A16)."""
    await scene.buy(10, days=1)
    payment = await scene.paid(10)
    scene.clock.advance(seconds=2 * 86_400)
    await scene.costcentre.settle(BRAND, payment, "failed")
    assert await scene.keeper.sweep() == 0
    assert await scene.left() == [10]
    scene.clock.advance(seconds=3 * 86_400)
    assert await scene.keeper.sweep() == 1
    assert await scene.have() == (0, 0)


async def test_only_what_is_left_and_free_goes_back_to_the_seller(scene: SmsScene) -> None:
    """A return takes from its own package, never what is spent or frozen, once for each number."""
    await scene.buy(10, "A")
    await scene.buy(10, "B")
    await scene.paid(4)
    await scene.freeze(9)
    give_back = scene.packages.give_back
    for order_no, segments, code in (
        ("A", 7, "lot_exceeded"),
        ("B", 8, "balance_insufficient"),
        ("A", 0, "bad_field"),
        ("C", 1, "package_not_found"),
    ):
        with pytest.raises(Refusal, match=code):
            await give_back(BRAND, order_no, "R-1", segments)
    with pytest.raises(Refusal, match="package_not_found"):
        await give_back(OTHER, "A", "R-1", 1)
    for _ in range(2):
        package = await give_back(BRAND, "B", "R-1", 5)
        assert (package.left, package.returned, package.state) == (5, 5, "open")
    for order_no, segments in (("A", 5), ("B", 6)):
        with pytest.raises(Refusal, match="posting_id_reused"):
            await give_back(BRAND, order_no, "R-1", segments)
    assert (await scene.have(), await scene.left()) == ((11, 9), [6, 5])
    await scene.audited()


async def test_the_list_is_bounded_and_goes_on(scene: SmsScene) -> None:
    """All packages come by pages, the newest first; a brand sees its own (R-004-37)."""
    for number in range(7):
        await scene.buy(number + 1, f"O-{number}")
        scene.clock.advance(seconds=1)
    await scene.buy(99, "O-3", brand_id=OTHER)
    seen: list[str] = []
    before = ""
    while page := await scene.packages.list(BRAND, open_only=False, before=before, rows_max=3):
        seen += [package.order_no for package in page]
        before = seen[-1]
    assert seen == [f"O-{number}" for number in reversed(range(7))]
    queue = await scene.packages.list(BRAND, open_only=True, rows_max=2)
    assert [package.order_no for package in queue] == ["O-0", "O-1"]


async def test_the_balance_says_what_goes_next(scene: SmsScene) -> None:
    """What can be used, what is frozen, and how much will be lost when (R-004-37)."""
    await scene.buy(10)
    account = await scene.costcentre.find(BRAND)
    assert account is not None
    assert await views.read_balance(scene.pool, account.id) == (10, 0, None, 0)
    await scene.buy(20, days=30)
    await scene.buy(5, days=10)
    await scene.buy(7, days=10)
    await scene.freeze(3)
    balance = await views.read_balance(scene.pool, account.id)
    assert balance == (39, 3, NOON + timedelta(days=10), 12)


async def test_records_are_every_movement_with_filters(scene: SmsScene) -> None:
    """Packages, freezes, payments with what became of them, releases, refunds, expiries, returns (R-004-37)."""
    await scene.buy(10, "A", days=20)
    await scene.buy(10, "B", days=5)
    number, payment = await scene.freeze(9), uuid.uuid4()
    await scene.costcentre.pay(BRAND, payment, number, 7)
    await scene.costcentre.release(BRAND, number)
    await scene.costcentre.settle(BRAND, payment, "failed")
    sent = await scene.paid(1)
    await scene.costcentre.settle(BRAND, sent, "sent")
    await scene.packages.give_back(BRAND, "B", "R", 4)
    scene.clock.advance(seconds=6 * 86_400)
    await scene.keeper.sweep()
    await scene.buy(50, brand_id=OTHER)
    account = await scene.costcentre.find(BRAND)
    assert account is not None

    async def read(*kinds: RecordKind, **changes: Any) -> views.Records:
        wanted = Wanted(kinds, NOON - YEAR, NOON + YEAR, None, 2**62, 50)
        return await views.read_records(
            scene.pool, BRAND, account.id, wanted._replace(**changes)
        )  # fmt: skip

    found = (await read()).records
    kinds = [
        "expiry",
        "return",
        "payment",
        "freeze",
        "refund",
        "release",
        "payment",
        "freeze",
        "package",
        "package",
    ]
    assert [record.kind for record in found] == kinds
    assert [r.segments for r in found] == [6, 4, 1, 1, 7, 2, 7, 9, 10, 10]
    assert [r.state for r in found if r.kind == "payment"] == ["sent", "failed"]
    about = (await read(about=number)).records
    assert [record.kind for record in about] == ["release", "payment", "freeze"]
    assert [r.kind for r in (await read("return", "refund")).records] == ["return", "refund"]
    assert [r.kind for r in (await read(since=NOON + timedelta(days=1))).records] == ["expiry"]
    assert len((await read(until=NOON + timedelta(days=1))).records) == 9
    pages, before = [], 2**62
    while True:
        page = await read(before=before, rows_max=4)
        pages += page.records
        if page.next is None:
            break
        before = page.next
    assert pages == found


async def test_a_filter_that_fits_nothing_does_not_read_everything(
    scene: SmsScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page looks at so many lines and says where to go on, full or not."""
    monkeypatch.setattr(views, "SCANNED_LINES_MAX", 5)
    await scene.buy(100, "A")
    for _ in range(6):
        await scene.freeze(1)
    account = await scene.costcentre.find(BRAND)
    assert account is not None
    wanted = Wanted(("package",), NOON - YEAR, NOON + YEAR, None, 2**62, 50)
    page = await views.read_records(scene.pool, BRAND, account.id, wanted)
    assert page.records == []
    assert page.next is not None
    rest = await views.read_records(
        scene.pool, BRAND, account.id, wanted._replace(before=page.next)
    )
    assert ([record.kind for record in rest.records], rest.next) == (["package"], None)
    late = wanted._replace(since=NOON + YEAR)
    assert await views.read_records(scene.pool, BRAND, account.id, late) == ([], None)
