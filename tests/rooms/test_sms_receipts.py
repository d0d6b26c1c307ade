"""Receipts and questions: settled once, in any order, and nothing guessed at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from server.clock import to_ms
from server.errors import Refusal
from server.sms import store as brand_store
from server.sms.asking import Asker
from server.sms.carriers.port import Accepted, Receipt, Refused, Unknown
from server.sms.lines import Line
from server.sms.message import Text
from server.sms.receipts import store
from server.sms.receipts.receipts import LEASE_S, SAID, Receipts
from server.sms.window import Bounds
from tests.support.sms_office import CODE, PHONE, SmsOffice, phone, sms_office
from tests.support.sms_scene import BRAND


@pytest.fixture
async def office(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[SmsOffice]:
    """Give an office whose brand has a thousand segments."""
    async with sms_office(database_url, redis_url, tmp_path) as made:
        yield made


def receipt(
    office: SmsOffice, state: str, *, message_id: str = "m1", to: str = PHONE, reference: str = ""
) -> Receipt:
    """Return what the carrier says of a telephone's copy."""
    at_ms = to_ms(office.clock.now())
    return Receipt("script", message_id, to, state, state.upper(), at_ms, reference)  # type: ignore[arg-type]


async def copies(office: SmsOffice) -> list[str]:
    """Return every telephone's state."""
    rows = await office.pool.fetch("SELECT state FROM sms_phone ORDER BY message_id, masked")
    return [row["state"] for row in rows]


async def settle(office: SmsOffice, receipts: Receipts) -> None:
    """Settle what was taken, and look again at what waits."""
    while await receipts.turn():
        pass
    office.clock.advance(seconds=601)
    await receipts.turn()


async def test_doubles_and_disorder_change_nothing(office: SmsOffice) -> None:
    """Each telephone's last word stays, whatever comes late, twice or before it (R-004-23, R-004-29)."""
    await office.accept(Text((phone(1), phone(2)), CODE), kind="notice")
    await office.send()
    receipts = Receipts(office.ground)
    for number, state in ((1, "unknown"), (1, "delivered"), (1, "unknown"), (2, "undelivered")):
        await receipts.take([receipt(office, state, to=phone(number))] * 2)
    await settle(office, receipts)
    await receipts.take([receipt(office, "undelivered", to=phone(1))])
    await settle(office, receipts)
    assert await copies(office) == ["delivered", "undelivered"]
    assert await office.scene.have() == (998, 0)  # undelivered is paid all the same (A17)


async def test_a_receipt_before_its_message_waits(office: SmsOffice) -> None:
    """What no message is known for yet stands on the pending list and is tried again (R-004-23)."""
    receipts = Receipts(office.ground)
    await office.accept()
    await receipts.take([receipt(office, "delivered")])
    await settle(office, receipts)
    assert await office.pool.fetchval("SELECT count(*) FROM sms_receipt") == 1
    await office.accept()
    await office.send()
    await settle(office, receipts)
    assert "delivered" in await copies(office)
    assert await office.pool.fetchval("SELECT count(*) FROM sms_receipt") == 0


async def test_what_was_taken_stays_taken(office: SmsOffice) -> None:
    """A Redis that is wiped and a process that is gone lose no receipt; no number is written down."""
    await office.accept()
    await office.send()
    taking = [Receipts(office.ground).take([receipt(office, "delivered")]) for _ in range(3)]
    await asyncio.gather(*taking)
    await office.redis.flushall()
    (row,) = await office.pool.fetch("SELECT * FROM sms_receipt")  # three times the same
    assert PHONE not in str(tuple(row))
    assert await Receipts(office.ground).turn() == 1
    assert await copies(office) == ["delivered"]
    assert await office.pool.fetchval("SELECT count(*) FROM sms_receipt") == 0


