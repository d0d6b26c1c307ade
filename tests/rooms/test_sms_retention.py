"""What is forgotten of messages: numbers and texts first, rows later, nothing that is not over."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.clock import to_ms
from server.errors import Refusal
from server.settings import Settings
from server.sms.accepting import Ask
from server.sms.asking import Asker
from server.sms.carriers.port import Receipt, Refused, Unknown
from server.sms.lines import Line
from server.sms.message import Text
from server.sms.receipts.receipts import Receipts
from server.sms.receipts.said import Sayings, Word
from server.sms.retention import retention
from server.sms.store import PUT_BRAND
from tests.support.sms_office import CODE, PHONE, SmsOffice, phone, sms_office
from tests.support.sms_scene import BRAND

AGES = retention.ages_of(Settings())
ROWS = """
SELECT (SELECT count(*) FROM sms_request), (SELECT count(*) FROM sms_message),
       (SELECT count(*) FROM sms_phone), (SELECT count(*) FROM sms_log)
"""
READABLE = """
SELECT (SELECT count(*) FROM sms_phone WHERE sealed IS NOT NULL),
       (SELECT count(*) FROM sms_message WHERE text <> '')
"""

SAID = "SELECT (SELECT count(*) FROM sms_outcome), (SELECT count(*) FROM sms_payment_receipt)"


@pytest.fixture
async def office(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[SmsOffice]:
    """Give an office whose brand has a thousand segments."""
    async with sms_office(database_url, redis_url, tmp_path) as made:
        yield made


async def forget(office: SmsOffice, *, after: timedelta) -> retention.Forgotten:
    """Let so much time pass, then the nightly turn."""
    office.clock.advance(seconds=after.total_seconds() + 1)
    return await retention.forget(office.pool, office.clock.now(), AGES)


async def count(office: SmsOffice, what: str) -> tuple[int, ...]:
    """Return counts."""
    (row,) = await office.pool.fetch(what)
    return tuple(row)


async def test_numbers_go_before_rows(office: SmsOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 30 days nobody can read to whom or what; after 180 nothing stands but money (R-004-37)."""
    monkeypatch.setattr(retention, "PAGE_REQUESTS_MAX", 2)
    monkeypatch.setattr(retention, "BATCH_COPIES_MAX", 3)
    for n in range(5):
        await office.accept(Text((phone(n), phone(n + 100)), CODE), Text((phone(n + 50),), CODE))
    await office.send()
    assert await forget(office, after=timedelta(days=29)) == (0, 0)
    assert await forget(office, after=timedelta(days=1)) == (10, 0)
    assert await count(office, READABLE) == (0, 0)
    assert await count(office, ROWS) == (5, 10, 15, 10)
    assert await forget(office, after=timedelta(days=149)) == (0, 0)
    assert await forget(office, after=timedelta(days=1)) == (0, 10)
    assert await count(office, ROWS) == (0, 0, 0, 0)
    assert await office.scene.have() == (1_000 - 15, 0)
    await office.scene.audited()


async def test_what_is_younger_stays(office: SmsOffice) -> None:
    """Only the old ones go, of two requests by the same brand."""
    await office.accept()
    await office.send()
    office.clock.advance(seconds=200 * 86_400)
    await office.accept(Text((phone(1),), CODE))
    await office.send()
    assert await retention.forget(office.pool, office.clock.now(), AGES) == (1, 1)
    assert await count(office, ROWS) == (1, 1, 1, 1)
    assert await count(office, READABLE) == (1, 1)


async def test_what_is_not_over_stays(office: SmsOffice) -> None:
    """A message that waits, is under way or unknown is not forgotten, however old, nor its neighbours."""
    office.carrier.answers = [Unknown("silence")]
    await office.accept()
    await office.send()
    await office.accept(Text((phone(2),), CODE))  # nobody sends it
    await office.accept(Text((phone(3),), CODE), Text((phone(4),), CODE))
    await office.pool.execute("UPDATE sms_message SET due_at = due_at + interval '400 days'")
    assert await forget(office, after=timedelta(days=365)) == (0, 0)
    assert await count(office, ROWS) == (3, 4, 4, 1)
    assert await count(office, READABLE) == (4, 4)


