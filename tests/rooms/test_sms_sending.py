"""Sending: paid before a byte leaves, sent once, given back when it surely did not go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.sms.carriers.port import Accepted, Refused, Unknown
from server.sms.lines import Pace
from server.sms.message import ATTEMPTS_MAX, Text, read_reference
from server.sms.outcome import Step
from server.sms.settling import Settling
from tests.support.sms_office import CODE, PHONE, SmsOffice, phone, sms_office
from tests.support.sms_scene import BRAND

NO = Refused("108", "mobile 13800138000 is black listed", retryable=False)
LATER = Refused("118", "too fast", retryable=True)


@pytest.fixture
async def office(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[SmsOffice]:
    """Give an office whose brand has a thousand segments."""
    async with sms_office(database_url, redis_url, tmp_path) as made:
        yield made


async def test_it_is_paid_and_sent(office: SmsOffice) -> None:
    """Frozen units become paid ones, the carrier gets the text, its id is kept (R-004-27, R-004-20)."""
    accepted = await office.accept()
    await office.send()
    (row,) = await office.messages()
    assert (row["state"], row["carrier_message_id"], row["attempt"]) == ("sent", "m1", 1)
    assert await office.scene.have() == (999, 0)
    assert (await office.scene.costcentre.read(BRAND, accepted.number)).state == "captured"
    (message,) = office.carrier.seen
    assert (message.phones, message.text) == ((PHONE,), CODE)
    assert read_reference(message.reference) == (BRAND, accepted.first_id)
    assert await office.log() == [("accept", None)]


async def test_many_telephones_are_one_call(office: SmsOffice) -> None:
    """A text to many goes out in one piece, texts of their own one by one (R-004-28)."""
    numbers = tuple(phone(n) for n in range(40))
    await office.accept(Text(numbers, CODE), kind="marketing")
    await office.accept(*(Text((n,), CODE) for n in numbers), kind="marketing")
    await office.send()
    assert sorted(len(message.phones) for message in office.carrier.seen) == [*[1] * 40, 40]
    (together,) = (m for m in office.carrier.seen if len(m.phones) == 40)
    assert set(together.phones) == set(numbers)
    assert await office.scene.have() == (1_000 - 80, 0)
    assert set(await office.states()) == {"sent"}
    await office.scene.audited()


async def test_a_final_no_is_refunded(office: SmsOffice) -> None:
    """What a carrier will never take goes back into the package, and no number into the log (A16)."""
    office.carrier.answers = [NO]
    await office.accept()
    await office.send()
    (row,) = await office.messages()
    assert (row["state"], row["code"]) == ("failed", "108")
    assert await office.scene.have() == (1_000, 0)
    assert await office.scene.left() == [1_000]
    sentence = await office.pool.fetchval("SELECT sentence FROM sms_log")
    assert sentence == "mobile … is black listed"


async def test_a_no_for_now_is_tried_again(office: SmsOffice) -> None:
    """It waits longer each time, is paid once, and goes under the same reference."""
    office.carrier.answers = [LATER, LATER]
    await office.accept()
    await office.send()
    assert await office.states() == ["queued"]
    for seconds in (1, 2):
        await office.send()  # not yet
        office.clock.advance(seconds=seconds)
        await office.send()
    assert await office.states() == ["sent"]
    assert len({message.reference for message in office.carrier.seen}) == 1
    assert len(office.carrier.seen) == 3
    assert await office.scene.have() == (999, 0)


async def test_trying_again_comes_to_an_end(office: SmsOffice) -> None:
    """A carrier that always says "later" is believed so often and no more; then it is refunded."""
    office.carrier.answers = [LATER] * 50
    await office.accept(kind="marketing")
    for _ in range(ATTEMPTS_MAX + 2):
        await office.send()
        office.clock.advance(seconds=400)
    assert await office.states() == ["failed"]
    assert len(office.carrier.seen) == ATTEMPTS_MAX
    assert await office.scene.have() == (1_000, 0)


async def test_a_stale_code_is_not_sent(office: SmsOffice) -> None:
    """A verification code five minutes old is of no use: it is given back and nobody gets it."""
    await office.accept(Text((phone(1),), CODE), Text((phone(2),), CODE))
    office.clock.advance(seconds=301)
    await office.send()
    assert office.carrier.seen == []
    assert {(row["state"], row["code"]) for row in await office.messages()} == {
        ("failed", "expired")
    }
    assert await office.scene.have() == (1_000, 0)
    await office.scene.audited()


async def test_a_code_is_not_tried_again_when_it_would_be_stale(office: SmsOffice) -> None:
    """A retry after its end is no retry: it fails at once and is refunded."""
    office.carrier.answers = [LATER]
    await office.accept(lives_s=1)
    await office.send()
    assert await office.states() == ["failed"]
    assert await office.scene.have() == (1_000, 0)


@pytest.mark.parametrize("answer", [Unknown("no answer"), RuntimeError("surprise")])
async def test_no_answer_is_neither_sent_again_nor_refunded(
    office: SmsOffice, answer: Unknown | RuntimeError
) -> None:
    """Bytes may have arrived: the message is unknown, paid, and stays so (R-004-27)."""
    office.carrier.answers = [answer]
    await office.accept()
    for _ in range(5):
        await office.send()
        office.clock.advance(seconds=700)
    assert await office.states() == ["unknown"]
    assert len(office.carrier.seen) == 1
    assert await office.scene.have() == (999, 0)


async def test_two_workers_send_each_once(office: SmsOffice) -> None:
    """Whoever is first takes a message; the other passes it over."""
    await office.accept(*(Text((phone(n),), CODE) for n in range(200)), kind="notice")
    await asyncio.gather(office.send(), office.send(office.new_sender()))
    assert len(office.carrier.seen) == 200
    assert len({message.phones for message in office.carrier.seen}) == 200
    assert await office.scene.have() == (800, 0)


async def test_a_carrier_that_says_nothing_is_left_alone(office: SmsOffice) -> None:
    """After a row of silence nothing more is handed over until it had its rest; then trials go."""
    office.carrier.answers = [Unknown("silence")] * 20
    await office.accept(*(Text((phone(n),), CODE) for n in range(200)), kind="marketing")
    await office.send()
    seen = len(office.carrier.seen)
    assert seen < 200
    await office.send()
    assert len(office.carrier.seen) == seen
    office.carrier.answers = []
    for _ in range(40):
        office.clock.advance(seconds=30)
        await office.send()
    states = await office.states()
    assert (states.count("unknown"), states.count("sent")) == (seen, 200 - seen)
    assert await office.scene.have() == (800, 0)


async def test_a_message_nobody_carries_any_more_is_given_back(office: SmsOffice) -> None:
    """Routes change; what waited for a carrier that is gone does not hold units for ever."""
    await office.accept(kind="notice")
    office.routes.default.pop("notice")  # type: ignore[attr-defined]  # a test's own
    await office.send()
    assert [(r["state"], r["code"]) for r in await office.messages()] == [("failed", "no_carrier")]
    assert await office.scene.have() == (1_000, 0)


async def test_a_code_finds_a_connection_while_nobody_answers(office: SmsOffice) -> None:
    """Marketing that hangs at a carrier leaves some of its connections to codes (R-004-26)."""
    office.carrier.holding = asyncio.Event()
    sender = office.new_sender(pace=Pace(in_flight_max=10))
    await office.accept(*(Text((phone(n),), "【传菜】半价") for n in range(20)), kind="marketing")
    sender._sweep_soon()
    while await sender.turn() == 0:
        pass
    await office.carrier.until(7)
    await office.accept(Text((phone(100),), CODE))
    sender._sweep_soon()
    assert await sender.turn() == 0
    await office.carrier.until(8)
    assert office.carrier.texts().index(CODE) == 7
    office.carrier.holding.set()
    await office.send(sender)
    assert office.carrier.texts().count(CODE) == 1
    assert set(await office.states()) == {"sent"}


async def test_a_late_putting_back_does_not_send_twice(office: SmsOffice) -> None:
    """A taking that was not committed is not put back when the message is on its way again (R-004-27)."""
    office.carrier.holding = asyncio.Event()
    await office.accept()
    lost = office.clock.now() + timedelta(seconds=60)  # what the taking that was lost had
    office.clock.advance(seconds=1)
    office.sender._sweep_soon()
    await office.sender.turn()
    await office.carrier.until(1)
    (row,) = await office.messages()
    step = Step("put_back", office.clock.now(), "not_taken")
    for lease, did in ((lost, False), (row["due_at"], True)):
        late = Settling(BRAND, row["id"], row["attempt"], step, lease)
        assert await office.ground.settler.settle(late) is did
    office.carrier.holding.set()
    await office.sender.drain()


async def test_it_hears_a_poke(office: SmsOffice) -> None:
    """A worker that sleeps is told at once: nobody's clock has to move."""
    worker = asyncio.create_task(office.sender.run())
    try:
        await office.accept()
        await office.carrier.until(1)
        office.carrier.answers = [Accepted("x")]
        await office.accept(Text((phone(2),), CODE))
        await office.carrier.until(2)
    finally:
        worker.cancel()
        await asyncio.wait([worker])
