"""The cost centre: frozen, paid, released, given back, each once (R-004-17 … R-004-22)."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Literal

import asyncpg
import pytest

from server.billing.teller import Teller
from server.errors import Refusal
from server.sms.costcentre import CostCentre
from tests.support.sms_scene import BRAND, OTHER, SmsScene, sms_scene


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[SmsScene]:
    """Give a cost centre of two brands."""
    async with sms_scene(database_url) as made:
        yield made


async def test_what_was_not_bought_cannot_be_frozen(scene: SmsScene) -> None:
    """Prepaid only: without a package there is nothing, and never more than is left (R-004-17)."""
    for bought in (0, 5):
        if bought:
            await scene.buy(bought)
        with pytest.raises(Refusal) as refusal:
            await scene.freeze(6)
        assert (refusal.value.code, refusal.value.detail["available"]) == (
            "balance_insufficient",
            bought,
        )
    assert await scene.have() == (5, 0)


async def test_a_number_is_frozen_once_and_queried(scene: SmsScene) -> None:
    """The number is the freeze: asked again it is the same, it can be read, and it is the brand's (R-004-19)."""
    await scene.buy(10)
    await scene.buy(10, brand_id=OTHER)
    number = uuid.uuid4()
    first = await scene.costcentre.pre_pay(BRAND, number, 4, expires_s=600)
    scene.clock.advance(seconds=1)
    again = await scene.costcentre.pre_pay(BRAND, number, 4, expires_s=600)
    assert first == again == (number, 4, 6, again.expires)
    assert await scene.have() == (10, 4)
    for brand_id, segments in ((BRAND, 5), (OTHER, 4)):
        with pytest.raises(Refusal, match="posting_id_reused"):
            await scene.costcentre.pre_pay(brand_id, number, segments, expires_s=600)
    found = await scene.costcentre.read(BRAND, number)
    assert (found.state, found.segments, found.paid, found.rest) == ("held", 4, 0, 4)
    assert found.expires == first.expires
    with pytest.raises(Refusal, match="hold_not_found"):
        await scene.costcentre.read(OTHER, number)


async def test_paying_takes_the_oldest_package_first(scene: SmsScene) -> None:
    """One step on what is frozen deducts balance and packages; the rest stays frozen (R-004-20, A15)."""
    await scene.buy(5)
    await scene.buy(10)
    number, payment = await scene.freeze(9), uuid.uuid4()
    paid = await scene.costcentre.pay(BRAND, payment, number, 7)
    assert paid == await scene.costcentre.pay(BRAND, payment, number, 7)
    assert (paid.segments, paid.balance) == (7, 8)
    assert (await scene.have(), await scene.left()) == ((8, 2), [8])
    found = await scene.costcentre.read(BRAND, number)
    assert (found.state, found.paid, found.rest) == ("held", 7, 2)
    await scene.costcentre.pay(BRAND, uuid.uuid4(), number, 2)
    found = await scene.costcentre.read(BRAND, number)
    assert (found.state, found.paid, found.rest) == ("captured", 9, 0)
    await scene.audited()


async def test_paying_never_fails_for_balance(scene: SmsScene) -> None:
    """However many freeze at once, who has a number can pay it (R-004-20, A15)."""
    await scene.buy(100)

    async def send(_: int) -> str:
        number = uuid.uuid4()
        try:
            await scene.costcentre.pre_pay(BRAND, number, 3)
        except Refusal as refusal:
            return refusal.code
        await scene.costcentre.pay(BRAND, uuid.uuid4(), number, 3)
        return "paid"

    sent = await asyncio.gather(*map(send, range(60)))
    assert (sent.count("paid"), sent.count("balance_insufficient")) == (33, 27)
    assert await scene.have() == (1, 0)