async def test_what_nobody_could_say_is_listed_until_somebody_does(office: SmsOffice) -> None:
    """A lapsed message becomes unreadable and stays; settled by a person, it goes like the others."""
    office.carrier.answers = [Unknown("silence"), Refused("108", "no", retryable=False)]
    await office.accept()
    await office.accept(Text((phone(2),), CODE))
    await office.send()
    office.clock.advance(seconds=73 * 3600)
    await Asker(office.ground, {"script": Line(office.carrier, office.clock)}).turn()
    assert await office.states() == ["lapsed", "failed"]
    assert await forget(office, after=timedelta(days=200)) == (2, 1)
    assert await count(office, READABLE) == (0, 0)
    assert await office.states() == ["lapsed"]
    await office.pool.execute("UPDATE sms_message SET state = 'failed'")
    assert await forget(office, after=timedelta(days=1)) == (0, 1)
    assert await office.messages() == []


async def test_a_forgotten_number_is_not_sent_again(office: SmsOffice) -> None:
    """Who asks again under a number of long ago is refused: its freeze is still in the ledger."""
    accepted = await office.accept()
    await office.send()
    await forget(office, after=timedelta(days=200))
    ask = Ask(BRAND, accepted.number, "verification", [Text((PHONE,), CODE)])
    with pytest.raises(Refusal, match="posting_id_reused"):
        await office.acceptance.accept(ask)
    await office.send()
    assert len(office.carrier.seen) == 1
    assert await count(office, ROWS) == (0, 0, 0, 0)
    assert await office.scene.have() == (999, 0)


async def test_a_late_word_refunds_nothing_that_is_forgotten(office: SmsOffice) -> None:
    """A brand's word comes within thirty days or not at all: forgotten messages cost nobody (A17)."""
    await office.pool.execute(PUT_BRAND, BRAND, True)
    await office.accept()
    await office.send()
    receipts = Receipts(office.ground)
    at_ms = to_ms(office.clock.now())
    await receipts.take([Receipt("script", "m1", PHONE, "delivered", "DELIVRD", at_ms)])
    await receipts.turn()
    (message,) = await office.messages()
    office.clock.advance(seconds=30 * 86_400 + 1)
    sayings = Sayings(
        office.pool, office.scene.costcentre, office.ground.phones, receipts, office.clock
    )
    for days in (0, 200):
        await forget(office, after=timedelta(days=days))
        with pytest.raises(Refusal, match="sms_word_too_late"):
            await sayings.say(BRAND, Word(message["payment"], "undelivered", "UNDELIV"))
    assert await office.scene.have() == (999, 0)


async def test_what_was_said_of_payments_ends(office: SmsOffice) -> None:
    """A brand says within thirty days what failed; the words go with the messages, and buy nothing back (R-004-22)."""
    centre, number = office.scene.costcentre, uuid.uuid4()
    await centre.pre_pay(BRAND, number, 10)
    sent, lost, told = (uuid.uuid4() for _ in range(3))
    for payment in (sent, lost, told):
        await centre.pay(BRAND, payment, number, 2)
    await centre.release(BRAND, number)
    await centre.settle(BRAND, sent, "sent")
    await centre.settle(BRAND, lost, "failed")
    receipts = Receipts(office.ground)
    sayings = Sayings(office.pool, centre, office.ground.phones, receipts, office.clock)
    await sayings.say(BRAND, Word(told, "delivered", "DELIVRD"))
    assert await office.scene.have() == (996, 0)
    for days, left in ((31, (2, 1)), (151, (0, 0))):
        await forget(office, after=timedelta(days=days))
        assert await count(office, SAID) == left
        for payment in (sent, lost, told):
            with pytest.raises(Refusal, match="sms_word_too_late"):
                await centre.settle(BRAND, payment, "failed")
    assert await office.scene.have() == (996, 0)


async def test_a_word_stays_when_its_payment_came_back_in_parts(office: SmsOffice) -> None:
    """What came back before comes back no second time; what was said is known (R-004-23, A17)."""
    await office.pool.execute(PUT_BRAND, BRAND, True)
    centre, number, payment = office.scene.costcentre, uuid.uuid4(), uuid.uuid4()
    await centre.pre_pay(BRAND, number, 10)
    await centre.pay(BRAND, payment, number, 10)
    await centre.refund(BRAND, payment, 4, part="by hand")
    receipts = Receipts(office.ground)
    sayings = Sayings(office.pool, centre, office.ground.phones, receipts, office.clock)
    await sayings.say(BRAND, Word(payment, "undelivered", "UNDELIV"))
    assert await office.pool.fetchval("SELECT state FROM sms_payment_receipt") == "undelivered"
    assert await office.scene.have() == (994, 0)