async def test_rows_in_hand_are_left_alone_until_their_worker_is_lost(office: SmsOffice) -> None:
    """Two workers settle a receipt once; one that dies with it gives it back after half a minute."""
    receipts = Receipts(office.ground)
    await receipts.take([receipt(office, "delivered")])
    now = office.clock.now()
    lease = now + timedelta(seconds=LEASE_S)
    assert len(await office.pool.fetch(store.CLAIM, now, lease, 10)) == 1  # and is gone
    assert await receipts.turn() == 0
    office.clock.advance(seconds=LEASE_S)
    assert await receipts.turn() == 1


@pytest.mark.parametrize("wants", [False, True])
async def test_what_did_not_arrive_comes_back_where_the_brand_wants_it(
    office: SmsOffice, wants: bool
) -> None:  # fmt: skip
    """Undelivered is paid all the same, or given back once per telephone by the brand's choice (A17)."""
    await office.pool.execute(brand_store.PUT_BRAND, BRAND, wants)
    await office.accept(Text((phone(1), phone(2), phone(3)), CODE), kind="notice")
    await office.send()
    assert await office.scene.have() == (997, 0)
    receipts = Receipts(office.ground)
    for number, state in ((1, "undelivered"), (2, "unknown"), (3, "delivered")):
        await receipts.take([receipt(office, state, to=phone(number))])
    await settle(office, receipts)
    assert await office.scene.have() == (997 + wants, 0)
    for state in (
        "undelivered",
        "delivered",
    ):  # said again, and the other way round: the last word stays
        await receipts.take([receipt(office, state, to=phone(1))])
    await receipts.take([receipt(office, "undelivered", to=phone(2))])
    await settle(office, receipts)
    assert await copies(office) == ["undelivered", "undelivered", "delivered"]
    assert await office.scene.have() == (997 + 2 * wants, 0)


async def test_a_refund_the_ledger_refuses_holds_nobody_up(office: SmsOffice) -> None:
    """A payment that came back by hand already: its receipt is settled, and so are its neighbours."""
    await office.pool.execute(brand_store.PUT_BRAND, BRAND, True)
    await office.accept(Text((phone(1),), CODE), kind="notice")
    await office.accept(Text((phone(2),), CODE), kind="notice")
    await office.send()
    first, second = await office.messages()
    await office.scene.costcentre.refund(BRAND, first["payment"], 1)
    receipts = Receipts(office.ground)
    told = [(first, phone(1)), (second, phone(2))]
    await receipts.take(
        [receipt(office, "undelivered", message_id=m["carrier_message_id"], to=p) for m, p in told]
    )
    await settle(office, receipts)
    assert await copies(office) == ["undelivered", "undelivered"]
    assert await office.scene.have() == (1_000, 0)


async def test_a_receipt_of_nothing_is_forgotten_at_last(office: SmsOffice) -> None:
    """After 72 hours nobody expects a message for it any more."""
    receipts = Receipts(office.ground)
    await receipts.take([receipt(office, "delivered", message_id="nobody's")])
    await settle(office, receipts)
    office.clock.advance(seconds=73 * 3600)
    await receipts.turn()
    assert await office.pool.fetchval("SELECT count(*) FROM sms_receipt") == 0


async def test_a_receipt_settles_what_nobody_answered_for(office: SmsOffice) -> None:
    """With our reference in it, a receipt says that the carrier had taken the message."""
    office.carrier.answers = [Unknown("silence")]
    await office.accept()
    await office.send()
    reference = office.carrier.seen[0].reference
    receipts = Receipts(office.ground)
    await receipts.take([receipt(office, "delivered", message_id="late", reference=reference)])
    await settle(office, receipts)
    (row,) = await office.messages()
    assert (row["state"], row["carrier_message_id"]) == ("sent", "late")
    assert await copies(office) == ["delivered"]


async def test_nobody_takes_back_what_the_house_sent(office: SmsOffice) -> None:
    """A brand calls its own sending failed (R-004-22), not the house's: state and money stay together."""
    await office.accept()
    await office.send()
    (row,) = await office.messages()
    with pytest.raises(Refusal, match="not_allowed"):
        await office.scene.costcentre.settle(BRAND, row["payment"], "failed")
    assert await office.scene.have() == (999, 0)