async def test_paying_is_refused_for_what_is_not_so(scene: SmsScene) -> None:
    """More than frozen, another brand's number, a used id, an ended freeze: refused, nothing moves."""
    await scene.buy(10)
    await scene.buy(10, brand_id=OTHER)
    number, payment = await scene.freeze(4), uuid.uuid4()
    pay = scene.costcentre.pay
    await pay(BRAND, payment, number, 1)
    cases: list[tuple[str, tuple[int, uuid.UUID, uuid.UUID, int]]] = [
        ("hold_exceeded", (BRAND, uuid.uuid4(), number, 4)),
        ("hold_not_found", (OTHER, uuid.uuid4(), number, 1)),
        ("hold_not_found", (BRAND, uuid.uuid4(), uuid.uuid4(), 1)),
        ("posting_id_reused", (BRAND, payment, number, 2)),
        ("ledger_amount_invalid", (BRAND, uuid.uuid4(), number, 0)),
        ("ledger_amount_invalid", (BRAND, uuid.uuid4(), number, -1)),
    ]
    for code, asked in cases:
        with pytest.raises(Refusal, match=code):
            await pay(*asked)
    await scene.costcentre.release(BRAND, number)
    with pytest.raises(Refusal, match="hold_ended"):
        await pay(BRAND, uuid.uuid4(), number, 1)
    assert (await scene.have(), await scene.have(OTHER)) == ((9, 0), (10, 0))


async def test_a_release_ends_a_freeze_once(scene: SmsScene) -> None:
    """What is left of it is available again; asked again, nothing happens (R-004-21)."""
    await scene.buy(10)
    number = await scene.freeze(6)
    await scene.costcentre.pay(BRAND, uuid.uuid4(), number, 2)
    for _ in range(2):
        await scene.costcentre.release(BRAND, number)
    assert await scene.have() == (8, 0)
    found = await scene.costcentre.read(BRAND, number)
    assert (found.state, found.paid, found.rest) == ("released", 2, 0)
    for brand_id, unknown in ((OTHER, number), (BRAND, uuid.uuid4())):
        with pytest.raises(Refusal, match="hold_not_found"):
            await scene.costcentre.release(brand_id, unknown)


async def test_a_release_that_fails_is_tried_until_it_is_done(scene: SmsScene) -> None:
    """What cannot be released now waits on a queue, later each time, and is done (R-004-21)."""
    await scene.buy(10)
    number = await scene.freeze(6)
    full = CostCentre(
        scene.pool, Teller(scene.pool, scene.clock, waiting_postings_max=0), scene.clock
    )
    await full.release(BRAND, number)  # says nothing: it is written down
    await full.release(BRAND, number)
    assert await scene.have() == (10, 6)
    assert await full.do_releases() == 0  # not due yet
    due = []
    for _ in range(12):
        row = await scene.pool.fetchrow("SELECT attempts, due_at, why FROM sms_release")
        assert row is not None
        due.append((row["due_at"] - scene.clock.now()).total_seconds())
        scene.clock.advance(seconds=due[-1])
        assert await full.do_releases() == 0
    assert due == [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    scene.clock.advance(seconds=600)
    assert await scene.costcentre.do_releases() == 1
    assert await scene.have() == (10, 0)
    assert await scene.pool.fetchval("SELECT count(*) FROM sms_release") == 0


async def test_a_queued_release_of_what_has_ended_is_done(scene: SmsScene) -> None:
    """The freeze ended by itself meanwhile: the queue does not keep what is over (R-004-21)."""
    await scene.buy(10)
    number = await scene.freeze(6)
    full = CostCentre(
        scene.pool, Teller(scene.pool, scene.clock, waiting_postings_max=0), scene.clock
    )
    await full.release(BRAND, number)
    scene.clock.advance(seconds=86_400)
    assert await scene.keeper.sweep() == 1
    assert await scene.costcentre.do_releases() == 1
    assert await scene.have() == (10, 0)


async def test_a_freeze_ends_by_itself(scene: SmsScene) -> None:
    """Whoever froze and died takes nothing with him (R-004-24); a payment too late is refused."""
    await scene.buy(10)
    number = await scene.freeze(6)
    scene.clock.advance(seconds=86_399)
    assert await scene.keeper.sweep() == 0
    scene.clock.advance(seconds=1)
    assert await scene.keeper.sweep() == 1
    assert await scene.have() == (10, 0)
    with pytest.raises(Refusal, match="hold_ended"):
        await scene.costcentre.pay(BRAND, uuid.uuid4(), number, 1)
    await scene.costcentre.release(BRAND, number)


async def test_a_refund_goes_back_where_it_came_from(scene: SmsScene) -> None:
    """Into the packages of the payment, the last used first, once for each part (R-004-22, A16)."""
    await scene.buy(5)
    await scene.buy(10)
    payment = await scene.paid(7)
    for _ in range(2):
        await scene.costcentre.refund(BRAND, payment, 3, part="13800138000's")
    assert (await scene.have(), await scene.left()) == ((11, 0), [1, 10])
    with pytest.raises(Refusal, match="posting_id_reused"):
        await scene.costcentre.refund(BRAND, payment, 2, part="13800138000's")
    with pytest.raises(Refusal, match="refund_exceeded"):
        await scene.costcentre.refund(BRAND, payment, 5)
    with pytest.raises(Refusal, match="posting_not_found"):
        await scene.costcentre.refund(BRAND, uuid.uuid4(), 1)
    await scene.costcentre.refund(BRAND, payment, 4)
    assert (await scene.have(), await scene.left()) == ((15, 0), [5, 10])
    await scene.audited()


@pytest.mark.parametrize("state", ["sent", "failed"])
async def test_what_became_of_a_payment_is_said_once(
    scene: SmsScene, state: Literal["sent", "failed"]
) -> None:
    """Sent stays paid, failed comes back; the same again changes nothing, the other is refused (R-004-22)."""
    await scene.buy(10)
    payment = await scene.paid(4)
    back = 4 if state == "failed" else 0
    for _ in range(2):
        settled = await scene.costcentre.settle(BRAND, payment, state)
        assert settled == (payment, state, 4, back)
        assert await scene.have() == (6 + back, 0)
    with pytest.raises(Refusal) as refusal:
        await scene.costcentre.settle(BRAND, payment, "sent" if back else "failed")
    assert (refusal.value.code, refusal.value.detail) == ("outcome_differs", {"state": state})
    with pytest.raises(Refusal, match="posting_not_found"):
        await scene.costcentre.settle(OTHER, payment, state)
    await scene.audited()


async def test_two_reports_at_once_are_one(scene: SmsScene) -> None:
    """However many say it at the same moment, a payment fails once and is refunded once (R-004-22)."""
    await scene.buy(100)
    payment = await scene.paid(10)
    told = await asyncio.gather(
        *(scene.costcentre.settle(BRAND, payment, "failed") for _ in range(8)),
        *(scene.costcentre.settle(BRAND, payment, "sent") for _ in range(8)),
        return_exceptions=True,
    )
    refused = [one for one in told if isinstance(one, Refusal)]
    assert [one.code for one in refused] == ["outcome_differs"] * 8
    state = await scene.pool.fetchval("SELECT state FROM sms_outcome")
    assert await scene.have() == ((100, 0) if state == "failed" else (90, 0))


async def test_without_a_database_it_says_unavailable(scene: SmsScene) -> None:
    """A lost database is a refusal that may be tried again, whatever was asked."""
    await scene.buy(10)
    payment = await scene.paid(4)
    number = await scene.freeze(1)
    pool: asyncpg.Pool = asyncpg.create_pool(host="/nowhere", user="nobody", min_size=0)
    with pytest.raises(Refusal, match="unavailable"):
        await CostCentre(pool, scene.teller, scene.clock).read(BRAND, number)
    away = CostCentre(pool, Teller(pool, scene.clock), scene.clock)
    for asked in (away.settle(BRAND, payment, "sent"), away.release(BRAND, number)):
        with pytest.raises(Refusal, match="unavailable"):
            await asked