@pytest.mark.parametrize("state", ["sending", "unknown"])
async def test_a_brands_word_is_not_the_carriers(office: SmsOffice, state: str) -> None:
    """While the carrier is being asked it waits; a message number of the carrier's it never invents."""
    office.carrier.answers = [Unknown("silence")]
    await office.accept()
    await office.send()
    await office.pool.execute("UPDATE sms_message SET state = $1", state)
    reference = office.carrier.seen[0].reference
    told = receipt(office, "delivered", message_id="payment 1", reference=reference)
    receipts = Receipts(office.ground)
    await receipts.take([msgspec.structs.replace(told, carrier=SAID)])
    await settle(office, receipts)
    (row,) = await office.messages()
    assert row["carrier_message_id"] is None
    if state == "sending":
        assert (row["state"], await copies(office)) == ("sending", ["waiting"])
        assert await office.pool.fetchval("SELECT count(*) FROM sms_receipt") == 1
    else:
        assert (row["state"], await copies(office)) == ("sent", ["delivered"])


@pytest.mark.parametrize(
    ("knows", "state", "have"),
    [
        (Accepted("found"), "sent", 999),
        (Refused("never", "never seen", retryable=False), "failed", 1_000),
        (Unknown("silence"), "unknown", 999),
        (None, "unknown", 999),
    ],
)
async def test_the_carrier_is_asked(
    office: SmsOffice, knows: Accepted | Refused | Unknown | None, state: str, have: int
) -> None:
    """A surely-not is refunded, a yes is sent, and what it cannot say stays unknown (R-004-27)."""
    office.carrier.answers = [Unknown("silence")]
    await office.accept()
    await office.send()
    office.carrier.knows[office.carrier.seen[0].reference] = knows
    office.clock.advance(seconds=6)
    asker = Asker(office.ground, {"script": Line(office.carrier, office.clock)})
    await asker.turn()
    await asker.turn()
    assert await office.states() == [state]
    assert len(office.carrier.asked) == 1
    assert (await office.scene.have())[0] == have
    office.clock.advance(seconds=73 * 3600)
    await asker.turn()
    assert await office.states() == [{"unknown": "lapsed"}.get(state, state)]
    assert (await office.scene.have())[0] == have
    assert len(office.carrier.seen) == 1


async def test_a_worker_that_did_not_come_back_is_asked_about(office: SmsOffice) -> None:
    """What was with the carrier when its worker was lost is not sent again: it is asked about."""
    office.carrier.holding = holding = asyncio.Event()
    await office.accept()
    office.sender._sweep_soon()
    await office.sender.turn()
    await office.carrier.until(1)
    for task in office.sender._sending:
        task.cancel()  # as far as it knows
    await office.sender.drain()
    assert await office.states() == ["sending"]
    office.carrier.knows[office.carrier.seen[0].reference] = Accepted("found")
    office.clock.advance(seconds=61)
    asker = Asker(office.ground, {"script": Line(office.carrier, office.clock)})
    await asker.turn()
    await asker.turn()
    assert await office.states() == ["sent"]
    holding.set()


async def test_a_full_queue_refuses_and_keeps_what_it_took(office: SmsOffice) -> None:
    """R-004-29: with too many receipts waiting the next is `busy`, so its carrier sends it again; none is lost."""
    await office.accept(Text((phone(1), phone(2)), CODE), kind="notice")
    await office.send()
    receipts = Receipts(office.ground)
    receipts._window._bounds = Bounds(batch_max=2, waiting_max=2)
    first = asyncio.create_task(receipts.take([receipt(office, "unknown", to=phone(1))] * 2))
    await asyncio.sleep(0)  # it waits now
    with pytest.raises(Refusal) as refusal:
        await receipts.take([receipt(office, "delivered", to=phone(2))])
    assert refusal.value.code == "busy"
    await first
    await receipts.take([receipt(office, "delivered", to=phone(2))])
    await settle(office, receipts)
    assert await copies(office) == ["unknown", "delivered"]
